"""TrainingTriggers by data and by a commit. What the pods find is played; tests/sources has it real."""

import json

from lib.case import SHARED, Case, case
from lib.kstatus import is_true, kstatus
from lib.objects import training_trigger
from lib.waiting import stays, wait_for

ONE, TWO = "1" * 40, "2" * 40
GIT = {"git": {"url": "https://git.invalid/churn.git", "secretRef": {"name": "reader"}}}
S3 = {"s3": {"endpoint": "https://s3.invalid", "bucket": "events"}, "minNewObjects": 2,
      "debounceSeconds": 0}


def _trigger(t: Case, name: str, **spec) -> dict:
    trigger = training_trigger(name, **spec)
    if "schedule" not in spec:
        del trigger["spec"]["schedule"]
    return t.create(trigger)


def _look(t: Case, trigger: dict) -> dict:
    """The pod that looks, once it runs."""
    return wait_for("a pod looks", lambda: next((
        pod for pod in t.children("pod", trigger)
        if pod["status"].get("phase") == "Running" and "deletionTimestamp" not in pod["metadata"]
    ), None))


def _watch(t: Case, name: str) -> dict:
    return t.get("tt", name)["status"].get("watches", [{}])[0]


def _tell(t: Case, trigger: dict, exit_code: int = 0, **result) -> None:
    """Lets the present look end with a result, and waits until that is recorded."""
    t.terminate(_look(t, trigger), exit_code, json.dumps(result))
    wait_for("the pod is gone", lambda: not t.children("pod", trigger))


def _look_again(t: Case, name: str) -> None:
    """As when the time for the next look has come."""
    t.patch("tt", name, {"status": {"watches": [
        _watch(t, name) | {"nextPollTime": "2020-01-01T00:00:00Z"}]}}, "status")


@case(SHARED)
def commit(t: Case):
    trigger = _trigger(t, "x", onCommit=GIT, concurrencyPolicy="Forbid", job={
        "inputs": {"code": {"git": {"url": GIT["git"]["url"], "revision": "main"}}}})
    pod = _look(t, trigger)
    container = pod["spec"]["containers"][0]
    assert container["args"][:2] == ["worker", "watch-commit"], container["args"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True, container
    assert pod["spec"]["automountServiceAccountToken"] is False, pod["spec"]
    secrets = {v["name"]: v["valueFrom"]["secretKeyRef"]["name"] for v in container["env"]}
    assert secrets["SLIPWAY_GIT_PASSWORD"] == "reader", secrets
    _tell(t, trigger, revision=ONE)
    seen = t.wait_condition("tt", "x", "CommitReachable", "True", "Polled")
    assert kstatus(seen) == "Current" and is_true(seen, "Ready"), seen["status"]
    stays("the first look starts nothing", lambda: not t.children("tj", trigger))

    _look_again(t, "x")
    _tell(t, trigger, revision=TWO)
    job = wait_for("the commit has its job", lambda: t.children("tj", trigger))[0]
    told = job["metadata"]["annotations"]
    assert told["slipway.dev/trigger-cause"] == "Commit", told
    assert job["spec"]["inputs"]["code"]["git"]["commit"] == TWO, job["spec"]["inputs"]
    t.wait_phase("tj", job["metadata"]["name"], "Running")
    env = {v["name"]: v.get("value") for v in t.wait_pods(job, 1)[0]["spec"]["containers"][0]["env"]}
    assert env["SLIPWAY_TRIGGER_REVISION"] == TWO, env
    last = wait_for("it is recorded", lambda: t.get("tt", "x")["status"].get("lastTrigger"))
    assert last["cause"] == "Commit" and last["job"] == job["metadata"]["name"], last
    assert _watch(t, "x")["startedRevision"] == TWO, _watch(t, "x")

    _look_again(t, "x")
    _tell(t, trigger, revision="3" * 40)
    t.wait_condition("tt", "x", "Ready", "True", "JobAlreadyActive")
    t.end_pod(t.wait_pods(job, 1)[0])
    second = wait_for("the next commit has its job", lambda: [
        j for j in t.children("tj", trigger) if j["metadata"]["uid"] != job["metadata"]["uid"]])[0]
    assert second["metadata"]["annotations"]["slipway.dev/trigger-revision"] == "3" * 40, second


@case(SHARED)
def look_in_vain(t: Case):
    trigger = _trigger(t, "x", onCommit=GIT)
    _tell(t, trigger, 3, error="the server answered 401: check the Secret")
    failed = t.wait_condition("tt", "x", "CommitReachable", "False", "PollFailed")
    assert "401: check the Secret" in failed["status"]["message"], failed["status"]
    assert not is_true(failed, "Ready") and _watch(t, "x")["failures"] == 1, failed["status"]
    assert "CommitUnreachable" in t.reasons(trigger), t.reasons(trigger)
    assert not t.children("tj", trigger)
    _look_again(t, "x")
    _tell(t, trigger, revision=ONE)
    assert is_true(t.wait_condition("tt", "x", "CommitReachable", "True", "Polled"), "Ready")


@case(SHARED)
def data(t: Case):
    trigger = _trigger(t, "x", onData=S3)

    def found(count: int, fresh: int) -> None:
        _tell(t, trigger, revision=f"sha256:{count}", newObjects=fresh, listing={
            "objects": count, "newestTime": "2026-09-01T12:00:00Z", "newestCount": 1})
    found(10, 10)
    _look_again(t, "x")
    found(11, 1)
    assert _watch(t, "x")["newObjects"] == 1
    assert not t.children("tj", trigger)
    _look_again(t, "x")
    assert "--after=2026-09-01T12:00:00Z" in _look(t, trigger)["spec"]["containers"][0]["args"]
    found(12, 2)
    [job] = wait_for("two have their job", lambda: t.children("tj", trigger))
    assert job["metadata"]["annotations"]["slipway.dev/trigger-revision"] == "sha256:12", job
    wait_for("new ones are counted anew", lambda: _watch(t, "x")["newObjects"] == 0)


@case(SHARED)
def suspended_and_pointed_elsewhere(t: Case):
    trigger = _trigger(t, "x", onCommit=GIT)
    _look(t, trigger)
    t.patch("tt", "x", {"spec": {"suspend": True}})
    t.wait_phase("tt", "x", "Suspended")
    wait_for("nobody looks", lambda: not t.children("pod", trigger))
    t.patch("tt", "x", {"spec": {"suspend": False, "onCommit": {"git": {"branch": "next"}}}})
    assert "--branch=next" in _look(t, trigger)["spec"]["containers"][0]["args"]
    _tell(t, trigger, revision=ONE)
    assert wait_for("it is seen", lambda: _watch(t, "x").get("startedRevision")) == ONE
    t.kube.delete("tt", t.ns, "x")
    wait_for("all is gone with it", lambda: t.kube.find("tt", t.ns, "x") is None)
