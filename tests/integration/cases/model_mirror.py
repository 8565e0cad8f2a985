"""The pod that copies a ModelVersion to MLflow. What it does there is shown by tests/mlflow/run."""

import json

from lib.case import OWN, Case, case
from lib.kstatus import condition, is_true, kstatus
from lib.waiting import stays, wait_for

DIGEST = "sha256:" + "ab" * 32
URI = "http://mlflow.mlflow.svc:5000"


def _version(t: Case, number: int) -> dict:
    return t.create({"apiVersion": "slipway.dev/v1alpha1", "kind": "ModelVersion", "metadata": {"name": f"m-{number}"},
                     "spec": {"modelName": "m", "version": number,
                              "artifact": {"uri": "s3://models/m", "digest": DIGEST}}})


def _running(t: Case, version: dict) -> dict:
    return wait_for("its pod runs", lambda: next((
        p for p in t.children("pod", version) if p["status"].get("phase") == "Running"), None))


def _said(number: int) -> str:
    return json.dumps({"mirrored": {"url": f"{URI}/#/models/x/versions/{number}", "registeredModel": f"{number}.m",
                                    "version": str(number), "experimentId": "1", "runId": "ab" * 16}})


@case(OWN)
def pod_of_a_copy(t: Case):
    t.install(mlflow={"trackingUri": URI}).start(elect=False).wait_working()
    version = _version(t, 1)
    pod = _running(t, version)
    container = pod["spec"]["containers"][0]
    assert container["command"] == ["/slipway", "mirror-model"], container
    assert container["args"][0] == f"--tracking-uri={URI}", container["args"]
    sources = {e["name"]: e["valueFrom"]["secretKeyRef"] for e in container["env"]}
    assert sources["MLFLOW_TRACKING_TOKEN"] == {
        "name": "slipway-mlflow", "key": "MLFLOW_TRACKING_TOKEN", "optional": True}, sources
    assert pod["spec"]["automountServiceAccountToken"] is False and pod["spec"]["restartPolicy"] == "Never"
    waiting = t.wait_condition("mv", "m-1", "Mirrored", "False", "Mirroring")
    assert is_true(waiting, "Ready") and kstatus(waiting) == "Current", waiting["status"]
    t.terminate(pod, 0, _said(3))
    mirrored = t.wait_condition("mv", "m-1", "Mirrored", "True")
    assert mirrored["status"]["mirror"]["version"] == "3", mirrored["status"]
    wait_for("the pod goes", lambda: not t.children("pod", version))
    stays("and no other comes", lambda: not t.children("pod", version), 3)
    wait_for("an Event", lambda: "Mirrored" in t.reasons(version))


@case(OWN)
def failed_copy(t: Case):
    """It is explained and put off, and the version is Ready all the same."""
    t.install(mlflow={"trackingUri": URI}).start(elect=False).wait_working()
    version = _version(t, 1)
    t.terminate(_running(t, version), 3, json.dumps({"error": {"code": "Unavailable", "message": "no connection"}}))
    failed = t.wait_condition("mv", "m-1", "Mirrored", "False", "MLflowUnreachable")
    assert "no connection" in condition(failed, "Mirrored")["message"], failed["status"]
    assert failed["status"]["mirror"]["failures"] == 1 and failed["status"]["mirror"]["retryTime"], failed["status"]
    assert is_true(failed, "Ready") and kstatus(failed) == "Current", failed["status"]
    wait_for("the pod goes", lambda: not t.children("pod", version))
    wait_for("an Event", lambda: "MLflowUnreachable" in t.reasons(version))


@case(OWN)
def deleted_version(t: Case):
    """Its pod goes with it, also where owners are checked (OwnerReferencesPermissionEnforcement)."""
    t.install(mlflow={"trackingUri": URI}).start(elect=False).wait_working()
    version = _version(t, 1)
    _running(t, version)
    t.kube.delete("mv", t.ns, "m-1")
    wait_for("the pod goes", lambda: not t.children("pod", version))
