"""The steps around a training: before it, and the evaluation behind it."""

import json
import time

from lib.case import SHARED, Case, case, environment_of
from lib.kstatus import condition, is_true
from lib.waiting import stays, wait_for

PREPARE = [{"name": "ingest", "image": "registry.example.com/ingest:1", "retries": 1}, {"name": "check"}]
GATE = {"metricsFrom": {"step": {"command": ["python", "evaluate.py"]}},
        "metrics": [{"name": "auc", "goal": "Maximize", "threshold": "0.8"}]}
OUTPUT = {"modelName": "m", "uri": "s3://models/m"}


def _phases(job: dict) -> list[tuple[str, str]]:
    return [(step["name"], step["phase"]) for step in job["status"].get("steps", [])]


def _step(t: Case, job: dict, name: str, attempt: int = 0) -> dict:
    """The pod of a step, once its container runs."""
    def running():
        labels = {"slipway.dev/step": name, "slipway.dev/attempt": str(attempt)}
        return next((p for p in t.pods(job) if labels.items() <= p["metadata"]["labels"].items()
                     and p["status"].get("phase") == "Running"), None)
    return wait_for(f"step {name} runs", running)


def _is(t: Case, name: str, step: str, phase: str) -> dict:
    def reached():
        job = t.get("tj", name)
        return job if (step, phase) in _phases(job) else None
    return wait_for(f"step {step} is {phase}", reached)


@case(SHARED)
def from_data_to_version(t: Case):
    pods = {"volumes": [{"name": "data", "emptyDir": {}}], "volumeMounts": [{"name": "data", "mountPath": "/data"}]}
    job = t.job("x", prepare=PREPARE, evaluation=GATE, output=OUTPUT, trainer={"podTemplate": pods})
    first = _step(t, job, "ingest")
    t.wait_phase("tj", "x", "Preparing")
    assert environment_of(first)["SLIPWAY_STEP"] == "ingest" and environment_of(first)["SLIPWAY_JOB"] == "x"
    assert first["spec"]["containers"][0]["volumeMounts"][0]["mountPath"] == "/data", first["spec"]
    stays("one pod", lambda: len(t.pods(job)) == 1, 1)
    t.end_pod(first)
    second = _step(t, job, "check")
    assert second["spec"]["containers"][0]["image"] == "registry.example.com/trainer:1"
    t.end_pod(second)
    t.wait_phase("tj", "x", "Running")
    node = next(p for p in t.pods(job) if "slipway.dev/node-index" in p["metadata"]["labels"])
    t.terminate(node, 0, '{"artifact":{"sizeBytes":5}}')
    evaluation = _step(t, job, "evaluate")
    assert t.get("tj", "x")["status"]["phase"] == "Evaluating"
    t.terminate(evaluation, 0, json.dumps({"metrics": {"auc": 0.9}}))
    done = _is(t, "x", "register", "Succeeded")
    assert is_true(done, "Complete") and is_true(done, "Evaluated"), done["status"]
    assert [name for name, _ in _phases(done)] == ["ingest", "check", "train", "evaluate", "register"]
    assert all(phase == "Succeeded" for _, phase in _phases(done)), done["status"]["steps"]
    ingest = done["status"]["steps"][0]
    assert ingest["logs"] == f"kubectl logs -n {t.ns} {first['metadata']['name']}", ingest
    assert ingest["durationSeconds"] >= 0 and ingest["attempts"] == 1, ingest
    version = t.get("mv", "m-1")
    assert version["spec"]["metrics"] == [{"name": "auc", "value": "0.9"}], version["spec"]
    assert version["spec"]["artifact"]["sizeBytes"] == 5, "what node 0 said of the model counts"
    wait_for("no other Events", lambda: t.reasons(job) == ["Complete", "Registered"])


