"""What is known of one cluster between two runs: one folder outside the repository."""

import fcntl
import json
import random
import re
import shutil
import socket
from contextlib import contextmanager

from . import paths, process
from .report import Failure

# Below Linux's range for outgoing connections, so that none of them takes a port of ours.
PORTS = range(20000, 30000)


class State:
    """The folder of the cluster called `name`."""

    def __init__(self, name: str):
        if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?", name):
            raise Failure(
                f"--name={name}: a name has 1 to 32 of a-z, 0-9 and '-', as in --name=test-1"
            )
        self.name = name
        self.dir = paths.states() / name
        self.run = self.dir / "run"
        self.logs = self.dir / "log"
        self.pki = self.dir / "pki"
        self.bin = self.dir / "bin"
        self.kubeconfig = self.dir / "kubeconfig"
        self.audit_log = self.dir / "audit.log"

    def exists(self) -> bool:
        return self.dir.exists()

    def create(self) -> None:
        for folder in (self.dir, self.run, self.logs, self.pki, self.bin):
            folder.mkdir(parents=True, exist_ok=True)

    def remove(self) -> None:
        shutil.rmtree(self.dir, ignore_errors=False) if self.dir.exists() else None

    def settings(self) -> dict:
        """What `up` was told and has chosen (mode, ports); empty for an unfinished state."""
        try:
            return json.loads((self.dir / "cluster.json").read_text())
        except (OSError, ValueError):
            return {}

    def save(self, settings: dict) -> None:
        process.write_atomically(self.dir / "cluster.json", json.dumps(settings, indent=1))

    def processes(self) -> list[process.Process]:
        return process.load_all(self.run)

    @contextmanager
    def lock(self):
        """Keeps two runs from changing the same cluster at once; a crash releases it."""
        paths.states().mkdir(parents=True, exist_ok=True)
        with open(paths.states() / f".{self.name}.lock", "w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Failure(
                    f"cluster {self.name}: another up, down, start or stop is under way; "
                    "wait for it, or use another --name"
                ) from None
            yield


def all_names() -> list[str]:
    if not paths.states().exists():
        return []
    return sorted(p.name for p in paths.states().iterdir() if p.is_dir())


def _free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def take_ports(state: State, names: list[str], settings: dict) -> dict[str, int]:
    """Picks a free port of 127.0.0.1 for each name and saves them with the settings.

    A port counts as taken when a cluster has it written down, even before that cluster listens.
    """
    paths.states().mkdir(parents=True, exist_ok=True)
    with open(paths.states() / ".ports.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        taken = {
            port
            for other in all_names()
            for port in State(other).settings().get("ports", {}).values()
        }
        ports: dict[str, int] = {}
        candidates = random.sample(PORTS, len(PORTS))
        for name in names:
            port = next((p for p in candidates if p not in taken and _free(p)), None)
            if port is None:
                raise Failure(
                    f"no free port of 127.0.0.1 between {PORTS.start} and {PORTS.stop - 1}"
                )
            taken.add(port)
            ports[name] = port
        state.save(settings | {"ports": settings.get("ports", {}) | ports})
    return ports
