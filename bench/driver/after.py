"""What is measured once all jobs of a storm run: rest, release, and a new start."""

import subprocess
import time
import urllib.error
import urllib.request

from . import audit
from .contender import Program, argv
from .failure import Failure
from .trial import Trial

# After the last job has ended: late writes of a status still belong to its end.
SETTLE_S = 3
# A contender is at rest when it has used less of a processor than this for so long.
REST_SHARE, REST_S = 0.05, 3


def idle(trial: Trial, contender: Program) -> dict:
    """Lets all jobs finish, waits until that is over, and counts what the contender still writes."""
    with trial.observer("finished") as observer:
        with trial.raw("finish", log="finish.log") as finish:
            finish.finish(trial.storm.timeout_s)
        trial.report(observer, contender)
    time.sleep(SETTLE_S)
    trial.cluster.settle()
    begin, before = time.time(), contender.usage()
    time.sleep(trial.storm.idle_s)
    end, after = time.time(), contender.usage()
    counted = audit.count(trial.requests(), "contender", begin, end)
    return counted | {"seconds": end - begin, "cpu_s": after.cpu_s - before.cpu_s, "peak_mib": after.peak_mib}


def release(trial: Trial, contender: Program) -> dict:
    """Lets the jobs end one after the other: how long after its last pod's end is all of a job gone?"""
    begin = time.time()
    with trial.raw("release", f"--pace={trial.storm.release_pace}", log="release.log",
                    stdout=subprocess.PIPE) as releases:
        seen = trial.report(releases, contender)
    return seen | {"requests": audit.count(trial.requests(), "contender", begin, time.time())}


def restart(trial: Trial) -> dict:
    """A new start with all jobs and pods there: until the contender says it is ready, and until it rests."""
    ready = trial.contender.ready
    with Program(argv(trial.contender.command, trial.cluster.contender), trial.cluster.contender,
                 trial.folder / "restart.log") as contender:
        started = time.monotonic()
        while not _answers(ready):
            contender.require_alive()
            if time.monotonic() - started > trial.storm.timeout_s:
                raise Failure(f"{ready} does not answer {trial.storm.timeout_s} s after a new start")
            time.sleep(0.01)
        ready_s, at_ready = time.monotonic() - started, contender.usage()
        rested_s = _until_rest(contender, started)
        used = contender.usage()
        counted = audit.count(trial.requests(), "contender", contender.started, time.time())
        return {"ready_s": ready_s, "ready_cpu_s": at_ready.cpu_s, "rested_s": rested_s, "cpu_s": used.cpu_s,
                "peak_mib": used.peak_mib, "resident_mib": used.resident_mib, "writes": counted["writes"]}


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=1) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def _until_rest(contender: Program, started: float) -> float:
    """Seconds from the start until the contender had nothing more to do."""
    last, worked = contender.usage().cpu_s, time.monotonic()
    while time.monotonic() - worked < REST_S:
        time.sleep(0.5)
        now = contender.usage().cpu_s
        if now - last > REST_SHARE * 0.5:
            worked = time.monotonic()
        last = now
    return worked - started
