"""The one real node of a cluster, in cgroups and namespaces of its own.

Everything runs inside of these, the control plane too, so that ports, links, nftables and mounts
never meet the host's. The way in from the host is the portal, a process that listens on 127.0.0.1
and connects from inside.
"""

import json
import os
import signal
import sys
from pathlib import Path

from . import cgroups, images, namespaces, parts, paths, process
from .control_plane import POD_CIDR, ControlPlane
from .report import Failure, step, wait_until
from .state import State

NAME = "slipway-node"
ADDRESS = "10.250.0.1"
DNS_ADDRESS = "10.96.0.10"
METRICS_PORT = 4443
VOLUMES = 16  # enough for several demos; a volume is not used twice
IMAGES = ["pause", "tools"]  # imported by `up`; the others on demand

CLIENT_AND_SERVER = "extendedKeyUsage=clientAuth,serverAuth"
CONTAINERD = "unix:///run/containerd/containerd.sock"

# Certificate name -> subject, and what makes it good for serving as well.
USERS = {
    "kubelet": (
        f"/O=system:nodes/CN=system:node:{NAME}",
        f"{CLIENT_AND_SERVER}\nsubjectAltName=IP:{ADDRESS},IP:127.0.0.1,DNS:{NAME}",
    ),
    "proxy": ("/CN=system:kube-proxy", None),
    "netpol": ("/CN=slipway:netpol", None),
    "coredns": ("/CN=slipway:coredns", None),
    "metrics-server": (
        "/CN=slipway:metrics-server",
        f"{CLIENT_AND_SERVER}\nsubjectAltName=DNS:metrics-server.kube-system.svc",
    ),
}


def create(state: State) -> None:
    """Makes the cgroups and namespaces, held by a first process called `node`."""
    with step("namespaces of the node"):
        cgroups.create(state.name)
        ready = state.dir / "node.ready"
        anchor = process.spawn(
            state.run,
            "node",
            [
                sys.executable,
                "-m",
                "lib.node_init",
                NAME,
                ADDRESS,
                state.dir,
                paths.cache(),
                paths.HERE,
                sys.prefix,
            ],
            state.logs / "node.log",
            lambda: _leave_the_host(state.name),
            os.environ | {"PYTHONPATH": str(paths.HERE), "PYTHONDONTWRITEBYTECODE": "1"},
        )
        wait_until(ready.exists, "the node's namespaces", 90, None, _must_live(anchor))


def _must_live(*processes: process.Process):
    """A check that raises as soon as one of them has ended."""

    def check():
        for one in processes:
            if not one.alive():
                raise Failure(f"{one.name} ended; the end of {one.log}:\n{one.log_tail()}")

    return check


def _leave_the_host(name: str) -> None:
    cgroups.join(name, inner=False)
    namespaces.unshare(namespaces.NEWCGROUP)  # the groups joined above become its roots
    cgroups.join(name, inner=True)
    namespaces.unshare(
        namespaces.NEWNS
        | namespaces.NEWNET
        | namespaces.NEWPID
        | namespaces.NEWUTS
        | namespaces.NEWIPC
    )


def anchor_of(state: State) -> process.Process:
    """The first process of the node's namespaces."""
    anchor = process.load(state.run / "node.json")
    if anchor is None or not anchor.alive():
        raise Failure(f"the node of cluster {state.name} is not up")
    return anchor


def enter(state: State) -> None:
    """Moves this process into the node; its children, not itself, get the node's process ids."""
    anchor = anchor_of(state)
    cgroups.join(state.name, inner=True)
    namespaces.join(anchor.pid)


def run_inside(state: State, argv: list[str]) -> int:
    """Runs a command inside the node, with this terminal; gives its exit status."""
    folder = os.getcwd()
    enter(state)
    os.chdir(
        folder if os.path.isdir(folder) else "/"
    )  # joining a mount namespace leads to its root
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


def _inside(state: State, *argv) -> str:
    """Runs a short command inside the node and gives its output."""
    return parts.run(
        [sys.executable, paths.HERE / "cluster", "exec", f"--name={state.name}", "--", *argv]
    ).stdout


