"""What /proc tells about processes and about this machine."""

import os
import platform
import re
from dataclasses import dataclass
from pathlib import Path

from .failure import Failure

NICE = -15
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Usage:
    """What a process has used so far."""

    cpu_s: float  # user and system time
    peak_mib: float  # largest resident memory so far
    resident_mib: float = 0.0  # now; of a process that has ended: none


def usage(pid: int) -> Usage:
    """What a live process has used; ProcessLookupError or FileNotFoundError when it is gone."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    status = Path(f"/proc/{pid}/status").read_text()
    peak, resident = (re.search(rf"{field}:\s+(\d+) kB", status) for field in ("VmHWM", "VmRSS"))
    if peak is None or resident is None:
        raise ProcessLookupError(f"process {pid} has ended")
    # Fields 14 and 15 of proc(5), counted from after the command's name.
    return Usage((int(fields[11]) + int(fields[12])) / _TICKS, int(peak[1]) / 1024, int(resident[1]) / 1024)


def cpu_s(pids: list[int]) -> float:
    """Processor seconds of those processes that still run."""
    total = 0.0
    for pid in pids:
        try:
            total += usage(pid).cpu_s
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total


def prefer(pids: list[int]) -> None:
    """Gives processes precedence over everybody else's on this machine; needs root.

    Where the kernel groups processes by session, their own nice value counts only within it.
    """
    for pid in pids:
        try:
            os.setpriority(os.PRIO_PROCESS, pid, NICE)
            Path(f"/proc/{pid}/autogroup").write_text(str(NICE))
        except PermissionError:
            raise Failure("--prefer gives this run precedence over all other programs and needs root") from None
        except FileNotFoundError:  # a kernel without such groups
            continue


def busy_s() -> float:
    """Seconds that all processors together have been busy since boot, for whomever."""
    fields = [int(f) for f in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    user, nice, system, _idle, _iowait, irq, softirq, steal = fields
    return (user + nice + system + irq + softirq + steal) / _TICKS


def description() -> str:
    """One line: processor, cores, memory, kernel, distribution."""
    info = Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*:\s*(.+)", info)
    memory = int(re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())[1]) / 2**20
    system = platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    return (f"{os.cpu_count()} x {model[1] if model else platform.machine()}, {memory:.0f} GiB, "
            f"kernel {platform.release()}, {system}")
