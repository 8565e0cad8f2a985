"""Two replicas, of which one writes."""

import signal

from lib.case import OWN, Case, case
from lib.operator import Installation, Replica
from lib.waiting import SLOWNESS, Stopwatch, stays, wait_for

from cases.crash import assert_created_once

LOST_LEASE = 3  # exit code


def _two(t: Case) -> tuple[Installation, Replica, Replica]:
    """Two replicas: the one that leads and the one that stands by with full caches."""
    slipway = t.install()
    leader = slipway.start().wait_working()
    standby = slipway.start()
    wait_for("the standby's caches are filled", lambda: standby.get("/readyz")[0] == 200)
    assert leader.leads() and not standby.leads()
    return slipway, leader, standby


def _writes(replica: Replica) -> float:
    """What the replica itself has counted, but for the Lease."""
    def count(**labels) -> float:
        return replica.metric("slipway_api_request_duration_seconds_count", **labels)
    verbs = ("create", "update", "patch", "delete")
    return sum(count(verb=v) - count(verb=v, resource="leases") for v in verbs)


def _completes(t: Case, name: str) -> None:
    job = t.job(name, nodes=2)
    for pod in t.wait_pods(job, 2):
        t.end_pod(pod)
    t.wait_phase("tj", name, "Complete")


@case(OWN)
def only_the_leader_writes(t: Case):
    _, leader, standby = _two(t)
    _completes(t, "x")
    assert _writes(leader) > 0, "the metric counts writes"
    assert _writes(standby) == 0
    assert standby.metric("slipway_queue_depth") == 0, "who stands by for a month collects nothing"
    stays("one leader", lambda: leader.leads() and not standby.leads(), 3)


@case(OWN)
def leader_is_killed(t: Case):
    _, leader, standby = _two(t)
    leader.end(signal.SIGKILL)
    wait_for("the standby leads", standby.leads, 15)
    _completes(t, "x")


@case(OWN)
def leader_is_stopped(t: Case):
    """A rolling update: the lease is given up, so nobody has to wait for it to run out."""
    _, leader, standby = _two(t)
    t.job("x", nodes=2)
    t.wait_phase("tj", "x", "Running")
    asked = Stopwatch()
    code = leader.end(signal.SIGTERM)
    wait_for("the standby leads", standby.leads)
    asked.assert_within(3, "the handover")
    assert code == 0, f"exit code {code}\n{leader.tail()}"
    _completes(t, "y")


@case(OWN)
def leader_is_paused(t: Case):
    """It wakes up in a world with another leader, and must not touch it."""
    slipway, leader, standby = _two(t)
    start = t.audit.now()
    job = t.job("x", nodes=3)
    t.wait_phase("tj", "x", "Running")
    leader.send(signal.SIGSTOP)
    t.end_pod(t.pods(job)[0], exit_code=1)
    wait_for("the standby leads", standby.leads, 15)
    pods = t.wait_pods(job, 3, attempt=1)
    before = _writes(standby)
    leader.send(signal.SIGCONT)
    code = leader.process.wait(10 * SLOWNESS)
    assert code == LOST_LEASE, f"exit code {code}\n{leader.tail()}"
    for pod in pods:
        t.end_pod(pod)
    done = t.wait_phase("tj", "x", "Complete")
    assert done["status"]["restarts"] == 1, done["status"]
    # It counts a write when it has the answer, which may be after we have seen the effect.
    wait_for("the standby has counted its writes", lambda: _writes(standby) > before)
    assert_created_once(t, slipway, start, attempts=2)


@case(OWN)
def lease_is_deleted(t: Case):
    """Somebody deletes it: one of the two makes it again, and the work goes on."""
    slipway, leader, standby = _two(t)
    t.kube.delete("lease", "slipway-system", slipway.name)
    wait_for("there is one leader", lambda: _alive_leaders(leader, standby) == 1, 20)
    _completes(t, "x")


def _alive_leaders(*replicas: Replica) -> int:
    return sum(r.leads() for r in replicas if r.process.poll() is None)
