"""The first process of a real node's namespaces: sets them up, then reaps orphans until killed.

usage: python3 -m lib.node_init NAME ADDRESS STATE_DIR KEEP_DIR...

KEEP_DIRs stay visible when they lie below a folder that the node gets for itself.
"""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

from . import cgroups

# kubelet writes to these, and they are the whole machine's. It gets files of its own instead.
MACHINE_WIDE = ("vm/overcommit_memory", "kernel/panic", "kernel/panic_on_oops")

# Folders with fixed names in kubelet, containerd or CNI; the node's are empty and end with it.
PRIVATE = ("/run", "/var/lib", "/var/log")


def run(*command: str) -> None:
    subprocess.run([str(c) for c in command], check=True)


def bind(source: Path | str, target: Path | str) -> None:
    run("mount", "--rbind", source, target)


def hide_private_folders(keep: list[Path]) -> None:
    """Puts an empty folder over each of PRIVATE, with what must stay visible bound back in."""
    for folder in PRIVATE:
        inside = [k for k in keep if k.is_relative_to(folder)]
        handles = [os.open(k, os.O_PATH | os.O_DIRECTORY) for k in inside]
        run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", folder)
        for path, handle in zip(inside, handles, strict=True):
            path.mkdir(parents=True)
            subprocess.run(
                ["mount", "--rbind", f"/proc/self/fd/{handle}", path], check=True, pass_fds=[handle]
            )


def mount_cgroups(hierarchies: list[cgroups.Hierarchy], unified: bool) -> None:
    """Shows the node its own groups as if they were the roots."""
    if unified:
        run("mount", "-t", "cgroup2", "cgroup2", cgroups.ROOT)
        for controller in (cgroups.ROOT / "cgroup.controllers").read_text().split():
            (cgroups.ROOT / "cgroup.subtree_control").write_text(f"+{controller}")
        return
    run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", cgroups.ROOT)
    for hierarchy in hierarchies:
        hierarchy.mount.mkdir()
        run("mount", "-t", "cgroup", "-o", hierarchy.options, "cgroup", hierarchy.mount)


def protect_machine_wide_settings() -> None:
    for name in MACHINE_WIDE:
        setting, private = Path("/proc/sys", name), Path("/run", name.replace("/", "-"))
        private.write_text(setting.read_text())
        run("mount", "--bind", private, setting)


def network(address: str) -> None:
    run("ip", "link", "set", "lo", "up")
    # An empty bridge carries the node's address: not every kernel has the dummy device.
    run("ip", "link", "add", "node0", "type", "bridge")
    run("ip", "addr", "add", f"{address}/32", "dev", "node0")
    run("ip", "link", "set", "node0", "up")
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")  # a setting of this network namespace


def set_up(name: str, address: str, state: Path, keep: list[Path]) -> None:
    run("mount", "--make-rprivate", "/")  # or the host would see every mount below
    hierarchies, unified = cgroups.hierarchies(), cgroups.unified()
    run("mount", "-t", "proc", "proc", "/proc")
    hide_private_folders([state, *keep])
    run("mount", "-t", "sysfs", "sysfs", "/sys")  # shows the network devices of this namespace
    mount_cgroups(hierarchies, unified)
    protect_machine_wide_settings()
    run("mount", "--make-rshared", "/")  # kubelet passes volumes on to containers
    run("hostname", name)
    network(address)


def main() -> None:
    name, address, state, *keep = sys.argv[1:]
    set_up(name, address, Path(state), [Path(k) for k in keep])
    Path(state, "node.ready").touch()
    reap_for_ever()


def reap_for_ever() -> None:
    """Nobody else may reap the orphans of a pid namespace."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    while True:
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass
        signal.sigwait({signal.SIGCHLD})


main()
