"""The operator is killed, the way the kernel does it, at any time: the world ends up the same."""

import random
import signal
import time
from collections import Counter

from lib.case import OWN, Case, attempt_of, case
from lib.objects import kwok, model_deployment
from lib.operator import Installation
from lib.waiting import wait_for

SEED = 20240607
KILLS = 10


def assert_created_once(t: Case, slipway: Installation, start: int, attempts: int = 1) -> None:
    """A pod's name is made of owner and node: it is created once for each start of the group."""
    made = Counter(w.name for w in t.audit.writes(slipway.user, start, t.ns)
                   if w.verb == "create" and w.resource == "pods" and w.code == 201)
    assert made and all(count == attempts for count in made.values()), made


@case(OWN)
def killed_at_random_times(t: Case):
    slipway = t.install()
    start = t.audit.now()
    chance = random.Random(SEED)
    job = t.job("x", nodes=3, failurePolicy={"maxRestarts": 3, "backoffSeconds": 1})
    md = t.create(model_deployment("x", replicas=2))
    for _ in range(KILLS):
        replica = slipway.start(elect=False)
        time.sleep(chance.uniform(0.1, 1.2))
        assert replica.process.poll() is None, replica.tail()
        replica.end(signal.SIGKILL)
        _advance(t, job)
    slipway.start(elect=False).wait_working()

    def last_group():
        _advance(t, job)  # On a slow machine no operator lived long enough for all nodes to run.
        pods = t.pods(job, attempt=1)
        assert len(pods) == 3 and all(p["status"].get("phase") == "Running" for p in pods), pods
        return pods
    for pod in wait_for("the second group runs", last_group):
        t.end_pod(pod)
    done = t.wait_phase("tj", "x", "Complete")
    assert done["status"]["restarts"] == 1, "one failure, one restart: never counted twice"
    assert done["status"]["nodes"]["succeeded"] == 3, done["status"]
    assert len(t.children("service", job)) == 1
    wait_for("the deployment is ready too",
             lambda: t.get("md", "x")["status"].get("phase") == "Ready")
    for kind in ("deployment", "service", "pdb"):
        assert len(t.children(kind, md)) == 1, kind
    assert_created_once(t, slipway, start, attempts=2)
    assert all(count == 1 for count in Counter(t.reasons(job)).values()), t.reasons(job)


def _advance(t: Case, job: dict) -> None:
    """Lets one node of the first group fail as soon as all of it runs."""
    first = [p for p in t.pods(job, attempt=0) if p["status"].get("phase") == "Running"]
    if len(first) == 3:
        t.end_pod(first[2], exit_code=1)


@case(OWN)
def killed_while_many_jobs_start(t: Case):
    """Kills fall between the writes of a pass: 20 jobs of 4 pods each are on their way."""
    slipway = t.install()
    start = t.audit.now()
    chance = random.Random(SEED)
    jobs = [t.job(f"x-{i}", nodes=4, pods=kwok(complete_after="6s")) for i in range(20)]
    for _ in range(4):
        replica = slipway.start(elect=False).wait_working()
        time.sleep(chance.uniform(0.02, 0.25))
        replica.end(signal.SIGKILL)
    slipway.start(elect=False)
    for job in jobs:
        t.wait_phase("tj", job["metadata"]["name"], "Complete", within=40)
    assert_created_once(t, slipway, start)
    for job in jobs:
        pods = t.children("pod", job)
        assert len(pods) == 4 and all(attempt_of(p) == 0 for p in pods), len(pods)
        assert t.get("tj", job["metadata"]["name"])["status"].get("restarts", 0) == 0
