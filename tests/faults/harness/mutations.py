"""Changes of a valid manifest, each with what an API server must make of it.

    kind = load("trainingjobs")
    for operation in operations(kind.schema, kind.base):
        ...create operation.manifest...; operation.expected says "accepted", "refused" or "either"
    assert not coverage(kind.schema, operations(kind.schema, kind.base))

Every property of the schema of `.spec` is changed in every way that its type allows; pairs of
changes of two members of one object fill up to the number that is asked for. The list is the same
for the same schema, base and seed. A manifest is a whole one, to be created (the rules of updates
are not looked at), and its name is that of the base.

What is expected follows from the structural schema alone (`structural`). When that allows a
manifest, but a CEL rule may see what is new in it, both answers are right: "either".
"""

import copy
import dataclasses
import itertools
import pathlib
import random
from typing import Any, Callable, Iterator

import yaml

from . import structural
from .structural import Schema, type_of

ROOT = pathlib.Path(__file__).resolve().parents[3]

TEXTS = {"unicode": "grün-€-😀", "253 characters": "a" * 253, "254 characters": "a" * 254,
         "leading dash": "-a", "path upwards": "../a", "template of Go": "{{ .x }}", "variable of a shell": "${x}",
         "newline": "a\nb", "newline at the end": "a\n", "huge quantity": "1e30Gi", "negative quantity": "-1Gi"}
KEYS = {"unicode": "grün", "253 characters": "a" * 253, "254 characters": "a" * 254, "leading dash": "-a",
        "path upwards": "../a", "template of Go": "{{ .x }}", "variable of a shell": "${x}", "newline": "a\nb",
        "empty": ""}
WRONG = {"string": "text", "integer": 7, "boolean": True, "array": [], "object": {}, "fraction": 1.5}
_RIGHT = {"int-or-string": {"string", "integer"}}
_FILLS = ("a", "/a", "0", "1", "a/b", "1Gi", "0.5", "aa", "a://b", "https://a", "aaa", "a-1", "champion",
          f"sha256:{'0' * 64}", "0" * 40)
_DELETED = object()
_ROUNDS = 1000  # far more than any number of operations that is asked for needs


@dataclasses.dataclass(frozen=True)
class Kind:
    """A CRD's schema of `.spec`, and a valid manifest that sets nearly all of it."""
    schema: Schema
    base: dict


@dataclasses.dataclass(frozen=True)
class Operation:
    """One changed manifest. `path` is as in the schema, `spec.variants[].env[].name`; of a pair
    both, with " + " between them."""
    name: str
    path: str
    manifest: dict
    expected: str


def plurals() -> list[str]:
    """All our kinds, as in the names of their files."""
    return sorted(file.stem for file in (ROOT / "crds").glob("*.yaml"))


def load(plural: str) -> Kind:
    """The kind of crds/PLURAL.yaml, with its complete sample."""
    crd = yaml.safe_load((ROOT / "crds" / f"{plural}.yaml").read_text())
    singular = crd["spec"]["names"]["singular"]
    sample = ROOT / "crds" / "samples" / f"{singular}-complete.yaml"
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return Kind(schema["properties"]["spec"], yaml.safe_load(sample.read_text()))


