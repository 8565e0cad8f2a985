"""Simulated nodes: Node objects that kwok keeps ready and whose pods it plays."""

import json

from . import parts, paths, process
from .control_plane import ControlPlane
from .report import Failure, step, wait_until

# Large enough that the scheduler never says no before a test wants it to.
CAPACITY = {
    "cpu": "1000",
    "memory": "4Ti",
    "ephemeral-storage": "4Ti",
    "pods": "10000",
    "nvidia.com/gpu": "64",
}


def _node(index: int) -> dict:
    name = f"kwok-{index}"
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64",
                "topology.kubernetes.io/zone": f"zone-{index % 3}",
                "type": "kwok",
            },
        },
        "status": {
            "capacity": CAPACITY,
            "allocatable": CAPACITY,
            "addresses": [
                {"type": "InternalIP", "address": f"10.63.{index // 256}.{index % 256}"},
                {"type": "Hostname", "address": name},
            ],
            "nodeInfo": {key: "" for key in ("machineID", "systemUUID", "bootID", "osImage")}
            | {
                "kernelVersion": "kwok",
                "containerRuntimeVersion": "kwok://0.8.0",
                "kubeletVersion": parts.KUBERNETES,
                "kubeProxyVersion": "",
                "operatingSystem": "linux",
                "architecture": "amd64",
            },
        },
    }


def start(plane: ControlPlane, count: int) -> None:
    """Creates `count` nodes and starts kwok; returns when all of them are ready."""
    state = plane.state
    with step(f"{count} simulated nodes ready") as current:
        plane.pki.sign("kwok", "/O=system:masters/CN=kwok")
        player = process.spawn(
            state.run,
            "kwok",
            [
                parts.PROGRAMS["kwok"].binary(),
                f"--kubeconfig={plane.kubeconfig('kwok')}",
                f"--config={paths.HERE / 'kwok' / 'config.yaml'}",
            ],
            state.logs / "kwok.log",
            plane.place.enter,
        )
        nodes = {"apiVersion": "v1", "kind": "List", "items": [_node(i) for i in range(count)]}
        parts.kubectl(state, "create", "-f", "-", input=json.dumps(nodes))
        parts.kubectl(state, "apply", "-f", paths.HERE / "manifests" / "simulated-nodes.yaml")

        def ended():
            if not player.alive():
                raise Failure(f"kwok ended; the end of {player.log}:\n{player.log_tail()}")

        wait_until(lambda: _ready(state) >= count, "the nodes", 120 + count / 10, current, ended)


def _ready(state) -> int:
    out = parts.kubectl(
        state,
        "get",
        "nodes",
        "-o",
        "jsonpath={range .items[*]}{.status.conditions[?(@.type=='Ready')].status} {end}",
    ).stdout
    return out.split().count("True")
