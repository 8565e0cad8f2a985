"""One run of a workload under one plan."""

import subprocess
import threading
import time
from dataclasses import dataclass, field

from . import canon, oracle
from .plans import PAUSE_MS, Plan
from .recorder import Recorder, live
from .workload import Actor, Workload

PATIENCE_S = 60  # for one step; a watch that fell silent is noticed after 35 s
REST_S = 1.2  # longer than the operator holds a status back


@dataclass
class Result:
    """What came of a trial."""

    snapshots: list[dict] = field(default_factory=list)  # one for each `until`
    calm: list = field(default_factory=list)  # of a reference: the writes of all runs without faults
    history: list = field(default_factory=list)
    steps: list[int] = field(default_factory=list)  # how long the history was when each began
    trace: dict = field(default_factory=dict)
    seconds: float = 0.0
    complaints: list[str] = field(default_factory=list)
    void: bool = False  # not all of the plan's faults happened: the run was a little different

    @property
    def writes(self) -> list[dict]:
        return [r for r in self.trace.get("requests", []) if is_write(r)]


def is_write(request: dict) -> bool:
    """What the API server itself forbids is none: in a namespace that goes nothing can be made, and
    how often that is found out depends on the order in which its objects go."""
    return (request["verb"] in ("create", "update", "patch", "delete")
            and request["resource"] not in ("leases", "events") and request.get("status") != 403)


_living: set["Operator"] = set()


def stop_all() -> None:
    """Ends the operators of all trials, when a campaign is given up."""
    for operator in list(_living):
        operator.stop()


LEADERSHIP_LOST = 3  # an exit status


class Operator:
    """One replica of a trial's operator; started again when it has ended."""

    def __init__(self, world, ns: str, way, number: int = 1, elected: bool = False):
        folder = world.logs / ns / str(number)
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / "operator.log"
        self.log.write_bytes(b"")
        self._argv = world.operator_command(folder, ns, way.url, elected)
        self._way = way
        self.deaths: list[int] = []
        self._over = threading.Event()
        self._process: subprocess.Popen | None = None
        _living.add(self)
        self._start()
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()

    def _start(self) -> None:
        with open(self.log, "ab") as output:
            self._process = subprocess.Popen(self._argv, stdin=subprocess.DEVNULL, stdout=output,
                                             stderr=output, start_new_session=True)
        self._way.change(pid=self._process.pid)

    def _keep(self) -> None:
        while not self._over.is_set():
            try:
                code = self._process.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
            if self._over.is_set():
                return
            self.deaths.append(code)
            time.sleep(0.1)  # As a kubelet would, only sooner.
            self._start()

    def upgrade(self) -> None:
        """Asks it to end; its successor starts as soon as it has."""
        self._process.terminate()

    def stop(self) -> None:
        self._over.set()
        self._keeper.join()
        _living.discard(self)
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()

    def unexpected_deaths(self) -> list[str]:
        """A plan kills by SIGKILL, asks by SIGTERM (exit code 0) or takes the Lease away."""
        return [f"the operator ended with {code}" for code in self.deaths
                if code not in (-9, 0, LEADERSHIP_LOST)]


def merged(traces: list[dict]) -> dict:
    """What passed on all ways; the rules are the first one's."""
    return {"requests": [r for trace in traces for r in trace["requests"]],
            "events": [e for trace in traces for e in trace["events"]], "fired": traces[0]["fired"]}


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
        self._operators: list[Operator] = []
        self._erased = False
        ways = []
        actor = Actor(self._world.kube, ns, self._objects)
        try:
            for number in range(1, self._plan.replicas + 1):
                rules = list(self._plan.rules) if number == 1 else []
                ways.append(self._world.proxy.way(self._world.kube.server, rules))
                self._operators.append(
                    Operator(self._world, ns, ways[-1], number, elected=self._plan.replicas > 1))
                if number < self._plan.replicas:
                    self._wait("the first replica leads", self._nobody_leads)
            for number, step in enumerate(self._workload.steps):
                self._result.steps.append(len(self._recorder.history(ns)))
                self._step(actor, number, step)
        except AssertionError as problem:
            self._result.complaints.append(str(problem))
        finally:
            for operator in self._operators:
                operator.stop()
            traces = [way.trace() for way in ways]
            for way in ways:
                way.close()
        self._result.trace = merged(traces)
        self._result.history = self._recorder.history(ns)
        self._judge(traces)
        if not self._result.complaints:
            self._world.give_back(ns, usable=not self._erased)
        self._result.seconds = time.monotonic() - began
        return self._result

    def _nobody_leads(self) -> str:
        lease = self._world.kube.find("lease", self._ns, "slipway")
        return "" if lease and lease["spec"].get("holderIdentity") else "nobody holds the Lease"

    def _objects(self) -> dict:
        return live(self._recorder.history(self._ns))

    def _snapshot(self) -> dict[str, dict]:
        return canon.snapshot(self._ns, self._recorder.history(self._ns))

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
            self._wait(f"step {number}: nothing is left of {what}", self._nothing_left, patience)

    def _nothing_left(self) -> str:
        left = [canon.title(kind, obj) for (kind, _), obj in self._objects().items()
                if kind in canon.OURS or canon.is_child(obj)]
        return ", ".join(left)

    def _rest(self, number: int, wanted: dict[str, str]) -> None:
        if self._reference is None:
            self._wait(f"step {number}: {wanted}", lambda: self._not_yet(wanted))
            self._quiet()
            self._result.snapshots.append(self._snapshot())
            return
        expected = self._reference.snapshots[len(self._result.snapshots)]

        def unlike() -> str:
            return "\n  ".join(canon.differences(expected, self._snapshot())[:12])
        self._wait(f"step {number}: the world is as without faults", unlike)
        self._result.snapshots.append(expected)

    def _not_yet(self, wanted: dict[str, str]) -> str:
        objects = self._objects()
        for target, phase in wanted.items():
            kind, _, name = target.partition("/")
            obj = objects.get((kind, name), {"metadata": {}})
            status = obj.get("status", {})
            phase, *more = phase.split()
            expected = {"phase": phase, "observedGeneration": obj["metadata"].get("generation")}
            expected |= {key: int(value) for key, _, value in (word.partition("=") for word in more)}
            found = {key: status.get(key) for key in expected}
            if found != expected:
                return f"{target}: {found}, not {expected}"
        return ""

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
            result.complaints += operator.unexpected_deaths()
            result.complaints += oracle.no_crash(operator.log.read_text(errors="replace"))
        result.complaints += oracle.no_duplicate(history)
        if len(traces) > 1:
            result.complaints += oracle.no_write_of_a_former_leader(traces[0], PAUSE_MS, is_write)
        if not result.complaints:
            result.complaints += oracle.no_orphan(live(history))
        fired = result.trace["fired"]
        result.void = not all(fired)
        if self._reference is None:
            return
        reference = self._reference
        result.complaints += oracle.same_summary(oracle.summary(reference.history),
                                                 oracle.summary(history))
        result.complaints += oracle.no_phase_twice(oracle.phases(reference.history, reference.steps),
                                                   oracle.phases(history, result.steps))
        result.complaints += oracle.no_flap(oracle.flips(reference.history, reference.steps),
                                                oracle.flips(history, result.steps))
        if self._plan.rules:
            result.complaints += oracle.bounded_writes(reference.calm, result.writes, sum(fired))
