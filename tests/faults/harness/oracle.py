"""What must hold in every run, whatever went wrong. Pure functions over histories.

Each returns complaints, a sentence each; none means that it holds.
"""

import json
from collections import Counter

from .canon import OURS, TRIAL, is_child, title
from .recorder import Version

_LABEL = "slipway.dev/"
_PLACE = ("owner-uid", "role", "node-index", "step", "variant", "run")  # labels


def summary(history: list[Version]) -> dict[str, Counter]:
    """How often each object, by title, was created and deleted."""
    counts = {"created": Counter(), "deleted": Counter()}
    words = {"ADDED": "created", "DELETED": "deleted"}
    for version in history:
        if version.change in words and (version.kind in OURS or is_child(version.object)):
            counts[words[version.change]][title(version.kind, version.object)] += 1
    return counts


def same_summary(reference: dict[str, Counter], found: dict[str, Counter]) -> list[str]:
    """No object is made or removed more often than without faults."""
    complaints = []
    for what, counts in found.items():
        for name, count in counts.items():
            if count > reference[what][name]:
                complaints.append(f"{name} was {what} {count} times, {reference[what][name]} without faults")
    return complaints


def no_duplicate(history: list[Version]) -> list[str]:
    """At every moment at most one living child of each kind for each place: owner, role, and which one
    of several it is."""
    complaints = []
    living: dict[tuple, set[str]] = {}
    for version in history:
        if version.kind in OURS or version.kind == "event":
            continue
        meta = version.object["metadata"]
        # A pod that has lost its labels keeps its place until it ends.
        if version.change == "DELETED" or version.object.get("status", {}).get("phase") in ("Succeeded", "Failed"):
            for pods in living.values():
                pods.discard(meta["uid"])
            continue
        labels = meta.get("labels", {})
        if not is_child(version.object) or _LABEL + "owner-uid" not in labels:
            continue
        place = (version.kind, *(labels.get(_LABEL + k, "") for k in _PLACE))
        uids = living.setdefault(place, set())
        uids.add(meta["uid"])
        if len(uids) > 1:
            complaints.append(f"{len(uids)} living ones in one place: {title(version.kind, version.object)}")
    return sorted(set(complaints))


def no_orphan(objects: dict[tuple[str, str], dict], home: str = "") -> list[str]:
    """Every child belongs to a custom resource that is there, or to the namespace, whose UID `home` is."""
    owners = {home, *(obj["metadata"]["uid"] for (kind, _), obj in objects.items() if kind in OURS)}
    return [f"{title(kind, obj)} belongs to nobody" for (kind, _), obj in objects.items()
            if kind not in OURS and is_child(obj)
            and obj["metadata"].get("labels", {}).get(_LABEL + "owner-uid") not in owners]


_ISOLATING = "slipway-isolation"  # the NetworkPolicy


def isolated_first(history: list[Version], rests: list[dict[str, dict]]) -> list[str]:
    """No pod of ours is made in a closed namespace but under a NetworkPolicy that says what the
    IsolationPolicy demands, at every revision of etcd. What that is the worlds at rest (see canon.View) of
    runs without faults show. A pod may bear the mark of rules that have been replaced while it was made;
    isolated_at_rest wants it gone."""
    wanted = {_demand(rest[f"iso {TRIAL}"]): network["spec"] for rest in rests if f"iso {TRIAL}" in rest
              and (network := rest.get(f"netpol {TRIAL} role namespace"))}
    complaints = []
    policy = network = None
    marks: set[str] = set()  # of the rules since the namespace was closed
    # Kinds are watched one by one, so they may have come in another order.
    for version in sorted(history, key=lambda v: int(v.object["metadata"]["resourceVersion"])):
        obj, gone = version.object, version.change == "DELETED"
        if version.kind == "iso":
            policy = None if gone else obj
        elif version.kind == "netpol" and obj["metadata"]["name"] == _ISOLATING:
            network = None if gone or "deletionTimestamp" in obj["metadata"] else obj
            marks |= {_mark(network)} if network else set()
        if not _closes(policy):
            marks = {_mark(network)} if network else set()
        elif version.kind == "pod" and version.change == "ADDED" and _is_ours(obj):
            complaints += [f"{title('pod', obj)} was made {why}" for why in (
                _why_not_isolated(obj, network, marks, wanted.get(_demand(policy))),) if why]
    return complaints


def isolated_at_rest(objects: dict[tuple[str, str], dict]) -> list[str]:
    """Every pod of ours that lives in a closed namespace has started under the rules that hold now."""
    if not any(kind == "iso" and _closes(obj) for (kind, _), obj in objects.items()):
        return []
    network = objects.get(("netpol", _ISOLATING))
    if network is None or "deletionTimestamp" in network["metadata"]:
        return ["no NetworkPolicy isolates the namespace"]
    return [f"{title('pod', obj)} has started under other rules" for (kind, _), obj in objects.items()
            if kind == "pod" and _is_ours(obj) and "deletionTimestamp" not in obj["metadata"]
            and obj.get("status", {}).get("phase") not in ("Succeeded", "Failed") and _mark(obj) != _mark(network)]


