"""Plans of what goes wrong around the operator: its access, its clock, its limits, and which server
answers it."""

from collections.abc import Iterator

from .plan import STATUS_HEADERS, Plan, refusal, rule, status

HOUR_MS = 3_600_000
ALWAYS = 100_000  # times
PAUSE_MS = 300
# Less than it takes if it may, more than it needs in one namespace; names and units of prlimit(1).
LIMITS = {"few files": {"nofile": 40}, "little memory": {"stack": 256 << 10, "data": 64 << 20}}
BARRED_MS = 4000  # after which the next try is some seconds away
QUOTA = 'pods "x" is forbidden: exceeded quota: small (a fault)'
WEBHOOK = 'Internal error occurred: failed calling webhook "strict.example.com": a fault'


def generate(workload: str, writes: dict[tuple, int], events: list[dict], restarts: int) -> Iterator[Plan]:
    """`writes`: how often what is written, as (verb, resource, subresource); `restarts`: at how many of
    the first events a restart matters."""
    moments = [*_at_writes(writes), *_at_events(events)]
    yield from _rotations(workload, moments)
    yield from _servers(workload, moments, events, restarts)
    yield from _clocks(workload, moments)
    yield from _limits(workload, moments)
    yield from _not_served(workload, writes, events)
    yield from _barred(workload, writes)


def _at_writes(writes: dict[tuple, int]) -> list[tuple[str, str, dict]]:
    """A moment is a name, and phase and match of a rule."""
    return [(f"write {n}", "before-forward", {"write": True, "nth": n})
            for n in range(1, sum(writes.values()) + 1)]


def _at_events(events: list[dict]) -> list[tuple[str, str, dict]]:
    return [(f"event {n} ({event['resource']})", "event", {"nth": n}) for n, event in enumerate(events, 1)]


def _rotations(workload: str, moments: list) -> Iterator[Plan]:
    for fault, access, what in (("token replaced", "token", "own"),
                                ("certificate replaced", "certificate", "own"),
                                ("authority replaced", "token", "authority")):
        for how, hard in (("late", True), ("in time", False)):
            for name, phase, match in moments:
                yield Plan(workload, fault, f"{fault} {how} {name}",
                           (rule(phase, match, do="rotate", what=what, hard=hard, ms=PAUSE_MS),), access=access)


def _servers(workload: str, moments: list, events: list[dict], restarts: int) -> Iterator[Plan]:
    reads = [rule("before-forward", {"verb": verb, "nth": 1, "times": ALWAYS}, do="elsewhere")
             for verb in ("list", "watch")]
    yield Plan(workload, "lagging server", "lagging server for all lists and watches", tuple(reads))
    for n, event in enumerate(events[:restarts], 1):
        later = [rule("before-forward", {"verb": verb, "after": 1, "nth": 1, "times": ALWAYS}, do="elsewhere")
                 for verb in ("list", "watch")]
        yield Plan(workload, "lagging server", f"lagging server after a kill at event {n} ({event['resource']})",
                   (rule("event", {"nth": n}, do="signal", signal="KILL"), *later))
    for name, phase, match in moments:
        yield Plan(workload, "lagging server", f"lagging server for all from {name} on",
                   (rule(phase, match, do="move"),))
        yield Plan(workload, "outage", f"outage at {name}", (rule(phase, match, do="outage", ms=1500),))
    for name, phase, match in moments[:-4:8]:
        yield Plan(workload, "long outage", f"long outage at {name}", (rule(phase, match, do="outage", ms=30_000),))
    # Later, what is left to do may be done without the watches that are told.
    for name, phase, match in _at_events(events)[:len(events) // 2:4]:
        yield Plan(workload, "compaction", f"compaction at {name}",
                   (rule(phase, match, do="outage", ms=600_000),), compaction=True)


def _clocks(workload: str, moments: list) -> Iterator[Plan]:
    for name, phase, match in moments:
        for how, jump in (("ahead", HOUR_MS), ("back", -HOUR_MS)):
            yield Plan(workload, "clock", f"clock {how} at {name}",
                       (rule(phase, match, do="clock", ms=jump),), clock=True)


def _limits(workload: str, moments: list) -> Iterator[Plan]:
    for fault, limits in LIMITS.items():
        yield Plan(workload, fault, fault, limits=limits)
        for name, phase, match in moments[::4]:
            yield Plan(workload, fault, f"{fault} and an outage at {name}",
                       (rule(phase, match, do="outage", ms=700),), limits=limits)


def _not_served(workload: str, writes: dict[tuple, int], events: list[dict]) -> Iterator[Plan]:
    """A kind is not there for a while: its CRD is not yet installed, or is taken away and put back."""
    absent = {"do": "replace", "status": 404, "headers": {"Content-Type": "text/plain"}, "body": "404 page not found\n"}
    resources = sorted({e["resource"] for e in events} | {resource for _, resource, _ in writes})
    for resource in resources:
        yield Plan(workload, "not served", f"not served at the start {resource}",
                   (rule("before-forward", {"verb": "list", "resource": resource, "nth": 1, "times": 3}, **absent),))
    for n, event in enumerate(events, 1):
        own = {"resource": event["resource"]}
        yield Plan(workload, "not served", f"not served from event {n} on ({event['resource']})", (
            rule("event", {"nth": n}, do="lose"),
            rule("before-forward", own | {"verb": "watch", "nth": 2, "times": 3}, **absent)), follow_ups=1)


def _barred(workload: str, writes: dict[tuple, int]) -> Iterator[Plan]:
    """The API server will not have a child for some seconds, and says why."""
    causes = {"role": (403, status(403, "Forbidden", "pods is forbidden: no such role (a fault)"), "no such role"),
              "quota": (403, status(403, "Forbidden", QUOTA), "exceeded quota"),
              "webhook": (500, status(500, "InternalError", WEBHOOK), "failed calling webhook")}
    for (verb, resource, subresource) in writes:
        if subresource or verb == "delete":
            continue
        for name, (code, body, cause) in causes.items():
            yield Plan(workload, "barred", f"barred by a {name} {verb} {resource}", (
                rule("before-forward", {"verb": verb, "resource": resource, "subresource": "-", "nth": 1, "within": BARRED_MS},
                     do="replace", status=code, headers=STATUS_HEADERS, body=body),), blocks=cause)
