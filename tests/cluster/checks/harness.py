"""Runs cases in order, and what they share: clusters, commands, waiting."""

import os
import subprocess
import sys
import time
from pathlib import Path

CLUSTER = Path(__file__).resolve().parent.parent / "cluster"
PREFIX = f"test-{os.getpid()}"

_made: list[str] = []


class Failed(Exception):
    """A check that did not hold."""


def check(holds: bool, what: str) -> None:
    if not holds:
        raise Failed(what)


def equal(got, wanted, what: str) -> None:
    check(got == wanted, f"{what}: got {got!r}, want {wanted!r}")


def name(short: str) -> str:
    """The name of a cluster of this run, which is taken down at the end whatever happens."""
    full = f"{PREFIX}-{short}"
    if full not in _made:
        _made.append(full)
    return full


def command(*argv, timeout: float = 600, **options) -> subprocess.CompletedProcess:
    return subprocess.run(
        [str(a) for a in argv], capture_output=True, text=True, timeout=timeout, **options
    )


def cluster(action: str, short: str, *args: str) -> str:
    """Runs `cluster ACTION` and gives its output; fails when it fails."""
    done = command(CLUSTER, action, f"--name={name(short)}", *args)
    check(done.returncode == 0, f"cluster {action}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def kubectl(short: str, *args: str, stdin: str | None = None) -> str:
    done = command(CLUSTER, "kubectl", f"--name={name(short)}", *args, input=stdin)
    check(done.returncode == 0, f"kubectl {' '.join(args)}: {done.stderr[-2000:]}")
    return done.stdout


def state_folder(short: str) -> Path:
    root = os.environ.get("SLIPWAY_CACHE") or Path.home() / ".cache" / "slipway"
    return Path(root) / "cluster" / "state" / name(short)


def eventually(holds, what: str, seconds: float = 30) -> float:
    """Waits until `holds()` is true and gives the seconds that took."""
    began = time.monotonic()
    while True:
        try:
            if holds():
                return time.monotonic() - began
            problem = ""
        except Failed as failed:
            problem = f" ({failed})"
        if time.monotonic() - began > seconds:
            raise Failed(f"not within {seconds:.0f} s: {what}{problem}")
        time.sleep(0.3)


def processes_of(short: str) -> list[str]:
    """Command lines that name a cluster's state folder: what must be gone after `down`."""
    mark = f"/state/{name(short)}/"
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if mark in line:
            found.append(f"{path.parent.name} {line[:120]}")
    return found


def run(cases: list) -> int:
    passed = failed = 0
    try:
        for case in cases:
            began = time.monotonic()
            try:
                case()
                passed += 1
                result = "ok    "
            except Exception as problem:  # a broken case is a failed one
                failed += 1
                result = f"FAILED {type(problem).__name__}: {problem}\n      "
            print(f"{result} {case.__doc__.strip()} ({time.monotonic() - began:.1f} s)", flush=True)
    finally:
        for full in _made:
            command(CLUSTER, "down", f"--name={full}")
    print(f"{passed} passed, {failed} failed")
    sys.stdout.flush()
    return 1 if failed else 0
