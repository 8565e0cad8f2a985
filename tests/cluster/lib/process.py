"""Long-running processes: started detached, recorded before they run, ended by their own pid.

A record holds the pid together with the process's start time and the machine's boot id, because
a pid alone may belong to somebody else by the time it is signalled.
"""

import contextlib
import json
import os
import signal
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from .report import Failure


def _boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _stat(pid: int, proc_fd: int | None = None) -> tuple[bool, int] | None:
    """Whether a process runs, and its start time (clock ticks since boot); None if it is gone.

    It runs as long as one of its threads does: while they end, the process shows as a zombie, but
    its files and ports are still open.
    """
    try:
        path = f"{pid}/stat" if proc_fd is not None else f"/proc/{pid}/stat"
        fd = os.open(path, os.O_RDONLY, dir_fd=proc_fd)
    except FileNotFoundError:
        return None
    with open(fd) as file:
        try:
            # The command name, field 2, is in parentheses and may hold anything, even ')'.
            fields = file.read().rpartition(")")[2].split()
        except ProcessLookupError:
            return None
    state, threads, start = fields[0], int(fields[17]), int(fields[19])  # 3, 20 and 22 of proc(5)
    return state not in "ZX" or threads > 1, start


@dataclass
class Process:
    """A process that was started by `spawn`, possibly by an earlier run of the program."""

    name: str
    pid: int
    start_ticks: int
    boot_id: str
    argv: list[str]
    log: str
    stopped: bool = False  # ended on purpose, to be started again

    def alive(self) -> bool:
        """Whether this very process still runs; a zombie does not."""
        return _stat(self.pid) == (True, self.start_ticks) and self.boot_id == _boot_id()

    def end(self, first: int = signal.SIGTERM, grace_s: float = 5) -> None:
        """Ends the process and its group: `first`, then SIGKILL after `grace_s` seconds."""
        for sig, patience in ((first, grace_s), (signal.SIGKILL, 5)):
            if not self.alive():
                return
            self._signal(sig)
            deadline = time.monotonic() + patience
            while self.alive() and time.monotonic() < deadline:
                time.sleep(0.02)
        if self.alive():
            raise Failure(
                f"{self.name} (pid {self.pid}) survived SIGKILL; look at /proc/{self.pid}/stack"
            )

    def _signal(self, sig: int) -> None:
        try:
            os.killpg(self.pid, sig)
        except ProcessLookupError:  # not yet the leader of its group, or just gone
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, sig)

    def rss_mib(self) -> int:
        """Resident memory in MiB, 0 when it cannot be read."""
        try:
            pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        except (OSError, IndexError):
            return 0
        return pages * os.sysconf("SC_PAGE_SIZE") // 2**20

    def log_tail(self, lines: int = 8) -> str:
        try:
            return "\n".join(Path(self.log).read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""


def load(record: Path) -> Process | None:
    """Reads a record; None when there is none or it was cut short by a crash."""
    try:
        return Process(**json.loads(record.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def load_all(folder: Path) -> list[Process]:
    """Every process recorded in a folder, in the order in which they were started."""
    found = [load(path) for path in folder.glob("*.json")]
    return sorted((p for p in found if p), key=lambda p: p.start_ticks)


def stop(folder: Path, process: Process, sig: int = signal.SIGTERM) -> None:
    """Ends a process but keeps its record, so that it can be started again."""
    process.end(sig)
    process.stopped = True
    _save(folder, process)


def _save(folder: Path, process: Process) -> None:
    write_atomically(folder / f"{process.name}.json", json.dumps(asdict(process)))


def spawn(folder: Path, name: str, argv: list[str], log: Path, enter=None, env=None) -> Process:
    """Starts `argv` as the leader of a new session, its output appended to `log`.

    The child is recorded in `folder` before it may run, so that no crash of ours leaves a process
    that nobody knows. `enter`, when given, runs first in a helper process and moves that helper
    into other cgroups and namespaces.
    """
    argv = [str(a) for a in argv]
    helper = os.fork()
    if helper == 0:
        os._exit(_helper(folder, name, argv, log, enter, env or dict(os.environ)))
    _, status = os.waitpid(helper, 0)
    process = load(folder / f"{name}.json")
    if status != 0 or process is None:
        raise Failure(f"could not start {name}; see {log}")
    return process


def _helper(folder: Path, name: str, argv: list[str], log: Path, enter, env: dict) -> int:
    """Forks the process proper, which waits at a gate until its record is written."""
    try:
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        host_proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)  # `enter` may hide it
        boot_id = _boot_id()
        if enter:
            enter()
        gate_out, gate_in = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(gate_in)
            _child(gate_out, output, argv, env)
        _, ticks = _stat(child, host_proc)
        _save(folder, Process(name, child, ticks, boot_id, argv, str(log)))
        os.write(gate_in, b"go")
        return 0
    except BaseException as problem:  # the helper must never return into its parent's code
        with open(log, "a") as file:
            file.write(f"start of {name} failed: {problem!r}\n")
        return 1


def _child(gate: int, output: int, argv: list[str], env: dict) -> None:
    try:
        if os.read(gate, 2) != b"go":  # end of file: the helper died before it wrote the record
            os._exit(1)
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.closerange(3, 1024)  # such as the job server pipes of make, which would never see EOF
        os.execvpe(argv[0], argv, env)
    except OSError as problem:
        os.write(2, f"cannot run {argv[0]}: {problem}\n".encode())
    os._exit(127)


def write_atomically(path: Path, text: str, mode: int = 0o644) -> None:
    """Writes a file so that a reader, or a crash, sees all of it or nothing."""
    partial = path.with_name(path.name + ".partial")
    with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as file:
        file.write(text)
    os.replace(partial, path)
