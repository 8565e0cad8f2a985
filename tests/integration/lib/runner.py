"""Runs cases: shared ones and those with operators of their own side by side, the rest alone."""

import importlib
import os
import shutil
import signal
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

from . import paths
from .case import ALONE, DECLARED, OWN, SHARED, Case, Declared
from .cluster import Cluster, Seat
from .operator import Installation, kill_all

# Nearly all of a case's time is waiting for something.
AT_ONCE = {SHARED: 12, OWN: 6, ALONE: 1}


class Suite:
    """One run over some of the cases."""

    def __init__(self, wanted: list[str]):
        for file in sorted((paths.SUITE / "cases").glob("[a-z]*.py")):
            importlib.import_module(f"cases.{file.stem}")
        self.cases = [c for c in DECLARED
                      if not wanted or any(w in c.name for w in wanted)]
        if not self.cases:
            names = "\n  ".join(c.name for c in DECLARED)
            raise SystemExit(f"no case has {' or '.join(wanted)} in its name; there are\n  {names}")
        self.failed: list[str] = []
        self.cluster: Cluster | None = None
        self.shared: Installation | None = None

    def run(self) -> int:
        """Runs all; returns the exit status."""
        if not paths.BINARY.exists():
            raise SystemExit(f"{paths.BINARY} does not exist; build it first: make build")
        started = time.monotonic()
        # Ctrl-C raises KeyboardInterrupt by itself; a plain kill has to be made to.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        try:
            self._up()
            say(f"cluster up after {time.monotonic() - started:.1f} s; {len(self.cases)} cases")
            for kind in (SHARED, OWN, ALONE):
                self._run_kind(kind)
        finally:
            self._down()
        for name in self.failed:
            print(f"FAILED {name}")
        print(f"{len(self.cases) - len(self.failed)} passed, {len(self.failed)} failed "
              f"in {time.monotonic() - started:.0f} s")
        return 1 if self.failed else 0

    def _up(self) -> None:
        seat = Seat()
        for old in seat.logs.iterdir():
            if old.is_dir():
                shutil.rmtree(old)
        self.cluster = Cluster(seat)
        self.cluster.kubectl("apply", "-f", paths.CHART.parent / "namespace.yaml")
        self.shared = Installation(self.cluster, "slipway", crds=True)
        self.cluster.kubectl("wait", "--for=condition=Established", "--timeout=30s", "crd", "--all")

    def _down(self) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        kill_all()
        if self.cluster:
            self.cluster.down()

    def _run_kind(self, kind: str) -> None:
        cases = [c for c in self.cases if c.kind == kind]
        if not cases:
            return
        if kind == SHARED:
            self.shared.start(elect=False).wait_working()
        with ThreadPoolExecutor(AT_ONCE[kind]) as pool:
            try:
                list(pool.map(self._run_case, cases))
            except (KeyboardInterrupt, SystemExit):
                pool.shutdown(wait=False, cancel_futures=True)
                os._exit(self._abandon())
        self.shared.stop()

    def _abandon(self) -> int:
        """Ctrl-C: cases that still run cannot be interrupted, so they go down with the process."""
        say("interrupted")
        self._down()
        return 130

    def _run_case(self, declared: Declared) -> None:
        started = time.monotonic()
        ns = declared.ns
        t = None
        try:
            t = Case(self.cluster, ns, self.shared if declared.kind == SHARED else None)
            declared.run(t)
            verdict, text = "ok", ""
        except Exception:
            verdict, text = "FAILED", f"{traceback.format_exc()}{self._evidence(t, ns)}"
            self.failed.append(declared.name)
        if t:
            t.close()
        say(f"{verdict:<6} {time.monotonic() - started:5.1f} s  {declared.name}\n{text}".rstrip())

    def _evidence(self, t: Case | None, ns: str) -> str:
        """What the namespace looks like and what the operator said about it."""
        shown = [self.cluster.run("kubectl", "get", "tj,md,dm,pods,services,events", "-n", ns,
                                  "-o", "wide").stdout]
        for replica in t.slipway.replicas if t and t.slipway else []:
            lines = [line for line in replica.log_file.read_text(errors="replace").splitlines()
                     if f'"{ns}' in line or len(t.slipway.replicas) > 1 or t.slipway is not self.shared]
            shown.append("\n".join([f"--- {replica.log_file}", *lines[-25:]]))
        return "\n".join(shown)


def say(text: str) -> None:
    print(text, flush=True)


def main(arguments: list[str]) -> int:
    return Suite(arguments).run()
