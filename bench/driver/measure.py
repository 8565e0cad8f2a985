"""One contender on one fresh cluster: the storm, and the time after it."""

import contextlib
import json
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from . import audit, machine
from .cluster import Cluster
from .contender import NOTHING, RAW, RAW_CLIENT, Program, argv
from .failure import Failure

WATCHED = {"trainingjobs", "pods"}
# After the last job has shown its pods: late writes of a status still belong to the storm.
SETTLE_S = 3
# The audit log is written in batches of at most a second.
AUDIT_DELAY_S = 1.5


@dataclass
class Storm:
    """What is to be done."""

    jobs: int
    nodes: int
    before: bool  # the jobs are there before the contender starts
    idle_s: int  # how long to watch it do nothing after all jobs have finished; 0: not at all
    timeout_s: int
    folder: Path  # for logs


def run(storm: Storm, name: str, command: str) -> dict:
    """Measures one contender; everything that was started is gone afterwards, whatever happens."""
    label = "".join(c if c.isalnum() else "-" for c in name)
    folder = storm.folder / label
    folder.mkdir(parents=True, exist_ok=True)
    with Cluster(f"bench-{label}"[:32].strip("-").lower(), folder) as cluster:
        result = {"busy_before": cluster.settle()}
        measure = _nothing if name == NOTHING else _raw if name == RAW_CLIENT else _operator
        cluster_pids = cluster.pids()
        if Program.preferred:
            machine.prefer(cluster_pids)
        busy, cluster_cpu = machine.busy_s(), machine.cpu_s(cluster_pids)
        try:
            result |= measure(storm, cluster, command, folder)
        except Failure:
            with contextlib.suppress(Failure):
                (folder / "at-failure.txt").write_text(cluster.kubectl("get", "tj,pods,nodes", "-A", "-o", "wide"))
            raise
        finally:
            time.sleep(AUDIT_DELAY_S)
            shutil.copy2(cluster.audit_log, folder / "audit.log")
        # The contender's own seconds are in `busy` too; what is left is load, kernel and strangers.
        result["machine_cpu_s"] = machine.busy_s() - busy
        result["cluster_cpu_s"] = machine.cpu_s(cluster_pids) - cluster_cpu
        return result


def _load(storm: Storm, cluster: Cluster, folder: Path, stdout) -> Program:
    return Program([str(RAW), "load", f"--jobs={storm.jobs}", f"--nodes={storm.nodes}"],
                   cluster.load, folder / "load.log", stdout=stdout)


def _observer(storm: Storm, cluster: Cluster, folder: Path, until: str) -> Program:
    """Starts to look at the jobs as a user would; returns once it does."""
    observer = Program(
        [str(RAW), "observe", f"--jobs={storm.jobs}", f"--until={until}", f"--timeout={storm.timeout_s}s"],
        cluster.load, folder / "observe.log", stdout=subprocess.PIPE)
    if observer.stdout.readline() != b"watching\n":
        with observer:
            observer.finish(5)
        raise Failure("the observer ended before it watched")
    return observer


def _requests(cluster: Cluster) -> list[audit.Request]:
    time.sleep(AUDIT_DELAY_S)
    return audit.read(cluster.audit_log)


def _nothing(storm: Storm, cluster: Cluster, _command: str, folder: Path) -> dict:
    """The cluster at rest, and the burst of jobs with nobody to run them."""
    begin, pids = time.time(), cluster.pids()
    cpu = machine.cpu_s(pids)
    time.sleep(5)
    rest = (machine.cpu_s(pids) - cpu) / (time.time() - begin)
    with _load(storm, cluster, folder, subprocess.DEVNULL) as load:
        load.finish(storm.timeout_s)
    jobs = audit.created(_requests(cluster), "load", "trainingjobs")
    return {"cluster_at_rest_cpu": rest, "jobs_s": jobs[-1].answered - min(j.received for j in jobs)}