def _why_not_isolated(pod: dict, network: dict | None, marks: set[str], wanted: dict | None) -> str:
    if network is None:
        return "while the namespace was to be closed, and no NetworkPolicy isolated it"
    if _mark(pod) not in marks:
        return "without the mark of rules that isolate it"
    if wanted is not None and network["spec"] != wanted:
        return "while the NetworkPolicy did not say what the IsolationPolicy does"
    return ""


def _is_ours(obj: dict) -> bool:
    return obj["metadata"].get("labels", {}).get("app.kubernetes.io/managed-by") == "slipway"


def _closes(policy: dict | None) -> bool:
    return policy is not None and policy["spec"].get("profile") != "Open"


def _demand(policy: dict) -> str:
    return json.dumps([policy["spec"].get("profile"), policy["spec"].get("network")], sort_keys=True)


def _mark(obj: dict) -> str:
    return obj["metadata"].get("annotations", {}).get(_LABEL + "isolation", "")


def phases(history: list[Version], steps: list[int], hidden: str = "") -> dict[tuple[int, str], list[str]]:
    """The phases that each custom resource went through in each step of its workload, but for a
    hidden one; `steps` are the lengths of the history when each began."""
    seen: dict[tuple[int, str], list[str]] = {}
    last: dict[str, str] = {}
    for number, version in enumerate(history):
        if version.kind not in OURS or version.change == "DELETED":
            continue
        uid, phase = version.object["metadata"]["uid"], version.object.get("status", {}).get("phase", "")
        if hidden and phase == hidden:
            continue
        if last.get(uid) != phase:
            step = sum(1 for start in steps if start <= number)
            seen.setdefault((step, title(version.kind, version.object)), []).append(phase)
        last[uid] = phase
    return seen


def no_phase_twice(reference: dict[tuple[int, str], list[str]],
                   found: dict[tuple[int, str], list[str]]) -> list[str]:
    """Between two things that a user or the cluster does, no phase is left and come back to."""
    return [f"{name} went through {' '.join(p or '-' for p in sequence)} in step {step}"
            for (step, name), sequence in found.items()
            if any(sequence.count(p) > max(1, reference.get((step, name), []).count(p)) for p in sequence)]


def flips(history: list[Version], steps: list[int]) -> Counter:
    """How often each condition changed its value in each step."""
    last: dict[tuple, str] = {}
    counts: Counter = Counter()
    for number, version in enumerate(history):
        if version.kind not in OURS or version.change == "DELETED":
            continue
        step = sum(1 for start in steps if start <= number)
        for condition in version.object.get("status", {}).get("conditions", []):
            key = (version.object["metadata"]["uid"], condition["type"])
            if last.get(key, condition["status"]) != condition["status"]:
                counts[(step, f"{condition['type']} of {title(version.kind, version.object)}")] += 1
            last[key] = condition["status"]
    return counts


def no_flap(reference: Counter, found: Counter) -> list[str]:
    """In one step a condition makes one detour (to False and back) at most, unless it does so
    without faults as well."""
    return [f"{what} changed {count} times in step {step}, {reference[step, what]} without faults"
            for (step, what), count in found.items() if count > max(2, reference[step, what])]


def changes(history: list[Version]) -> int:
    """How often a child changed."""
    return sum(1 for version in history if version.kind not in OURS and is_child(version.object))


LEADERSHIP_LOST = 3  # an exit status
MOST_CONFLICTS = 30  # a watch that is silent for half a minute is met by a dozen tries, and by events of others


def bounded_writes(calm: list[list[dict]], found: list[dict], faults: int, changed: int) -> list[str]:
    """Each fault may cost a few more requests, not a storm. How many states are written on the way
    depends on how many come together, so several runs without faults are the measure, or how often
    children changed: on a busy machine few changes come together. That an object has moved on since
    it was seen (409) is daily life there as well, but must not become a loop."""
    def split(writes: list[dict]) -> tuple[int, int]:
        writes = [w for w in writes if w.get("status") != 409]
        states = sum(1 for w in writes if w.get("subresource") == "status")
        return len(writes) - states, states
    children, states = split(found)
    most_children, most_states = (max(counts) for counts in zip(*map(split, calm)))
    complaints = []
    conflicts = sum(1 for w in found if w.get("status") == 409)
    if conflicts > MOST_CONFLICTS + 3 * faults:
        complaints.append(f"{conflicts} writes of what had moved on")
    # Half as many again: an autoscaler that is looked at more often is followed in more steps.
    if children > most_children * 3 // 2 + 3 * faults:
        complaints.append(f"{children} writes of children, {most_children} without faults and {faults} of those")
    if states > max(2 * most_states, changed) + 3 * faults:
        complaints.append(f"{states} writes of states, {most_states} without faults and {faults} of those")
    return complaints


def woken_at(trace: dict, paused_ms: int) -> int | None:
    """When a replica that was stopped at a write went on; None when it was not, or the run ended before."""
    stops = [r["at"] for r in trace["requests"] if "before-forward signal STOP" in r.get("faults", ())]
    woken = stops[0] + paused_ms if stops else None
    return woken if woken is not None and trace["now"] > woken else None


