"""What a TrainingJob reports, how it is judged, and the ModelVersion that it leaves behind."""

import json
import signal

from lib.case import OWN, SHARED, Case, case
from lib.kstatus import condition, is_true, kstatus
from lib.kube import ApiError
from lib.waiting import stays, wait_for

DIGEST = "sha256:" + "ab" * 32
METRICS = [{"name": "auc", "goal": "Maximize", "threshold": "0.8"}]
OUTPUT = {"modelName": "m", "uri": "s3://models/m"}


def _said(**report) -> str:
    return json.dumps({"artifact": {"digest": DIGEST, "sizeBytes": 5}, **report})


def _train(t: Case, name: str, message: str, **spec) -> dict:
    """A job of one node that runs, succeeds and reports; returns it Complete."""
    job = t.job(name, **{"output": OUTPUT, **spec})
    _finish(t, job, message)
    return t.wait_phase("tj", name, "Complete")


def _finish(t: Case, job: dict, message: str) -> None:
    t.wait_phase("tj", job["metadata"]["name"], "Running")
    for pod in t.pods(job):
        t.terminate(pod, 0, message)


def _registered(t: Case, name: str) -> dict:
    """The version of a job, once its status names it."""
    job = wait_for(f"{name} is registered", lambda: next((
        j for j in [t.get("tj", name)] if is_true(j, "Registered")), None))
    return t.get("mv", job["status"]["modelVersionRef"]["name"])


@case(SHARED)
def gate_passed(t: Case):
    job = t.job("x", evaluation={"metricsFrom": {"file": "/out/result.json"}, "metrics": METRICS}, output=OUTPUT,
                inputs={"datasets": [{"name": "train", "uri": "s3://data"}],
                        "parameters": [{"name": "lr", "value": "0.1"}]})
    t.wait_phase("tj", "x", "Running")
    container = t.pods(job)[0]["spec"]["containers"][0]
    assert container["terminationMessagePath"] == "/out/result.json", container
    assert {"name": "SLIPWAY_RESULT_FILE", "value": "/out/result.json"} in container["env"], container["env"]
    _finish(t, job, _said(metrics={"auc": 0.846, "loss": 1e-07},
                          datasets=[{"name": "train", "digest": DIGEST}]))
    version = _registered(t, "x")
    done = t.get("tj", "x")
    assert is_true(done, "Evaluated") and kstatus(done) == "Current", done["status"]
    assert done["status"]["evaluation"]["metrics"] == [
        {"name": "auc", "value": "0.846", "threshold": "0.8", "passed": True}], done["status"]
    meta, spec = version["metadata"], version["spec"]
    assert meta["name"] == "m-1" and "ownerReferences" not in meta, meta
    assert meta["labels"]["slipway.dev/owner-uid"] == job["metadata"]["uid"], meta
    assert meta["labels"]["slipway.dev/model"] == "m", meta
    assert spec["artifact"] == {"uri": "s3://models/m", "digest": DIGEST, "sizeBytes": 5}, spec
    assert spec["metrics"] == [{"name": "auc", "value": "0.846"}, {"name": "loss", "value": "1e-07"}], spec
    assert spec["lineage"]["trainingJob"] == {"name": "x", "uid": job["metadata"]["uid"]}, spec
    assert spec["lineage"]["datasets"] == [{"name": "train", "uri": "s3://data", "digest": DIGEST}], spec
    assert spec["lineage"]["parameters"] == [{"name": "lr", "value": "0.1"}], spec
    ready = wait_for("the record is ready", lambda: next((
        v for v in [t.get("mv", "m-1")] if is_true(v, "Ready")), None))
    assert ready["status"]["metric"] == "auc=0.846" and "# m, version 1" in ready["status"]["card"]
    wait_for("its Events", lambda: {"Complete", "Registered"} <= set(t.reasons(job)))


@case(SHARED)
def gate_failed(t: Case):
    job = _train(t, "x", _said(metrics={"auc": 0.7}), evaluation={"metrics": METRICS})
    assert condition(job, "Evaluated")["reason"] == "ThresholdMissed", job["status"]
    assert condition(job, "Registered")["reason"] == "GateNotPassed", job["status"]
    assert "auc is 0.7, but must be at least 0.8" in job["status"]["message"], job["status"]
    assert is_true(job, "Complete") and is_true(job, "Ready"), "the training has succeeded"
    stays("no version", lambda: not t.kube.list("mv", t.ns), 2)
    wait_for("an Event", lambda: "GateNotPassed" in t.reasons(job))


@case(SHARED)
def garbage(t: Case):
    for number, (message, reason) in enumerate((("epoch 3: done", "ResultUnreadable"),
                                                ('{"metrics":{"auc":NaN}}', "ResultUnreadable"),
                                                ("[" * 4096, "ResultUnreadable"),
                                                ("", "ResultMissing"), ('{"metrics":{"f1":1}}', "MetricMissing"))):
        job = _train(t, f"x-{number}", message, evaluation={"metrics": METRICS})
        evaluated = condition(job, "Evaluated")
        assert (evaluated["status"], evaluated["reason"]) == ("False", reason), (message[:40], job["status"])
    assert not t.kube.list("mv", t.ns)


