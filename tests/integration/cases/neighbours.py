"""What goes wrong in one namespace does not slow down another."""

from lib.case import SHARED, Case, case
from lib.kstatus import is_true
from lib.objects import kwok, model_deployment, variant
from lib.waiting import Stopwatch, wait_for

STALLED = 100
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
    wait_for("each of the bad ones is told why", lambda: all(
        is_true(job, "Stalled") for job in t.kube.list("tj", t.ns)
        if job["metadata"]["name"].startswith("bad-")))
