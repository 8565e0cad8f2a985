"""A TrainingJob from its creation to its end, while nothing goes wrong."""

import time

from lib.case import OWN, SHARED, Case, case, environment_of
from lib.kstatus import condition, is_true
from lib.kube import ApiError
from lib.objects import kwok
from lib.waiting import stays, wait_for


@case(SHARED)
def runs_and_completes(t: Case):
    start = t.audit.now()
    job = t.job("x", nodes=4, pods=kwok(complete_after="2s"), framework="Torch")
    t.wait_phase("tj", "x", "Running")
    pods = t.pods(job)
    _check_children(t, job, pods)

    t.cluster.kubectl("wait", "--for=condition=Complete", "tj/x", "-n", t.ns, "--timeout=20s")
    done = t.get("tj", "x")
    assert done["status"]["phase"] == "Complete"
    assert done["status"]["nodes"]["succeeded"] == 4, done["status"]
    assert done["status"]["completionTime"] >= done["status"]["startTime"]
    assert is_true(done, "Ready") and not condition(done, "Reconciling")
    shown = t.cluster.kubectl("get", "tj", "x", "-n", t.ns)
    assert "Complete" in shown, shown

    assert len(t.pods(job)) == 4, "cleanPodPolicy Running keeps pods that have ended"
    wait_for("its one Event", lambda: t.reasons(job) == ["Complete"])
    stays("one Event", lambda: t.reasons(job) == ["Complete"], 1)
    writes = t.audit.writes(t.slipway.user, start, t.ns)
    # A service, 4 pods, the Event, and at most 3 states.
    assert len(writes) <= 9, "\n".join(map(str, writes))


def _check_children(t: Case, job: dict, pods: list[dict]) -> None:
    uid = job["metadata"]["uid"]
    services = t.children("service", job)
    assert len(services) == 1 and len(pods) == 4, (len(services), len(pods))
    service = services[0]
    assert service["spec"]["clusterIP"] == "None" and service["spec"]["publishNotReadyAddresses"]
    for node, pod in enumerate(pods):
        labels = pod["metadata"]["labels"]
        assert labels["slipway.dev/owner-uid"] == uid and labels["slipway.dev/attempt"] == "0"
        assert labels["slipway.dev/node-index"] == str(node)
        assert labels["app.kubernetes.io/managed-by"] == "slipway"
        assert all(labels.get(k) == v for k, v in service["spec"]["selector"].items()), labels
        reference = pod["metadata"]["ownerReferences"]
        assert [(r["kind"], r["name"], r["uid"]) for r in reference] == [("TrainingJob", "x", uid)]
        assert pod["spec"]["restartPolicy"] == "Never"
        assert pod["spec"]["automountServiceAccountToken"] is False
        assert pod["spec"]["hostname"] == f"node-{node}"
        assert pod["spec"]["subdomain"] == service["metadata"]["name"]
        env = environment_of(pod)
        assert env["RANK"] == env["PET_NODE_RANK"] == str(node), env
        assert env["WORLD_SIZE"] == env["PET_NNODES"] == "4", env
        assert env["MASTER_ADDR"].startswith(f"node-0.{service['metadata']['name']}"), env
        assert env["MASTER_PORT"] == "29500", env


@case(SHARED)
def writes_of_a_small_job(t: Case):
    """Eight at most, none of them in vain."""
    start = t.audit.now()
    job = t.job("x", nodes=2, pods=kwok(complete_after="2s"))
    t.wait_phase("tj", "x", "Complete")
    wait_for("its Event", lambda: t.reasons(job) == ["Complete"])
    time.sleep(1)
    writes = t.audit.writes(t.slipway.user, start, t.ns)
    assert len(writes) <= 8, "\n".join(map(str, writes))
    assert all(w.code < 300 for w in writes), "\n".join(map(str, writes))


@case(SHARED)
def suspend_and_resume(t: Case):
    job = t.job("x", nodes=2)
    before = t.wait_phase("tj", "x", "Running")
    time.sleep(1)  # Times in a status are whole seconds.
    t.patch("tj", "x", {"spec": {"suspend": True}})
    t.wait_phase("tj", "x", "Suspended")
    wait_for("no pods", lambda: not t.children("pod", job))
    suspended = t.get("tj", "x")
    assert is_true(suspended, "Suspended"), suspended["status"]
    assert suspended["status"]["nodes"]["desired"] == 0

    # The one time at which the trainer may be changed.
    t.patch("tj", "x", {"spec": {"trainer": {"numNodes": 3}}})
    t.patch("tj", "x", {"spec": {"suspend": False}})
    t.wait_phase("tj", "x", "Running")
    running = t.get("tj", "x")
    assert running["status"]["startTime"] > before["status"]["startTime"], "a new start"
    assert running["status"].get("restarts", 0) == 0, "suspending is no failure"
    for pod in t.wait_pods(job, 3):
        t.end_pod(pod)
    t.wait_phase("tj", "x", "Complete")


@case(SHARED)
def born_suspended(t: Case):
    job = t.job("x", nodes=2, suspend=True)
    t.wait_phase("tj", "x", "Suspended")
    stays("no pods", lambda: not t.children("pod", job), 1)
    t.patch("tj", "x", {"spec": {"suspend": False}})
    t.wait_pods(job, 2)
    t.wait_phase("tj", "x", "Running")


