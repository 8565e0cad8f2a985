"""The programs of a cluster: what each is built from, where it lies, and building it.

Each build lies in a folder named by the hash of all that goes into it. So a build with nothing
changed finds its folder and is done, and a change makes a new folder for that part alone.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from . import golang, paths
from .report import Failure, Step, step

KUBERNETES = "v1.35.4"
KEEP_UNUSED_S = 3 * 24 * 3600  # builds that no run has touched for this long are removed

_VERSION = "k8s.io/component-base/version"
_MAJOR, _MINOR, _ = KUBERNETES.removeprefix("v").split(".")


@dataclass(frozen=True)
class GoProgram:
    """A Go main package, built in a module of ours that pins its version and dependencies."""

    name: str
    module: str  # folder of the module, from tests/cluster
    package: str = "."
    ldflags: str = ""
    chart: tuple[str, ...] = ()  # module and folder of a chart that is kept beside the program

    def sources(self) -> list[Path]:
        """Every file that decides what the program is; tests do not."""
        folder = paths.HERE / self.module
        return sorted(
            p
            for p in folder.rglob("*")
            if p.name in ("go.mod", "go.sum")
            or (p.suffix == ".go" and not p.name.endswith("_test.go"))
        )

    def digest(self) -> str:
        digest = hashlib.sha256("\0".join((self.package, self.ldflags, *self.chart)).encode())
        for path in self.sources():
            digest.update(f"\0{os.path.relpath(path, paths.HERE)}\0".encode() + path.read_bytes())
        return digest.hexdigest()[:16]

    def folder(self) -> Path:
        return paths.cache() / "parts" / f"{self.name}-{self.digest()}"

    def binary(self) -> Path:
        """Where the program lies once it is built."""
        return self.folder() / self.name

    def build(self) -> None:
        """Builds the program unless that was done already; prints one line if it had to."""
        with build_lock(self.name):
            if not self.binary().exists():
                golang.provide()
                with step(f"build {self.name}") as current:
                    self._compile(current)
                remove_unused(self.name, self.folder())
            os.utime(self.folder())

    def _compile(self, current: Step) -> None:
        partial = self.folder().with_name(f"{self.folder().name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        golang.build(
            paths.HERE / self.module,
            self.package,
            partial / self.name,
            f"-s -w {self.ldflags}".strip(),
            current,
        )
        if self.chart:
            module, folder = self.chart
            found = golang.sources(paths.HERE / self.module, module) / folder
            run(["cp", "-r", "--no-preserve=mode", found, partial / "chart"])
        partial.rename(self.folder())


PROGRAMS = {
    program.name: program
    for program in (
        GoProgram(
            "kubebox",
            "kubebox",
            ldflags=(
                f"-X {_VERSION}.gitVersion={KUBERNETES} -X {_VERSION}.gitTreeState=clean "
                f"-X {_VERSION}.gitMajor={_MAJOR} -X {_VERSION}.gitMinor={_MINOR}"
            ),
        ),
        GoProgram("kwok", "modules/kwok", "sigs.k8s.io/kwok/cmd/kwok"),
        GoProgram("helm", "modules/helm", "helm.sh/helm/v3/cmd/helm"),
        GoProgram("coredns", "coredns"),
        GoProgram(
            "metrics-server",
            "modules/metrics-server",
            "sigs.k8s.io/metrics-server/cmd/metrics-server",
        ),
        GoProgram(
            "versitygw", "modules/versitygw", "github.com/versity/versitygw/cmd/versitygw"
        ),
        GoProgram(
            "kueue",
            "modules/kueue",
            "sigs.k8s.io/kueue/cmd/kueue",
            chart=("sigs.k8s.io/kueue", "charts/kueue"),
        ),
        GoProgram("faultproxy", "../faults/proxy"),
        GoProgram("mirror", "mirror"),
    )
}


class build_lock:
    """Lets one run at a time build a part; the others wait and then find it done."""

    def __init__(self, name: str):
        self._path = paths.cache() / "parts" / f".{name}.lock"

    def __enter__(self):
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(self._path, "w")
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_):
        self._file.close()


def remove_unused(name: str, keep: Path) -> None:
    """Removes builds of a part that nobody has used for KEEP_UNUSED_S, and broken ones."""
    for old in keep.parent.glob(f"{name}-????????????????*"):
        unused = time.time() - old.stat().st_mtime > KEEP_UNUSED_S
        if old != keep and (unused or old.name.endswith(".partial")):
            shutil.rmtree(old, ignore_errors=True)


def need(*names: str) -> None:
    """Refuses to go on when one of the programs is not built."""
    missing = [name for name in names if not PROGRAMS[name].binary().exists()]
    if missing:
        raise Failure(f"not built: {', '.join(missing)}; run {paths.HERE / 'build'} first")


def run(argv: list, **options) -> subprocess.CompletedProcess:
    """Runs a short command; a Failure with its error output when it fails."""
    argv = [str(a) for a in argv]
    done = subprocess.run(argv, capture_output=True, text=True, **options)
    if done.returncode:
        raise Failure(f"{' '.join(argv[:3])}: {(done.stderr or done.stdout).strip()}")
    return done


def kubectl(state, *args: str, **options) -> subprocess.CompletedProcess:
    """Runs kubectl as the cluster's administrator."""
    return run(
        [PROGRAMS["kubebox"].binary(), "kubectl", f"--kubeconfig={state.kubeconfig}", *args],
        **options,
    )
