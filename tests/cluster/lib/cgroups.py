"""The control groups of a real node, on machines with cgroup v1 hierarchies and with v2 alone.

v1: one group for each hierarchy. v2: one group that hands its controllers down and so may hold no
process itself, with a child `init` for the node's own processes; kubelet puts pods beside it.
"""

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from .report import Failure

ROOT = Path("/sys/fs/cgroup")
NEEDED = ("cpu", "cpuacct", "cpuset", "memory", "pids")
NEEDED_V2 = ("cpu", "cpuset", "memory", "pids")
_CONTROLLERS = {
    *NEEDED,
    "devices",
    "freezer",
    "blkio",
    "hugetlb",
    "perf_event",
    "net_cls",
    "net_prio",
    "rdma",
    "misc",
}


@dataclass(frozen=True)
class Hierarchy:
    """One mounted tree of groups. `options` mounts it again: 'cpu,cpuacct', 'none,name=systemd'."""

    mount: Path
    options: str

    def group(self, name: str) -> Path:
        return self.mount / f"slipway-{name}"


def unified() -> bool:
    """Whether this machine has cgroup v2 alone."""
    return any(
        line.split()[1:3] == [str(ROOT), "cgroup2"]
        for line in Path("/proc/self/mounts").read_text().splitlines()
    )


def hierarchies() -> list[Hierarchy]:
    """Every tree that a node needs a group in."""
    if unified():
        return [Hierarchy(ROOT, "")]
    found = []
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, mount, kind, options, *_ = line.split()
        if kind != "cgroup":
            continue
        kept = [o for o in options.split(",") if o in _CONTROLLERS or o.startswith("name=")]
        if kept and kept[0].startswith("name="):
            kept.insert(0, "none")
        found.append(Hierarchy(Path(mount), ",".join(kept)))
    return found


def create(name: str) -> None:
    """Makes the empty groups of a node."""
    for hierarchy in hierarchies():
        group = hierarchy.group(name)
        group.mkdir(exist_ok=True)
        if unified():
            (group / "init").mkdir(exist_ok=True)
            _hand_down(ROOT)
        elif "cpuset" in hierarchy.options.split(","):
            # A new cpuset is empty and takes no process; its children copy what it has.
            for file in ("cpuset.cpus", "cpuset.mems"):
                (group / file).write_text((hierarchy.mount / file).read_text())
            (group / "cgroup.clone_children").write_text("1")


def _hand_down(group: Path) -> None:
    for controller in NEEDED_V2:
        (group / "cgroup.subtree_control").write_text(f"+{controller}")


def join(name: str, inner: bool) -> None:
    """Moves this process into a node's groups; `inner` means the v2 child for processes."""
    for hierarchy in hierarchies():
        group = hierarchy.group(name)
        (group / "init" if inner and unified() else group).joinpath("cgroup.procs").write_text("0")


def exist(name: str) -> bool:
    return any(h.group(name).exists() for h in hierarchies())


def remove(name: str) -> None:
    """Kills whatever is left in a node's groups, and removes them."""
    deadline = time.monotonic() + 10
    while exist(name):
        for hierarchy in hierarchies():
            _empty(hierarchy.group(name))
        if time.monotonic() > deadline:
            raise Failure(f"cgroup slipway-{name} does not empty; see cgroup.procs below {ROOT}")
        time.sleep(0.02)


def _empty(group: Path) -> None:
    for folder, _, _ in os.walk(group, topdown=False):
        with contextlib.suppress(OSError):
            for pid in Path(folder, "cgroup.procs").read_text().split():
                os.kill(int(pid), signal.SIGKILL)
        with contextlib.suppress(OSError):  # not empty yet: the next round takes it
            os.rmdir(folder)


def problems() -> list[str]:
    """What keeps this machine from having a node's groups, in words for its user."""
    if unified():
        there = (ROOT / "cgroup.controllers").read_text().split()
        missing = [c for c in NEEDED_V2 if c not in there]
    else:
        there = ",".join(h.options for h in hierarchies()).split(",")
        missing = [c for c in NEEDED if c not in there]
    if missing:
        return [
            f"kernel: no cgroup controller {', '.join(missing)} below {ROOT}; boot with it enabled"
        ]
    try:
        for hierarchy in hierarchies():
            trial = hierarchy.group("trial")
            trial.mkdir(exist_ok=True)
            trial.rmdir()
    except OSError as problem:
        return [
            f"kernel: no group can be made in {hierarchy.mount} ({problem.strerror}); a container "
            "needs its own writable cgroups (such as --privileged --cgroupns=private)"
        ]
    return []
