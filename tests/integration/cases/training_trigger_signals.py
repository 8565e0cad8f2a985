"""TrainingTriggers: jobs by drift, and jobs for which somebody asks by HTTP."""

import json

from lib.case import SHARED, Case, case
from lib.kstatus import is_true, kstatus
from lib.kube import path
from lib.objects import drift_monitor, kwok, training_trigger
from lib.waiting import stays, wait_for

AUDIENCE = "slipway.dev/triggers"


def _monitor(t: Case, name: str = "m") -> None:
    """One that is suspended, so that its verdict is what `_verdict` writes."""
    t.create(drift_monitor(name, suspend=True))
    t.wait_phase("dm", name, "Suspended")


def _verdict(t: Case, drift: bool, since: str, name: str = "m") -> None:
    ready = next(c for c in t.get("dm", name)["status"]["conditions"] if c["type"] == "Ready")
    found = {"type": "DriftDetected", "status": str(drift), "reason": "Written", "message": "by a test",
             "lastTransitionTime": since, "observedGeneration": 1}
    t.patch("dm", name, {"status": {"conditions": [found, ready]}}, "status")


def _jobs(t: Case, trigger: dict, cause: str = "") -> list[dict]:
    """Its jobs by when what they are for came up."""
    jobs = [j for j in t.children("tj", trigger)
            if cause in ("", j["metadata"]["annotations"]["slipway.dev/trigger-cause"])]
    return sorted(jobs, key=lambda j: j["metadata"]["annotations"].get("slipway.dev/triggered-at", ""))


def _wait_jobs(t: Case, trigger: dict, count: int) -> list[dict]:
    def there():
        jobs = _jobs(t, trigger)
        assert len(jobs) == count, [j["metadata"]["name"] for j in jobs]
        return jobs
    return wait_for(f"{count} jobs", there)


@case(SHARED)
def drift_has_one_job(t: Case):
    _monitor(t)
    trigger = t.create(training_trigger("x", None, pods=kwok(complete_after="500ms"),
                                        onDrift={"monitorRef": {"name": "m"}, "cooldownSeconds": 0}))
    waiting = t.wait_phase("tt", "x", "Waiting")
    assert is_true(waiting, "Ready") and kstatus(waiting) == "Current", waiting["status"]
    assert "a drift that DriftMonitor m finds" in waiting["status"]["message"], waiting["status"]
    _verdict(t, True, "2026-06-01T00:00:00Z")
    [job] = _wait_jobs(t, trigger, 1)
    marks = job["metadata"]["annotations"]
    assert marks["slipway.dev/trigger-cause"] == "Drift", marks
    assert marks["slipway.dev/trigger-id"] == "m/2026-06-01T00:00:00Z", marks
    t.wait_phase("tj", job["metadata"]["name"], "Complete")
    status = wait_for("it is recorded", lambda: (
        lambda s: "lastSuccessfulTime" in s and s)(t.get("tt", "x")["status"]))
    assert status["drift"]["since"] == "2026-06-01T00:00:00Z", status
    assert status["lastTrigger"]["cause"] == "Drift" and "active" not in status, status
    # Another evaluation that finds the same is no other drift; one that comes back is.
    t.patch("dm", "m", {"metadata": {"labels": {"touched": "yes"}}})
    stays("one job", lambda: len(_jobs(t, trigger)) == 1)
    _verdict(t, False, "2026-06-02T00:00:00Z")
    stays("still one", lambda: len(_jobs(t, trigger)) == 1, 1)
    _verdict(t, True, "2026-06-03T00:00:00Z")
    _wait_jobs(t, trigger, 2)
    assert t.reasons(trigger).count("Started") >= 1, t.reasons(trigger)


@case(SHARED)
def drift_cools_down(t: Case):
    _monitor(t)
    trigger = t.create(training_trigger("x", None, pods=kwok(complete_after="300ms"),
                                        onDrift={"monitorRef": {"name": "m"}, "cooldownSeconds": 3600}))
    _verdict(t, True, "2026-06-01T00:00:00Z")
    _wait_jobs(t, trigger, 1)
    _verdict(t, True, "2026-06-02T00:00:00Z")
    waiting = t.wait_condition("tt", "x", "Ready", "True", "CoolingDown")
    assert "spec.onDrift.cooldownSeconds" in waiting["status"]["message"], waiting["status"]
    stays("one job", lambda: len(_jobs(t, trigger)) == 1)
    t.patch("tt", "x", {"spec": {"onDrift": {"cooldownSeconds": 0}}})
    _wait_jobs(t, trigger, 2)


@case(SHARED)
def monitor_that_is_missing(t: Case):
    trigger = t.create(training_trigger("x", None, onDrift={"monitorRef": {"name": "m"}}))
    stalled = t.wait_condition("tt", "x", "Stalled", "True", "MonitorNotFound")
    assert "DriftMonitor m" in stalled["status"]["message"] and kstatus(stalled) == "Failed"
    _monitor(t)
    t.wait_condition("tt", "x", "Ready", "True", "Waiting")
    _verdict(t, True, "2026-06-01T00:00:00Z")
    _wait_jobs(t, trigger, 1)
    t.kube.delete("dm", t.ns, "m")
    t.wait_condition("tt", "x", "Stalled", "True", "MonitorNotFound")
    assert len(_jobs(t, trigger)) == 1


def _account(t: Case, name: str, verb: str = "trigger", resource_name: str = "x") -> None:
    t.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}})
    t.create({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": name},
              "rules": [{"apiGroups": ["slipway.dev"], "resources": ["trainingtriggers"],
                         "resourceNames": [resource_name], "verbs": [verb]}]})
    t.create({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": name},
              "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
              "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": t.ns}]})


