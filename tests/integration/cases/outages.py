"""What the operator stands on goes away for a while."""

import copy

from lib.case import ALONE, OWN, Case, case
from lib.kstatus import is_true
from lib.kube import KINDS
from lib.objects import drift_monitor, kwok, model_deployment, training_job
from lib.waiting import Stopwatch, stays, wait_for


def _apiserver_restarts(t: Case, sig: str) -> None:
    slipway = t.install()
    replica = slipway.start().wait_working()
    running = t.job("running", nodes=2)
    t.wait_phase("tj", "running", "Running")
    t.create(model_deployment("x"))
    wait_for("the deployment is ready", lambda: t.get("md", "x")["status"].get("phase") == "Ready")

    t.cluster.restart_apiserver(sig)
    t.kube.disconnect()
    back = Stopwatch()
    t.job("new", nodes=2, pods=kwok(complete_after="1s"))
    for pod in t.pods(running):
        t.end_pod(pod)
    t.wait_phase("tj", "new", "Complete", within=30)
    t.wait_phase("tj", "running", "Complete", within=30)
    back.assert_within(30, "recovery")
    assert replica.process.poll() is None, f"it has ended: {replica.tail()}"
    assert t.get("tj", "running")["status"].get("restarts", 0) == 0
    md = t.get("md", "x")
    assert is_true(md, "Ready"), md["status"]


@case(ALONE)
def apiserver_restarts_cleanly(t: Case):
    _apiserver_restarts(t, "TERM")


@case(ALONE)
def apiserver_is_killed(t: Case):
    _apiserver_restarts(t, "KILL")


@case(ALONE)
def kind_is_deleted_and_comes_back(t: Case):
    slipway = t.install()
    replica = slipway.start(elect=False).wait_working()
    t.create(drift_monitor("x", suspend=True))
    t.wait_phase("dm", "x", "Suspended")
    name = f"{KINDS['dm'][1]}.slipway.dev"
    crd = t.kube.get("crd", "", name)
    t.kube.delete("crd", "", name)
    wait_for("the kind is gone", lambda: t.kube.find("crd", "", name) is None, 30)

    t.job("x", pods=kwok(complete_after="500ms"))
    t.wait_phase("tj", "x", "Complete")
    replica.end()
    replica = slipway.start(elect=False).wait_working()
    t.job("y", pods=kwok(complete_after="500ms"))
    t.wait_phase("tj", "y", "Complete")
    status, why = replica.get("/readyz")
    assert status == 503 and why.endswith(": driftmonitors\n"), why
    assert replica.logged("CustomResourceDefinition"), "the log says what is missing"

    t.kube.create(crd | {"metadata": {"name": name}, "status": None})
    wait_for("the kind is served", lambda: t.create(drift_monitor("y", suspend=True)))
    t.wait_phase("dm", "y", "Suspended", within=40)


@case(ALONE)
def object_that_cannot_be_understood(t: Case):
    """A newer CRD allows what this operator does not know; everybody else is served."""
    name = "trainingjobs.slipway.dev"
    current = t.kube.get("crd", "", name)["spec"]["versions"]
    t.kube.patch("crd", "", name, {"spec": {"versions": _newer(current)}})
    try:
        replica = t.install().start(elect=False).wait_working()
        wait_for("the newer kind is served", lambda: t.create(
            training_job("odd", nodes="Everywhere")))
        t.job("future", framework="FromTheFuture")
        stalled = t.wait_condition("tj", "future", "Stalled", "True", "UnsupportedValue")
        assert "spec.framework" in stalled["status"]["message"], stalled["status"]
        t.job("good", pods=kwok(complete_after="500ms"))
        t.wait_phase("tj", "good", "Complete")
        assert replica.metric("slipway_undecodable_objects_total", resource="trainingjobs") >= 1
        assert t.get("tj", "odd")["status"] == {"observedGeneration": -1}
        assert replica.logged(f"{t.ns}/odd"), "the log names the object"
        t.kube.delete("tj", t.ns, "odd")
    finally:
        t.kube.patch("crd", "", name, {"spec": {"versions": current}})


def _newer(versions: list[dict]) -> list[dict]:
    """One more framework, and a number that may be a text as well."""
    versions = copy.deepcopy(versions)
    spec = versions[0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    spec["framework"]["enum"].append("FromTheFuture")
    spec["trainer"]["properties"]["numNodes"] = {"x-kubernetes-int-or-string": True}
    return versions


@case(OWN)
def right_is_withdrawn_and_given_back(t: Case):
    slipway = t.install()
    slipway.start(elect=False).wait_working()
    role = t.kube.get("clusterrole", "", slipway.name)
    without = [dict(rule) for rule in role["rules"]]
    for rule in without:
        if rule["resources"] == ["pods"]:
            rule["verbs"] = [v for v in rule["verbs"] if v != "create"]
    assert without != role["rules"]
    t.kube.patch("clusterrole", "", slipway.name, {"rules": without})
    job = t.job("x", nodes=2)
    t.job("suspended", suspend=True)
    forbidden = t.wait_condition("tj", "x", "Ready", "False", "Forbidden")
    assert "pods" in forbidden["status"]["message"], forbidden["status"]
    assert not is_true(forbidden, "Stalled"), "it goes on by itself once the right is there"
    t.wait_phase("tj", "suspended", "Suspended")

    t.kube.patch("clusterrole", "", slipway.name, {"rules": role["rules"]})
    for pod in t.wait_pods(job, 2, within=30):
        t.end_pod(pod)
    t.wait_phase("tj", "x", "Complete")


@case(OWN)
def watching_is_forbidden_for_a_while(t: Case):
    """Without the right to watch a kind the operator keeps trying and says so."""
    slipway = t.install()
    role = t.kube.get("clusterrole", "", slipway.name)
    without = [rule for rule in role["rules"] if rule["resources"] != ["pods"]]
    t.kube.patch("clusterrole", "", slipway.name, {"rules": without})
    replica = slipway.start(elect=False)
    wait_for("the log says what is missing", lambda: replica.logged("list failed")
             and replica.logged("pods is forbidden"))
    stays("it is not ready", lambda: replica.get("/readyz")[0] == 503, 1)
    assert replica.get("/healthz")[0] == 200, "a restart would not help"
    t.kube.patch("clusterrole", "", slipway.name, {"rules": role["rules"]})
    replica.wait_working(within=40)
    t.job("x", pods=kwok(complete_after="500ms"))
    t.wait_phase("tj", "x", "Complete")