@case(SHARED)
def deadline(t: Case):
    job = t.job("x", nodes=2, activeDeadlineSeconds=2)
    failed = t.wait_condition("tj", "x", "Failed", "True", "DeadlineExceeded")
    assert failed["status"]["phase"] == "Failed" and is_true(failed, "Stalled")
    wait_for("pods that still run are removed", lambda: not t.children("pod", job))
    wait_for("its one Event", lambda: t.reasons(job) == ["Failed"])


@case(SHARED)
def ttl(t: Case):
    job = t.job("x", nodes=2, pods=kwok(complete_after="1s"), ttlSecondsAfterFinished=4)
    done = t.wait_phase("tj", "x", "Complete")
    stays("the job is kept for a while", lambda: not t.gone("tj", "x", done["metadata"]["uid"]), 1)
    wait_for("the job is deleted", lambda: t.gone("tj", "x", done["metadata"]["uid"]))
    wait_for("and its children with it",
             lambda: not t.children("pod", job) and not t.children("service", job))


@case(SHARED)
def clean_all(t: Case):
    job = t.job("x", nodes=2, pods=kwok(complete_after="1s"), cleanPodPolicy="All")
    t.wait_phase("tj", "x", "Complete")
    wait_for("no pods", lambda: not t.children("pod", job))
    stays("no new pods", lambda: not t.children("pod", job), 1)
    assert t.get("tj", "x")["status"]["nodes"]["succeeded"] == 2


@case(SHARED)
def clean_running(t: Case):
    """Of a failed group the pods that still ran are removed, the failed one is kept."""
    job = t.job("x", nodes=3, failurePolicy={"maxRestarts": 0, "backoffSeconds": 0})
    t.wait_phase("tj", "x", "Running")
    culprit = t.pods(job)[1]
    t.end_pod(culprit, exit_code=3)
    t.wait_phase("tj", "x", "Failed")
    wait_for("only the failed pod is left", lambda: [
        p["metadata"]["name"] for p in t.children("pod", job)] == [culprit["metadata"]["name"]])


@case(SHARED)
def clean_none(t: Case):
    job = t.job("x", nodes=3, cleanPodPolicy="None",
                failurePolicy={"maxRestarts": 0, "backoffSeconds": 0})
    t.wait_phase("tj", "x", "Running")
    t.end_pod(t.pods(job)[0], exit_code=3)
    t.wait_phase("tj", "x", "Failed")
    stays("all pods are kept", lambda: len(t.pods(job)) == 3)


@case(SHARED)
def mpi_ends_with_its_launcher(t: Case):
    job = t.job("x", nodes=3, framework="MPI", trainer={"numProcPerNode": 2})
    t.wait_phase("tj", "x", "Running")
    launcher = t.pods(job)[0]
    hosts = launcher["metadata"]["annotations"]["mpi.slipway.dev/hostfile"].splitlines()
    service = t.children("service", job)[0]["metadata"]["name"]
    assert hosts == [f"node-{i}.{service} slots=2" for i in range(3)], hosts
    t.end_pod(launcher)
    t.wait_phase("tj", "x", "Complete")
    wait_for("the other nodes are ended", lambda: [
        p["metadata"]["name"] for p in t.children("pod", job)] == [launcher["metadata"]["name"]])


@case(SHARED)
def trainer_is_immutable_while_running(t: Case):
    t.job("x", nodes=1)
    t.wait_phase("tj", "x", "Running")
    try:
        t.patch("tj", "x", {"spec": {"trainer": {"image": "other"}}})
    except ApiError as refusal:
        assert refusal.status == 422 and "spec.suspend" in str(refusal), refusal
    else:
        raise AssertionError("a running job's trainer was changed")


@case(OWN)
def trainer_changed_unseen(t: Case):
    """Suspended, changed and resumed while no operator looks: what runs then is the new trainer."""
    slipway = t.install()
    slipway.start(elect=False).wait_working()
    job = t.job("x", nodes=3, failurePolicy={"maxRestarts": 0})
    t.wait_phase("tj", "x", "Running")
    old = {p["metadata"]["uid"] for p in t.pods(job)}
    slipway.stop()
    t.patch("tj", "x", {"spec": {"suspend": True}})
    changed = t.patch("tj", "x", {"spec": {
        "suspend": False, "trainer": {"image": "registry.example.com/trainer:2", "numNodes": 2}}})
    slipway.start(elect=False).wait_working()

    wait_for("the old pods are gone",
             lambda: not old & {p["metadata"]["uid"] for p in t.children("pod", job)})
    pods = t.wait_pods(job, 2, attempt=0)
    for pod in pods:
        assert pod["spec"]["containers"][0]["image"] == "registry.example.com/trainer:2"
        assert environment_of(pod)["SLIPWAY_NUM_NODES"] == "2"
    t.wait_phase("tj", "x", "Running")
    for pod in pods:
        t.end_pod(pod)
    done = t.wait_phase("tj", "x", "Complete")["status"]
    assert done["observedGeneration"] == changed["metadata"]["generation"], done
    assert done.get("restarts", 0) == 0 and "lastFailure" not in done, done
    assert done["nodes"]["succeeded"] == 2, done
    wait_for("its Events", lambda: t.reasons(job) == ["Complete", "Replaced"])


@case(SHARED)
def managed_by_another_controller(t: Case):
    job = t.job("x", managedBy="kueue.x-k8s.io/multikueue")
    stays("nothing is done about it",
          lambda: not t.children("pod", job) and t.get("tj", "x")["status"] == {"observedGeneration": -1}, 2)
    t.job("y", managedBy="slipway.dev/operator")
    t.wait_phase("tj", "y", "Running")