def start_portal(plane: ControlPlane) -> None:
    """Makes the API server reachable from the host on 127.0.0.1."""
    state = plane.state
    process.spawn(
        state.run,
        "portal",
        [
            plane.kubebox,
            "portal",
            f"-listen=127.0.0.1:{plane.place.ports['host']}",
            f"-netns=/proc/{anchor_of(state).pid}/ns/net",
            f"-to={ADDRESS}:{plane.place.ports['apiserver']}",
        ],
        state.logs / "portal.log",
    )


def start(plane: ControlPlane, netpol: bool) -> None:
    """Starts all that runs and serves pods, and waits until it does."""
    state = plane.state
    _certificates(plane)
    with step("container runtime and images"):
        _start_containerd(state, plane)
        for name in IMAGES:
            import_image(state, images.recipe(name).build())
    with step("cluster services installed"):
        _install(plane)
    _start_kubelet(plane)
    _start_services(plane, netpol)
    with step("node ready") as current:
        wait_until(
            lambda: _ready(state),
            "the node",
            240,
            current,
            _must_live(process.load(state.run / "kubelet.json")),
        )
    with step("cluster DNS and metrics API answer") as current:
        wait_until(
            lambda: _serves(plane),
            "CoreDNS and metrics-server",
            240,
            current,
            _must_live(
                *(process.load(state.run / f"{n}.json") for n in ("coredns", "metrics-server"))
            ),
        )


def _certificates(plane: ControlPlane) -> None:
    for user, (subject, extensions) in USERS.items():
        plane.pki.sign(user, subject, *([extensions] if extensions else []))
        plane.kubeconfig(user)


def _spawn(
    plane: ControlPlane, name: str, argv: list, env: dict[str, str] | None = None
) -> process.Process:
    return process.spawn(
        plane.state.run,
        name,
        argv,
        plane.state.logs / f"{name}.log",
        plane.place.enter,
        os.environ | (env or {}),
    )


def _start_containerd(state: State, plane: ControlPlane) -> None:
    config = (paths.HERE / "node" / "containerd.toml").read_text()
    (state.dir / "containerd.toml").write_text(
        config.replace("@STATE@", str(state.dir)).replace(
            "@PAUSE@", images.recipe("pause").reference
        )
    )
    cni = state.dir / "cni"
    cni.mkdir(exist_ok=True)
    (cni / "10-slipway.conflist").write_text((paths.HERE / "node" / "cni.conflist").read_text())
    one = _spawn(plane, "containerd", ["containerd", "-c", state.dir / "containerd.toml"])
    wait_until(lambda: _answers(state), "containerd", 90, None, _must_live(one))


def _answers(state: State) -> bool:
    try:
        _inside(state, "ctr", "version")
    except Failure:
        return False
    return True


def import_image(state: State, archive: Path) -> None:
    """Puts an image archive into the node's container runtime."""
    _inside(state, "ctr", "-n", "k8s.io", "images", "import", archive)


def load_image(state: State, image: str) -> None:
    """Imports an archive, or builds and imports a recipe's image."""
    if state.settings().get("nodes") != "real":
        raise Failure(f"cluster {state.name} has simulated nodes, which run no image")
    archive = Path(image) if image.endswith(".tar") else images.recipe(image).build()
    if not archive.exists():
        raise Failure(f"no image archive {archive}; `tests/cluster/image build` makes one")
    with step(f"image {image} imported"):
        import_image(state, archive)


def _start_kubelet(plane: ControlPlane) -> None:
    state, pki = plane.state, plane.pki.path
    config = json.loads((paths.HERE / "node" / "kubelet.json").read_text()) | {
        "containerRuntimeEndpoint": CONTAINERD,
        "address": ADDRESS,
        "clusterDNS": [DNS_ADDRESS],
        "podLogsDir": str(state.dir / "pod-logs"),
        "volumePluginDir": str(state.dir / "volume-plugins"),
        "tlsCertFile": str(pki("kubelet.crt")),
        "tlsPrivateKeyFile": str(pki("kubelet.key")),
    }
    config["authentication"]["x509"] = {"clientCAFile": str(pki("ca.crt"))}
    (state.dir / "kubelet.json").write_text(json.dumps(config, indent=1))
    _spawn(
        plane,
        "kubelet",
        [
            plane.kubebox,
            "kubelet",
            f"--config={state.dir / 'kubelet.json'}",
            f"--kubeconfig={plane.kubeconfig('kubelet')}",
            f"--root-dir={state.dir / 'kubelet'}",
            f"--hostname-override={NAME}",
            f"--node-ip={ADDRESS}",
        ],
    )