def operations(schema: Schema, base: dict, seed: int = 1, least: int = 2000) -> list[Operation]:
    """All single changes, then pairs: a tenth as many, and until there are `least`."""
    judge = _Judge(schema, base["spec"])
    singles = [change for path, member in structural.children(schema)
               for change in _changes(schema, base, path, member)]
    result = [judge.operation(base, change.name, change.path, change.spec) for change in singles]
    seen = {repr(operation.manifest) for operation in result}
    harmless = [change for change, single in zip(singles, result) if single.expected != "refused"]
    for name, path, spec in _pairs(schema, singles, harmless, random.Random(seed)):
        if len(result) >= max(least, len(singles) * 11 // 10):
            break
        operation = judge.operation(base, name, path, spec)
        if repr(operation.manifest) not in seen:
            seen.add(repr(operation.manifest))
            result.append(operation)
    return result


def coverage(schema: Schema, done: list[Operation]) -> list[str]:
    """The paths of the schema that no operation changes."""
    changed = {path for operation in done for path in operation.path.split(" + ")}
    return [path for path, _ in structural.children(schema) if path not in changed]


class _Judge:
    """Says what is to be expected, given a base that is accepted."""

    def __init__(self, schema: Schema, base: Any):
        self._schema = schema
        self._base = structural.with_defaults(schema, base)
        self._rules = list(structural.rules(schema))
        if not structural.is_valid(schema, self._base):
            raise ValueError("the base is not valid itself")

    def operation(self, base: dict, name: str, path: str, spec: Any) -> Operation:
        manifest = {key: copy.deepcopy(value) for key, value in base.items() if key != "spec"}
        if spec is not _DELETED:
            manifest["spec"] = spec
        return Operation(name, path, manifest, self._expected(spec))

    def _expected(self, spec: Any) -> str:
        if spec is _DELETED or spec is None:
            return "refused"  # `spec` is required in every kind, and has no default.
        completed = structural.with_defaults(self._schema, spec)
        if not structural.is_valid(self._schema, completed):
            return "refused"
        changed = set(structural.differences(self._base, completed, "spec", self._schema))
        concerned = any(structural.may_concern(at, rule, path)
                        for at, rule in self._rules for path in changed)
        return "either" if concerned else "accepted"


@dataclasses.dataclass(frozen=True)
class _Change:
    """A whole spec with one change in it, and how to make the same change in another one."""
    name: str
    path: str
    spec: Any
    place: tuple
    value: Any


def _changes(schema: Schema, base: dict, path: str, member: Schema) -> Iterator[_Change]:
    """Every change of the property at that path, in a spec that has it."""
    host, place = _host(schema, base["spec"], path)
    for name, value in _values(member, _get(host, place), place):
        yield _Change(name, path, _replaced(host, place, value), place, value)
    if member.get("additionalProperties"):
        sample = _sample(member["additionalProperties"])
        for name, key in KEYS.items():
            changed = {**_get(host, place), key: sample}
            yield _Change(f"key added: {name}", path, _replaced(host, place, changed), place, changed)


def _values(schema: Schema, now: Any, place: tuple) -> Iterator[tuple[str, Any]]:
    """What takes the place of the value that is there now."""
    kind = type_of(schema)
    yield "deleted", _DELETED
    yield "null", None
    yield "empty", {"array": [], "object": {}}.get(kind, "")
    right = _RIGHT.get(kind, {kind})
    yield from ((f"wrong type: {name}", value) for name, value in WRONG.items() if name not in right)
    for value in schema.get("enum", []):
        yield f"one of the enum: {value}", value
    if "enum" in schema:
        yield "none of the enum", "Nonesuch"
        yield "of the enum in lower case", schema["enum"][0].lower()
    makers: dict[str, Callable] = {"integer": _numbers, "boolean": _flags, "string": _texts, "array": _lists,
                                   "object": _objects, "int-or-string": _numbers_or_texts}
    yield from makers[kind](schema, now)


def _numbers(schema: Schema, _now: Any) -> Iterator[tuple[str, Any]]:
    yield from ((f"number {number}", number) for number in (-1, 0, 1, 2**31 - 1, 2**31, 2**63 - 1, 2**63))
    yield "huge number", 1e30
    for bound, step in (("minimum", -1), ("maximum", 1)):
        if bound in schema:
            yield bound, schema[bound]
            yield f"{bound} {step:+}", schema[bound] + step


def _flags(_schema: Schema, now: Any) -> Iterator[tuple[str, Any]]:
    yield "toggled", not now
    yield "as text", "true"


def _texts(schema: Schema, _now: Any) -> Iterator[tuple[str, Any]]:
    yield from TEXTS.items()
    for bound, step in (("minLength", -1), ("maxLength", 1)):
        if bound in schema:
            yield bound, _text_of(schema, schema[bound])
            yield f"{bound} {step:+}", _text_of(schema, max(schema[bound] + step, 0))


def _numbers_or_texts(schema: Schema, now: Any) -> Iterator[tuple[str, Any]]:
    yield from _numbers(schema, now)
    yield from _texts(schema, now)
    yield from ((f"quantity {text}", text) for text in ("1", "500m", "0.5", "1.", ".5Gi", "1e3", "1E", "0"))


def _lists(schema: Schema, now: list) -> Iterator[tuple[str, Any]]:
    yield "pushed", [*now, _distinct(schema["items"], len(now), now)]
    yield "popped", now[:-1]
    yield "duplicated", [*now, *now[-1:]]
    yield "reversed", now[::-1]
    if "maxItems" in schema:
        filled = [*now, *(_distinct(schema["items"], index, now) for index in range(len(now), schema["maxItems"] + 1))]
        yield "maxItems", filled[:schema["maxItems"]]
        yield "maxItems +1", filled


def _objects(schema: Schema, now: dict) -> Iterator[tuple[str, Any]]:
    yield "with a member that is not known", {**now, "nonesuch": 1}
    if "additionalProperties" not in schema:
        return
    sample = _sample(schema["additionalProperties"])
    yield "key added", {**now, "k": sample}
    yield "key removed", dict(list(now.items())[1:])
    if "maxProperties" in schema:
        wanted = schema["maxProperties"]
        filled = {**now, **{f"k{index}": sample for index in range(wanted - len(now))}}
        yield "maxProperties", filled
        yield "maxProperties +1", {**filled, "another": sample}


def _text_of(schema: Schema, length: int) -> str:
    """A text of that length, one that the pattern allows where there is one."""
    candidates = [(fill * length)[:length] for fill in _FILLS] + ["/" + "a" * (length - 1), "0." + "1" * (length - 2)]
    candidates = [text for text in candidates if len(text) == length] or ["a" * length]
    return next((text for text in candidates if structural.is_valid(schema, text)), candidates[0])


def _sample(schema: Schema) -> Any:
    """A small valid value, CEL rules aside."""
    kind = type_of(schema)
    if "default" in schema:
        return copy.deepcopy(schema["default"])
    if "enum" in schema:
        return schema["enum"][0]
    if kind == "object":
        return {name: _sample(schema["properties"][name]) for name in schema.get("required", [])}
    if kind == "array":
        return [_distinct(schema["items"], index, []) for index in range(schema.get("minItems", 0))]
    if kind == "boolean":
        return True
    if kind == "integer":
        return schema.get("minimum", 1)
    return next(text for text in _FILLS if structural.is_valid(schema, text))


def _distinct(schema: Schema, index: int, others: list) -> Any:
    """A list item that is none of the others, as far as its schema allows: like the first of them,
    with the index in its texts."""
    value = copy.deepcopy(others[0]) if others else _sample(schema)
    if isinstance(value, str):
        return f"{value}{index}"
    if isinstance(value, int):
        return index + 1
    for name in schema.get("required", list(value)):
        member = schema["properties"].get(name, {})
        if isinstance(value.get(name), str) and "enum" not in member:
            numbered = f"{value[name]}{index}"
            value[name] = numbered if structural.is_valid(member, numbered) else value[name]
    return value


def _host(schema: Schema, spec: Any, path: str) -> tuple[Any, tuple]:
    """A copy of the spec in which there is something at that path, and the place where."""
    host = copy.deepcopy(spec)
    place: tuple = ()
    here, member = host, schema
    for step in _steps(path):
        if step == "[]":
            member = member["items"]
            if not here:
                here.append(_sample(member))
            key: Any = _richest(here)
        elif step == "{}":
            member = member["additionalProperties"]
            if not here:
                here["k"] = _sample(member)
            key = next(iter(here))
        else:
            member = member["properties"][step]
            here.setdefault(step, _sample(member))
            key = step
        place += (key,)
        here = here[key]
    return host, place


def _richest(items: list) -> int:
    """The index of the item that sets most."""
    return max(range(len(items)), key=lambda index: (len(repr(items[index])), -index))


def _steps(path: str) -> list[str]:
    """`spec.env[].name` is env, [], name."""
    return [step for step in path.replace("[]", ".[]").replace("{}", ".{}").split(".")[1:] if step]


def _get(value: Any, place: tuple) -> Any:
    for key in place:
        value = value[key]
    return value


def _replaced(spec: Any, place: tuple, value: Any) -> Any:
    """A copy with another value at that place, or with none."""
    if not place:
        return value if value is _DELETED else copy.deepcopy(value)
    changed = copy.deepcopy(spec)
    parent = _get(changed, place[:-1])
    if value is _DELETED:
        del parent[place[-1]]
    else:
        parent[place[-1]] = copy.deepcopy(value)
    return changed


def _pairs(schema: Schema, singles: list[_Change], harmless: list[_Change],
           chance: random.Random) -> Iterator[tuple[str, str, Any]]:
    """Two changes at once of two members of one object: one pair of changes for each pair of
    members, in an order that the seed decides, then another for each, and so on. Three of four
    changes are ones that the structural schema allows, since any other hides its companion."""
    couples = [(f"{path}.{one}", f"{path}.{other}") for path, member in structural.children(schema)
               for one, other in itertools.combinations(member.get("properties", {}), 2)]
    by_path = [_by_path(harmless), _by_path(singles)]
    for _ in range(_ROUNDS):
        chance.shuffle(couples)
        for first, second in couples:
            one, other = (chance.choice(chance.choices(by_path, (3, 1))[0].get(path) or by_path[1][path])
                          for path in (first, second))
            spec = _both(one, other)
            if spec is not None:
                yield f"{one.name}, and {other.name}", f"{first} + {second}", spec


def _by_path(changes: list[_Change]) -> dict[str, list[_Change]]:
    """The changes of each property."""
    return {path: list(group) for path, group in itertools.groupby(changes, lambda change: change.path)}


def _both(one: _Change, other: _Change) -> Any:
    """The spec of the one change with the other made in it as well; None when they are not of one
    object, or the other has nothing to delete."""
    if one.place[:-1] != other.place[:-1]:
        return None
    if other.value is _DELETED and other.place[-1] not in _get(one.spec, one.place[:-1]):
        return None
    return _replaced(one.spec, other.place, other.value)
