"""Entering and leaving namespaces of Linux, for which Python 3.11 has no calls of its own."""

import ctypes
import os

# <linux/sched.h>
NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWPID, NEWNET = (
    0x00020000,
    0x02000000,
    0x04000000,
    0x08000000,
    0x20000000,
    0x40000000,
)

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    """Gives this process new namespaces; a new pid namespace holds for its children only."""
    _check(_libc.unshare(flags), "unshare")


def join(pid: int) -> None:
    """Moves this process into all namespaces of another; the pid namespace as with `unshare`."""
    kinds = ("cgroup", "ipc", "uts", "net", "pid", "mnt")  # mnt last: it takes our /proc away
    handles = [os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY) for kind in kinds]
    for kind, handle in zip(kinds, handles, strict=True):
        _check(_libc.setns(handle, 0), f"setns {kind}")
        os.close(handle)
