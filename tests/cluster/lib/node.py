"""The one real node of a cluster, in cgroups and namespaces of its own."""

import os
import signal
import subprocess
import sys

from . import cgroups, control_plane, namespaces, parts, paths, process
from .control_plane import ControlPlane
from .report import Failure, step, wait_until
from .state import State

NAME = "slipway-node"
ADDRESS = "10.250.0.1"


def create(state: State) -> None:
    """Makes the cgroups and namespaces, held by a first process called `node`."""
    with step("namespaces of the node"):
        cgroups.create(state.name)
        ready = state.dir / "node.ready"
        anchor = process.spawn(
            state.run, "node",
            [sys.executable, "-m", "lib.node_init", NAME, ADDRESS, state.dir, paths.cache(), paths.HERE,
             sys.prefix], state.logs / "node.log", lambda: _leave_the_host(state.name),
            os.environ | {"PYTHONPATH": str(paths.HERE), "PYTHONDONTWRITEBYTECODE": "1"})

        def ended():
            if not anchor.alive():
                raise Failure(f"the node's namespaces could not be set up:\n{anchor.log_tail()}")
        wait_until(ready.exists, "the node's namespaces", 30, None, ended)


def _leave_the_host(name: str) -> None:
    cgroups.join(name, inner=False)
    namespaces.unshare(namespaces.NEWCGROUP)  # the groups joined above become its roots
    cgroups.join(name, inner=True)
    namespaces.unshare(namespaces.NEWNS | namespaces.NEWNET | namespaces.NEWPID | namespaces.NEWUTS
                       | namespaces.NEWIPC)


def enter(state: State) -> None:
    """Moves this process into the node; its children, not itself, get the node's process ids."""
    anchor = process.load(state.run / "node.json")
    if anchor is None or not anchor.alive():
        raise Failure(f"the node of cluster {state.name} is not up")
    cgroups.join(state.name, inner=True)
    namespaces.join(anchor.pid)


def run_inside(state: State, argv: list[str]) -> int:
    """Runs a command inside the node, with this terminal; gives its exit status."""
    folder = os.getcwd()
    enter(state)
    os.chdir(folder if os.path.isdir(folder) else "/")  # joining a mount namespace leads to its root
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the child gets the terminal's as well
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        try:
            os.execvp(argv[0], argv)
        except OSError as problem:
            os.write(2, f"exec: {argv[0]}: {problem.strerror}\n".encode())
        os._exit(127)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def start_portal(plane: ControlPlane) -> None:
    raise Failure("real nodes are not there yet")


def start(plane: ControlPlane) -> None:
    raise Failure("real nodes are not there yet")


def load_image(cluster, image: str) -> None:
    raise Failure("real nodes are not there yet")
