"""What the structural part of a CRD's schema says about an object, without an API server.

Only what the CRDs of crds/ use is known; a word of the schema that is not is an error, so that a
new one cannot go unnoticed. Paths are written as in the schema: `spec.variants[].env[].name`, and
`spec.nodeSelector{}` for the values of a map.
"""

import copy
import re
from typing import Any, Iterator

Schema = dict[str, Any]

_KNOWN = {"type", "title", "description", "default", "format", "enum", "pattern", "properties", "required",
          "items", "additionalProperties", "anyOf", "minimum", "maximum", "minLength", "maxLength", "minItems",
          "maxItems", "maxProperties", "x-kubernetes-int-or-string", "x-kubernetes-list-type",
          "x-kubernetes-list-map-keys", "x-kubernetes-validations"}
_PYTHON_TYPES = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict}


def type_of(schema: Schema) -> str:
    """The JSON type, or "int-or-string"."""
    return "int-or-string" if schema.get("x-kubernetes-int-or-string") else schema["type"]


def children(schema: Schema, path: str = "spec") -> Iterator[tuple[str, Schema]]:
    """Every schema below this one, and this one itself, with its path."""
    unknown = schema.keys() - _KNOWN
    if unknown:
        raise ValueError(f"{path}: the words {sorted(unknown)} of the schema are not known here; add them")
    yield path, schema
    for name, member in schema.get("properties", {}).items():
        yield from children(member, f"{path}.{name}")
    if "items" in schema:
        yield from children(schema["items"], f"{path}[]")
    if "additionalProperties" in schema:
        yield from children(schema["additionalProperties"], f"{path}{{}}")


def is_valid(schema: Schema, value: Any) -> bool:
    """Whether the API server takes the value, CEL rules aside, after `with_defaults`."""
    kind = type_of(schema)
    if type(value) is int and not -2**63 <= value < 2**63:
        return False  # The API server reads it as a fraction.
    if kind == "int-or-string":
        if type(value) not in (int, str):
            return False
    elif type(value) is not _PYTHON_TYPES[kind]:  # not isinstance: a bool is an int
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    if isinstance(value, str):
        return _is_valid_text(schema, value)
    if isinstance(value, list):
        return _is_valid_list(schema, value)
    if isinstance(value, dict):
        return _is_valid_object(schema, value)
    return not (value < schema.get("minimum", value) or value > schema.get("maximum", value))


def _is_valid_text(schema: Schema, text: str) -> bool:
    # Lengths are in code points, as Python's are. The end of a text is its end, also before a newline.
    pattern = re.sub(r"\$(?=$|\))", r"\\Z", schema.get("pattern", ""))
    return (schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", len(text))
            and re.search(pattern, text, re.ASCII) is not None)


def _is_valid_list(schema: Schema, values: list) -> bool:
    if not schema.get("minItems", 0) <= len(values) <= schema.get("maxItems", len(values)):
        return False
    if not all(is_valid(schema["items"], value) for value in values):
        return False
    keys = schema.get("x-kubernetes-list-map-keys")
    if schema.get("x-kubernetes-list-type") == "map":
        identities = [repr([value.get(key) for key in keys]) for value in values]
    elif schema.get("x-kubernetes-list-type") == "set":
        identities = [repr(value) for value in values]
    else:
        return True
    return len(set(identities)) == len(identities)


def _is_valid_object(schema: Schema, members: dict) -> bool:
    if any(name not in members for name in schema.get("required", [])):
        return False
    if len(members) > schema.get("maxProperties", len(members)):
        return False
    return all(is_valid(_member(schema, name), value) for name, value in members.items()
               if _member(schema, name) is not None)


def _member(schema: Schema, name: str) -> Schema | None:
    return schema.get("properties", {}).get(name) or schema.get("additionalProperties")


def with_defaults(schema: Schema, value: Any) -> Any:
    """A copy as the API server validates it: null is absence, what is absent has its default, and
    what the schema does not know is left out. A null in a list stays."""
    if isinstance(value, list) and "items" in schema:
        return [with_defaults(schema["items"], item) for item in value]
    if not isinstance(value, dict):
        return copy.deepcopy(value)
    present = {name: member for name, member in value.items()
               if member is not None and _member(schema, name) is not None}
    for name, member in schema.get("properties", {}).items():
        if "default" in member:
            present.setdefault(name, member["default"])
    return {name: with_defaults(_member(schema, name), member) for name, member in present.items()}


def differences(one: Any, other: Any, path: str = "spec", schema: Schema | None = None) -> Iterator[str]:
    """The schema paths of what is there, or not, or another value, in only one of both: of an
    object or a list not its own path when only something within differs."""
    if type(one) is type(other) and one == other:
        return
    same_objects = isinstance(one, dict) and isinstance(other, dict)
    same_lists = isinstance(one, list) and isinstance(other, list) and len(one) == len(other)
    if not same_objects and not same_lists:
        yield path
    for left, right, below, member in _pairs(one, other, path, schema or {}):
        yield from differences(left, right, below, member)


def _pairs(one: Any, other: Any, path: str, schema: Schema) -> Iterator[tuple[Any, Any, str, Schema]]:
    """The members of either, side by side; None where there is none."""
    objects = [value for value in (one, other) if isinstance(value, dict)]
    for name in sorted(set().union(*objects)) if objects else []:
        left, right = (value.get(name) if isinstance(value, dict) else None for value in (one, other))
        known = name in schema.get("properties", {})
        yield left, right, f"{path}.{name}" if known else f"{path}{{}}", _member(schema, name) or {}
    lists = [value if isinstance(value, list) else [] for value in (one, other)]
    for index in range(max(map(len, lists))):
        left, right = (items[index] if index < len(items) else None for items in lists)
        yield left, right, f"{path}[]", schema.get("items", {})


def rules(schema: Schema) -> Iterator[tuple[str, str]]:
    """The CEL rules that hold for a new object, each with the path it stands at."""
    for path, member in children(schema):
        for rule in member.get("x-kubernetes-validations", []):
            if "oldSelf" not in rule["rule"]:
                yield path, rule["rule"]


def may_concern(rule_path: str, rule: str, path: str) -> bool:
    """Whether a rule at `rule_path` may see what is at `path`: it cannot when the way there leads
    over a member that the rule does not name."""
    if re.match(re.escape(path) + r"($|[.\[{])", rule_path):
        return True  # It stands at what was changed, or within.
    if not re.match(re.escape(rule_path) + r"[.\[{]", path):
        return False
    names = re.findall(r"\w+", path[len(rule_path):])
    words = set(re.findall(r"\w+", rule))
    return all(name in words or f"__{name}__" in words for name in names)
