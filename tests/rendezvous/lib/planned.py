"""What the operator makes of a job, asked of a real control plane with simulated nodes."""

import json
import os
import shlex
import socket
import subprocess
import time
from contextlib import contextmanager

from . import paths
from .bed import DOMAIN, Pod
from .cases import Case

NAMESPACE = "rendezvous"
CLUSTER_NAME = f"rendezvous-{os.getpid()}"
PATIENCE_S = 120


def _run(*argv, text: str | None = None, env: dict[str, str] | None = None) -> str:
    done = subprocess.run([str(a) for a in argv], input=text, capture_output=True, text=True, env=env)
    if done.returncode:
        raise RuntimeError(f"{shlex.join(str(a) for a in argv)}: {done.stderr.strip()}")
    return done.stdout


def manifest(case: Case) -> dict:
    trainer = {"image": "registry.example.com/rendezvous:1", "command": case.command,
               "numNodes": case.nodes, "numProcPerNode": case.processes,
               "env": [{"name": name, "value": value} for name, value in case.env.items()]}
    return {"apiVersion": "slipway.dev/v1alpha1", "kind": "TrainingJob",
            "metadata": {"name": case.name, "namespace": NAMESPACE},
            "spec": {"framework": case.framework, "trainer": trainer,
                     **({"elasticPolicy": case.elastic} if case.elastic else {})}}


class Cluster:
    """A control plane and the operator beside it."""

    def __init__(self):
        self._env = dict(os.environ)
        for line in _run(paths.CLUSTER, "env", f"--name={CLUSTER_NAME}").splitlines():
            key, _, value = line.removeprefix("export ").partition("=")
            self._env[key] = shlex.split(value)[0]

    def kubectl(self, *args, text: str | None = None) -> str:
        return _run("kubectl", *args, text=text, env=self._env)

    def get(self, what: str, selector: str) -> list[dict]:
        found = self.kubectl("get", what, "-n", NAMESPACE, "-l", selector, "-o", "json")
        return json.loads(found)["items"]

    def apply(self, *objects: dict) -> None:
        self.kubectl("create", "-f", "-", text=json.dumps({"apiVersion": "v1", "kind": "List",
                                                           "items": list(objects)}))

    @contextmanager
    def operator(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            admin = "127.0.0.1:%d" % probe.getsockname()[1]
        paths.LOGS.mkdir(parents=True, exist_ok=True)
        with open(paths.LOGS / "rendezvous-operator.log", "wb") as log:
            process = subprocess.Popen(
                [paths.BINARY, "run", "--leader-elect=false", f"--admin-address={admin}"],
                env=self._env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            try:
                yield
            finally:
                process.kill()
                process.wait()


@contextmanager
def cluster():
    try:
        _run(paths.CLUSTER, "up", f"--name={CLUSTER_NAME}", "--nodes=kwok:2")
        yield Cluster()
    finally:
        subprocess.run([paths.CLUSTER, "down", f"--name={CLUSTER_NAME}"], stdout=subprocess.DEVNULL)


def plan(cases: list[Case], say) -> dict[str, tuple[list[Pod], dict[str, str]]]:
    """By case: its pods, node 0 first, and the names that the cluster's DNS would know."""
    if not paths.BINARY.exists():
        raise SystemExit(f"{paths.BINARY} does not exist; build it first: make build")
    with cluster() as made:
        made.kubectl("apply", "--server-side", "-f", paths.CRDS)
        made.kubectl("wait", "--for=condition=Established", "--timeout=60s", "crd/trainingjobs.slipway.dev",
                     "crd/trainingtriggers.slipway.dev", "crd/modeldeployments.slipway.dev",
                     "crd/driftmonitors.slipway.dev")
        made.kubectl("create", "namespace", NAMESPACE)
        made.apply(*map(manifest, cases))
        with made.operator():
            planned = {case.name: _planned(made, case) for case in cases}
    say(f"the operator has made the pods of {len(cases)} jobs")
    return planned


def _planned(made: Cluster, case: Case) -> tuple[list[Pod], dict[str, str]]:
    selector = f"app.kubernetes.io/instance={case.name}"
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        # A pod that has a name in DNS has an address, so the names are asked for first.
        names = _names(made.get("endpointslices", selector))
        pods = made.get("pods", selector)
        if len(pods) == len(names) == case.nodes:
            pods.sort(key=lambda pod: int(pod["metadata"]["labels"]["slipway.dev/node-index"]))
            return [_pod(pod) for pod in pods], names
        time.sleep(0.5)
    raise RuntimeError(f"{case.name}: {len(pods)} pods and {len(names)} names of {case.nodes} after "
                       f"{PATIENCE_S} s; see {paths.LOGS / 'rendezvous-operator.log'}")


def _names(slices: list[dict]) -> dict[str, str]:
    """What CoreDNS answers for a headless service: its endpoints that are ready and have a host name."""
    found = {}
    for piece in slices:
        meta = piece["metadata"]
        service = meta["labels"]["kubernetes.io/service-name"]
        for endpoint in piece["endpoints"] or []:
            if endpoint["conditions"].get("ready") and endpoint.get("hostname"):
                name = f"{endpoint['hostname']}.{service}.{meta['namespace']}.svc.{DOMAIN}"
                found[name] = endpoint["addresses"][0]
    return found


def _pod(pod: dict) -> Pod:
    meta, spec = pod["metadata"], pod["spec"]
    (container,) = spec["containers"]
    env = {entry["name"]: entry["value"] for entry in container["env"]}
    return Pod(meta["name"], meta["namespace"], spec["hostname"], spec["subdomain"],
               pod["status"]["podIP"], container["command"] + container.get("args", []), env,
               _files(meta, spec, container))


def _files(meta: dict, spec: dict, container: dict) -> dict[str, str]:
    """The files of mounted downwardAPI volumes, which is all that the operator uses."""
    volumes = {volume["name"]: volume for volume in spec.get("volumes", [])}
    files = {}
    for mount in container.get("volumeMounts", []):
        for item in volumes[mount["name"]]["downwardAPI"]["items"]:
            key = item["fieldRef"]["fieldPath"].removeprefix("metadata.annotations['").removesuffix("']")
            files[f"{mount['mountPath']}/{item['path']}"] = meta["annotations"][key]
    return files
