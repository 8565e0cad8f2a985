"""A DriftMonitor's schedule and pods. What an evaluation finds is shown on a real node."""

import json

from lib.case import SHARED, Case, case
from lib.kstatus import condition, is_true, kstatus
from lib.objects import drift_monitor
from lib.waiting import stays, wait_for


def _data(t: Case) -> None:
    t.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "data"},
              "data": {"reference.csv": "x\n1\n2\n", "production.csv": "x\n1\n2\n"}})


def _evaluation(t: Case, dm: dict) -> dict:
    """The pod of the first evaluation."""
    return wait_for("an evaluation pod", lambda: t.children("pod", dm))[0]


@case(SHARED)
def evaluation_pod(t: Case):
    _data(t)
    dm = t.create(drift_monitor("x", intervalSeconds=3600))
    pod = _evaluation(t, dm)
    spec, container = pod["spec"], pod["spec"]["containers"][0]
    command = container.get("command", []) + container.get("args", [])
    assert "evaluate-drift" in command, command
    assert container["image"].startswith("slipway:"), container["image"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert spec["restartPolicy"] == "Never" and spec["activeDeadlineSeconds"] > 0
    maps = [v["configMap"]["name"] for v in spec["volumes"] if "configMap" in v]
    assert set(maps) == {"data"}, spec["volumes"]
    assert all(m["readOnly"] for m in container["volumeMounts"]), container["volumeMounts"]
    assert container["resources"]["limits"]["memory"] == "512Mi", container["resources"]
    assert kstatus(t.wait_phase("dm", "x", "Initializing")) == "InProgress"
    assert len(t.children("pod", dm)) == 1


@case(SHARED)
def failed_evaluation(t: Case):
    _data(t)
    dm = t.create(drift_monitor("x", intervalSeconds=5))
    t.end_pod(_evaluation(t, dm), exit_code=137)
    failed = t.wait_phase("dm", "x", "Error")
    assert not is_true(failed, "Ready") and failed["status"]["message"], failed["status"]
    assert "137" in failed["status"]["message"], failed["status"]["message"]
    first = {p["metadata"]["name"] for p in t.children("pod", dm)}
    wait_for("it is tried again at the next interval", lambda: {
        p["metadata"]["name"] for p in t.children("pod", dm)} - first, 20)


@case(SHARED)
def refused_input_is_explained(t: Case):
    """The tool's own words reach the status by way of the termination message."""
    _data(t)
    dm = t.create(drift_monitor("x", intervalSeconds=3600))
    pod = wait_for("the pod runs", lambda: next((
        p for p in t.children("pod", dm) if p["status"].get("phase") == "Running"), None))
    said = json.dumps({"error": "/data/production.csv, line 7: too few fields; correct the file"})
    t.terminate(pod, 3, said)
    failed = t.wait_phase("dm", "x", "Error")
    assert "line 7" in failed["status"]["message"], failed["status"]


@case(SHARED)
def suspend(t: Case):
    _data(t)
    dm = t.create(drift_monitor("x", intervalSeconds=5, suspend=True))
    suspended = t.wait_phase("dm", "x", "Suspended")
    assert "nextEvaluationTime" not in suspended["status"]
    stays("no pod", lambda: not t.children("pod", dm), 2)
    t.patch("dm", "x", {"spec": {"suspend": False}})
    _evaluation(t, dm)


@case(SHARED)
def deleted_with_its_pod(t: Case):
    _data(t)
    dm = t.create(drift_monitor("x", intervalSeconds=3600))
    _evaluation(t, dm)
    t.kube.delete("dm", t.ns, "x")
    wait_for("no pod", lambda: not t.children("pod", dm))


@case(SHARED)
def pod_that_cannot_be_made(t: Case):
    """A quota of zero pods: said in the status, and over once it is lifted."""
    _data(t)
    t.create({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none"},
              "spec": {"hard": {"pods": "0"}}})
    wait_for("the quota counts", lambda: "used" in t.get("quota", "none").get("status", {}))
    dm = t.create(drift_monitor("x", intervalSeconds=3600))
    wait_for("the status says so",
             lambda: "exceeded quota" in t.get("dm", "x")["status"].get("message", ""))
    assert condition(t.get("dm", "x"), "Ready")["status"] == "False"
    t.kube.delete("quota", t.ns, "none")
    wait_for("the pod is made", lambda: t.children("pod", dm), 40)


