"""Every state that a GitOps tool sees, from the first moment on, judged by the rules of kstatus."""

from lib.case import OWN, SHARED, Case, case
from lib.kstatus import kstatus
from lib.objects import drift_monitor, kwok, model_deployment, training_job, variant
from lib.waiting import wait_for


@case(OWN)
def fresh_objects_are_in_progress(t: Case):
    """Before any operator has seen them, nothing may call them current."""
    for kind, obj in (("tj", training_job("x")), ("md", model_deployment("x")),
                      ("dm", drift_monitor("x", suspend=True))):
        fresh = t.create(obj)
        assert fresh["status"] == {"observedGeneration": -1}, fresh.get("status")
        assert kstatus(fresh) == "InProgress"
        assert kstatus(t.get(kind, "x")) == "InProgress"
    t.install().start(elect=False).wait_working()
    for kind in ("tj", "md", "dm"):
        wait_for(f"{kind} is observed", lambda kind=kind: t.get(kind, "x")["status"][
            "observedGeneration"] == 1)


@case(SHARED)
def job_that_completes(t: Case):
    states = t.record("tj", "x")
    t.job("x", nodes=2, pods=kwok(ready_after="500ms", complete_after="1s"))
    t.wait_phase("tj", "x", "Complete")
    assert states.sequence(kstatus) == ["InProgress", "Current"], states.sequence(kstatus)


@case(SHARED)
def job_that_fails(t: Case):
    states = t.record("tj", "x")
    t.job("x", pods=kwok(complete_after="500ms", exit_code=1),
          failurePolicy={"maxRestarts": 1, "backoffSeconds": 0})
    t.wait_phase("tj", "x", "Failed")
    assert states.sequence(kstatus) == ["InProgress", "Failed"], states.sequence(kstatus)


@case(SHARED)
def job_that_is_suspended_and_resumed(t: Case):
    states = t.record("tj", "x")
    job = t.job("x", nodes=2)
    t.wait_phase("tj", "x", "Running")
    t.patch("tj", "x", {"spec": {"suspend": True}})
    t.wait_phase("tj", "x", "Suspended")
    wait_for("no pods", lambda: not t.children("pod", job))
    t.patch("tj", "x", {"spec": {"suspend": False}})
    t.wait_phase("tj", "x", "Running")
    for pod in t.wait_pods(job, 2):
        t.end_pod(pod)
    t.wait_phase("tj", "x", "Complete")
    assert states.sequence(kstatus) == ["InProgress", "Current"], states.sequence(kstatus)


@case(SHARED)
def deployment_that_is_changed(t: Case):
    """Between a change and its arrival the object is never called current."""
    states = t.record("md", "x")
    t.create(model_deployment("x", replicas=2))
    wait_for("Current", lambda: kstatus(t.get("md", "x")) == "Current")
    changed = t.patch("md", "x", {"spec": {"variants": [
        variant(pods=kwok(ready_after="1s"), env=[{"name": "A", "value": "1"}])]}})
    assert kstatus(changed) == "InProgress", "at once, before the operator has seen it"
    wait_for("Current again", lambda: kstatus(t.get("md", "x")) == "Current")
    seen = states.sequence(kstatus)
    assert seen == ["InProgress", "Current", "InProgress", "Current"], seen


@case(SHARED)
def deployment_that_cannot_work(t: Case):
    states = t.record("md", "x")
    t.create(model_deployment("x", variant(runtime={"name": "nonesuch"})))
    wait_for("Failed", lambda: kstatus(t.get("md", "x")) == "Failed")
    t.patch("md", "x", {"spec": {"variants": [variant(runtime={"name": "sklearn"})]}})
    wait_for("Current", lambda: kstatus(t.get("md", "x")) == "Current")
    seen = states.sequence(kstatus)
    assert seen == ["InProgress", "Failed", "InProgress", "Current"], seen


@case(SHARED)
def conditions_are_well_formed(t: Case):
    """What metav1.Condition demands of every version of every object."""
    recorders = [t.record("tj", "x"), t.record("md", "x")]
    t.job("x", nodes=2, pods=kwok(complete_after="1s"))
    t.create(model_deployment("x"))
    t.wait_phase("tj", "x", "Complete")
    wait_for("Current", lambda: kstatus(t.get("md", "x")) == "Current")
    for recorder in recorders:
        changed: dict[str, tuple[str, str]] = {}
        for version in recorder.versions:
            status, generation = version["status"], version["metadata"]["generation"]
            assert status["observedGeneration"] <= generation
            for found in status.get("conditions", []):
                assert found["reason"] and found["observedGeneration"] <= generation, found
                value, since = changed.get(found["type"], (None, None))
                if value == found["status"]:
                    assert since == found["lastTransitionTime"], f"moved without a flip: {found}"
                changed[found["type"]] = (found["status"], found["lastTransitionTime"])
            present = {c["type"] for c in status.get("conditions", [])}
            changed = {k: v for k, v in changed.items() if k in present}
