"""What of a world must be the same in each run of a workload. Pure functions.

The mask is the whole of what is not compared; it is kept short and is reviewed:
 - identity that the API server gives: uid, resourceVersion, generation, managedFields, and names
   that are made of the UID (they become kind, owner, role, node and attempt);
 - what is a digest of something that contains a UID: the mark of what was applied, and the names of
   ReplicaSets;
 - times, in fields of their own and in texts;
 - where a simulated pod happens to run: node, zone, addresses, container ids;
 - in children, which generation their own controller has seen: two changes may come as one;
 - the order of conditions;
 - what an autoscaler has found out, which looks every 15 s only, and what we say of that;
 - how often the Deployment controller met a name that was taken (collisionCount);
 - the namespace, of which each run has its own;
 - the mark that a rival leaves who changes an object (proxy action "rival").
"""

import json
import re

from .recorder import live

OURS = ("tj", "md", "dm")
_LABEL = "slipway.dev/"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_MASKED = {"uid", "resourceVersion", "generation", "managedFields", "selfLink", "nodeName", "hostIP",
           "hostIPs", "podIP", "podIPs", "containerID", "imageID", "clusterIP", "clusterIPs",
           "topology.kubernetes.io/zone", "collisionCount", "slipway.dev/applied-digest",
           "rival.example.com/edit"}
_NODE = re.compile(r"\bkwok-\d+\b")
_REPLICA_SET = re.compile(r'ReplicaSet \\"[^"]*\\"')


def is_child(obj: dict) -> bool:
    """Made by the operator itself, not by a controller of Kubernetes from what it made."""
    meta = obj["metadata"]
    made = meta.get("labels", {}).get("app.kubernetes.io/managed-by") == "slipway"
    owners = {ref["kind"] for ref in meta.get("ownerReferences", [])}
    return made and "ReplicaSet" not in owners


def title(kind: str, obj: dict) -> str:
    """The name of an object that is the same in each run, e.g. "pod x node 0 attempt 1"."""
    meta = obj["metadata"]
    if kind in OURS or not is_child(obj):
        return f"{kind} {meta['name']}"
    labels = meta.get("labels", {})
    words = [kind, _owner(obj)]
    for label in ("role", "variant", "node-index", "attempt", "run"):
        if _LABEL + label in labels:
            words += [label, labels[_LABEL + label]]
    return " ".join(words)


def _owner(obj: dict) -> str:
    """The name of the custom resource that a child belongs to."""
    return obj["metadata"].get("annotations", {}).get(_LABEL + "owner", "/?").partition("/")[2]


def titles(history: list) -> dict[str, str]:
    """What stands for each UID and each made-up name that a history has seen."""
    found: dict[str, str] = {}
    for version in history:
        obj = version.object
        if version.kind not in OURS and not is_child(obj):
            continue
        found[obj["metadata"]["uid"]] = f"<uid of {title(version.kind, obj)}>"
        if version.kind not in OURS and obj["metadata"]["name"] != _owner(obj):
            found[obj["metadata"]["name"]] = f"<{title(version.kind, obj)}>"
    return found


def snapshot(ns: str, history: list) -> dict[str, dict]:
    """The objects that are there after a history, without what is masked, by title."""
    stand_ins = titles(history)
    longest_first = sorted(stand_ins, key=len, reverse=True)
    names = re.compile("|".join(map(re.escape, longest_first)) or "(?!)")
    result = {}
    for (kind, _), obj in live(history).items():
        if kind not in OURS and not is_child(obj):
            continue
        text = re.sub(rf"\b{re.escape(ns)}\b", "<namespace>", json.dumps(_comparable(kind, obj)))
        text = names.sub(lambda match: stand_ins[match[0]], _REPLICA_SET.sub("<ReplicaSet>", text))
        result[title(kind, obj)] = json.loads(_NODE.sub("<node>", _TIME.sub("<time>", text)))
    return result


def _masked(value):
    if isinstance(value, dict):
        masked = {k: _masked(v) for k, v in value.items() if k not in _MASKED}
        if "conditions" in masked:
            masked["conditions"] = sorted(masked["conditions"], key=lambda c: c.get("type", ""))
        return masked
    if isinstance(value, list):
        return [_masked(v) for v in value]
    return value


def _comparable(kind: str, obj: dict) -> dict:
    masked = _masked(obj)
    if kind == "hpa":
        masked.pop("status", None)
    if kind == "md" and "status" in masked:
        masked["status"].pop("autoscaling", None)
        masked["status"]["conditions"] = [c for c in masked["status"].get("conditions", [])
                                          if c["type"] != "AutoscalingActive"]
    if kind not in OURS and isinstance(masked.get("status"), dict):
        masked["status"].pop("observedGeneration", None)
    return masked


def differences(wanted, found, where: str = "") -> list[str]:
    """Where two snapshots differ, a line each."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        lines = []
        for key in sorted(wanted.keys() | found.keys()):
            inner = f"{where}.{key}" if where else str(key)
            if key not in found:
                lines.append(f"{inner}: missing")
            elif key not in wanted:
                lines.append(f"{inner}: not in the reference: {_short(found[key])}")
            else:
                lines += differences(wanted[key], found[key], inner)
        return lines
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        return [line for i, (a, b) in enumerate(zip(wanted, found))
                for line in differences(a, b, f"{where}[{i}]")]
    return [] if wanted == found else [f"{where}: {_short(found)}, in the reference {_short(wanted)}"]


def _short(value) -> str:
    text = json.dumps(value)
    return text if len(text) <= 160 else text[:157] + "..."
