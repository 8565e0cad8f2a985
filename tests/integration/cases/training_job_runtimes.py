"""TrainingJobs that begin with a ClusterRuntime or a Runtime."""

from lib.case import SHARED, Case, case
from lib.kstatus import condition
from lib.objects import kwok, runtime
from lib.waiting import stays, wait_for


def _job(t: Case, name: str, kind: str = "Runtime", of: str = "torch", **spec) -> dict:
    return t.create({"apiVersion": "slipway.dev/v1alpha1", "kind": "TrainingJob", "metadata": {"name": name},
                     "spec": {"runtimeRef": {"kind": kind, "name": of}, **spec}})


def _container(pod: dict) -> dict:
    return pod["spec"]["containers"][0]


@case(SHARED)
def job_of_five_lines(t: Case):
    """Everything but a name comes from a ClusterRuntime."""
    name = f"torch-{t.ns}"
    made = t.kube.create(runtime(name, "ClusterRuntime", command=["torchrun", "train.py"], podTemplate={
        "metadata": {"annotations": kwok(complete_after="500ms")}}))
    try:
        job = t.create({"apiVersion": "slipway.dev/v1alpha1", "kind": "TrainingJob", "metadata": {"name": "x"},
                        "spec": {"runtimeRef": {"name": name}}})
        done = t.wait_phase("tj", "x", "Complete")
        record = done["status"]["runtime"]
        assert (record["kind"], record["name"], record["uid"], record["generation"]) == (
            "ClusterRuntime", name, made["metadata"]["uid"], 1), record
        container = _container(t.children("pod", job)[0])
        assert container["command"] == ["torchrun", "train.py"], container
        assert "PET_NNODES" in {e["name"] for e in container["env"]}, "the rendezvous of its framework"
    finally:
        t.kube.delete("clusterruntime", "", name)


@case(SHARED)
def what_the_job_says_wins(t: Case):
    t.create(runtime("torch", command=["torchrun"], args=["a.py"], env=[
        {"name": "A", "value": "1"}, {"name": "B", "value": "2"}]))
    job = _job(t, "x", trainer={"args": ["b.py"], "numNodes": 2, "env": [{"name": "B", "value": "3"}]})
    container = _container(t.wait_pods(job, 2)[0])
    assert (container["command"], container["args"]) == (["torchrun"], ["b.py"]), container
    env = {e["name"]: e.get("value") for e in container["env"]}
    assert (env["A"], env["B"]) == ("1", "3"), env


@case(SHARED)
def runtime_that_changes(t: Case):
    """It reaches what is resumed and new jobs, not what runs, nor a restart of that."""
    t.create(runtime("torch"))
    job = _job(t, "x", failurePolicy={"backoffSeconds": 0})
    t.wait_phase("tj", "x", "Running")
    first = t.pods(job)[0]
    t.patch("runtime", "torch", {"spec": {"trainer": {"image": "registry.example.com/trainer:2"}}})
    stays("the pod is left alone", lambda: [p["metadata"]["uid"] for p in t.pods(job)] ==
          [first["metadata"]["uid"]], 2)
    t.end_pod(first, exit_code=1)
    second = t.wait_pods(job, 1, attempt=1)[0]
    assert _container(second)["image"] == _container(first)["image"], "a restart runs what ran"
    t.patch("tj", "x", {"spec": {"suspend": True}})
    t.wait_phase("tj", "x", "Suspended")
    t.patch("tj", "x", {"spec": {"suspend": False}})
    third = t.wait_pods(job, 1)[0]
    assert _container(third)["image"] == "registry.example.com/trainer:2", _container(third)
    assert t.get("tj", "x")["status"]["runtime"]["generation"] == 2
    assert _container(t.wait_pods(_job(t, "y"), 1)[0])["image"] == "registry.example.com/trainer:2"


@case(SHARED)
def deleted_runtime_ends_nothing(t: Case):
    t.create(runtime("torch"))
    job = _job(t, "x", failurePolicy={"backoffSeconds": 0})
    t.wait_phase("tj", "x", "Running")
    t.kube.delete("runtime", t.ns, "torch")
    t.end_pod(t.pods(job)[0], exit_code=1)
    t.wait_pods(job, 1, attempt=1)
    t.wait_phase("tj", "x", "Running")


@case(SHARED)
def missing_runtime_is_waited_for(t: Case):
    job = _job(t, "x")
    stalled = t.wait_condition("tj", "x", "Stalled", "True", "RuntimeNotFound")
    message = condition(stalled, "Stalled")["message"]
    assert "spec.runtimeRef" in message and "Runtime torch" in message and "kubectl get runtimes" in message
    wait_for("the Event", lambda: t.reasons(job) == ["Stalled"])
    assert not t.children("pod", job)
    t.create(runtime("torch"))
    t.wait_phase("tj", "x", "Running")


@case(SHARED)
def runtime_for_another_framework(t: Case):
    t.create(runtime("torch"))
    job = _job(t, "x", framework="MPI")
    stalled = t.wait_condition("tj", "x", "Stalled", "True", "RuntimeMismatch")
    message = condition(stalled, "Stalled")["message"]
    assert "spec.framework is MPI" in message and "is for Torch" in message, message
    assert not t.children("pod", job)


@case(SHARED)
def runtime_without_image(t: Case):
    made = runtime("torch")
    del made["spec"]["trainer"]["image"]
    t.create(made)
    _job(t, "x")
    stalled = t.wait_condition("tj", "x", "Stalled", "True", "NoImage")
    assert "spec.trainer.image" in condition(stalled, "Stalled")["message"]
    t.patch("runtime", "torch", {"spec": {"trainer": {"image": "registry.example.com/trainer:1"}}})
    t.wait_phase("tj", "x", "Running")
