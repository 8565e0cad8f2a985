"""The operator of a trial as a process, and the way through the proxy that it is given."""

import re
import subprocess
import threading
import time
from pathlib import Path

from .plan import Plan

_living: set["Operator"] = set()


def stop_all() -> None:
    """Ends the operators of all trials, when a campaign is given up."""
    for operator in list(_living):
        operator.stop()


class Operator:
    """One replica of a trial's operator; started again when it has ended."""

    def __init__(self, world, ns: str, plan: Plan, settings: dict, number: int = 1):
        self._world, self._ns, self._plan, self._settings = world, ns, plan, settings
        self._folder = folder = world.logs / ns / str(number)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "clock").unlink(missing_ok=True)
        self.log = folder / "operator.log"
        self.log.write_bytes(b"")
        rules = list(plan.rules) if number == 1 else []
        self.way = world.proxy.way(world.servers, rules, folder, plan.access, ns)
        self.deaths: list[int] = []
        self.upgrades = 0
        self._over = False
        self._lock = threading.Lock()  # of starting and of what is over
        self._process: subprocess.Popen | None = None
        _living.add(self)
        self._start()
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()

    def _start(self) -> None:
        with open(self.log, "ab") as output:
            self._process = self._world.start_operator(self._folder, self._ns, self._settings, self.way, self._plan,
                                                       output)
        self.way.change(pid=self._process.pid)

    def _keep(self) -> None:
        while True:
            code = self._process.wait()
            if self._over:
                return
            self.deaths.append(code)
            time.sleep(0.1)  # As a kubelet would, only sooner.
            with self._lock:
                if self._over:
                    return
                self._start()

    def upgrade(self) -> None:
        """Asks it to end; its successor starts as soon as it has."""
        self.upgrades += 1
        self._process.terminate()

    def clock_ahead_s(self) -> int:
        """How far its clock is ahead (negative: behind), by a plan that lets it jump."""
        clock = self._folder / "clock"
        return int(clock.read_text()) if clock.exists() else 0

    def peak_mib(self) -> int:
        """The most memory that the process of now has had; 0 when it has just ended."""
        try:
            status = Path(f"/proc/{self._process.pid}/status").read_text()
        except OSError:
            return 0
        found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
        return int(found[1]) // 1024 if found else 0

    def stop(self) -> None:
        with self._lock:
            self._over = True
            self._process.kill()
        self._keeper.join()
        _living.discard(self)