def _token(t: Case, account: str, audience: str = AUDIENCE) -> str:
    asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
             "spec": {"audiences": [audience], "expirationSeconds": 600}}
    return t.kube.request("POST", path("serviceaccount", t.ns, account, "token"), asked)["status"]["token"]


def _ask(t: Case, token: str, body: dict | None = None, name: str = "x") -> tuple[int, str]:
    """Asks, and again when others of this run have asked too much."""
    def answered():
        code, text = t.slipway.replicas[0].trigger(t.ns, name, token, json.dumps(body) if body else "")
        assert not (code == 429 and "at this moment" in text), text
        return code, text.strip()
    return wait_for("an answer", answered)


@case(SHARED)
def request_has_one_job(t: Case):
    _account(t, "ci")
    trigger = t.create(training_trigger("x", None, onWebhook={}))
    url = wait_for("the address", lambda: t.get("tt", "x")["status"].get("webhook", {}).get("url"))
    assert url.endswith(f"/v1/trigger/{t.ns}/x"), url
    token = _token(t, "ci")
    code, name = _ask(t, token, {"id": "build-4711", "cause": "commit 1f3c of main"})
    assert code == 202, (code, name)
    [job] = _wait_jobs(t, trigger, 1)
    assert job["metadata"]["name"] == name
    marks = job["metadata"]["annotations"]
    assert marks["slipway.dev/trigger-cause"] == "Webhook", marks
    assert marks["slipway.dev/trigger-id"] == "build-4711", marks
    assert marks["slipway.dev/trigger-note"] == "commit 1f3c of main", marks
    wait_for("it is recorded", lambda: [r["id"] for r in t.get("tt", "x")["status"]["webhook"].get(
        "started", [])] == ["build-4711"])
    assert _ask(t, token, {"id": "build-4711"}) == (200, name), "a replay"
    t.wait_phase("tj", name, "Running")
    t.kube.delete("tj", t.ns, name)
    assert _ask(t, token, {"id": "build-4711"}) == (200, name), "a replay, the job is gone"
    stays("no job", lambda: not _jobs(t, trigger), 2)
    assert _ask(t, token)[0] == 202, "without a body"
    _wait_jobs(t, trigger, 1)
    said = wait_for("its Event", lambda: [e["note"] for e in t.events(trigger) if "build-4711" in e["note"]])
    assert f"system:serviceaccount:{t.ns}:ci" in said[0], said


@case(SHARED)
def requests_are_refused(t: Case):
    for account, verb, name in (("ci", "trigger", "x"), ("reader", "get", "x"), ("other", "trigger", "y")):
        _account(t, account, verb, name)
    trigger = t.create(training_trigger("x", None, onWebhook={}))
    t.wait_phase("tt", "x", "Waiting")
    token = _token(t, "ci")
    for audience in ("slipway.dev/reports", "https://kubernetes.default.svc.cluster.local"):
        code, text = _ask(t, _token(t, "ci", audience))
        assert code == 401 and AUDIENCE in text, (code, text)
    for bad in ("", "x", token[:-4] + "AAAA"):
        assert _ask(t, bad)[0] == 401, bad
    for account in ("reader", "other"):
        code, text = _ask(t, _token(t, account))
        assert code == 403 and f"{account} may not trigger" in text, (code, text)
    assert _ask(t, _token(t, "other"), name="y")[0] == 404, "with the right, it is not there"
    assert _ask(t, token, name="y")[0] == 403, "without the right, nothing is said of it"
    for body, says in (({"id": "a b"}, "id is"), ({"env": {"A": "1"}}, "env is no member")):
        code, text = _ask(t, token, body)
        assert code == 400 and says in text, (code, text)
    assert _ask(t, token, {"cause": "x" * 5000})[0] == 413
    t.patch("tt", "x", {"spec": {"suspend": True}})
    code, text = _ask(t, token)
    assert code == 409 and "spec.suspend" in text, (code, text)
    t.patch("tt", "x", {"spec": {"suspend": False, "schedule": "@yearly", "onWebhook": None}})
    code, text = _ask(t, token)
    assert code == 409 and "spec.onWebhook" in text, (code, text)
    stays("no job", lambda: not _jobs(t, trigger), 1)


@case(SHARED)
def requests_wait_for_their_turn(t: Case):
    _account(t, "ci")
    trigger = t.create(training_trigger("x", None, onWebhook={"maxPending": 2}, concurrencyPolicy="Forbid"))
    t.wait_phase("tt", "x", "Waiting")
    token = _token(t, "ci")
    names = [_ask(t, token, {"id": "a"})[1]]
    t.wait_phase("tj", names[0], "Running")
    wait_for("it has its job", lambda: not t.get("tt", "x")["status"]["webhook"].get("pending"))
    for build in ("b", "c"):
        code, name = _ask(t, token, {"id": build})
        assert code == 202, (code, name)
        names.append(name)
    code, text = _ask(t, token, {"id": "d"})
    assert code == 429 and "spec.onWebhook.maxPending" in text, (code, text)
    t.wait_condition("tt", "x", "Ready", "True", "JobAlreadyActive")
    for i, name in enumerate(names):
        t.wait_phase("tj", name, "Running")
        assert len(_jobs(t, trigger)) == i + 1, "one after the other"
        for pod in t.wait_pods(t.get("tj", name), 1):
            t.end_pod(pod)
        t.wait_phase("tj", name, "Complete")
    stays("no other job", lambda: len(_jobs(t, trigger)) == 3, 1)
