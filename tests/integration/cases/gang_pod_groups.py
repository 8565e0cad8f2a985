"""Gangs that Volcano or coscheduling gathers, whose part is played here: real CRDs, no scheduler."""

import contextlib

from lib import paths
from lib.case import ALONE, Case, case
from lib.kstatus import condition, is_true
from lib.kube import path
from lib.waiting import stays, wait_for

# The operator asks for a kind that is not served, and writes it, about every minute.
SOON = 120


@contextlib.contextmanager
def _served(t: Case, scheduler: str):
    """The kind of that scheduler, for a while."""
    manifest = paths.CRDS / f"{scheduler}-podgroups.yaml"
    t.cluster.kubectl("apply", "--server-side", "-f", manifest)
    try:
        t.cluster.kubectl("wait", "--for=condition=Established", "--timeout=30s", "-f", manifest)
        yield
    finally:
        t.cluster.kubectl("delete", "--ignore-not-found", "-f", manifest)


def _group(t: Case, kind: str, job: dict) -> dict:
    def there():
        found = t.children(kind, job)
        assert len(found) == 1, found
        return found[0]
    return wait_for("a PodGroup", there, SOON)


def _bind(t: Case, pods: list[dict]) -> None:
    nodes = t.kube.list("node")
    for number, pod in enumerate(pods):
        name = pod["metadata"]["name"]
        t.kube.request("POST", path("pod", t.ns, name, "binding"), {
            "apiVersion": "v1", "kind": "Binding", "metadata": {"name": name},
            "target": {"apiVersion": "v1", "kind": "Node",
                       "name": nodes[number % len(nodes)]["metadata"]["name"]}})


def _pending(t: Case, name: str, reason: str, words: str) -> None:
    def waits():
        pending = t.get("tj", name)["status"].get("pending", {})
        assert pending.get("reason") == reason and words in pending["message"], pending
        return True
    wait_for(f"{name} waits: {reason}", waits)


def _assert_group_first(t: Case) -> None:
    """Of all that the operator made, the PodGroup came before every pod."""
    made = [entry.resource for entry in sorted(t.audit.writes(t.slipway.user, ns=t.ns), key=lambda e: e.time)
            if entry.code == 201 and entry.resource in ("podgroups", "pods")]
    assert made[0] == "podgroups" and "pods" in made, made


def _no_group(t: Case, kind: str, job: dict) -> None:
    wait_for("the PodGroup is deleted", lambda: not t.children(kind, job))


@case(ALONE)
def volcano_gathers_a_gang(t: Case):
    operator = t.install(gangScheduler="Volcano").start().wait_working()
    job = t.job("x", nodes=2, schedulingPolicy={"gang": "Required"}, trainer={
        "resourcesPerNode": {"requests": {"cpu": "1500m"}, "limits": {"memory": "1Gi"}},
        "podTemplate": {"metadata": {"annotations": {
            "scheduling.volcano.sh/queue-name": "research"}}}})
    t.wait_condition("tj", "x", "Ready", "False", "KindNotServed")
    assert "scheduling.volcano.sh/v1beta1" in t.get("tj", "x")["status"]["pending"]["message"]
    assert operator.get("/readyz")[0] == 200, operator.get("/readyz")
    plain = t.job("plain")
    t.wait_phase("tj", "plain", "Running")
    assert not t.pods(job) and t.pods(plain)
    with _served(t, "volcano"):
        group = _group(t, "volcano-group", job)
        spec = group["spec"]
        assert spec["minMember"] == 2 and spec["queue"] == "research", spec
        assert spec["minResources"] == {"cpu": "3", "memory": "2Gi"}, spec
        name = group["metadata"]["name"]

        t.patch("volcano-group", name, {"status": {"phase": "Pending"}})
        _pending(t, "x", "HeldByVolcano", "queue research")
        stays("no pod before the queue has room", lambda: not t.pods(job), 2)
        t.patch("volcano-group", name, {"status": {"phase": "Inqueue"}})
        pods = t.wait_pods(job, 2)
        for pod in pods:
            assert pod["spec"]["schedulerName"] == "volcano", pod["spec"]
            assert "schedulingGates" not in pod["spec"], pod["spec"]
            assert pod["metadata"]["annotations"]["scheduling.k8s.io/group-name"] == name, pod
        t.patch("volcano-group", name, {"status": {"phase": "Inqueue", "conditions": [
            {"type": "Unschedulable", "status": "True", "reason": "NotEnoughResources",
             "message": "2/2 tasks in gang unschedulable"}]}})
        _pending(t, "x", "WaitingForScheduler", "Inqueue: 2/2 tasks in gang unschedulable")
        version = t.get("volcano-group", name)["metadata"]["resourceVersion"]
        _bind(t, pods)
        done = t.wait_phase("tj", "x", "Running")
        assert is_true(done, "Admitted") and "pending" not in done["status"], done["status"]
        assert done["status"]["gang"]["state"] == "Started", done["status"]
        assert t.get("volcano-group", name)["metadata"]["resourceVersion"] == version, "written again"

        t.patch("tj", "x", {"spec": {"suspend": True}})
        t.wait_phase("tj", "x", "Suspended")
        _no_group(t, "volcano-group", job)
        t.patch("tj", "x", {"spec": {"suspend": False}})
        again = _group(t, "volcano-group", job)["metadata"]
        assert again["name"] == name and again["uid"] != group["metadata"]["uid"], again
        t.patch("volcano-group", name, {"status": {"phase": "Inqueue"}})
        pods = t.wait_pods(job, 2, attempt=1)
        _bind(t, pods)
        t.wait_phase("tj", "x", "Running")
        for pod in t.pods(job):
            t.end_pod(pod)
        t.wait_phase("tj", "x", "Complete")
        _no_group(t, "volcano-group", job)

        t.job("queued", nodes=2, schedulingPolicy={"gang": "Required", "queue": "gold"})
        refused = t.wait_condition("tj", "queued", "Stalled", "True", "QueueOfKueue")
        assert "scheduling.volcano.sh/queue-name" in condition(refused, "Stalled")["message"], refused


