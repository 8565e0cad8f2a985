"""All pods of a TrainingJob at once, or none."""

import signal

from lib.case import ALONE, SHARED, Case, case
from lib.kstatus import condition, is_true
from lib.objects import kwok
from lib.waiting import stays, wait_for

GATE = "slipway.dev/gang"
GPUS = 64  # of each simulated node; nothing but these cases asks for any


def _gates(pod: dict) -> list[str]:
    return [gate["name"] for gate in pod["spec"].get("schedulingGates", [])]


def _nodes(t: Case) -> int:
    return len(t.kube.request("GET", "/api/v1/nodes")["items"])


def _gang(t: Case, name: str, nodes: int, gpus: int = GPUS, timeout: int = 900, pods=None,
          **template) -> dict:
    trainer = {"resourcesPerNode": {"limits": {"nvidia.com/gpu": gpus}},
               "podTemplate": {"metadata": {"annotations": pods or {}}, **template}}
    return t.job(name, nodes=nodes, trainer=trainer,
                 schedulingPolicy={"gang": "Required", "scheduleTimeoutSeconds": timeout})


def _pending(t: Case, name: str, reason: str) -> dict:
    def waits():
        pending = t.get("tj", name)["status"].get("pending", {})
        assert pending.get("reason") == reason, pending
        return pending
    return wait_for(f"{name} waits: {reason}", waits)


def _all_held(t: Case, job: dict, count: int) -> bool:
    pods = t.pods(job)
    assert len(pods) == count, len(pods)
    assert all(_gates(p) == [GATE] and "nodeName" not in p["spec"] for p in pods), pods
    return True


@case(ALONE)
def of_two_gangs_one_runs_and_then_the_other(t: Case):
    t.install(everywhere=True, gangScheduler="Barrier").start().wait_working()
    every = _nodes(t)
    first = _gang(t, "first", every)
    t.wait_phase("tj", "first", "Running")
    pods = t.pods(first)
    assert all(_gates(p) == [] and p["spec"].get("nodeName") for p in pods), pods
    assert t.get("tj", "first")["status"]["gang"]["state"] == "Started"

    second = _gang(t, "second", every)
    t.wait_pods(second, every)
    pending = _pending(t, "second", "InsufficientResources")
    assert pending["missing"] == [{"name": "nvidia.com/gpu", "amount": str(every * GPUS)}], pending
    assert pending["queuePosition"] == 1, pending
    stays("no pod of the second is given away", lambda: _all_held(t, second, every), 3)
    waiting = t.get("tj", "second")
    assert waiting["status"]["phase"] == "Pending" and not condition(waiting, "Stalled"), waiting
    assert condition(waiting, "Admitted")["status"] == "False", waiting

    for pod in pods:
        t.end_pod(pod)
    t.wait_phase("tj", "first", "Complete")
    done = t.wait_phase("tj", "second", "Running")
    assert is_true(done, "Admitted") and "pending" not in done["status"], done["status"]
    assert done["status"]["restarts"] == 0 and done["status"]["gang"]["requeues"] == 0, done


@case(ALONE)
def two_gangs_at_the_same_moment(t: Case):
    """Each of them fits alone; whoever is first, never both, also when the operator is killed."""
    slipway = t.install(everywhere=True, gangScheduler="Barrier")
    operator = slipway.start(elect=False).wait_working()
    every = _nodes(t)
    jobs = [_gang(t, name, every) for name in ("left", "right")]
    operator.end(signal.SIGKILL)
    slipway.start(elect=False).wait_working()

    def given() -> list[str]:
        return [j["metadata"]["name"] for j in jobs if any(not _gates(p) for p in t.pods(j))]

    wait_for("one runs", lambda: any(t.get("tj", n)["status"].get("phase") == "Running"
                                     for n in ("left", "right")))
    stays("only one was given machines", lambda: len(given()) == 1, 3)
    winner = given()[0]
    for pod in t.pods(next(j for j in jobs if j["metadata"]["name"] == winner)):
        t.end_pod(pod)
    t.wait_phase("tj", winner, "Complete")
    t.wait_phase("tj", "left" if winner == "right" else "right", "Running")


