#!/usr/bin/env python3
"""Turns the namespaces that it is started in into a pod, then becomes the pod's program.

Reads on standard input, as JSON: hostname, address (with prefix length), files (path -> text),
folders (path in the pod -> path on this machine), env, argv. The "image" of the pod is this machine
with an /etc and a /tmp of its own; the program runs as nobody, as the pod's securityContext wants.
"""

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

NOBODY = 65534
BIND, READ_ONLY, REMOUNT = 0x1000, 0x1, 0x20  # <sys/mount.h>
SET_PDEATHSIG, SET_NO_NEW_PRIVS = 1, 38  # <sys/prctl.h>
SCRATCH = Path("/mnt")

_libc = ctypes.CDLL(None, use_errno=True)


def call(function: str, *args) -> None:
    if getattr(_libc, function)(*args):
        number = ctypes.get_errno()
        raise OSError(number, f"{function}{args}: {os.strerror(number)}")


def mount(source: str, target, kind: str | None = None, flags: int = 0, data: str | None = None) -> None:
    texts = [None if t is None else str(t).encode() for t in (source, target, kind, data)]
    call("mount", texts[0], texts[1], texts[2], ctypes.c_ulong(flags), texts[3])


def mount_all(folders: dict[str, str]) -> None:
    """What the pod sees in place of this machine's folders; only the pod's namespace changes."""
    # Held open, since they may lie below a folder that is about to be covered.
    held = {target: os.open(source, os.O_RDONLY) for target, source in folders.items()}
    for scratch in (SCRATCH, "/tmp", "/dev/shm"):
        mount("tmpfs", scratch, "tmpfs", data="mode=1777")
    upper, work = SCRATCH / ".etc", SCRATCH / ".work"
    upper.mkdir()
    work.mkdir()
    mount("overlay", "/etc", "overlay", data=f"lowerdir=/etc,upperdir={upper},workdir={work}")
    for target, handle in held.items():
        Path(target).mkdir(parents=True)
        mount(f"/proc/self/fd/{handle}", target, flags=BIND)
        mount("none", target, flags=BIND | REMOUNT | READ_ONLY)
        os.close(handle)


def network(address: str) -> None:
    for command in ("link set lo up", f"addr add {address} dev eth0", "link set eth0 up"):
        subprocess.run(["ip", *command.split()], check=True)


def drop_rights() -> None:
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    call("prctl", SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    # Changing the user has cleared what `unshare --kill-child` had set.
    call("prctl", SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def main() -> None:
    pod = json.load(sys.stdin)
    os.umask(0o022)
    socket.sethostname(pod["hostname"])
    mount_all(pod["folders"])
    for path, text in pod["files"].items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        # In place of the machine's file, which may be a link to one that does not exist here.
        Path(path).unlink(missing_ok=True)
        Path(path).write_text(text)
    network(pod["address"])
    drop_rights()
    os.chdir("/tmp")
    os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
    os.execvpe(pod["argv"][0], pod["argv"], pod["env"])


if __name__ == "__main__":
    main()
