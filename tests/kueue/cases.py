"""What is said of jobs with a queue (docs/operations.md, All nodes at once), each in its namespace
with a queue of its own."""

import time

from lib.case import Case, attempt_of
from lib.kstatus import condition, is_true
from lib.kube import ApiError
from lib.objects import kwok
from lib.waiting import stays, wait_for

GROUP = "kueue.x-k8s.io/pod-group-name"
GATE = "kueue.x-k8s.io/admission"
FINALIZER = "kueue.x-k8s.io/managed"
WITHOUT_KUEUE = "namespace-that-kueue-leaves-alone"
FLAVOR = {"apiVersion": "kueue.x-k8s.io/v1beta2", "kind": "ResourceFlavor",
          "metadata": {"name": "simulated"}, "spec": {"nodeLabels": {"type": "kwok"}}}
SLOW_S = 120  # A pod that never had a node is finished off every 20 s only, by the control plane.
DECLARED = []


def case(run, alone: bool = False):
    """Declares a case; with `alone` it does something to all others."""
    run.alone = alone
    DECLARED.append(run)
    return run


def alone(run):
    return case(run, alone=True)


# The means -----------------------------------------------------------------------------------


def quota(cpus: int) -> dict:
    resources = [{"name": "cpu", "nominalQuota": str(cpus)}]
    return {"resourceGroups": [{"coveredResources": ["cpu"], "flavors": [
        {"name": "simulated", "resources": resources}]}]}


def queue(t: Case, cpus: int, **spec) -> None:
    """The queue `gold`, with so many CPUs."""
    t.kube.create({"apiVersion": "kueue.x-k8s.io/v1beta2", "kind": "ClusterQueue",
                   "metadata": {"name": t.ns}, "spec": {
                       "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": t.ns}},
                       **quota(cpus), **spec}})
    t.create({"apiVersion": "kueue.x-k8s.io/v1beta2", "kind": "LocalQueue",
              "metadata": {"name": "gold"}, "spec": {"clusterQueue": t.ns}})


def train(t: Case, name: str, template: dict | None = None, policy: dict | None = None, **spec) -> dict:
    """A job of two nodes with one CPU each."""
    trainer = {"resourcesPerNode": {"requests": {"cpu": "1"}}, "podTemplate": template or {}}
    return t.job(name, nodes=2, trainer=trainer, schedulingPolicy={"queue": "gold", **(policy or {})},
                 **spec)


def held(t: Case, job: dict) -> dict:
    """The job, once Kueue holds it."""
    name = job["metadata"]["name"]

    def is_held():
        found = t.get("tj", name)
        assert found["status"].get("pending", {}).get("reason") == "HeldByKueue", found["status"]
        assert condition(found, "Admitted")["reason"] == "HeldByKueue", found["status"]
        return found
    return wait_for(f"{name} is held", is_held, SLOW_S)


def running(t: Case, job: dict, attempt: int | None = None) -> list[dict]:
    """The pods of a job, once all of them run."""
    name = job["metadata"]["name"]

    def runs():
        status, pods = t.get("tj", name).get("status", {}), t.pods(job, attempt)
        assert status.get("phase") == "Running" and len(pods) == 2, (status, len(pods))
        assert all(p["status"].get("phase") == "Running" for p in pods), [p["status"] for p in pods]
        return pods
    return wait_for(f"{name} runs", runs, SLOW_S)


def group_of(pods: list[dict]) -> str:
    groups = {p["metadata"]["labels"][GROUP] for p in pods}
    assert len(groups) == 1, groups
    return groups.pop()


def no_machine(t: Case, job: dict) -> bool:
    pods = t.pods(job)
    assert all("nodeName" not in p["spec"] for p in pods), pods
    assert all(GATE in [g["name"] for g in p["spec"]["schedulingGates"]] for p in pods), pods
    return len(pods) == 2


def finish(t: Case, job: dict) -> None:
    for pod in t.pods(job):
        t.end_pod(pod)
    t.wait_phase("tj", job["metadata"]["name"], "Complete")


def nothing_left(t: Case, job: dict) -> bool:
    """No pod, and no Workload that was made for them."""
    pods = t.children("pod", job)
    assert not pods, [(p["metadata"]["name"], p["metadata"].get("finalizers"), p["status"]) for p in pods]
    left = [w["metadata"]["name"] for w in t.kube.list("workload", t.ns)
            if w["metadata"]["name"].startswith(job["metadata"]["name"] + "-")]
    assert not left, left
    return True


# The cases -----------------------------------------------------------------------------------


