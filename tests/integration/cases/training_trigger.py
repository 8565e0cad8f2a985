"""TrainingTriggers: jobs at the times of a schedule, which are made to have come by the status."""

import time

from lib.case import SHARED, Case, case
from lib.kstatus import is_true, kstatus
from lib.objects import kwok, training_trigger
from lib.waiting import stays, wait_for

SCHEDULED_AT = "slipway.dev/scheduled-at"


def _due_since(t: Case, name: str, since: str) -> None:
    """Lets the times of the schedule count from a moment long ago."""
    spec = t.get("tt", name)["spec"]
    followed = f"{spec['schedule']} {spec['timeZone']}"
    wait_for("the schedule is followed", lambda: t.get("tt", name)["status"].get(
        "observedSchedule") == followed)
    t.patch("tt", name, {"status": {"scheduledFrom": since}}, "status")


def _overdue(t: Case, name: str, **options) -> dict:
    """A trigger of which the newest new year is due, and older ones are missed."""
    trigger = t.create(training_trigger(name, **options))
    _due_since(t, name, "2020-06-01T00:00:00Z")
    return trigger


def _jobs(t: Case, trigger: dict) -> list[dict]:
    """Its jobs by the times that they are for."""
    return sorted(t.children("tj", trigger),
                  key=lambda j: j["metadata"]["annotations"][SCHEDULED_AT])


def _wait_jobs(t: Case, trigger: dict, count: int) -> list[dict]:
    def there():
        jobs = _jobs(t, trigger)
        assert len(jobs) == count, [j["metadata"]["name"] for j in jobs]
        return jobs
    return wait_for(f"{count} jobs", there)


def _next_one(t: Case, name: str) -> None:
    """Another time has come, later than new year: this midnight."""
    t.patch("tt", name, {"spec": {"schedule": "@daily"}})
    _due_since(t, name, f"{time.gmtime().tm_year}-01-01T00:00:00Z")


@case(SHARED)
def newest_run_is_made_up(t: Case):
    trigger = _overdue(t, "x", pods=kwok(complete_after="500ms"))
    [job] = _wait_jobs(t, trigger, 1)
    meta, name = job["metadata"], job["metadata"]["name"]
    assert meta["annotations"][SCHEDULED_AT] == f"{time.gmtime().tm_year}-01-01T00:00:00Z", meta
    assert meta["annotations"]["slipway.dev/trigger-cause"] == "Schedule", meta
    assert meta["labels"]["team"] == "risk" and meta["labels"]["app.kubernetes.io/instance"] == "x"
    assert job["spec"]["failurePolicy"]["backoffSeconds"] == 0, job["spec"]
    t.wait_phase("tj", name, "Complete")
    ended = wait_for("its success is recorded",
                     lambda: "lastSuccessfulTime" in t.get("tt", "x")["status"] and t.get("tt", "x"))
    status = ended["status"]
    assert status["lastTrigger"]["job"] == name and status["phase"] == "Waiting", status
    assert status["lastMissed"]["reason"] == "Superseded" and "active" not in status, status
    assert status["lastMissed"]["count"] == time.gmtime().tm_year - 2021, status
    assert is_true(ended, "Ready") and kstatus(ended) == "Current", status
    wait_for("its Events", lambda: t.reasons(trigger) == ["MissedRuns", "Started"])
    stays("no other job", lambda: len(_jobs(t, trigger)) == 1)
    shown = t.cluster.kubectl("get", "tt", "x", "-n", t.ns)
    assert "@yearly" in shown and "UTC" in shown, shown

    t.kube.delete("tt", t.ns, "x")
    wait_for("its job goes with it", lambda: t.kube.find("tj", t.ns, name) is None)


@case(SHARED)
def every_minute(t: Case):
    """Once by the clock itself."""
    trigger = t.create(training_trigger("x", "* * * * *", timeZone="Asia/Kathmandu"))
    job = wait_for("the next minute has its job", lambda: _jobs(t, trigger), 75)[0]
    due = wait_for("which is recorded", lambda: t.get("tt", "x").get("status", {}).get("lastScheduleTime"))
    assert job["metadata"]["annotations"][SCHEDULED_AT] == due and due.endswith(":00Z"), due


