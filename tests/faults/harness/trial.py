"""One run of a workload under one plan."""

import contextlib
import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from lib.kube import KINDS
from lib.operator import NAMESPACE

from . import canon, oracle
from .operator import Operator
from .plan import Plan
from .plans import PAUSE_MS, WIDE
from .recorder import Recorder, live
from .workload import Actor, Workload

PATIENCE_S = 60  # for one step; a watch that fell silent is noticed after 35 s
REST_S = 1.2  # longer than the operator holds a status back
WOKEN_MS = 1500  # after which what was under way when a replica was stopped has arrived
BYSTANDERS = {"configmap": {"data": {"a": "b"}}, "secret": {"stringData": {"a": "b"}},
              "service": {"spec": {"ports": [{"port": 80}], "selector": {"app": "bystander"}}}}
STILL_S = 10  # after which a world that is as it should be must have come to rest


@dataclass
class Result:
    """What came of a trial."""

    snapshots: list[dict] = field(default_factory=list)  # one for each `until`
    calm: list = field(default_factory=list)  # of a reference: the requests of all runs without faults
    history: list = field(default_factory=list)
    steps: list[int] = field(default_factory=list)  # how long the history was when each began
    trace: dict = field(default_factory=dict)
    seconds: float = 0.0
    complaints: list[str] = field(default_factory=list)
    void: bool = False  # not all of the plan's faults happened: the run was a little different
    recovery: float | None = None  # seconds from the last fault until the world was as it should be
    peak_mib: int = 0  # of the operator's memory
    woken: bool = False  # a former leader went on
    late: list[str] = field(default_factory=list)  # and what it changed then

    def forget(self) -> None:
        """Keeps what is reported. With the histories of thousands of runs in memory a look of Python's
        garbage collector holds all trials, and the recorder, up for half a minute."""
        self.snapshots, self.history, self.trace = [], [], {}

    @property
    def writes(self) -> list[dict]:
        return writes(self.trace.get("requests", []))


def is_write(request: dict) -> bool:
    """What the API server itself forbids is none: in a namespace that goes nothing can be made, and
    how often that is found out depends on the order in which its objects go."""
    return (request["verb"] in ("create", "update", "patch", "delete")
            and request["resource"] not in ("leases", "events") and request.get("status") not in (401, 403))


def writes(requests: list[dict]) -> list[dict]:
    return [r for r in requests if is_write(r)]


def merged(traces: list[dict]) -> dict:
    """What passed on all ways; the rules are the first one's."""
    return {"requests": [r for trace in traces for r in trace["requests"]],
            "events": [e for trace in traces for e in trace["events"]], "fired": traces[0]["fired"],
            "rotated": traces[0]["rotated"], "idle": traces[0]["idle"], "now": traces[0]["now"]}


def _field(status: dict, path: str):
    """What a path such as members.0.restarts leads to, or None."""
    found = status
    for part in path.split("."):
        if isinstance(found, list):
            found = found[int(part)] if int(part) < len(found) else None
        else:
            found = (found or {}).get(part)
    return found


