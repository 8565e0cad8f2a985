"""What others may do to a child: change each field that is ours, take away what marks it, delete it.

Pure functions: from a child as the API server stores it to JSON patches (RFC 6902).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

MANAGER = "slipway"


@dataclass(frozen=True)
class Corruption:
    """A change to one child; without a patch it is deleted."""

    name: str
    patch: tuple[dict, ...] = ()


def corruptions(child: dict, scaled: bool = False) -> Iterator[Corruption]:
    """`scaled` says that an autoscaler is there, whose affair the number of pods is."""
    yield Corruption("deleted")
    yield Corruption("labels removed", ({"op": "remove", "path": "/metadata/labels"},))
    yield Corruption("owner references removed", ({"op": "remove", "path": "/metadata/ownerReferences"},))
    for path in owned(child):
        if not path or path[0] != "spec" or scaled and path == ("spec", "replicas"):
            continue
        pointer = "/" + "/".join(str(step).replace("~", "~0").replace("/", "~1") for step in path)
        value = _at(child, path)
        for how, other in _others(value):
            yield Corruption(f"{pointer} {how}", ({"op": "replace", "path": pointer, "value": other},))


def owned(child: dict) -> list[tuple]:
    """The paths of the fields that the operator has applied and nobody else has set: keys, and
    indexes of lists (https://kubernetes.io/docs/reference/using-api/server-side-apply/)."""
    paths: list[tuple] = []
    for entry in child["metadata"].get("managedFields", []):
        if entry["manager"] == MANAGER and entry["operation"] == "Apply" and "subresource" not in entry:
            paths += _leaves(entry["fieldsV1"], child, ())
    return sorted(set(paths), key=str)


def _leaves(fields: dict, value, path: tuple, keys: frozenset = frozenset()) -> Iterator[tuple]:
    """`keys` are what an item of a list is known by: another value there makes another item, which is
    somebody else's and may stay."""
    below = {key: inner for key, inner in fields.items() if key != "." and key.removeprefix("f:") not in keys}
    if not below:
        yield path
    for key, inner in below.items():
        kind, _, name = key.partition(":")
        step = name if kind == "f" else _index(value, kind, name)
        if step is not None and _has(value, step):
            known_by = frozenset(json.loads(name)) if kind == "k" else frozenset()
            yield from _leaves(inner, value[step], (*path, step), known_by)


def _index(value, kind: str, name: str) -> int | None:
    """Where an item is that is named by its keys ("k") or its value ("v")."""
    wanted = json.loads(name)
    for index, item in enumerate(value if isinstance(value, list) else ()):
        if item == wanted or kind == "k" and isinstance(item, dict) and all(
                item.get(key) == part for key, part in wanted.items()):
            return index
    return None


def _has(value, step) -> bool:
    return step in value if isinstance(value, dict) else isinstance(value, list) and isinstance(step, int)


def _at(value, path: tuple):
    for step in path:
        value = value[step]
    return value


def _others(value) -> Iterator[tuple[str, object]]:
    """Other values of the same type."""
    if isinstance(value, bool):
        yield "toggled", not value
    elif isinstance(value, int):
        yield "increased", value + 1
        if value > 0:
            yield "zero", 0
    elif isinstance(value, str):
        yield "changed", value + "x"
        yield "empty", ""
    elif isinstance(value, list) and value:
        yield "emptied", []
        yield "cut", value[:-1] or [*value, value[0]]
    elif isinstance(value, dict) and value:
        yield "emptied", {}