@case
def held_until_there_is_quota(t: Case):
    queue(t, 1)
    job = train(t, "x")
    waits = held(t, job)
    assert condition(waits, "Admitted")["status"] == "False", waits["status"]
    pods = t.wait_pods(job, 2)
    assert no_machine(t, job)
    workload = wait_for("a Workload", lambda: t.get("workload", group_of(pods)))
    assert sum(s["count"] for s in workload["spec"]["podSets"]) == 2, workload
    stays("it is held", lambda: no_machine(t, job), 2)

    t.kube.patch("clusterqueue", "", t.ns, {"spec": quota(2)})
    placed = running(t, job)
    assert {p["metadata"]["uid"] for p in placed} == {p["metadata"]["uid"] for p in pods}, "the same pods"
    assert all(p["spec"]["nodeSelector"]["type"] == "kwok" for p in placed), "Kueue has chosen a flavor"
    found = t.get("tj", "x")
    assert is_true(found, "Admitted") and "pending" not in found["status"], found["status"]
    assert "Kueue" not in condition(found, "Admitted")["message"], found["status"]
    assert workload["metadata"]["name"] in waits["status"]["pending"]["message"], waits["status"]


@case
def of_two_jobs_one_waits_whole(t: Case):
    queue(t, 3)
    first = train(t, "first")
    running(t, first)
    second = train(t, "second")
    held(t, second)
    stays("no pod of the second has a machine", lambda: no_machine(t, second), 3)
    finish(t, first)
    running(t, second)
    pods = t.pods(first)
    assert len(pods) == 2, "what has succeeded stays"
    wait_for("Kueue lets go of them", lambda: not any(p["metadata"].get("finalizers") for p in t.pods(first)))
    t.kube.delete("tj", t.ns, "first")
    wait_for("all of the first goes", lambda: nothing_left(t, first))


@case
def failure_starts_another_group(t: Case):
    queue(t, 2)
    job = train(t, "x")
    pods = running(t, job, 0)
    before = group_of(pods)
    t.end_pod(pods[1], exit_code=1)
    after = group_of(running(t, job, 1))
    assert after != before, after
    status = t.get("tj", "x")["status"]
    assert status["restarts"] == 1 and status.get("restartsCountTowardsMax", 1) == 1, status
    wait_for("the Workload of the former start goes", lambda: t.kube.find("workload", t.ns, before) is None)
    assert is_true(t.get("workload", after), "Admitted")


@case
def suspended_gives_its_quota_back(t: Case):
    queue(t, 2)
    first = train(t, "first")
    running(t, first)
    second = train(t, "second")
    held(t, second)
    t.patch("tj", "first", {"spec": {"suspend": True}})
    running(t, second)
    wait_for("nothing is left of the first", lambda: nothing_left(t, first))
    t.patch("tj", "first", {"spec": {"suspend": False}})
    held(t, first)
    stays("no pod of the first has a machine", lambda: no_machine(t, first), 2)
    finish(t, second)
    running(t, first, 1)
    assert t.get("tj", "first")["status"]["restarts"] == 0


@case
def suspended_while_it_is_held(t: Case):
    queue(t, 1)
    job = train(t, "x")
    held(t, job)
    wait_for("a Workload", lambda: t.kube.list("workload", t.ns))
    t.patch("tj", "x", {"spec": {"suspend": True}})
    t.wait_phase("tj", "x", "Suspended")
    wait_for("nothing is left", lambda: nothing_left(t, job), SLOW_S)
    t.kube.patch("clusterqueue", "", t.ns, {"spec": quota(2)})
    t.patch("tj", "x", {"spec": {"suspend": False}})
    running(t, job, 1)


@case
def preempted_is_no_failure(t: Case):
    queue(t, 2, preemption={"withinClusterQueue": "LowerPriority"})
    t.kube.create({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass",
                   "metadata": {"name": t.ns}, "value": 1000})
    low = train(t, "low", failurePolicy={"backoffSeconds": 0, "maxRestarts": 0})
    phases = t.record("tj", "low")
    running(t, low, 0)
    high = train(t, "high", {"priorityClassName": t.ns})
    running(t, high)
    status = held(t, low)["status"]
    assert status["restarts"] == 1 and status["restartsCountTowardsMax"] == 0, status
    stays("it waits whole", lambda: no_machine(t, low), 2)
    finish(t, high)
    running(t, low, 1)
    finish(t, low)
    seen = phases.sequence(lambda job: job.get("status", {}).get("phase", ""))
    assert "Failed" not in seen, seen
    assert "reempt" in status["lastFailure"]["message"], status["lastFailure"]


@case
def drained_queue_takes_the_job_back(t: Case):
    """What an administrator does before work on the machines."""
    queue(t, 2)
    job = train(t, "x")
    running(t, job)
    t.kube.patch("clusterqueue", "", t.ns, {"spec": {"stopPolicy": "HoldAndDrain"}})
    status = held(t, job)["status"]
    assert status["restarts"] == 1 and status["restartsCountTowardsMax"] == 0, status
    t.kube.patch("clusterqueue", "", t.ns, {"spec": {"stopPolicy": "None"}})
    running(t, job, 1)