@case(SHARED)
def jobs_with_and_without_a_trigger(t: Case):
    """A kind that is reconciled and a child as well: neither hides the other."""
    alone = t.job("alone", nodes=2)
    trigger = _overdue(t, "x")
    [started] = _wait_jobs(t, trigger, 1)
    for job in (alone, started):
        t.wait_phase("tj", job["metadata"]["name"], "Running")
    wait_for("it is active", lambda: t.get("tt", "x")["status"].get("active") == [
        started["metadata"]["name"]])
    t.patch("tj", "alone", {"spec": {"suspend": True}})
    t.wait_phase("tj", "alone", "Suspended")
    t.patch("tj", "alone", {"spec": {"suspend": False}})
    t.wait_phase("tj", "alone", "Running")
    # A job that somebody else has made does not become a trigger's by a label.
    t.patch("tj", "alone", {"metadata": {"labels": {
        "app.kubernetes.io/managed-by": "slipway", "slipway.dev/owner-kind": "TrainingTrigger",
        "slipway.dev/owner-uid": trigger["metadata"]["uid"]}}})
    stays("still one", lambda: t.get("tt", "x")["status"]["active"] == [started["metadata"]["name"]])
    t.kube.delete("tt", t.ns, "x")
    wait_for("the trigger's job is gone",
             lambda: t.kube.find("tj", t.ns, started["metadata"]["name"]) is None)
    for pod in t.wait_pods(alone, 2):
        t.end_pod(pod)
    t.wait_phase("tj", "alone", "Complete")


@case(SHARED)
def forbid(t: Case):
    trigger = _overdue(t, "x", concurrencyPolicy="Forbid")
    [first] = _wait_jobs(t, trigger, 1)
    t.wait_phase("tj", first["metadata"]["name"], "Running")
    _next_one(t, "x")
    t.wait_condition("tt", "x", "Ready", "True", "JobAlreadyActive")
    stays("none beside it", lambda: len(_jobs(t, trigger)) == 1)
    for pod in t.wait_pods(first, 1):
        t.end_pod(pod)
    second = _wait_jobs(t, trigger, 2)[1]
    status = wait_for("the second is recorded", lambda: (
        lambda s: s.get("active") == [second["metadata"]["name"]] and s)(t.get("tt", "x")["status"]))
    assert status["phase"] == "Active", status
    assert "JobAlreadyActive" in t.reasons(trigger), t.reasons(trigger)


@case(SHARED)
def replace(t: Case):
    trigger = _overdue(t, "x", concurrencyPolicy="Replace")
    [first] = _wait_jobs(t, trigger, 1)
    t.wait_phase("tj", first["metadata"]["name"], "Running")
    wait_for("it is active", lambda: t.get("tt", "x")["status"].get("active"))
    recorder = t.record("tt", "x")
    # One that was started just now would be in the way for a while, gone or not.
    t.patch("tt", "x", {"status": {"lastTrigger": {"time": f"{time.gmtime().tm_year}-01-02T00:00:00Z"}}}, "status")
    _next_one(t, "x")
    second = wait_for("another in its place", lambda: [
        j for j in _jobs(t, trigger) if j["metadata"]["uid"] != first["metadata"]["uid"]])[0]
    assert t.gone("tj", first["metadata"]["name"], first["metadata"]["uid"])
    t.wait_phase("tj", second["metadata"]["name"], "Running")
    said = recorder.sequence(lambda v: str("replacingFor" in v.get("status", {})))
    assert said == ["False", "True", "False"], said


@case(SHARED)
def history(t: Case):
    """The older of two ended jobs goes; what is not the trigger's stays."""
    t.job("mine", pods=kwok(complete_after="300ms"))
    trigger = _overdue(t, "x", pods=kwok(complete_after="300ms"), successfulJobsHistoryLimit=1)
    [first] = _wait_jobs(t, trigger, 1)
    t.wait_phase("tj", first["metadata"]["name"], "Complete")
    _next_one(t, "x")
    wait_for("the older one is deleted",
             lambda: t.gone("tj", first["metadata"]["name"], first["metadata"]["uid"]))
    [second] = _wait_jobs(t, trigger, 1)
    t.wait_phase("tj", second["metadata"]["name"], "Complete")
    stays("the newest stays", lambda: len(_jobs(t, trigger)) == 1)
    t.wait_phase("tj", "mine", "Complete")