def _raw(storm: Storm, cluster: Cluster, command: str, folder: Path) -> dict:
    """The raw client is told of each job as soon as the load has created it."""
    words = [*argv(command, cluster.contender), f"--jobs={storm.jobs}", f"--nodes={storm.nodes}"]
    if storm.before:
        _load_before(storm, cluster, folder)
        given = open(folder / "jobs.txt", "rb")
    else:
        given = subprocess.PIPE
    with Program(words, cluster.contender, folder / "contender.log", stdin=given) as raw:
        if storm.before:
            given.close()
        else:
            with _load(storm, cluster, folder, raw.stdin) as load:
                raw.stdin.close()
                load.finish(storm.timeout_s)
        used = raw.finish(storm.timeout_s).usage
    _check(storm, cluster)
    result = _children(storm, _requests(cluster), raw.started)
    return result | {"cpu_s": used.cpu_s, "peak_mib": used.peak_mib}


def _load_before(storm: Storm, cluster: Cluster, folder: Path) -> None:
    with open(folder / "jobs.txt", "wb") as names, _load(storm, cluster, folder, names) as load:
        load.finish(storm.timeout_s)


def _operator(storm: Storm, cluster: Cluster, command: str, folder: Path) -> dict:
    if storm.before:
        _load_before(storm, cluster, folder)
    words = argv(command, cluster.contender)
    with Program(words, cluster.contender, folder / "contender.log") as contender:
        if not storm.before:
            audit.wait_for_watches(cluster.audit_log, "contender", WATCHED, 30, contender.require_alive)
            cluster.settle(10)
        start = contender.usage()
        with _observer(storm, cluster, folder, "ready") as observer:
            if not storm.before:
                with _load(storm, cluster, folder, subprocess.DEVNULL) as load:
                    load.finish(storm.timeout_s)
            seen = _await(observer, contender, storm.timeout_s)
        time.sleep(SETTLE_S)
        end = contender.usage()
        _check(storm, cluster)
        result = _children(storm, _requests(cluster), contender.started)
        result |= {
            "running_s": seen["last_reached"] - result["began"],
            "running_p50_s": seen["p50"], "running_p95_s": seen["p95"],
            "cpu_s": end.cpu_s, "start_cpu_s": start.cpu_s, "peak_mib": end.peak_mib,
        }
        if storm.idle_s:
            result["idle"] = _idle(storm, cluster, folder, contender)
        return result


def _await(observer: Program, contender: Program, seconds: float) -> dict:
    """Waits for the observer's report; fails as soon as the contender ends."""
    deadline = time.monotonic() + seconds
    while True:
        contender.require_alive()
        try:
            observer.finish(1)
        except Failure:
            observer.require_alive()
            if time.monotonic() > deadline:
                raise
            continue
        return json.loads(observer.stdout.read())


def _children(storm: Storm, requests: list[audit.Request], started: float) -> dict:
    """From the first job (or the contender's start) until each child existed; and who asked what."""
    jobs = audit.created(requests, "load", "trainingjobs")
    began = started if storm.before else min(j.received for j in jobs)
    pods, services = (audit.created(requests, "contender", r) for r in ("pods", "services"))
    if not pods or not services:
        raise Failure("the contender has created no pods or no services")
    answered = [*pods, *services]
    return {
        "began": began,
        "jobs_s": max(j.answered for j in jobs) - min(j.received for j in jobs),
        "children_s": max(c.answered for c in answered) - began,
        "first_pod_s": pods[0].answered - began,
        "requests": audit.count(requests, "contender", 0, time.time()),
    }


def _check(storm: Storm, cluster: Cluster) -> None:
    """Exactly the wanted children exist, no more and no fewer."""
    for resource, wanted in (("pods", storm.jobs * storm.nodes), ("services", storm.jobs)):
        found = cluster.count(resource)
        if found != wanted:
            raise Failure(f"there are {found} {resource} and not {wanted}")


def _idle(storm: Storm, cluster: Cluster, folder: Path, contender: Program) -> dict:
    """Lets all jobs finish, waits until that is over, and counts what the contender still writes."""
    with _observer(storm, cluster, folder, "finished") as observer:
        with Program([str(RAW), "finish"], cluster.load, folder / "finish.log") as finish:
            finish.finish(storm.timeout_s)
        _await(observer, contender, storm.timeout_s)
    time.sleep(SETTLE_S)
    cluster.settle()
    begin, before = time.time(), contender.usage()
    time.sleep(storm.idle_s)
    end, after = time.time(), contender.usage()
    counted = audit.count(_requests(cluster), "contender", begin, end)
    return counted | {"seconds": end - begin, "cpu_s": after.cpu_s - before.cpu_s, "peak_mib": after.peak_mib}
