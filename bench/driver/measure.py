"""One contender on one fresh cluster: the storm, and what is measured after it."""

import contextlib
import shutil
import subprocess
import time

from . import after, audit, machine
from .cluster import Cluster
from .contender import NOTHING, RAW_CLIENT, Contender, Program, argv
from .failure import Failure
from .trial import AUDIT_DELAY_S, Trial, Storm

# After the last job has shown its pods: late writes of a status still belong to the storm.
SETTLE_S = 3


def run(storm: Storm, name: str, contender: Contender) -> dict:
    """Measures one contender; everything that was started is gone afterwards, whatever happens."""
    label = "".join(c if c.isalnum() else "-" for c in name)
    folder = storm.folder / label
    folder.mkdir(parents=True, exist_ok=True)
    with Cluster(f"bench-{label}"[:32].strip("-").lower(), folder) as cluster:
        contender.load.prepare(cluster)
        result = {"busy_before": cluster.settle()}
        measure = _nothing if name == NOTHING else _raw if name == RAW_CLIENT else _operator
        cluster_pids = cluster.pids()
        if Program.preferred:
            machine.prefer(cluster_pids)
        busy, cluster_cpu = machine.busy_s(), machine.cpu_s(cluster_pids)
        try:
            result |= measure(Trial(storm, contender, cluster, folder))
        except Failure:
            with contextlib.suppress(Failure):
                resources = f"{contender.load.resource},pods,nodes"
                (folder / "at-failure.txt").write_text(cluster.kubectl("get", resources, "-A", "-o", "wide"))
            raise
        finally:
            time.sleep(AUDIT_DELAY_S)
            shutil.copy2(cluster.audit_log, folder / "audit.log")
        # The contender's own seconds are in `busy` too; what is left is load, kernel and strangers.
        result["machine_cpu_s"] = machine.busy_s() - busy
        result["cluster_cpu_s"] = machine.cpu_s(cluster_pids) - cluster_cpu
        return result


def _nothing(trial: Trial) -> dict:
    """The cluster at rest, and the burst of jobs with nobody to run them."""
    begin, pids = time.time(), trial.cluster.pids()
    cpu = machine.cpu_s(pids)
    time.sleep(5)
    rest = (machine.cpu_s(pids) - cpu) / (time.time() - begin)
    with trial.load(subprocess.DEVNULL) as load:
        load.finish(trial.storm.timeout_s)
    jobs = audit.created(trial.requests(), "load", trial.contender.load.resource)
    return {"cluster_at_rest_cpu": rest, "jobs_s": jobs[-1].answered - min(j.received for j in jobs)}


def _raw(trial: Trial) -> dict:
    """The raw client is told of each job as soon as the load has created it."""
    storm, account, folder = trial.storm, trial.cluster.contender, trial.folder
    words = [*argv(trial.contender.command, account), f"--jobs={storm.jobs}", f"--nodes={storm.nodes}",
             f"--timeout={storm.timeout_s}s"]
    if storm.before:
        _load_before(trial)
        given = open(folder / "jobs.txt", "rb")
    else:
        given = subprocess.PIPE
    with Program(words, account, folder / "contender.log", stdin=given) as raw:
        if storm.before:
            given.close()
        else:
            with trial.load(raw.stdin) as load:
                raw.stdin.close()
                load.finish(storm.timeout_s)
        used = raw.finish(storm.timeout_s).usage
    _check(trial)
    result = _children(trial, raw.started)
    return result | {"cpu_s": used.cpu_s, "peak_mib": used.peak_mib}


def _load_before(trial: Trial) -> None:
    with open(trial.folder / "jobs.txt", "wb") as names, trial.load(names) as load:
        load.finish(trial.storm.timeout_s)


def _operator(trial: Trial) -> dict:
    storm, account = trial.storm, trial.cluster.contender
    if storm.before:
        _load_before(trial)
    words = argv(trial.contender.command, account)
    with Program(words, account, trial.folder / "contender.log") as contender:
        result = _storm(trial, contender)
        if storm.idle_s:
            result["idle"] = after.idle(trial, contender)
        if storm.release_pace is not None:
            result["release"] = after.release(trial, contender)
    if storm.restart:
        result["restart"] = after.restart(trial)
    return result


def _storm(trial: Trial, contender: Program) -> dict:
    storm, cluster = trial.storm, trial.cluster
    if not storm.before:
        watched = {trial.contender.load.resource, "pods"}
        audit.wait_for_watches(cluster.audit_log, "contender", watched, 30, contender.require_alive)
        cluster.settle(10)
    start = contender.usage()
    with trial.observer("ready") as observer:
        if not storm.before:
            with trial.load(subprocess.DEVNULL) as load:
                load.finish(storm.timeout_s)
        seen = trial.report(observer, contender)
    time.sleep(SETTLE_S)
    end = contender.usage()
    _check(trial)
    result = _children(trial, contender.started)
    return result | {
        "running_s": seen["last_reached"] - result["began"],
        "running_p50_s": seen["p50"], "running_p95_s": seen["p95"],
        "cpu_s": end.cpu_s, "start_cpu_s": start.cpu_s, "peak_mib": end.peak_mib, "resident_mib": end.resident_mib,
    }


def _children(trial: Trial, started: float) -> dict:
    """From the first job (or the contender's start) until each child existed; and who asked what."""
    requests = trial.requests()
    jobs = audit.created(requests, "load", trial.contender.load.resource)
    began = started if trial.storm.before else min(j.received for j in jobs)
    pods, services = (audit.created(requests, "contender", r) for r in ("pods", "services"))
    if not pods or not services:
        raise Failure("the contender has created no pods or no services")
    answered = [*pods, *services]
    return {
        "began": began,
        "jobs_s": max(j.answered for j in jobs) - min(j.received for j in jobs),
        "children_s": max(c.answered for c in answered) - began,
        "first_pod_s": pods[0].answered - began,
        "pods_s": max(p.answered for p in pods) - began,
        "requests": audit.count(requests, "contender", 0, time.time()),
    }


def _check(trial: Trial) -> None:
    """Exactly the wanted children exist, no more and no fewer."""
    jobs, nodes = trial.storm.jobs, trial.storm.nodes
    for resource, wanted in (("pods", jobs * nodes), ("services", jobs * trial.contender.load.services(nodes))):
        found = trial.cluster.count(resource)
        if found != wanted:
            raise Failure(f"there are {found} {resource} and not {wanted}")
