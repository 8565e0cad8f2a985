"""Starts the programs that are compared, and stops what it has started by its own pid."""

import os
import shlex
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from . import machine
from .cluster import BUILT, REPO
from .failure import Failure
from .load import PYTORCH_JOB, TRAINING_JOB, Load

RAW = BUILT / "raw"

NOTHING = "nothing"
RAW_CLIENT = "raw client"

SLIPWAY = "slipway"


@dataclass(frozen=True)
class Contender:
    """How one is started, and which kind of job it runs."""

    command: str  # {kubeconfig} stands for the file, and $KUBECONFIG names it too
    load: Load = TRAINING_JOB
    ready: str = ""  # address that answers once it is ready; only a new start is measured by it


_ADMIN = "127.0.0.1:18080"
# The peer's own program with its defaults, with all that its flags can lift, and its controller
# in a program of ours without client limits.
_PEER = f"{BUILT}/training-operator/training-operator --enable-scheme=pytorchjob " \
        "--metrics-bind-address=0 --health-probe-bind-address=0 --webhook-server-port=19443"
PEERS = {
    "training-operator": Contender(_PEER, PYTORCH_JOB),
    "training-operator, 16 threads": Contender(f"{_PEER} --controller-threads=16", PYTORCH_JOB),
    "training-operator, no limits": Contender(f"{BUILT}/training-operator/unlimited --controller-threads=16",
                                              PYTORCH_JOB),
}
CONTENDERS = {
    SLIPWAY: Contender(f"{REPO}/build/release/slipway run --kubeconfig={{kubeconfig}} --leader-elect=false "
                       f"--admin-address={_ADMIN}", ready=f"http://{_ADMIN}/readyz"),
    "controller-runtime": Contender(f"{BUILT}/controller-runtime"),
    "controller-runtime, coalescing": Contender(f"{BUILT}/controller-runtime --status-interval=500ms"),
    "kube-rs": Contender(f"{BUILT}/kube-rs"),
    "kube-rs, coalescing": Contender(f"{BUILT}/kube-rs --status-interval-ms=500"),
} | PEERS | {
    RAW_CLIENT: Contender(f"{RAW} children"),
    NOTHING: Contender(""),
}


@dataclass
class Ended:
    """How a process ended, and what it has used."""

    code: int
    usage: machine.Usage


class Program:
    """A child process with its own log; leaving the context ends it."""

    preferred = False  # whether to give each one precedence over other programs

    def __init__(self, argv: list[str], kubeconfig: Path, log: Path, stdin=subprocess.DEVNULL, stdout=None):
        self.argv = argv
        self._log_path = log
        with open(log, "ab") as output:
            try:
                self._child = subprocess.Popen(
                    argv, stdin=stdin, stdout=stdout or output, stderr=output, start_new_session=True,
                    env=os.environ | {"KUBECONFIG": str(kubeconfig)})
            except OSError as problem:
                raise Failure(f"cannot run {argv[0]}: {problem.strerror}; bench/build and `make build` "
                              "make it") from None
        self.started = time.time()
        self.pid = self._child.pid
        if Program.preferred:
            machine.prefer([self.pid])
        self.stdin, self.stdout = self._child.stdin, self._child.stdout
        self._ended: Ended | None = None

    def __enter__(self) -> "Program":
        return self

    def __exit__(self, *_) -> None:
        for sig, patience in ((signal.SIGTERM, 15), (signal.SIGKILL, 5)):
            if self._poll() is None:
                os.kill(self.pid, sig)
                self._wait(patience)
        for pipe in (self.stdin, self.stdout):
            if pipe:
                pipe.close()

    def usage(self) -> machine.Usage:
        """What the live process has used so far; a Failure when it has ended."""
        self.require_alive()
        return machine.usage(self.pid)

    def require_alive(self) -> None:
        if self._poll():
            raise Failure(f"{self.argv[0]} ended with status {self._ended.code}; the end of its log:\n{self._tail()}")

    def finish(self, seconds: float) -> Ended:
        """Waits for the process to end by itself, with success."""
        ended = self._wait(seconds)
        if ended is None:
            raise Failure(f"{self.argv[0]} has not ended after {seconds:.0f} s")
        if ended.code:
            raise Failure(f"{' '.join(self.argv[:2])} failed:\n{self._tail()}")
        return ended

    def _wait(self, seconds: float) -> Ended | None:
        deadline = time.monotonic() + seconds
        while self._poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        return self._ended

    def _poll(self) -> Ended | None:
        # wait4 and not Popen.poll, which would throw away what the process has used.
        if self._ended is None:
            pid, status, used = os.wait4(self.pid, os.WNOHANG)
            if pid:
                self._child.returncode = os.waitstatus_to_exitcode(status)
                self._ended = Ended(self._child.returncode,
                                    machine.Usage(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024))
        return self._ended

    def _tail(self) -> str:
        return "\n".join(self._log_path.read_text(errors="replace").splitlines()[-8:])


def argv(command: str, kubeconfig: Path) -> list[str]:
    """The words of a contender's command."""
    return shlex.split(command.format(kubeconfig=kubeconfig))
