#!/usr/bin/env python3
"""Unit tests of the mutation generator. Needs no cluster: python3 tests/faults/mutations_test.py"""

import sys
import unittest

sys.dont_write_bytecode = True

from harness import mutations, structural  # noqa: E402

PORT = {"type": "integer", "minimum": 1, "maximum": 9}
SCHEMA = {"type": "object", "required": ["name"], "properties": {
    "name": {"type": "string", "minLength": 1, "maxLength": 5, "pattern": "^[a-z]+$"},
    "port": {**PORT, "default": 8},
    "limit": {"type": "integer", "minimum": 1},
    "mode": {"type": "string", "enum": ["On", "Off"]},
    "keys": {"type": "object", "additionalProperties": {"type": "string"}, "maxProperties": 2},
    "items": {"type": "array", "maxItems": 3, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["id"],
              "items": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}}},
    "x-kubernetes-validations": [{"rule": "!has(self.limit) || self.limit <= self.port"},
                                 {"rule": "self.name == oldSelf.name"}]}
BASE = {"kind": "Thing", "metadata": {"name": "a"}, "spec": {"name": "abc", "items": [{"id": "x"}, {"id": "y"}]}}


def expected(path: str, name: str, schema: dict = SCHEMA, base: dict = BASE) -> str:
    """What is expected of the one operation of that path and name."""
    found = [o.expected for o in mutations.operations(schema, base, least=0) if (o.path, o.name) == (path, name)]
    assert len(found) == 1, f"{len(found)} operations {name!r} of {path}"
    return found[0]


class Expectations(unittest.TestCase):
    """One rule of the API server each."""

    def check(self, *cases: tuple[str, str, str]) -> None:
        for path, name, verdict in cases:
            with self.subTest(path=path, name=name):
                self.assertEqual(expected(path, name), verdict)

    def test_a_required_member_must_be_there(self):
        self.check(("spec.name", "deleted", "refused"), ("spec.name", "null", "refused"),
                   ("spec.mode", "deleted", "accepted"), ("spec.mode", "null", "accepted"),
                   ("spec", "deleted", "refused"), ("spec", "empty", "refused"))

    def test_a_default_takes_the_place_of_what_is_absent(self):
        self.check(("spec.port", "deleted", "accepted"), ("spec.port", "null", "accepted"))

    def test_bounds_are_allowed_and_what_is_beyond_is_not(self):
        self.check(("spec.name", "maxLength", "accepted"), ("spec.name", "maxLength +1", "refused"),
                   ("spec.name", "minLength", "accepted"), ("spec.name", "minLength -1", "refused"),
                   ("spec.port", "minimum -1", "refused"), ("spec.port", "maximum +1", "refused"),
                   ("spec.keys", "maxProperties", "accepted"), ("spec.keys", "maxProperties +1", "refused"),
                   ("spec.items", "maxItems", "accepted"), ("spec.items", "maxItems +1", "refused"))

    def test_types_enums_and_patterns_decide(self):
        self.check(("spec.port", "wrong type: string", "refused"), ("spec.port", "wrong type: boolean", "refused"),
                   ("spec.mode", "one of the enum: Off", "accepted"), ("spec.mode", "none of the enum", "refused"),
                   ("spec.name", "leading dash", "refused"), ("spec.name", "newline at the end", "refused"))

    def test_keys_of_a_list_are_unique(self):
        self.check(("spec.items", "duplicated", "refused"), ("spec.items", "reversed", "accepted"),
                   ("spec.items", "pushed", "accepted"), ("spec.items", "popped", "accepted"))

    def test_a_null_is_an_item_of_a_list_but_no_member(self):
        self.check(("spec.items[]", "null", "refused"), ("spec.keys{}", "null", "accepted"))

    def test_what_a_rule_names_it_may_refuse(self):
        self.check(("spec.limit", "minimum", "either"), ("spec.port", "minimum", "either"),
                   ("spec.mode", "one of the enum: On", "accepted"))

    def test_a_rule_of_updates_concerns_no_new_object(self):
        self.check(("spec.name", "minLength", "accepted"))

    def test_a_base_that_is_not_valid_is_refused(self):
        with self.assertRaises(ValueError):
            mutations.operations(SCHEMA, {"spec": {}})

    def test_a_word_of_the_schema_that_is_not_known_is_an_error(self):
        with self.assertRaisesRegex(ValueError, "multipleOf"):
            mutations.operations({**SCHEMA, "multipleOf": 2}, BASE)