class Trial:
    """Runs a workload in a namespace of its own under a plan, and compares with a reference.

    At each `until` the world must come to rest: without a reference, in the named phase with no
    change for REST_S; with one, in exactly the reference's state there.
    """

    def __init__(self, world, workload: Workload, plan: Plan, reference: Result | None):
        self._world = world
        self._workload = workload
        self._plan = plan
        self._reference = reference
        self._recorder: Recorder = world.recorder
        self._result = Result()

    def run(self) -> Result:
        began = time.monotonic()
        self._ns = ns = self._world.take_namespace()
        self._home = self._world.kube.get("namespace", "", ns)
        self._uid = self._home["metadata"]["uid"]
        self._view = canon.View(ns, self._uid)
        self._operators: list[Operator] = []
        self._erased = False
        self._ways = ways = []
        actor = Actor(self._world.kube, ns, self._objects)
        bystanders = self._bystanders(make=True)
        try:
            for number in range(1, self._plan.replicas + 1):
                operator = Operator(self._world, ns, self._plan, self._workload.settings, number)
                self._operators.append(operator)
                ways.append(operator.way)
                if number < self._plan.replicas:
                    self._wait("the first replica leads", self._nobody_leads)
            if self._plan.compaction:
                threading.Thread(target=self._compact, daemon=True).start()
            for number, step in enumerate(self._workload.steps_in(ns)):
                self._result.steps.append(len(self._recorder.history(ns)))
                self._step(actor, number, step)
            self._outlive_pause()
            if not self._erased:
                self._result.complaints += oracle.bystanders(bystanders, self._bystanders())
        except AssertionError as problem:
            self._result.complaints.append(str(problem))
        finally:
            for operator in self._operators:
                self._result.peak_mib = max(self._result.peak_mib, operator.peak_mib())
                operator.stop()
            traces = [way.trace() for way in ways]
            for way in ways:
                way.close()
            self._remove_policy()
        self._result.trace = merged(traces)
        self._result.history = self._recorder.history(ns)
        self._judge(traces)
        self._result.seconds = time.monotonic() - began
        if self._result.complaints:
            self._keep_evidence(self._world.logs / ns)
        else:
            self._world.give_back(ns, usable=not self._erased)
        return self._result

    def _remove_policy(self) -> None:
        """What a trial that failed leaves of it everybody else would see."""
        if self._world.kube.find("iso", "", self._ns):
            self._world.kube.delete("iso", "", self._ns)
            with contextlib.suppress(AssertionError):
                self._wait("the IsolationPolicy is gone",
                           lambda: "it is there" if ("iso", self._ns) in self._objects() else "")

    def _keep_evidence(self, folder: Path) -> None:
        """To be looked at: the plan, what passed, and every version of every object."""
        (folder / "plan.json").write_text(self._plan.dump())
        (folder / "trace.json").write_text(json.dumps(self._result.trace, indent=1))
        with open(folder / "history.jsonl", "w") as file:
            for version in self._result.history:
                file.write(json.dumps([version.time, version.kind, version.change, version.object]) + "\n")

    def _compact(self) -> None:
        """Once the operator is cut off: it comes back to a server that knows no more of the past."""
        way = self._ways[0]
        with contextlib.suppress(ValueError):  # The trial has been given up meanwhile.
            while not all(way.trace()["fired"]):
                time.sleep(0.1)
            self._world.compact()
            way.change(target=self._world.servers.other, open=True)

    def _bystanders(self, make: bool = False) -> dict[tuple[str, str], dict | None]:
        """Objects that are nobody's child, as they are now."""
        kube, found = self._world.kube, {}
        for kind, spec in BYSTANDERS.items():
            name = "bystander"
            if make and not kube.find(kind, self._ns, name):
                version, _, kind_name = KINDS[kind]
                kube.create({"apiVersion": version, "kind": kind_name,
                             "metadata": {"name": name, "namespace": self._ns}, **spec})
            found[kind, name] = kube.find(kind, self._ns, name)
        return found

    def _outlive_pause(self) -> None:
        """What a stopped replica does when it goes on belongs to the run. The one that the rules are for
        may not have led, and was then not stopped."""
        if self._plan.replicas > 1 and any(self._ways[0].trace()["fired"]):
            self._wait("the former leader goes on", lambda: "" if oracle.woken_at(
                self._ways[0].trace(), PAUSE_MS + WOKEN_MS) else "not yet", PAUSE_MS / 1000 + 10)

    def _nobody_leads(self) -> str:
        lease = self._world.kube.find("lease", NAMESPACE, self._ns)
        return "" if lease and lease["spec"].get("holderIdentity") else "nobody holds the Lease"

    def _objects(self) -> dict:
        return self._view.take(self._recorder.history(self._ns)).objects

    def _snapshot(self) -> dict[str, dict]:
        return self._view.take(self._recorder.history(self._ns)).snapshot()

    def _step(self, actor: Actor, number: int, step: dict) -> None:
        action, what = next(iter(step.items()))
        if action == "until":
            self._rest(number, what)
            return
        if action == "upgrade":
            for operator in self._operators:
                operator.upgrade()
            return
        actor.do(step)
        if action == "erase":
            self._erased = True
            self._wait("the namespace is gone", lambda: "" if not self._world.kube.find(
                "namespace", "", self._ns) else "it is there", 2 * PATIENCE_S)
        if action in ("delete", "erase"):
            # A garbage collector may take half a minute to learn of a new kind, or two.
            patience = PATIENCE_S if self._reference else 2 * PATIENCE_S
            self._wait(f"step {number}: nothing is left of {what}", lambda: self._left_of(what), patience)

    def _left_of(self, what: str) -> str:
        """What there is of a custom resource and its children, or of all; records outlive their owner."""
        target, _, name = what.partition("/")

        def belongs(kind: str, own: str, obj: dict) -> bool:
            if kind in canon.OURS and (kind, own) == (target, name):
                return True
            if target == "iso":
                return kind == "netpol" and canon.is_child(obj)
            if target == "namespace":
                return kind in canon.OURS and kind != "iso" or canon.is_child(obj)
            whose = canon.owner(obj) if kind != "mv" and canon.is_child(obj) else None
            return whose in (name, "") or target == "tt" and whose is not None and whose.startswith(f"{name}-")
        return ", ".join(canon.title(kind, obj) for (kind, own), obj in self._objects().items()
                         if belongs(kind, own, obj))

    def _rest(self, number: int, wanted: dict[str, str]) -> None:
        if self._reference is None:
            while True:
                self._wait(f"step {number}: {wanted}", lambda: self._not_yet(wanted))
                self._quiet()
                # The step before may have become known only now.
                if not self._not_yet(wanted):
                    break
            self._result.snapshots.append(self._snapshot())
            return
        expected = self._reference.snapshots[len(self._result.snapshots)]

        def unlike() -> str:
            different = canon.differences(expected, self._snapshot()) or oracle.isolated_at_rest(self._objects())
            return "\n  ".join(different[:12])
        self._wait(f"step {number}: the world is as without faults", unlike)
        self._result.snapshots.append(expected)
        if len(self._result.snapshots) == len(self._reference.snapshots):
            self._note_recovery()
            self._still(number)
            unlike_now = unlike()
            if unlike_now:
                raise AssertionError(f"step {number}: the world did not stay as it was; {unlike_now}")
            self._result.complaints += self._untrue()

    def _untrue(self) -> list[str]:
        """What the planners still have to say, by the clock that the operator has; one that has jumped
        may do so after the last pass, which nothing but the next event follows."""
        ahead = self._operators[0].clock_ahead_s()
        recompute = self._world.recompute(self._workload.settings)
        found = recompute.complaints(self._objects(), ahead, self._home)
        return recompute.complaints(self._objects(), home=self._home) if found and ahead else found

    def _note_recovery(self) -> None:
        """The last fault may have been in an earlier step; then there is nothing to recover from."""
        trace = self._ways[0].trace()
        faults = [one["at"] for one in (*trace["requests"], *trace["events"]) if one.get("faults")]
        if faults:
            self._result.recovery = max(0.0, (trace["now"] - max(faults)) / 1000)

    def _still(self, number: int) -> None:
        """A world that is as it should be is not written to any more."""
        deadline = time.monotonic() + STILL_S
        seen = -1
        while (now := sum(is_write(r) for way in self._ways for r in way.trace()["requests"])) != seen:
            if time.monotonic() > deadline:
                raise AssertionError(f"step {number}: {now - seen} writes in {REST_S} s, although the "
                                     f"world has been as it should be for {STILL_S} s")
            seen = now
            time.sleep(REST_S)

    def _not_yet(self, wanted: dict[str, str]) -> str:
        objects = self._objects()
        for target, phase in wanted.items():
            kind, _, name = target.partition("/")
            obj = objects.get((kind, name), {"metadata": {}})
            status = obj.get("status", {})
            phase, *more = phase.split()
            expected = {"phase": None if phase == "-" else phase, "observedGeneration": obj["metadata"].get("generation")}
            expected |= {key: yaml.safe_load(value) for key, _, value in (word.partition("=") for word in more)}
            found = {key: _field(status, key) for key in expected}
            if found != expected:
                return f"{target}: {found}, not {expected}"
        # What the garbage collector has not come to yet, and pods that are being replaced.
        return "; ".join(oracle.no_orphan(objects, self._uid) + oracle.isolated_at_rest(objects))

    def _wait(self, what: str, unlike, patience: float = PATIENCE_S) -> None:
        """Until `unlike` has nothing to say."""
        deadline = time.monotonic() + patience
        seen = 0
        while True:
            last = unlike()
            if not last:
                return
            if time.monotonic() > deadline:
                raise AssertionError(f"not so after {patience} s: {what}; {last}")
            seen = self._recorder.wait(self._ns, seen, 1.0)
            time.sleep(0.02)  # What comes together is looked at together.

    def _quiet(self) -> None:
        seen = len(self._recorder.history(self._ns))
        while (now := self._recorder.wait(self._ns, seen, REST_S)) > seen:
            seen = now

    def _judge(self, traces: list[dict]) -> None:
        result, history = self._result, self._result.history
        for operator in self._operators:
            result.complaints += self._deaths(operator)
            result.complaints += oracle.no_crash(operator.log.read_text(errors="replace"))
        if not self._world.sanitized:
            result.complaints += oracle.little_memory(result.peak_mib)
        result.complaints += oracle.soon_after_rotation(result.trace)
        result.complaints += oracle.no_duplicate(history)
        result.complaints += oracle.isolated_first(history, (self._reference or result).snapshots)
        if self._plan.told_to_wait:
            result.complaints += oracle.waits_as_told(result.trace["requests"], self._plan.told_to_wait)
        if len(traces) > 1 and (woken := oracle.woken_at(traces[0], PAUSE_MS)):
            result.woken = any(r["verb"] == "update" and r["resource"] == "leases" and r.get("status") == 200
                               for r in traces[1]["requests"])
            result.late = oracle.late_writes(traces[0], woken, is_write)
            result.complaints += result.late
        if not result.complaints:
            result.complaints += oracle.no_orphan(live(history), self._uid)
        fired = result.trace["fired"]
        result.void = not all(fired[:len(fired) - self._plan.follow_ups]) or (
            self._plan.compaction and not oracle.told_too_old(result.trace)) or bool(
            result.trace["idle"]) or (self._plan.fault == "leader paused" and not result.woken)
        if self._reference is None:
            return
        reference = self._reference
        result.complaints += oracle.same_summary(oracle.summary(reference.history),
                                                 oracle.summary(history))
        # Each kind is listed by itself, so after a list from the past pods may be older than their owner.
        hidden = "Starting" if self._plan.fault == "stale list" else ""
        result.complaints += oracle.no_phase_twice(oracle.phases(reference.history, reference.steps),
                                                   oracle.phases(history, result.steps, hidden))
        result.complaints += oracle.no_flap(oracle.flips(reference.history, reference.steps),
                                                oracle.flips(history, result.steps))
        if self._plan.blocks:
            result.complaints += oracle.explained(history, self._plan.blocks)
        if self._plan.rules:
            result.complaints += oracle.bounded_writes(
                [writes(requests) for requests in reference.calm], result.writes, self._faults(fired),
                oracle.changes(history))
            result.complaints += oracle.few_events(
                reference.calm, result.trace["requests"], self._faults(fired))

    def _deaths(self, operator: Operator) -> list[str]:
        """Only the first replica is a plan's."""
        sent = Counter()
        if operator is self._operators[0]:
            for rule, count in zip(self._plan.rules, self._result.trace["fired"]):
                sent[rule["action"].get("signal", "")] += count
        return oracle.deaths(operator.deaths, sent["KILL"], sent["TERM"] + operator.upgrades, self._plan.replicas)

    def _faults(self, fired: list[int]) -> int:
        """As many as requests can be spoilt: another server that answers is one fault, however often it
        does; what ends all connections ends all requests that are under way."""
        def weight(count: int, action: str) -> int:
            if action == "elsewhere":
                return min(count, 2)
            return count * WIDE if action in ("rotate", "outage", "move") else count
        return sum(weight(count, rule["action"]["do"]) for rule, count in zip(self._plan.rules, fired))
