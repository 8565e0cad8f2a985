"""TrainingJobs with elasticPolicy, whose groups lose nodes and take them in while they run."""

from lib.case import SHARED, Case, attempt_of, case, environment_of
from lib.kstatus import condition
from lib.kube import ApiError
from lib.waiting import stays, wait_for


def _elastic(t: Case, nodes: int = 3, cool_down: int = 0, **spec) -> dict:
    return t.job("x", nodes=nodes, framework="Torch", elasticPolicy={
        "minNodes": 2, "maxNodes": 5, "scaleCooldownSeconds": cool_down}, **spec)


def _runs_on(t: Case, nodes: int) -> dict:
    def reached():
        job = t.get("tj", "x")
        status = job["status"]
        assert status.get("elastic", {}).get("nodes") == nodes, status
        assert status["phase"] == "Running", status["phase"]
        return job
    return wait_for(f"it runs on {nodes} nodes", reached)


def _uids(t: Case, job: dict) -> dict[str, str]:
    return {p["metadata"]["labels"]["slipway.dev/node-index"]: p["metadata"]["uid"] for p in t.pods(job)}


def _end(t: Case, job: dict) -> dict:
    for pod in t.pods(job):
        t.end_pod(pod)
    return t.wait_phase("tj", "x", "Complete")["status"]


@case(SHARED)
def goes_on_without_a_node(t: Case):
    """And takes it in again after the cool-down; the others never notice."""
    job = _elastic(t, cool_down=3)
    _runs_on(t, 3)
    before = _uids(t, job)
    t.kube.delete("pod", t.ns, t.pods(job)[1]["metadata"]["name"])
    smaller = _runs_on(t, 2)["status"]
    assert smaller["elastic"]["reason"] == "NodesLost", smaller
    assert smaller.get("restarts", 0) == 0 and smaller["lastFailure"]["node"] == 1, smaller
    larger = _runs_on(t, 3)
    after = _uids(t, job)
    assert {n for n in before if before[n] != after[n]} == {"1"}, (before, after)
    assert larger["status"]["elastic"]["reason"] == "NodesJoined", larger["status"]
    assert condition(larger, "Running")["lastTransitionTime"] == condition(
        {"status": smaller}, "Running")["lastTransitionTime"], "it has run all the time"
    wait_for("both as Events", lambda: t.reasons(job) == ["NodesJoined", "NodesLost"])
    assert _end(t, job).get("restarts", 0) == 0


@case(SHARED)
def is_complete_without_a_lost_node(t: Case):
    job = _elastic(t, cool_down=3600)
    _runs_on(t, 3)
    t.kube.delete("pod", t.ns, t.pods(job)[2]["metadata"]["name"])
    _runs_on(t, 2)
    stays("the node is not created again", lambda: len(t.pods(job)) == 2, 2)
    assert _end(t, job)["nodes"]["succeeded"] == 2


@case(SHARED)
def is_resized_while_it_runs(t: Case):
    job = _elastic(t)
    _runs_on(t, 3)
    before = _uids(t, job)
    t.patch("tj", "x", {"spec": {"trainer": {"numNodes": 5}}})
    _runs_on(t, 5)
    assert before.items() <= _uids(t, job).items(), "those that run are left alone"
    t.patch("tj", "x", {"spec": {"trainer": {"numNodes": 2}}})
    _runs_on(t, 2)
    wait_for("the highest ranks are gone", lambda: set(_uids(t, job)) == {"0", "1"})
    assert _uids(t, job).items() <= before.items()
    assert all(attempt_of(p) == 0 for p in t.pods(job))
    assert _end(t, job).get("restarts", 0) == 0


@case(SHARED)
def is_resized_while_it_is_suspended(t: Case):
    job = _elastic(t)
    _runs_on(t, 3)
    t.patch("tj", "x", {"spec": {"suspend": True}})
    t.wait_phase("tj", "x", "Suspended")
    t.patch("tj", "x", {"spec": {"trainer": {"numNodes": 4}}})
    t.patch("tj", "x", {"spec": {"suspend": False}})
    running = _runs_on(t, 4)["status"]
    assert running.get("restarts", 0) == 0 and running["nodes"]["desired"] == 4, running


@case(SHARED)
def needs_its_first_node(t: Case):
    job = _elastic(t)
    _runs_on(t, 3)
    t.kube.delete("pod", t.ns, t.pods(job)[0]["metadata"]["name"])
    t.wait_pods(job, 3, attempt=1)
    assert _runs_on(t, 3)["status"]["restarts"] == 1


@case(SHARED)
def failing_program_restarts_all(t: Case):
    job = _elastic(t)
    _runs_on(t, 3)
    t.end_pod(t.pods(job)[2], exit_code=1)
    t.wait_pods(job, 3, attempt=1)
    status = _runs_on(t, 3)["status"]
    assert status["restarts"] == 1 and status["lastFailure"]["exitCode"] == 1, status


@case(SHARED)
def pods_are_told_the_bounds(t: Case):
    job = _elastic(t)
    first, second, _ = t.wait_pods(job, 3)
    env = environment_of(first)
    assert env["PET_NNODES"] == "2:5" and env["PET_RDZV_BACKEND"] == "c10d", env
    assert env["PET_RDZV_CONF"].startswith("is_host=1,"), env["PET_RDZV_CONF"]
    assert environment_of(second)["PET_RDZV_CONF"].startswith("is_host=0,")
    assert environment_of(second)["PET_RDZV_ID"] == env["PET_RDZV_ID"]


@case(SHARED)
def only_the_number_of_nodes_may_change(t: Case):
    _elastic(t)
    _runs_on(t, 3)
    for refused in ({"trainer": {"image": "registry.example.com/other:1"}}, {"trainer": {"numNodes": 6}},
                    {"elasticPolicy": {"minNodes": 1}}, {"elasticPolicy": None}):
        try:
            t.patch("tj", "x", {"spec": refused})
        except ApiError as problem:
            assert problem.status == 422, problem
        else:
            raise AssertionError(f"{refused} is taken while the job runs")
    t.patch("tj", "x", {"spec": {"elasticPolicy": {"scaleCooldownSeconds": 30}}})