class Rules(unittest.TestCase):
    def test_which_paths_a_rule_may_see(self):
        rule = "self.items.all(i, i.id != self.name)"
        for path, sees in {"spec.items": True, "spec.items[].id": True, "spec.items[].port": False, "spec.name": True,
                           "spec.other": False, "spec": True}.items():
            with self.subTest(path=path):
                self.assertEqual(structural.may_concern("spec", rule, path), sees)

    def test_a_rule_further_down_sees_what_is_above_it_replaced(self):
        self.assertTrue(structural.may_concern("spec.a.b[]", "self > 0", "spec.a"))
        self.assertFalse(structural.may_concern("spec.ab", "self > 0", "spec.a"))

    def test_a_difference_is_told_where_it_is(self):
        one, other = {"name": "a", "keys": {"k": "v"}}, {"name": "a", "keys": {"k": "w"}, "mode": "On"}
        self.assertEqual(list(structural.differences(one, other, "spec", SCHEMA)), ["spec.keys{}", "spec.mode"])


class OurKinds(unittest.TestCase):
    """The CRDs of this project."""

    @classmethod
    def setUpClass(cls):
        cls.kinds = {plural: mutations.load(plural) for plural in mutations.plurals()}
        cls.done = {plural: mutations.operations(kind.schema, kind.base) for plural, kind in cls.kinds.items()}

    def each(self):
        for plural, kind in self.kinds.items():
            with self.subTest(kind=plural):
                yield kind, self.done[plural]

    def test_every_property_is_changed(self):
        for kind, done in self.each():
            self.assertEqual(mutations.coverage(kind.schema, done), [])

    def test_coverage_names_what_is_not_changed(self):
        kind = self.kinds["driftmonitors"]
        kept = [o for o in self.done["driftmonitors"] if "spec.metrics[].bins" not in o.path]
        self.assertEqual(mutations.coverage(kind.schema, kept), ["spec.metrics[].bins"])

    def test_there_are_enough_of_every_expectation(self):
        for _, done in self.each():
            self.assertGreaterEqual(len(done), 2000)
            for verdict in ("accepted", "refused"):
                self.assertGreaterEqual(sum(o.expected == verdict for o in done), 100, verdict)

    def test_every_property_has_every_change_of_its_type(self):
        common = {"deleted", "null", "empty"}
        wanted = {"string": {*mutations.TEXTS}, "boolean": {"toggled"}, "integer": {"minimum -1", "maximum +1"},
                  "array": {"pushed", "popped", "duplicated", "reversed"}, "object": set(),
                  "int-or-string": {*mutations.TEXTS}}
        for kind, done in self.each():
            names: dict[str, set[str]] = {}
            for operation in done:
                names.setdefault(operation.path, set()).add(operation.name)
            for path, schema in structural.children(kind.schema):
                self.assertLessEqual(common | wanted[structural.type_of(schema)], names[path], path)
                enum = {f"one of the enum: {value}" for value in schema.get("enum", [])}
                self.assertLessEqual(enum, names[path], path)

    def test_the_list_is_the_same_every_time(self):
        for kind, done in self.each():
            self.assertEqual(mutations.operations(kind.schema, kind.base), done)
            other = mutations.operations(kind.schema, kind.base, seed=2)
            self.assertNotEqual(other, done)

    def test_the_base_stays_as_it_is(self):
        for plural, kind in self.kinds.items():
            self.assertEqual(kind, mutations.load(plural))
            manifests = [id(o.manifest) for o in self.done[plural]]
            self.assertEqual(len(set(manifests)), len(manifests))


if __name__ == "__main__":
    unittest.main()
