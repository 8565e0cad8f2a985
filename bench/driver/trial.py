"""What is to be done, and the programs that it takes."""

import json
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from . import audit
from .cluster import Cluster
from .contender import RAW, Contender, Program
from .failure import Failure

# The audit log is written in batches of at most a second.
AUDIT_DELAY_S = 1.5


@dataclass
class Storm:
    """What is to be done."""

    jobs: int
    nodes: int
    timeout_s: int
    folder: Path  # for logs
    before: bool = False  # the jobs are there before the contender starts
    # What comes after it, each in its turn:
    idle_s: int = 0  # let all jobs end, and watch the contender do nothing for so long
    release_pace: float | None = None  # jobs with cleanPodPolicy All, of which so many end in a second
    restart: bool = False  # start the contender once more, with all there


@dataclass
class Trial:
    """One contender on one cluster."""

    storm: Storm
    contender: Contender
    cluster: Cluster
    folder: Path  # for logs

    def raw(self, command: str, *flags: str, log: str, stdout=None) -> Program:
        """Starts a command of the raw client's as the user `load`."""
        shape = [f"--kind={self.contender.load.kind}", f"--jobs={self.storm.jobs}", f"--nodes={self.storm.nodes}",
                 f"--timeout={self.storm.timeout_s}s"]
        return Program([str(RAW), command, *shape, *flags], self.cluster.load, self.folder / log, stdout=stdout)

    def load(self, stdout) -> Program:
        """Starts the burst of jobs."""
        clean = [] if self.storm.release_pace is None else ["--clean-pod-policy=All"]
        return self.raw("load", *clean, log="load.log", stdout=stdout)

    def observer(self, until: str) -> Program:
        """Starts to look at the jobs as a user would; returns once it does."""
        observer = self.raw("observe", f"--until={until}", log="observe.log", stdout=subprocess.PIPE)
        if observer.stdout.readline() != b"watching\n":
            with observer:
                observer.finish(5)
            raise Failure("the observer ended before it watched")
        return observer

    def report(self, program: Program, operator: Program) -> dict:
        """Waits for the JSON that a command prints at its end; fails as soon as the contender ends."""
        deadline = time.monotonic() + self.storm.timeout_s
        while True:
            operator.require_alive()
            try:
                program.finish(1)
            except Failure:
                program.require_alive()
                if time.monotonic() > deadline:
                    raise
                continue
            return json.loads(program.stdout.read())

    def requests(self) -> list[audit.Request]:
        """What the audit log has of all requests until now."""
        time.sleep(AUDIT_DELAY_S)
        return audit.read(self.cluster.audit_log)