@case(SHARED)
def failed_step_names_itself(t: Case):
    job = t.job("x", prepare=PREPARE, output=OUTPUT)
    t.terminate(_step(t, job, "ingest"), 1, "bucket is not reachable")
    again = _step(t, job, "ingest", attempt=1)
    retried = t.get("tj", "x")["status"]["steps"][0]
    assert retried["attempts"] == 2 and retried["failures"] == 1, retried
    t.end_pod(again)
    t.terminate(_step(t, job, "check"), 3, "column age is missing")
    failed = t.wait_phase("tj", "x", "Failed")
    why = condition(failed, "Failed")
    assert why["reason"] == "StepFailed", why
    for text in ("step check", "exit code 3", "column age is missing", "spec.prepare[1].retries"):
        assert text in why["message"], (text, why)
    assert _phases(failed) == [("ingest", "Succeeded"), ("check", "Failed"), ("train", "Skipped"),
                               ("register", "Skipped")], failed["status"]["steps"]
    assert not [p for p in t.pods(job) if "slipway.dev/node-index" in p["metadata"]["labels"]]
    wait_for("the Events", lambda: t.reasons(job) == ["Failed", "StepFailed"])


@case(SHARED)
def suspended_and_changed(t: Case):
    job = t.job("x", prepare=PREPARE)
    t.end_pod(_step(t, job, "ingest"))
    _step(t, job, "check")
    t.patch("tj", "x", {"spec": {"suspend": True}})
    t.wait_phase("tj", "x", "Suspended")
    wait_for("no pods", lambda: not t.pods(job))
    t.patch("tj", "x", {"spec": {"suspend": False}})
    assert _step(t, job, "check", attempt=1)
    assert _phases(t.get("tj", "x"))[0] == ("ingest", "Succeeded"), "it does not run again"

    t.patch("tj", "x", {"spec": {"suspend": True}})
    t.wait_phase("tj", "x", "Suspended")
    changed = [{**PREPARE[0], "args": ["--all"]}, PREPARE[1]]
    t.patch("tj", "x", {"spec": {"suspend": False, "prepare": changed}})
    second = _step(t, job, "ingest", attempt=1)
    assert second["spec"]["containers"][0]["args"] == ["--all"], second["spec"]
    t.end_pod(second)
    _is(t, "x", "ingest", "Succeeded")
    _step(t, job, "check", attempt=3)


@case(SHARED)
def restart_of_the_group(t: Case):
    """Runs no step again, also when somebody has tidied up their pods."""
    job = t.job("x", nodes=2, prepare=PREPARE[:1])
    first = _step(t, job, "ingest")
    t.end_pod(first)
    t.wait_phase("tj", "x", "Running")
    t.kube.delete("pod", t.ns, first["metadata"]["name"])
    node = next(p for p in t.pods(job) if p["metadata"]["labels"].get("slipway.dev/node-index") == "1")
    t.end_pod(node, exit_code=1)
    wait_for("the restart", lambda: t.get("tj", "x")["status"].get("restarts") == 1)
    t.wait_phase("tj", "x", "Running")
    assert not [p for p in t.pods(job) if "slipway.dev/step" in p["metadata"]["labels"]]


@case(SHARED)
def pod_of_a_step_is_deleted(t: Case):
    job = t.job("x", prepare=PREPARE[1:])
    first = _step(t, job, "check")
    t.kube.delete("pod", t.ns, first["metadata"]["name"])
    wait_for("another one", lambda: _step(t, job, "check")["metadata"]["uid"] != first["metadata"]["uid"])
    t.end_pod(_step(t, job, "check"))
    t.wait_phase("tj", "x", "Running")


@case(SHARED)
def deadline_covers_steps(t: Case):
    job = t.job("x", prepare=PREPARE[1:], activeDeadlineSeconds=3)
    _step(t, job, "check")
    failed = t.wait_phase("tj", "x", "Failed")
    assert condition(failed, "Failed")["reason"] == "DeadlineExceeded", failed["status"]
    assert _phases(failed)[0] == ("check", "Failed"), failed["status"]["steps"]
    wait_for("its pod is deleted", lambda: not t.pods(job))
    time.sleep(1)
    assert not t.pods(job)