@case(SHARED)
def numbers_without_gaps(t: Case):
    """Many jobs of one model finish at once."""
    jobs = [t.job(f"x-{i}", output=OUTPUT) for i in range(8)]
    for job in jobs:
        t.wait_phase("tj", job["metadata"]["name"], "Running")
    for job in jobs:
        t.terminate(t.pods(job)[0], 0, _said(metrics={"auc": 0.9}))
    versions = [_registered(t, job["metadata"]["name"]) for job in jobs]
    assert sorted(v["spec"]["version"] for v in versions) == list(range(1, 9)), versions
    assert {v["spec"]["lineage"]["trainingJob"]["uid"] for v in versions} == {
        j["metadata"]["uid"] for j in jobs}, "each job has its own"


@case(SHARED)
def champion(t: Case):
    gate = {"metrics": METRICS, "compareTo": {"metric": "auc", "minImprovement": "0.002"}}
    _train(t, "a", _said(metrics={"auc": 0.841}), evaluation=gate)
    assert _registered(t, "a")["spec"]["version"] == 1
    beaten = _train(t, "b", _said(metrics={"auc": 0.842}), evaluation=gate)
    assert condition(beaten, "Evaluated")["reason"] == "NotImproved", beaten["status"]
    assert beaten["status"]["evaluation"]["comparedWith"] == "m-1", beaten["status"]
    better = _train(t, "c", _said(metrics={"auc": 0.843}), evaluation=gate)
    assert better["status"]["evaluation"]["metrics"][0]["champion"] == "0.841", better["status"]
    assert _registered(t, "c")["spec"]["evaluation"] == {"passed": True, "comparedWith": "m-1"}


@case(SHARED)
def version_outlives_its_job(t: Case):
    job = _train(t, "x", _said(), ttlSecondsAfterFinished=0, cleanPodPolicy="All")
    wait_for("the job is gone", lambda: t.gone("tj", "x", job["metadata"]["uid"]))
    version = t.get("mv", "m-1")
    stays("the version stays", lambda: t.kube.find("mv", t.ns, "m-1") is not None, 5)
    _train(t, "x", _said())
    assert _registered(t, "x")["metadata"]["name"] == "m-2"
    assert t.get("mv", "m-1")["metadata"]["uid"] == version["metadata"]["uid"]


@case(SHARED)
def version_by_hand(t: Case):
    """It counts, cannot be changed, and says that nobody can check it."""
    record = {"apiVersion": "slipway.dev/v1alpha1", "kind": "ModelVersion", "metadata": {"name": "m-41"},
              "spec": {"modelName": "m", "version": 41, "artifact": {"uri": "s3://elsewhere/m"}}}
    t.create(record)
    stalled = wait_for("it is looked at", lambda: next((
        v for v in [t.get("mv", "m-41")] if is_true(v, "Stalled")), None))
    assert condition(stalled, "Ready")["reason"] == "DigestMissing" and kstatus(stalled) == "Failed"
    try:
        t.patch("mv", "m-41", {"spec": {"artifact": {"digest": DIGEST}}})
        raise AssertionError("a record was changed")
    except ApiError as problem:
        assert problem.status == 422 and "immutable" in str(problem), problem
    _train(t, "x", _said())
    assert _registered(t, "x")["metadata"]["name"] == "m-42"


@case(SHARED)
def register_as_wanted(t: Case):
    never = _train(t, "never", _said(metrics={"auc": 0.9}), output={**OUTPUT, "register": "Never"},
                   evaluation={"metrics": METRICS})
    assert condition(never, "Registered")["reason"] == "NotWanted", never["status"]
    _train(t, "always", _said(metrics={"auc": 0.7}), output={**OUTPUT, "register": "Always"},
           evaluation={"metrics": METRICS})
    assert _registered(t, "always")["spec"]["evaluation"] == {"passed": False}
    assert [v["metadata"]["name"] for v in t.kube.list("mv", t.ns)] == ["m-1"]


@case(SHARED)
def result_outlives_its_pod(t: Case):
    """Node 0 has succeeded and its pod is deleted while the others run."""
    job = t.job("x", nodes=2, evaluation={"metrics": METRICS}, output=OUTPUT)
    t.wait_phase("tj", "x", "Running")
    first, second = t.pods(job)
    t.terminate(first, 0, _said(metrics={"auc": 0.9}))
    wait_for("it is recorded", lambda: "result" in t.get("tj", "x")["status"])
    t.kube.delete("pod", t.ns, first["metadata"]["name"])
    wait_for("the pod is gone", lambda: t.gone("pod", first["metadata"]["name"], first["metadata"]["uid"]))
    t.terminate(second, 0, "")
    assert is_true(t.wait_phase("tj", "x", "Complete"), "Evaluated")
    assert _registered(t, "x")["spec"]["metrics"] == [{"name": "auc", "value": "0.9"}]


@case(OWN)
def killed_while_registering(t: Case):
    """Whoever leads next finds what is there: one version for each job, no number twice."""
    slipway = t.install()
    for number in range(4):
        replica = slipway.start(elect=False).wait_working()
        job = t.job(f"x-{number}", output=OUTPUT)
        t.wait_phase("tj", f"x-{number}", "Running")
        t.terminate(t.pods(job)[0], 0, _said())
        wait_for("the version is made", lambda: len(t.kube.list("mv", t.ns)) > number)
        replica.end(signal.SIGKILL)
    slipway.start(elect=False).wait_working()
    names = {_registered(t, f"x-{number}")["metadata"]["name"] for number in range(4)}
    assert names == {f"m-{number}" for number in range(1, 5)}, names
    assert len(t.kube.list("mv", t.ns)) == 4