@case
def not_placed_in_time_waits_anew(t: Case):
    """Kueue knows of quota only; the scheduler finds no node."""
    queue(t, 2)
    job = train(t, "x", {"nodeSelector": {"no": "node"}}, {"scheduleTimeoutSeconds": 10})
    first = group_of(t.wait_pods(job, 2, attempt=0))

    def taken_back():
        status = t.get("tj", "x")["status"]
        assert status.get("gang", {}).get("requeues", 0) >= 1, status
        return status
    status = wait_for("all are taken back", taken_back, SLOW_S)
    assert status["restarts"] == 0 and "lastFailure" not in status, status
    pods = wait_for("the next start", lambda: [p for p in t.pods(job) if attempt_of(p) > 0], SLOW_S)
    assert group_of(pods) != first
    t.kube.delete("tj", t.ns, "x")
    wait_for("nothing is left", lambda: nothing_left(t, job), SLOW_S)


@case
def deleted_jobs_leave_nothing(t: Case):
    queue(t, 2)
    jobs = [train(t, "runs")]
    running(t, jobs[0])
    jobs.append(train(t, "waits"))
    held(t, jobs[1])
    for job in jobs:
        t.kube.delete("tj", t.ns, job["metadata"]["name"])
    for job in jobs:
        wait_for("nothing is left", lambda job=job: nothing_left(t, job), SLOW_S)


@case
def all_pods_are_cleaned_up(t: Case):
    queue(t, 2)
    job = train(t, "x", cleanPodPolicy="All")
    running(t, job)
    finish(t, job)
    wait_for("nothing is left", lambda: nothing_left(t, job), SLOW_S)


@case
def workers_of_mpirun_are_stopped(t: Case):
    """Some pods of the group succeed, the others are deleted."""
    queue(t, 2)
    job = train(t, "x", framework="MPI")
    pods = running(t, job)
    t.end_pod(pods[0])
    t.wait_phase("tj", "x", "Complete")

    def only_the_first():
        left = t.children("pod", job)
        assert [p["metadata"]["name"] for p in left] == [pods[0]["metadata"]["name"]], left
        return not left[0]["metadata"].get("finalizers")
    wait_for("only node 0 is left", only_the_first, SLOW_S)
    second = train(t, "second")
    running(t, second)


@case
def pod_deleted_by_somebody(t: Case):
    """A pod that is held goes only when all of its group go."""
    queue(t, 1)
    job = train(t, "x")
    held(t, job)
    wait_for("a Workload", lambda: t.kube.list("workload", t.ns))
    t.kube.delete("pod", t.ns, t.pods(job)[0]["metadata"]["name"])
    t.wait_pods(job, 2, attempt=1, within=SLOW_S)
    t.kube.patch("clusterqueue", "", t.ns, {"spec": quota(2)})
    running(t, job, 1)


@case
def workload_deleted_by_somebody(t: Case):
    queue(t, 2)
    # Kueue lets go of the pods at once, and a kubelet takes its time.
    job = train(t, "x", {"metadata": {"annotations": kwok(terminate_after="2s")}})
    before = group_of(running(t, job))
    t.kube.delete("workload", t.ns, before)
    assert group_of(running(t, job, 1)) != before
    status = t.get("tj", "x")["status"]
    assert status["restarts"] == 1 and status["restartsCountTowardsMax"] == 0, status


@case
def namespace_that_kueue_leaves_alone(t: Case):
    job = train(t, "x")
    running(t, job)
    said = condition(t.get("tj", "x"), "Admitted")
    assert "does not select this namespace" in said["message"], said
    assert not t.kube.list("workload", t.ns)


@case
def elastic_jobs_are_refused(t: Case):
    try:
        train(t, "x", elasticPolicy={"minNodes": 1, "maxNodes": 2})
    except ApiError as refusal:
        assert "elasticPolicy" in str(refusal) and "schedulingPolicy" in str(refusal), refusal
        return
    raise AssertionError("it was accepted")


@alone
def kueue_is_away_for_a_while(t: Case):
    queue(t, 4)
    job = train(t, "x")
    pods = running(t, job)
    t.kueue.stop()
    t.terminate(pods[1], 1, "no more")
    wait_for("the restart is decided", lambda: t.get("tj", "x")["status"]["restarts"] == 1)
    other = train(t, "y")

    def told():
        found = t.get("tj", "y").get("status", {})
        assert "webhook" in found.get("message", ""), found
        return found
    wait_for("it is told that no pod can be made", told)
    time.sleep(1)
    t.kueue.start()
    running(t, job, 1)
    running(t, other)