def _start_services(plane: ControlPlane, netpol: bool) -> None:
    state, pki = plane.state, plane.pki.path
    _spawn(
        plane,
        "proxy",
        [
            plane.kubebox,
            "proxy",
            f"--kubeconfig={plane.kubeconfig('proxy')}",
            "--proxy-mode=nftables",
            f"--cluster-cidr={POD_CIDR}",
            f"--hostname-override={NAME}",
            "--conntrack-max-per-core=0",
        ],
    )  # that limit is the whole machine's
    enforcer = _spawn(
        plane, "netpol", [plane.kubebox, "netpol", f"-kubeconfig={plane.kubeconfig('netpol')}"]
    )
    if not netpol:
        process.stop(state.run, enforcer)
    corefile = (paths.HERE / "node" / "Corefile").read_text()
    (state.dir / "Corefile").write_text(
        corefile.replace("@KUBECONFIG@", str(plane.kubeconfig("coredns")))
    )
    _spawn(plane, "coredns", [parts.PROGRAMS["coredns"].binary(), "-conf", state.dir / "Corefile"])
    kubeconfig = plane.kubeconfig("metrics-server")
    _spawn(
        plane,
        "metrics-server",
        [
            parts.PROGRAMS["metrics-server"].binary(),
            f"--kubeconfig={kubeconfig}",
            f"--authentication-kubeconfig={kubeconfig}",
            f"--authorization-kubeconfig={kubeconfig}",
            f"--tls-cert-file={pki('metrics-server.crt')}",
            f"--tls-private-key-file={pki('metrics-server.key')}",
            f"--kubelet-certificate-authority={pki('ca.crt')}",
            "--kubelet-preferred-address-types=InternalIP",
            f"--secure-port={METRICS_PORT}",
            # The resolution must be larger than the time-out.
            "--metric-resolution=10s",
            "--kubelet-request-timeout=8s",
        ],
    )


def _install(plane: ControlPlane) -> None:
    """Applies the manifests of DNS, metrics API, users' rights and volumes in one go."""
    values = {
        "@ADDRESS@": ADDRESS,
        "@DNS@": DNS_ADDRESS,
        "@METRICS_PORT@": str(METRICS_PORT),
        "@CA@": plane.pki.base64("ca.crt"),
    }
    texts = []
    for name in ("users", "dns", "metrics", "storage"):
        text = (paths.HERE / "manifests" / f"{name}.yaml").read_text()
        for mark, value in values.items():
            text = text.replace(mark, value)
        texts.append(text)
    texts += [json.dumps(_volume(plane.state, i)) for i in range(1, VOLUMES + 1)]
    parts.kubectl(plane.state, "create", "-f", "-", input="\n---\n".join(texts))


def _volume(state: State, index: int) -> dict:
    folder = state.dir / "volumes" / f"volume-{index}"
    folder.mkdir(parents=True)
    folder.chmod(0o777)  # pods write to it under any user id
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": folder.name},
        "spec": {
            "capacity": {"storage": "1Gi"},
            "storageClassName": "local",
            "accessModes": ["ReadWriteOnce", "ReadWriteMany", "ReadOnlyMany"],
            "persistentVolumeReclaimPolicy": "Retain",
            "hostPath": {"path": str(folder)},
        },
    }


def _ready(state: State) -> bool:
    try:
        return (
            "True"
            in parts.kubectl(
                state,
                "get",
                "node",
                NAME,
                "-o",
                "jsonpath={.status.conditions[?(@.type=='Ready')].status}",
            ).stdout
        )
    except Failure:  # kubelet has not registered the node yet
        return False


def _serves(plane: ControlPlane) -> bool:
    try:
        _inside(plane.state, "curl", "-sf", "-m", "2", f"http://{ADDRESS}:8181/ready")
        parts.kubectl(plane.state, "get", "--raw", "/apis/metrics.k8s.io/v1beta1")
    except Failure:
        return False
    return True
