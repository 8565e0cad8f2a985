"""Installs what a case needs: Debian packages as they are, Python packages into a venv of its own."""

import fcntl
import functools
import os
import shutil
import subprocess

from . import paths
from .cases import PYTHON, Case, venv

BASIC = ("iproute2", "mount", "python3", "util-linux")


def install(case: Case, say) -> str:
    """Says nothing when all is there; returns what went wrong, or an empty text."""
    wanted = [*BASIC, *case.debian, *(["python3-venv"] if case.python else [])]
    missing = [package for package in wanted if not _debian_version(package)]
    if missing:
        say(f"{case.name}: installing {', '.join(missing)}")
        env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        problem = _update(tuple(env.items())) or _run(
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing], env)
        if problem:
            return problem
    return _make_venv(case, say) if case.python else ""


def version(case: Case) -> str:
    """What the run was made with, for its output."""
    parts = [f"{package} {_debian_version(package)}" for package in case.debian or ["python3"]]
    return ", ".join([*parts, *(package.replace("==", " ") for package in case.python)])


def _debian_version(package: str) -> str:
    asked = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}", package],
                           capture_output=True, text=True).stdout
    status, _, found = asked.partition(" ")
    return found if status == "installed" else ""


@functools.cache
def _update(env: tuple[tuple[str, str], ...]) -> str:
    """Once a run; an old list names packages that the mirror no longer has."""
    return _run(["apt-get", "update", "-qq"], dict(env))


def _make_venv(case: Case, say) -> str:
    folder = venv(case)
    paths.cache().mkdir(parents=True, exist_ok=True)
    with open(paths.cache() / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted, made = "\n".join(case.python), folder / "made-of"
        if made.exists() and made.read_text() == wanted:
            return ""
        say(f"{case.name}: installing {', '.join(case.python)}")
        shutil.rmtree(folder, ignore_errors=True)
        for command in ([PYTHON, "-m", "venv", folder],
                        [folder / "bin" / "python3", "-m", "pip", "install", "--quiet", *case.python]):
            problem = _run(command)
            if problem:
                return problem
        made.write_text(wanted)
    return ""


def _run(command: list, env: dict[str, str] | None = None) -> str:
    """Returns the end of the output of a command that failed."""
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    if done.returncode == 0:
        return ""
    return "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:]) or f"exit {done.returncode}"