@case(ALONE)
def coscheduling_gathers_a_gang(t: Case):
    with _served(t, "coscheduling"):
        operator = t.install(gangScheduler="Coscheduling", gangSchedulerName="gangs").start().wait_working()
        job = t.job("x", nodes=2, schedulingPolicy={"gang": "Required", "scheduleTimeoutSeconds": 10},
                    trainer={"resourcesPerNode": {"requests": {"cpu": "1"}}})
        group = _group(t, "coscheduling-group", job)
        assert group["spec"] == {"minMember": 2, "minResources": {"cpu": "2"},
                                 "scheduleTimeoutSeconds": 10}, group
        name = group["metadata"]["name"]
        for pod in t.wait_pods(job, 2):
            assert pod["spec"]["schedulerName"] == "gangs", pod["spec"]
            assert pod["metadata"]["labels"]["scheduling.x-k8s.io/pod-group"] == name, pod
        _assert_group_first(t)
        t.patch("coscheduling-group", name, {"status": {"phase": "Scheduling"}}, "status")
        _pending(t, "x", "WaitingForScheduler", f"PodGroup {name} is Scheduling")

        # Nobody places them in time: all are taken back, and the PodGroup keeps its place.
        pods = t.wait_pods(job, 2, attempt=1)
        assert t.get("tj", "x")["status"]["gang"]["requeues"] == 1
        assert t.get("coscheduling-group", name)["metadata"]["uid"] == group["metadata"]["uid"]
        _bind(t, pods)
        t.wait_phase("tj", "x", "Running")
        t.kube.delete("coscheduling-group", t.ns, name)
        after = _group(t, "coscheduling-group", job)
        assert after["metadata"]["name"] == name, after
        stays("nothing else happens", lambda: len(t.pods(job, attempt=1)) == 2, 2)
        t.kube.delete("tj", t.ns, "x")
        _no_group(t, "coscheduling-group", job)

        # Nobody who has its machines loses them when the kind is taken away.
        job = t.job("y", nodes=2, schedulingPolicy={"gang": "Required"})
        _bind(t, t.wait_pods(job, 2))
        t.wait_phase("tj", "y", "Running")
        placed = {pod["metadata"]["uid"] for pod in t.pods(job)}
    t.wait_condition("tj", "y", "Reconciling", "True", "KindNotServed", SOON)
    assert operator.get("/readyz")[0] == 200, operator.get("/readyz")
    assert {pod["metadata"]["uid"] for pod in t.pods(job)} == placed, t.pods(job)
    for pod in t.pods(job):
        t.end_pod(pod)
    t.wait_phase("tj", "y", "Complete")