@case(ALONE)
def what_can_never_fit_is_said_at_once(t: Case):
    t.install(everywhere=True, gangScheduler="Barrier").start().wait_working()
    large = _gang(t, "large", 2, gpus=GPUS + 1)
    pending = _pending(t, "large", "CanNeverFit")
    assert f"no node has {GPUS + 1} nvidia.com/gpu" in pending["message"], pending
    many = _gang(t, "many", _nodes(t) + 1)
    assert "must run at the same time" in _pending(t, "many", "CanNeverFit")["message"]
    for job in (large, many):
        wait_for("a Warning", lambda job=job: "CanNeverFit" in t.reasons(job))
    assert not condition(t.get("tj", "large"), "Stalled"), "more nodes would help as well"
    assert t.kube.request("GET", "/api/v1/nodes")["items"], "nothing was done to the nodes"


@case(ALONE)
def a_gang_that_is_not_placed_is_taken_back(t: Case):
    t.install(everywhere=True, gangScheduler="Barrier").start().wait_working()
    # The scheduler knows that there is no such volume; the operator does not.
    job = _gang(t, "x", 2, gpus=1, timeout=10, volumes=[
        {"name": "data", "persistentVolumeClaim": {"claimName": "nonesuch"}}])
    pending = _pending(t, "x", "WaitingForScheduler")
    assert "nonesuch" in wait_for("the scheduler's words", lambda: (
        lambda m: m if "nonesuch" in m else "")(_pending(t, "x", "WaitingForScheduler")["message"]))
    assert "taken back" in pending["message"], pending

    def taken_back():
        status = t.get("tj", "x")["status"]
        assert status["gang"]["requeues"] >= 1, status["gang"]
        return status
    status = wait_for("all are taken back", taken_back)
    assert status["restarts"] == 0 and "lastFailure" not in status, status
    wait_for("a Warning", lambda: "ScheduleTimeout" in t.reasons(job))
    t.wait_pods(job, 2, attempt=1)
    t.patch("tj", "x", {"spec": {"suspend": True}})
    t.wait_phase("tj", "x", "Suspended")
    wait_for("no pod is left", lambda: not t.children("pod", job))


@case(ALONE)
def a_gang_that_has_started_is_never_taken_back(t: Case):
    t.install(everywhere=True, gangScheduler="Barrier").start().wait_working()
    job = _gang(t, "x", 2, gpus=1, timeout=10, pods=kwok(ready_after="20s"))
    wait_for("placed", lambda: t.get("tj", "x")["status"].get("gang", {}).get("state") == "Started")
    before = {p["metadata"]["uid"] for p in t.pods(job)}
    stays("the same pods", lambda: {p["metadata"]["uid"] for p in t.pods(job)} == before, 14)


@case(SHARED)
def without_a_barrier_a_gang_is_refused(t: Case):
    job = _gang(t, "x", 2)
    stalled = t.wait_condition("tj", "x", "Stalled", "True", "GangsOff")
    assert "gangScheduler" in condition(stalled, "Stalled")["message"], stalled
    stays("no pod", lambda: not t.pods(job), 1)
    t.patch("tj", "x", {"spec": {"suspend": True}})
    t.patch("tj", "x", {"spec": {"schedulingPolicy": {"gang": "BestEffort"}, "suspend": False}})
    t.wait_phase("tj", "x", "Running")


@case(SHARED)
def best_effort_is_taken_back(t: Case):
    job = t.job("x", nodes=2, trainer={"podTemplate": {"nodeSelector": {"no": "node"}}},
                schedulingPolicy={"gang": "BestEffort", "scheduleTimeoutSeconds": 10})
    t.wait_pods(job, 2, attempt=0)
    t.wait_pods(job, 2, attempt=1)
    status = t.get("tj", "x")["status"]
    assert status["gang"]["requeues"] == 1 and status["restarts"] == 0, status


@case(SHARED)
def pods_of_a_queue_bear_the_marks_of_kueue(t: Case):
    job = t.job("x", nodes=2, schedulingPolicy={"queue": "gold"})
    t.wait_phase("tj", "x", "Running")
    for pod in t.pods(job):
        meta = pod["metadata"]
        assert meta["labels"]["kueue.x-k8s.io/queue-name"] == "gold", meta
        assert meta["annotations"]["kueue.x-k8s.io/pod-group-total-count"] == "2", meta
    groups = {p["metadata"]["labels"]["kueue.x-k8s.io/pod-group-name"] for p in t.pods(job)}
    assert len(groups) == 1, groups
    admitted = condition(t.get("tj", "x"), "Admitted")
    assert "Kueue is not installed" in admitted["message"], admitted
