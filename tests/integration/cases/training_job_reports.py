"""What a program reports while it runs, and what becomes of one that does not."""

import json

from lib.case import SHARED, Case, case, environment_of
from lib.kstatus import condition, is_true
from lib.kube import path
from lib.waiting import stays, wait_for

AUDIENCE = "slipway.dev/reports"


def _token(t: Case, pod: dict, audience: str = AUDIENCE) -> str:
    """What the kubelet puts into the file of the pod."""
    meta = pod["metadata"]
    asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {
        "audiences": [audience], "expirationSeconds": 600, "boundObjectRef": {
            "apiVersion": "v1", "kind": "Pod", "name": meta["name"], "uid": meta["uid"]}}}
    account = path("serviceaccount", t.ns, "default", "token")
    return t.kube.request("POST", account, asked)["status"]["token"]


def _status(t: Case) -> dict:
    return t.get("tj", "x").get("status", {})


@case(SHARED)
def reports_reach_the_status(t: Case):
    job = t.job("x", nodes=2)
    t.wait_phase("tj", "x", "Running")
    first, second = t.pods(job)
    env = environment_of(first)
    assert env["SLIPWAY_REPORT_URL"].endswith(f"/v1/report/{t.ns}/{first['metadata']['name']}"), env
    assert "SLIPWAY_REPORT_URL" not in environment_of(second)
    replica = t.slipway.replicas[0]
    sent = {"progressPercentage": 41.7, "estimatedRemainingSeconds": 5400, "metrics": {"loss": 0.31}}
    assert replica.report(first, _token(t, first), json.dumps(sent)) == (204, "")
    reported = _status(t)["trainerStatus"]
    assert reported.pop("lastUpdatedTime")
    assert reported == {"progressPercentage": 41, "estimatedRemainingSeconds": 5400,
                        "metrics": [{"name": "loss", "value": "0.31"}]}, reported
    code, text = replica.report(first, _token(t, first), "{}")
    assert code == 429, (code, text)
    stays("it runs on as before", lambda: _status(t)["phase"] == "Running", 1)
    assert t.reasons(job) == []


@case(SHARED)
def reports_of_others_are_refused(t: Case):
    job = t.job("x", nodes=2)
    t.job("y")
    t.wait_phase("tj", "x", "Running")
    t.wait_phase("tj", "y", "Running")
    first, second = t.pods(job)
    other = t.pods(t.get("tj", "y"))[0]
    replica = t.slipway.replicas[0]
    assert replica.report(second, _token(t, second), "{}")[0] == 404, "node 0 reports"
    for number, (pod, audience) in enumerate(((other, AUDIENCE), (second, AUDIENCE),
                                              (first, "https://kubernetes.default.svc.cluster.local"))):
        source = f"127.0.0.{66 + number}"
        assert replica.report(first, _token(t, pod, audience), "{}", source)[0] == 401
        assert replica.report(first, _token(t, first), "{}", source)[0] == 429, "who was refused waits"
    assert "trainerStatus" not in _status(t)
    assert replica.report(first, _token(t, first), "{}")[0] == 204, "the pod has not lost its turn by that"


@case(SHARED)
def report_that_cannot_be_used(t: Case):
    job = t.job("x")
    t.wait_phase("tj", "x", "Running")
    pod = t.pods(job)[0]
    code, text = t.slipway.replicas[0].report(pod, _token(t, pod), '{"progressPercentage": 420}')
    assert code == 400 and "must be a number from 0 to 100" in text, (code, text)
    found = t.wait_condition("tj", "x", "ReportUnreadable", "True")
    assert "progressPercentage is 420" in condition(found, "ReportUnreadable")["message"], found
    wait_for("the Event", lambda: t.reasons(job) == ["ReportUnreadable"])


@case(SHARED)
def checkpoint_is_told_to_the_program(t: Case):
    """The claim is not there, so that the pods wait: what they were made with is what counts."""
    job = t.job("x", nodes=2, checkpoint={"persistentVolumeClaim": {"claimName": "c"}, "mountPath": "/c",
                                          "onTermination": {"gracePeriodSeconds": 90}})
    for pod in t.wait_pods(job, 2):
        env = environment_of(pod)
        assert (env["SLIPWAY_CHECKPOINT_DIR"], env["SLIPWAY_CHECKPOINT_INTERVAL_SECONDS"],
                env["SLIPWAY_CHECKPOINT_KEEP_LAST"], env["SLIPWAY_RESUME"]) == ("/c", "900", "3", "Auto")
        assert pod["spec"]["terminationGracePeriodSeconds"] == 90
        mounts = {m["mountPath"]: m.get("subPath") for m in pod["spec"]["containers"][0]["volumeMounts"]}
        assert mounts["/c"] == "x", mounts
    t.patch("tj", "x", {"spec": {"suspend": True}})
    t.wait_phase("tj", "x", "Suspended")
    wait_for("no pod is left", lambda: not t.children("pod", job))
    t.patch("tj", "x", {"spec": {"suspend": False, "checkpoint": {"resume": "Never"}}})
    pods = t.wait_pods(job, 2, attempt=1)
    assert all(environment_of(pod)["SLIPWAY_RESUME"] == "Never" for pod in pods)


@case(SHARED)
def silent_group_is_restarted(t: Case):
    job = t.job("x", failurePolicy={"maxRestarts": 1, "backoffSeconds": 0, "stallTimeoutSeconds": 60})
    t.wait_phase("tj", "x", "Running")
    found = t.wait_condition("tj", "x", "NoProgress", "True", within=60)
    assert found["status"].get("restarts", 0) == 0
    second = t.wait_pods(job, 1, attempt=1, within=40)[0]
    restarted = _status(t)
    assert restarted["restarts"] == 1 and restarted["lastFailure"]["reason"] == "NoProgress", restarted
    t.wait_phase("tj", "x", "Running")
    assert not is_true(t.get("tj", "x"), "NoProgress")
    t.end_pod(second)
    t.wait_phase("tj", "x", "Complete")
    wait_for("the Events", lambda: t.reasons(job) == ["Complete", "NoProgress", "Restarting"])
