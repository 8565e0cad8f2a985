"""What of a world must be the same in each run of a workload. Pure functions.

The mask is the whole of what is not compared; it is kept short and is reviewed:
 - identity that the API server gives: uid, resourceVersion, generation, managedFields, and names
   that are made of the UID (they become kind, owner, role, node and attempt);
 - what is a digest of something that contains a UID: the mark of what was applied, and the names of
   ReplicaSets; and the marks of the rules under which pods of isolated namespaces start, which are new
   in each run and are judged by oracle.py;
 - times, in fields of their own and in texts;
 - where a simulated pod happens to run: node, zone, addresses, container ids;
 - in children, which generation their own controller has seen: two changes may come as one;
 - the order of conditions;
 - what an autoscaler has found out, which looks every 15 s only, and what we say of that;
 - why a pod is gone (PodDeleted, PodLost): who was away when it went cannot know;
 - how often the Deployment controller met a name that was taken (collisionCount);
 - the namespace, of which each run has its own, and the name of the IsolationPolicy, which is the same;
 - the mark that a rival leaves who changes an object (proxy action "rival").
"""

import json
import re

OURS = ("tj", "md", "dm", "mv", "tt", "iso")
TRIAL = "trial"  # stands for the namespace in titles
_LABEL = "slipway.dev/"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_MASKED = {"uid", "resourceVersion", "generation", "managedFields", "selfLink", "nodeName", "hostIP",
           "hostIPs", "podIP", "podIPs", "containerID", "imageID", "clusterIP", "clusterIPs",
           "topology.kubernetes.io/zone", "collisionCount", "slipway.dev/applied-digest",
           "slipway.dev/isolation", "policyDigest", "staleDigests",
           "rival.example.com/edit", "durationSeconds"}
_NODE = re.compile(r"\bkwok-\d+\b")
# The end of the name of a trigger's job, a digest of something that contains a UID.
_JOB_MARK = re.compile(r"(?:(?<=-\d{8})|(?<=-data)|(?<=-commit)|(?<=-drift)|(?<=-webhook))-[a-z0-9]{8}$")
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
    if kind == "iso":
        return f"iso {TRIAL}"
    if kind in OURS or not is_child(obj):
        return f"{kind} {_JOB_MARK.sub('', meta['name'])}"
    labels = meta.get("labels", {})
    words = [kind, owner(obj)]
    for label in ("role", "variant", "node-index", "step", "attempt", "member-restarts", "run"):
        if _LABEL + label in labels:
            words += [label, labels[_LABEL + label]]
    return " ".join(words)


def owner(obj: dict) -> str:
    """The name of the custom resource that a child belongs to, or TRIAL if it is the namespace's."""
    ns, _, name = obj["metadata"].get("annotations", {}).get(_LABEL + "owner", "?/?").partition("/")
    return _JOB_MARK.sub("", name) if ns else TRIAL


class View:
    """What is there after a history, without what is masked. It is taken in step by step, since a
    trial looks at it after each change. Not thread-safe."""

    def __init__(self, ns: str, uid: str = ""):
        """`uid` is the namespace's."""
        self.objects: dict[tuple[str, str], dict] = {}  # by kind and name, as they are
        self._ns = re.compile(rf"\b{re.escape(ns)}\b")
        self._taken = 0
        # What stands for each UID and each made-up name that was seen.
        self._stand_ins: dict[str, str] = {uid: "<uid of the namespace>"} if uid else {}
        self._names = re.compile(re.escape(uid) or "(?!)")
        self._canonical: dict[tuple[str, str], tuple[str, dict]] = {}

    def take(self, history: list) -> "View":
        """Goes on to the end of a history of which it may know the beginning."""
        known = len(self._stand_ins)
        for version in history[self._taken:]:
            key = (version.kind, version.object["metadata"]["name"])
            self._canonical.pop(key, None)
            if version.change == "DELETED":
                self.objects.pop(key, None)
            else:
                self.objects[key] = version.object
            self._learn_names(version)
        self._taken = len(history)
        if len(self._stand_ins) > known:
            longest_first = sorted(self._stand_ins, key=len, reverse=True)
            self._names = re.compile("|".join(map(re.escape, longest_first)))
            self._canonical.clear()
        return self

    def snapshot(self) -> dict[str, dict]:
        """Our objects and their children, by title."""
        for (kind, name), obj in self.objects.items():
            if (kind, name) not in self._canonical and (kind in OURS or is_child(obj)):
                self._canonical[kind, name] = (title(kind, obj), self._canonicalised(kind, obj))
        return dict(self._canonical.values())

    def _learn_names(self, version) -> None:
        obj = version.object
        if version.kind not in OURS and not is_child(obj):
            return
        name = title(version.kind, obj)
        self._stand_ins[obj["metadata"]["uid"]] = f"<uid of {name}>"
        known = _JOB_MARK.sub("", obj["metadata"]["name"]) if version.kind in OURS else owner(obj)
        if obj["metadata"]["name"] != known:
            self._stand_ins[obj["metadata"]["name"]] = f"<{name}>"

    def _canonicalised(self, kind: str, obj: dict) -> dict:
        text = self._ns.sub("<namespace>", json.dumps(_comparable(kind, obj)))
        text = self._names.sub(lambda match: self._stand_ins[match[0]], _REPLICA_SET.sub("<ReplicaSet>", text))
        return json.loads(_NODE.sub("<node>", _TIME.sub("<time>", text)))


def _masked(value):
    if isinstance(value, dict):
        masked = {k: _masked(v) for k, v in value.items() if k not in _MASKED}
        if not masked.get("annotations", True):
            del masked["annotations"]  # There was nothing in it but what is masked.
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
    lost = masked.get("status", {}).get("lastFailure", {})
    if kind == "tj" and lost.get("reason") in ("PodDeleted", "PodLost"):
        lost |= {"reason": "<pod gone>", "message": "<pod gone>"}
    if kind == "md" and "status" in masked:
        masked["status"].pop("autoscaling", None)
        masked["status"]["conditions"] = [c for c in masked["status"].get("conditions", [])
                                          if c["type"] != "AutoscalingActive"]
    if kind not in OURS and isinstance(masked.get("status"), dict):
        masked["status"].pop("observedGeneration", None)
    return masked


def differences(wanted, found, where: str = "") -> list[str]:
    """Where two snapshots differ, a line each."""
    if wanted == found:
        return []
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
    return [f"{where}: {_short(found)}, in the reference {_short(wanted)}"]


def _short(value) -> str:
    text = json.dumps(value)
    return text if len(text) <= 160 else text[:157] + "..."
