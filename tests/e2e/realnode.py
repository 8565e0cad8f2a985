"""A cluster with a real node and the operator in it, and how its checks are told."""

import json
import os
import shlex
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CLUSTER = ROOT / "tests" / "cluster" / "cluster"
IMAGE = ROOT / "tests" / "cluster" / "image"

# The operator's processes, inside the node: "pid pod" a line.
FIND_OPERATORS = """
import pathlib
for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
    try:
        words = path.read_bytes().split(b"\\0")
        host = (path.parent / "environ").read_bytes().split(b"HOSTNAME=")[1].split(b"\\0")[0]
    except (OSError, IndexError):
        continue
    if words[:2] == [b"/slipway", b"run"]:
        print(path.parent.name, host.decode())
"""

began = time.monotonic()
passed: list[str] = []
failed: list[str] = []


def say(text: str) -> None:
    print(f"[{time.monotonic() - began:6.1f} s] {text}", flush=True)


def check(what: str, good: bool, detail="") -> None:
    (passed if good else failed).append(what)
    say(f"  {'ok' if good else 'FAILED'}: {what}" + ("" if good else f": {detail}"))


def summary() -> int:
    print(f"{len(passed)} passed, {len(failed)} failed")
    return 1 if failed else 0


def run(*argv, text: str | None = None) -> str:
    done = subprocess.run([str(a) for a in argv], input=text, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{shlex.join(str(a) for a in argv)}: {done.stderr.strip()}")
    return done.stdout


def apply(*objects: dict) -> None:
    run("kubectl", "apply", "-f", "-", text="\n---\n".join(json.dumps(o) for o in objects))


def get(*args) -> dict:
    return json.loads(run("kubectl", "get", *args, "-o", "json"))


def wait_for(what: str, seconds: float, found):
    """What `found` gives once it gives something; raises when it does not in time."""
    deadline, last = time.monotonic() + seconds, None
    while time.monotonic() < deadline:
        try:
            last = found()
        except RuntimeError as problem:  # As of an object that is not there yet.
            last = None
            problem_text = str(problem)
        else:
            problem_text = ""
        if last:
            return last
        time.sleep(0.5)
    raise RuntimeError(f"{what}: not within {seconds} s {problem_text}")


def build(recipe: str | Path, *options: str) -> str:
    return run(IMAGE, "build", recipe, *options).splitlines()[-1]


def version() -> str:
    """The newest build, under a tag of its own."""
    binary = ROOT / "build" / "release" / "slipway"
    return "dev-" + run("sha256sum", binary)[:12]


def make_cluster(name: str, *images: str) -> None:
    """One with the operator, one replica of it, and these images beside."""
    run(ROOT / ".ci" / "build", "release", "slipway")
    run(ROOT / "tests" / "cluster" / "build", "real")
    tag = version()
    operator = build("operator", f"--binary={ROOT / 'build' / 'release' / 'slipway'}", f"--tag={tag}")
    say("cluster with a real node")
    run(CLUSTER, "up", f"--name={name}", "--nodes=real")
    run(CLUSTER, "load-image", f"--name={name}", operator, *images)
    use_cluster(name)
    run("kubectl", "apply", "-f", ROOT / "charts" / "namespace.yaml")
    run("helm", "install", "slipway", ROOT / "charts" / "slipway", "-n", "slipway-system", "--wait",
        "--timeout=5m", "--set=image.repository=slipway.dev/operator", f"--set=image.tag={tag}",
        "--set=replicas=1")


def use_cluster(name: str) -> None:
    for line in run(CLUSTER, "env", f"--name={name}").splitlines():
        key, _, value = line.removeprefix("export ").partition("=")
        os.environ[key] = shlex.split(value)[0]