@case(SHARED)
def suspend_and_resume(t: Case):
    trigger = t.create(training_trigger("x", suspend=True))
    suspended = t.wait_phase("tt", "x", "Suspended")
    assert "nextScheduleTime" not in suspended["status"] and kstatus(suspended) == "Current"
    t.patch("tt", "x", {"spec": {"suspend": False}})
    resumed = t.wait_phase("tt", "x", "Waiting")
    assert resumed["status"]["nextScheduleTime"] == f"{time.gmtime().tm_year + 1}-01-01T00:00:00Z"
    stays("nothing is made up", lambda: not _jobs(t, trigger))
    wait_for("its Events", lambda: t.reasons(trigger) == ["Resumed", "Suspended"])


@case(SHARED)
def what_cannot_be_followed(t: Case):
    """A zone that is none, then an hour that is none: said in the status, and over once corrected."""
    trigger = t.create(training_trigger("x", timeZone="Europe/Pariis"))
    stalled = t.wait_condition("tt", "x", "Stalled", "True", "UnknownTimeZone")
    assert "Europe/Pariis" in stalled["status"]["message"] and kstatus(stalled) == "Failed"
    t.patch("tt", "x", {"spec": {"timeZone": "Europe/Paris", "schedule": "0 25 * * *"}})
    stalled = t.wait_condition("tt", "x", "Stalled", "True", "InvalidSchedule")
    assert "25 is not from 0 to 23" in stalled["status"]["message"], stalled["status"]
    t.patch("tt", "x", {"spec": {"schedule": "0 12 * * *"}})
    followed = t.wait_phase("tt", "x", "Waiting")
    assert not is_true(followed, "Stalled") and kstatus(followed) == "Current"
    assert not _jobs(t, trigger)


@case(SHARED)
def job_that_is_refused(t: Case):
    """By a policy of the platform team, which sees the job only; in its words."""
    policy = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy",
              "metadata": {"name": t.ns}, "spec": {
                  "matchConstraints": {"resourceRules": [{
                      "apiGroups": ["slipway.dev"], "apiVersions": ["*"], "operations": ["CREATE"],
                      "resources": ["trainingjobs"]}]},
                  "matchConditions": [{"name": "here", "expression": f"request.namespace == '{t.ns}'"}],
                  "validations": [{"expression": "object.spec.trainer.image.startsWith('good/')",
                                   "message": "images come from good/", "reason": "Invalid"}]}}
    binding = {"apiVersion": "admissionregistration.k8s.io/v1",
               "kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": t.ns},
               "spec": {"policyName": t.ns, "validationActions": ["Deny"]}}
    try:
        t.kube.create(policy)
        t.kube.create(binding)
        wait_for("the policy is in force", lambda: _is_refused(t))
        trigger = _overdue(t, "x")
        stalled = t.wait_condition("tt", "x", "Stalled", "True", "InvalidJobTemplate")
        assert "images come from good/" in stalled["status"]["message"], stalled["status"]
        assert "lastScheduleTime" not in stalled["status"], stalled["status"]
        t.patch("tt", "x", {"spec": {"jobTemplate": {"spec": {"trainer": {"image": "good/x:1"}}}}})
        [job] = _wait_jobs(t, trigger, 1)
        assert job["spec"]["trainer"]["image"] == "good/x:1"
        wait_for("no longer stalled", lambda: not is_true(t.get("tt", "x"), "Stalled"))
    finally:
        t.kube.delete("vapbinding", "", t.ns)
        t.kube.delete("vap", "", t.ns)


def _is_refused(t: Case) -> bool:
    done = t.cluster.run("kubectl", "create", "--dry-run=server", "-n", t.ns, "-f", "-", stdin=(
        '{"apiVersion": "slipway.dev/v1alpha1", "kind": "TrainingJob", "metadata": {"name": "probe"},'
        ' "spec": {"trainer": {"image": "bad"}}}'))
    return "images come from good/" in done.stderr
