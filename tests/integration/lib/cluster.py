"""The cluster of a run: a real control plane with simulated nodes, made and removed by the suite."""

import fcntl
import hashlib
import json
import os
import shlex
import subprocess
from pathlib import Path

from . import paths
from .kube import Kube

NODES = 10


class Seat:
    """What only one run can have at a time: the name of a cluster and a folder for logs.

    The lowest free number of this checkout is taken, so that what a killed run has left behind is
    found by the next one and removed.
    """

    def __init__(self, suite: str = "it"):
        logs = paths.REPO / "build" / "logs" / {"it": "integration"}.get(suite, suite)
        checkout = hashlib.sha256(str(paths.REPO).encode()).hexdigest()[:8]
        for number in range(100):
            self.cluster = f"{suite}-{checkout}-{number}"
            self.logs = Path(f"{logs}-{number}" if number else logs)
            self.logs.mkdir(parents=True, exist_ok=True)
            self._lock = open(self.logs / "lock", "w")
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                self._lock.close()
        raise SystemExit(f"100 runs are under way already; see {logs}*")


class Cluster:
    """A running cluster as its administrator sees it."""

    def __init__(self, seat: Seat, audit: bool = True):
        self._seat = seat  # Taken for as long as the cluster is there.
        self._name = seat.cluster
        self.logs = seat.logs
        self.down()
        try:
            self._tool("up", f"--nodes=kwok:{NODES}", *(["--audit"] if audit else []))
        except BaseException:
            self.down()
            raise
        exports = self._tool("env")
        self.environment = dict(os.environ)
        for line in exports.splitlines():
            name, _, value = line.removeprefix("export ").partition("=")
            self.environment[name] = shlex.split(value)[0]
        self.audit_log = self.environment.get("SLIPWAY_AUDIT_LOG", "")
        self.etcd = self.environment["SLIPWAY_ETCD"]
        self.kube = Kube(json.loads(self.kubectl("config", "view", "--raw", "-o", "json")))

    def run(self, *argv: str, stdin: str | None = None, timeout: float = 60):
        """Runs a program with kubectl and helm on its PATH; returns the CompletedProcess."""
        return subprocess.run([str(a) for a in argv], env=self.environment, input=stdin, text=True,
                              capture_output=True, timeout=timeout, start_new_session=True)

    def kubectl(self, *args: str, stdin: str | None = None, timeout: float = 60) -> str:
        """The output of kubectl; raises AssertionError with what it complains about."""
        done = self.run("kubectl", *args, stdin=stdin, timeout=timeout)
        assert done.returncode == 0, f"kubectl {' '.join(args)}: {done.stderr.strip()}"
        return done.stdout

    def restart_apiserver(self, sig: str) -> None:
        """Ends the API server by a signal and starts it again; returns once it is ready."""
        self._tool("restart-apiserver", f"--signal={sig}")

    def add_apiserver(self, etcd: str) -> str:
        """The URL of one more API server, called apiserver-2, that finds etcd at that address."""
        return self._tool("add-apiserver", f"--etcd={etcd}").splitlines()[-1]

    def restart(self, part: str) -> None:
        self._tool("restart", part, "--signal=KILL")

    def down(self) -> None:
        self._tool("down")

    def _tool(self, command: str, *args: str) -> str:
        done = subprocess.run([paths.CLUSTER, command, f"--name={self._name}", *args], text=True,
                              capture_output=True, start_new_session=True)
        if done.returncode != 0:
            raise SystemExit(f"cluster {command} failed: {done.stderr.strip() or done.stdout}")
        return done.stdout