def late_writes(trace: dict, woken: int, is_write) -> list[str]:
    """What a replica changed that was stopped until another one led: what it sends when it goes on, and
    what it had sent before, but arrives only then."""
    return [f"the former leader wrote: {r['verb']} {r['resource']} {r.get('name', '')}, answered by {r['status']}"
            for r in trace["requests"] if is_write(r) and r.get("status", 0) in range(200, 300)
            and (r["at"] >= woken - 100 or "before-forward late" in r.get("faults", ()))]


def bystanders(before: dict[tuple[str, str], dict], now: dict[tuple[str, str], dict | None]) -> list[str]:
    """What is nobody's child is not touched."""
    return [f"somebody else's {kind} {name} was {'deleted' if now[kind, name] is None else 'changed'}"
            for (kind, name), old in before.items() if now[kind, name] is None or
            any(now[kind, name]["metadata"][k] != old["metadata"][k] for k in ("uid", "resourceVersion"))]


MOST_EVENTS = 10


def few_events(calm: list[list[dict]], found: list[dict], faults: int) -> list[str]:
    """Each fault may be told of, not again and again."""
    def count(requests: list[dict]) -> int:
        return sum(r["resource"] == "events" and r["verb"] in ("create", "patch") for r in requests)
    most, told = max(map(count, calm)), count(found)
    if told > most + MOST_EVENTS + 3 * faults:
        return [f"{told} requests about Events, {most} without faults and {faults} of those"]
    return []


def deaths(codes: list[int], killed: int, asked: int, replicas: int) -> list[str]:
    """A plan kills by SIGKILL, asks by SIGTERM (exit code 0), or takes the Lease of one of several
    replicas away; nothing else ends an operator."""
    complaints = [f"the operator ended with {code}" for code in codes
                  if code not in (-9, 0) and not (code == LEADERSHIP_LOST and replicas > 1)]
    for what, code, most in (("was killed", -9, killed), ("ended by itself", 0, asked)):
        if codes.count(code) > most:
            complaints.append(f"the operator {what} {codes.count(code)} times, by the plan {most}")
    return complaints


def no_crash(log: str) -> list[str]:
    """What a process says that has hit a bug."""
    signs = ("terminate called", "AddressSanitizer", "runtime error:", "ThreadSanitizer",
             "LeakSanitizer", "Assertion", "reconcile threw", "stack smashing")
    return [f"the operator's log has {sign!r}" for sign in signs if sign in log]


MOST_MIB = 64  # of one operator in a small world; its libraries alone are 14


def little_memory(peak_mib: int) -> list[str]:
    return [f"the operator had {peak_mib} MiB, more than {MOST_MIB}"] if peak_mib > MOST_MIB else []


SOON_MS = 2000


def soon_after_rotation(trace: dict) -> list[str]:
    """What a rotation's new file holds is used soon after it is there."""
    complaints = []
    for at in trace["rotated"]:
        good = [r["at"] + (0 if r["verb"] == "watch" else r["took"]) for r in trace["requests"]
                if r["at"] >= at and r.get("status", 0) in range(200, 300)]
        if not good and trace["now"] > at + SOON_MS:
            complaints.append("no request succeeded after the rotation")
        elif good and min(good) > at + SOON_MS:
            complaints.append(f"the first request that succeeded came {min(good) - at} ms after the rotation")
    return complaints


def waits_as_told(requests: list[dict], seconds: int) -> list[str]:
    """What was answered with 429 and Retry-After is not sent again before that time has passed."""
    complaints = []
    for number, told in enumerate(requests):
        if told.get("status") != 429 or "before-forward replace" not in told.get("faults", ()):
            continue
        what = [told.get(k) for k in ("verb", "resource", "subresource", "name")]
        again = [r["at"] for r in requests[number + 1:] if [r.get(k) for k in
                 ("verb", "resource", "subresource", "name")] == what and r["at"] > told["at"]]
        if told["verb"] != "create" and again and again[0] < told["at"] + seconds * 1000:
            complaints.append(f"{told['verb']} {told['resource']} {told.get('name', '')} was sent again after "
                              f"{again[0] - told['at']} ms; it was told to wait {seconds} s")
    return complaints


def told_too_old(trace: dict) -> bool:
    """Whether a watch was told that what it wants to go on from is forgotten."""
    return any(r.get("status") == 410 for r in trace["requests"]) or any(
        e["type"] == "ERROR" for e in trace["events"])


def explained(history: list[Version], cause: str) -> list[str]:
    """What is kept from going on says why, in a condition and in an Event, and what comes next."""
    conditions = [c["message"] for version in history if version.kind in OURS
                  for c in version.object.get("status", {}).get("conditions", []) if cause in c.get("message", "")]
    notes = [version.object.get("note", "") for version in history if version.kind == "event"]
    notes = [note for note in notes if cause in note]
    complaints = [f"no {what} names the cause, {cause!r}"
                  for what, found in (("condition", conditions), ("Event", notes)) if not found]
    return complaints + [f"says nothing of the next try: {text}" for text in {*conditions, *notes}
                         if "again" not in text]
