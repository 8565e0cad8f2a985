"""Plans: what goes wrong, and when. Generated from the trace of a run without faults.

A plan is data; its file alone reproduces what it found. All are made of the rules of ../proxy.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator

from . import surroundings
from .plan import STATUS_HEADERS, Plan, refusal, rule

# What may happen to a request, by fault: phase and action.
REQUEST_FAULTS: dict[str, list[tuple[str, str, dict]]] = {
    "crash": [("before", "before-forward", {"do": "signal", "signal": "KILL"}),
              ("after", "after-commit", {"do": "signal", "signal": "KILL"})],
    "lost": [("fin", "before-forward", {"do": "drop"}), ("rst", "before-forward", {"do": "reset"})],
    "unknown outcome": [("fin", "after-commit", {"do": "drop"}),
                        ("rst", "after-commit", {"do": "reset"}),
                        *((f"{k} bytes", "after-commit", {"do": "truncate", "bytes": k})
                          for k in (1, 60, 300, 450, 600, 900))],  # In the head, and in the body.
    "delayed": [("before", "before-forward", {"do": "delay", "ms": 700}),
                ("after", "after-commit", {"do": "delay", "ms": 700})],
    "sent twice": [("", "before-forward", {"do": "duplicate"})],
    "conflict": [("", "before-forward", refusal(409, "Conflict"))],
    "forbidden": [("", "before-forward", refusal(403, "Forbidden"))],
    "throttled": [("after 1 s", "before-forward", refusal(429, "TooManyRequests", {"Retry-After": "1"})),
                  ("no hint", "before-forward", refusal(429, "TooManyRequests")),
                  ("garbage", "before-forward", refusal(429, "TooManyRequests", {"Retry-After": "soon"}))],
    "server error": [("500", "before-forward", refusal(500, "InternalError")),
                     ("502", "before-forward", refusal(502, "", body="<html>Bad Gateway</html>")),
                     ("503", "before-forward", refusal(503, "ServiceUnavailable")),
                     ("504", "before-forward", refusal(504, "Timeout")),
                     ("503 empty", "before-forward", refusal(503, "", body=""))],
    "garbled answer": [("not JSON", "after-commit", {"do": "replace", "status": 200, "body": "{\"metadata\":"}),
                       ("null", "after-commit", {"do": "replace", "status": 200, "body": "null",
                                                 "headers": STATUS_HEADERS}),
                       ("deep", "after-commit", {"do": "replace", "status": 200, "body": "[" * 5000,
                                                 "headers": STATUS_HEADERS}),
                       ("not UTF-8", "after-commit", {"do": "replace", "status": 200,
                                                      "body": "{\"metadata\":{\"name\":\"\u00ff\u0000\"}}"})],
    "unauthorized": [("", "before-forward", refusal(401, "Unauthorized"))],
    "asked to end": [("before", "before-forward", {"do": "signal", "signal": "TERM"}),
                     ("after", "after-commit", {"do": "signal", "signal": "TERM"})],
    "paused": [("", "before-forward", {"do": "signal", "signal": "STOP", "ms": 1000})],
}

# The same, for what takes its time: an operator waits for an answer, or as long as it is told to.
SLOW_FAULTS: dict[str, list[tuple[str, str, dict]]] = {
    "throttled long": [("", "before-forward", refusal(429, "TooManyRequests", {"Retry-After": "32"}))],
    "silence": [("before", "before-forward", {"do": "silence"}),
                ("after", "after-commit", {"do": "silence"})],
    "slow answer": [("", "after-commit", {"do": "trickle", "ms": 100})],
}
WIDE = 4  # requests that an operator has under way at once
LAST_MS = 500  # of a run, in which not every run tells what happens
PAUSE_MS = 11000  # longer than another replica waits before it takes the Lease

_GONE = json.dumps({"type": "ERROR", "object": {"kind": "Status", "apiVersion": "v1", "code": 410,
                                                "reason": "Expired", "message": "too old"}})
_FAILED = json.dumps({"type": "ERROR", "object": {"kind": "Status", "apiVersion": "v1", "code": 500,
                                                  "reason": "InternalError", "message": "a fault"}})
EVENT_FAULTS: dict[str, list[tuple[str, dict]]] = {
    "crash at event": [("", {"do": "signal", "signal": "KILL"})],
    "asked to end at event": [("", {"do": "signal", "signal": "TERM"})],
    "event lost": [("", {"do": "lose"})],
    "event twice": [("", {"do": "duplicate"})],
    "event delayed": [("", {"do": "delay", "ms": 700})],
    "event cut": [("", {"do": "truncate", "bytes": 40}), ("reset", {"do": "reset"})],
    "watch too old": [("410", {"do": "replace", "body": _GONE}), ("500", {"do": "replace", "body": _FAILED})],
    "event garbled": [("unknown type", {"do": "replace", "body": "{\"type\":\"SURPRISE\",\"object\":{}}"}),
                      ("not JSON", {"do": "replace", "body": "{\"type\":"})],
}


def generate(workload: str, traces: list[dict], is_write, upgrades: bool = False) -> Iterator[Plan]:
    """All plans for a workload whose runs without faults left these traces. Runs differ a little
    (states that come together are written together, what was refused is tried again), so only what all
    of them did is interfered with.
    Of two replicas the faults are for the one that leads first, so an upgrade does not go with that."""
    writes = _in_all([[_what(r) for r in trace["requests"] if is_write(r) and r.get("status", 0) < 400]
                      for trace in traces])
    events = min(([e for e in trace["events"] if e["type"] != "BOOKMARK" and e.get("at", 0) <= _end(trace)]
                  for trace in traces), key=len)
    yield from _on_writes(workload, writes)
    yield from _on_events(workload, events)
    yield from _on_reads(workload, traces[0]["requests"])
    yield from _rivals(workload, writes, traces[0]["requests"])
    yield from _slow(workload, writes, traces[0]["requests"], events)
    if not upgrades:
        yield from _paused_leaders(workload, writes, traces[0]["requests"])
    lists = max(sum(r["verb"] == "list" for r in trace["requests"]) for trace in traces)
    restarts = _that_matter(traces[0], events, is_write)
    yield from _stale(workload, restarts, lists)
    yield from _double_crashes(workload, sum(writes.values()))
    yield from surroundings.generate(workload, writes, events, restarts)


def _end(trace: dict) -> int:
    """Until when a run may be interfered with: right before its end another run may be over."""
    return trace["now"] - LAST_MS if "now" in trace else sys.maxsize


def _that_matter(trace: dict, events: list[dict], is_write) -> int:
    """How many of the first events come before the last write: after it an operator that starts anew has
    nothing to do, and the run may end before it has listed anything."""
    last = max((r.get("at", 0) for r in trace["requests"] if is_write(r)), default=0)
    return sum(event.get("at", 0) <= last for event in events)


def _what(request: dict) -> tuple[str, str, str]:
    return request["verb"], request["resource"], request.get("subresource", "")


def _in_all(runs: list[list[tuple]]) -> dict[tuple, int]:
    """How often each thing happened in every run."""
    counts = [Counter(run) for run in runs]
    return {what: least for what in counts[0] if (least := min(count[what] for count in counts))}


def _on_writes(workload: str, writes: dict[tuple, int]) -> Iterator[Plan]:
    for fault, ways in REQUEST_FAULTS.items():
        for how, phase, action in ways:
            for (verb, resource, subresource), count in writes.items():
                match = {"verb": verb, "resource": resource, "subresource": subresource or "-"}
                target = f"{verb} {resource}{'/' if subresource else ''}{subresource}"
                for n in range(1, count + 1):
                    yield Plan(workload, fault, " ".join(f"{fault} {how} {target} {n}".split()),
                               (rule(phase, match | {"nth": n}, **action),))


def _rivals(workload: str, writes: dict[tuple, int], requests: list[dict]) -> Iterator[Plan]:
    """Somebody else has changed the object since the operator has read it."""
    made = _makes(requests)
    for (verb, resource, subresource), count in writes.items():
        match = {"verb": verb, "resource": resource, "subresource": subresource or "-"}
        for n in range(1, count + 1):
            if made((verb, resource, subresource), n):
                continue  # There is nothing to change.
            yield Plan(workload, "rival", f"rival {verb} {resource}{'/' if subresource else ''}{subresource} {n}",
                       (rule("before-forward", match | {"nth": n}, do="rival"),))


def _makes(requests: list[dict]):
    """Tells whether the n-th request of a sort made an object."""
    statuses: dict[tuple, list[int]] = {}
    for request in requests:
        statuses.setdefault(_what(request), []).append(request.get("status", 0))
    return lambda what, n: what[0] == "create" or statuses[what][n - 1] == 201


def _slow(workload: str, writes: dict[tuple, int], requests: list[dict], events: list[dict]) -> Iterator[Plan]:
    """One of each kind of request, and of each kind of watch."""
    reads = {_what(r) for r in requests if r["verb"] in ("list", "watch", "get")}
    for fault, ways in SLOW_FAULTS.items():
        for how, phase, action in ways:
            for verb, resource, subresource in sorted(reads | writes.keys()):
                if verb == "watch" and phase == "after-commit":
                    continue
                match = {"verb": verb, "resource": resource, "subresource": subresource or "-", "nth": 1}
                target = f"{verb} {resource}{'/' if subresource else ''}{subresource}"
                yield Plan(workload, fault, " ".join(f"{fault} {how} {target}".split()),
                           (rule(phase, match, **action),))
    for resource in sorted({e["resource"] for e in events}):
        yield Plan(workload, "silence", f"silence event {resource}",
                   (rule("event", {"resource": resource, "nth": 1}, do="silence"),))


def _paused_leaders(workload: str, writes: dict[tuple, int], requests: list[dict]) -> Iterator[Plan]:
    """Stopped at a write for so long that another replica leads, then woken; and the same when that
    write takes as long to arrive. What makes an object is left out there: the API knows no precondition
    for it, so that a late one sets back what others have made meanwhile, or is made for an owner that
    has gone, with which the garbage collector takes it."""
    made = _makes(requests)
    for (verb, resource, subresource), count in writes.items():
        match = {"verb": verb, "resource": resource, "subresource": subresource or "-"}
        target = f"{verb} {resource}{'/' if subresource else ''}{subresource}"
        # Beside a second replica fewer states may be told apart, so the last ones may not be written.
        for n in range(1, (max(1, count // 2) if subresource else count) + 1):
            stop = rule("before-forward", match | {"nth": n}, do="signal", signal="STOP", ms=PAUSE_MS)
            late = rule("before-forward", match | {"nth": n}, do="late", ms=PAUSE_MS + 500)
            yield Plan(workload, "leader paused", f"leader paused {target} {n}", (stop,), 2)
            if not made((verb, resource, subresource), n):
                yield Plan(workload, "leader paused", f"leader paused late {target} {n}", (stop, late), 2)


def _on_events(workload: str, events: list[dict]) -> Iterator[Plan]:
    for fault, ways in EVENT_FAULTS.items():
        for how, action in ways:
            for n, event in enumerate(events, 1):
                yield Plan(workload, fault, " ".join(f"{fault} {how} {n} ({event['resource']})".split()),
                           (rule("event", {"nth": n}, **action),))
    for n, event in enumerate(events, 1):
        if any(_same(event, later) for later in events[n:]):  # One that nothing follows no server hides.
            yield Plan(workload, "event hidden", f"event hidden {n} ({event['resource']})",
                       (rule("event", {"nth": n}, do="hide", ms=1000),))


def _same(one: dict, other: dict) -> bool:
    return (one["resource"], one.get("name")) == (other["resource"], other.get("name"))


def _on_reads(workload: str, requests: list[dict]) -> Iterator[Plan]:
    for verb in ("list", "watch", "get"):
        resources = sorted({r["resource"] for r in requests if r["verb"] == verb})
        for resource in resources:
            for fault, ways in REQUEST_FAULTS.items():
                if fault in ("sent twice", "conflict"):
                    continue
                for how, phase, action in ways:
                    if verb == "watch" and phase == "after-commit":
                        continue  # Its answer is the events.
                    yield Plan(workload, fault, " ".join(f"{fault} {how} {verb} {resource}".split()),
                               (rule(phase, {"verb": verb, "resource": resource, "nth": 1}, **action),))


def _stale(workload: str, events: int, lists: int) -> Iterator[Plan]:
    """Time travel: killed after event n, the operator starts on a world as of event j, for every j < n."""
    for n in range(1, events + 1):
        for seen in range(n):
            yield Plan(workload, "stale list", f"stale list {seen} after {n}", (
                rule("event", {"nth": n}, do="signal", signal="KILL"),
                # The lists that come after the kill; the watches that would tell are late.
                rule("before-forward", {"verb": "list", "after": 1, "nth": 1, "times": lists}, do="stale", seen=seen),
                rule("before-forward", {"verb": "watch", "after": 1, "nth": 1, "times": lists}, do="delay", ms=700)),
                follow_ups=2)  # Close to its end the run may be over before anything is listed.


def _double_crashes(workload: str, writes: int) -> Iterator[Plan]:
    """Killed at one write, and again at one of the recovery's. As many as WIDE are under way at once, so
    one that comes right after the first may be of the same process."""
    for first in range(1, writes + 1):
        for second in range(first + 2, min(first + WIDE + 3, writes + 1), 2):
            for phase in ("before-forward", "after-commit"):
                yield Plan(workload, "double crash", f"double crash {phase} writes {first} and {second}", tuple(
                    rule(phase, {"write": True, "nth": n}, do="signal", signal="KILL")
                    for n in (first, second)))
