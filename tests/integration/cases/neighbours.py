"""What goes wrong in one namespace does not slow down another."""

import socket

from lib.case import SHARED, Case, case
from lib.kstatus import is_true
from lib.kube import KINDS, ApiError, path
from lib.objects import kwok, model_deployment, variant
from lib.waiting import Stopwatch, wait_for

STALLED = 100
SLOW = 100
USUAL_S = 10


@case(SHARED)
def good_job_beside_a_hundred_that_cannot_work(t: Case):
    for i in range(STALLED):
        t.job(f"bad-{i}", nodes=2, trainer={"numProcPerNode": "gpu"})
    for i in range(10):
        t.create(model_deployment(f"bad-{i}", variant(runtime={"name": "nonesuch"})))
    t.create({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none"},
              "spec": {"hard": {"pods": "0"}}})
    for i in range(20):
        t.job(f"refused-{i}", nodes=2)
    _good_job_elsewhere(t)
    wait_for("each of the bad ones is told why", lambda: all(
        is_true(job, "Stalled") for job in t.kube.list("tj", t.ns)
        if job["metadata"]["name"].startswith("bad-")))


@case(SHARED)
def good_job_beside_a_webhook_that_hangs(t: Case):
    """Every write of the slow namespace's pods takes five seconds and fails then."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as silent:
        t.kube.create(_webhook(t.ns, silent.getsockname()[1]))
        try:
            wait_for("the webhook is asked", lambda: _is_asked(t))
            jobs = [t.job(f"slow-{i}", nodes=4) for i in range(SLOW)]
            _good_job_elsewhere(t)
            assert not any(t.pods(job) for job in jobs[:3])
            told = t.wait_condition("tj", "slow-0", "Ready", "False", "WriteFailed", within=60)
            assert "silent.example.com" in told["status"]["message"], told["status"]
        finally:
            t.kube.delete("webhook", "", t.ns)
    for job in jobs[:3]:
        t.wait_pods(job, 4, within=60)


def _webhook(ns: str, port: int) -> dict:
    """Asks whoever listens there before a pod (or ConfigMap) is created in the namespace."""
    return {"apiVersion": KINDS["webhook"][0], "kind": KINDS["webhook"][2],
            "metadata": {"name": ns}, "webhooks": [{
                "name": "silent.example.com", "admissionReviewVersions": ["v1"],
                "sideEffects": "None", "failurePolicy": "Fail", "timeoutSeconds": 5,
                "clientConfig": {"url": f"https://127.0.0.1:{port}/"},
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": ns}},
                "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"],
                           "resources": ["pods", "configmaps"]}]}]}


def _is_asked(t: Case) -> bool:
    """Whether a ConfigMap that is only tried meets the webhook."""
    probe = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "probe"}}
    try:
        t.kube.request("POST", path("configmap", t.ns, dryRun="All"), probe)
    except ApiError as refusal:
        return "silent.example.com" in str(refusal)
    return False


def _good_job_elsewhere(t: Case) -> None:
    """A job of a namespace of its own completes in its usual time."""
    bad, t.ns = t.ns, f"{t.ns}-good"
    t.make_namespace(t.ns)
    try:
        created = Stopwatch()
        t.job("good", nodes=2, pods=kwok(complete_after="1s"))
        t.wait_phase("tj", "good", "Complete")
        created.assert_within(USUAL_S, "the good job")
    finally:
        t.kube.delete("namespace", "", t.ns)
        t.ns = bad
