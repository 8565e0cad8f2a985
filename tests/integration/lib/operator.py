"""Slipway itself: installed from its chart, its replicas run as processes of this machine."""

import contextlib
import http.client
import itertools
import json
import re
import signal
import socket
import subprocess
import threading
import urllib.error
import urllib.request
from pathlib import Path

from . import paths
from .cluster import Cluster
from .kube import path
from .waiting import SLOWNESS, wait_for

NAMESPACE = "slipway-system"
# What of the chart makes sense without a pod of the operator.
_INSTALLED = {"ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding",
              "PriorityLevelConfiguration", "FlowSchema", "CustomResourceDefinition"}
_numbers = itertools.count(1)
_started: list["Replica"] = []


def kill_all() -> None:
    """Ends every replica of this run that still lives."""
    for replica in _started:
        if replica.process.poll() is None:
            replica.process.kill()
            replica.process.wait()


class Replica:
    """One running process of the operator."""

    def __init__(self, log: Path, argv: list[str], admin: str, reports: str):
        self.log_file = log
        self.admin = admin
        self.reports = reports
        with open(log, "wb") as output:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output,
                                            stderr=output, start_new_session=True)
        _started.append(self)

    def send(self, sig: signal.Signals) -> None:
        self.process.send_signal(sig)

    def end(self, sig: signal.Signals = signal.SIGTERM, within: float = 15) -> int:
        """Ends the process and returns its exit code (negative: the signal that killed it)."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(sig)
        try:
            return self.process.wait(within * SLOWNESS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"{self.log_file} did not end within {within} s of {sig.name}") from None

    def log(self) -> list[dict]:
        """What it has logged; a line that is no JSON is {"msg": line}."""
        return [_parse(line) for line in self.log_file.read_text(errors="replace").splitlines()]

    def logged(self, text: str) -> bool:
        return text in self.log_file.read_text(errors="replace")

    def get(self, page: str, host: str = "127.0.0.1") -> tuple[int, str]:
        """A page of the admin server: status and body."""
        port = self.admin.rpartition(":")[2]
        try:
            with urllib.request.urlopen(f"http://{host}:{port}{page}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read().decode()

    def report(self, pod: dict, token: str, text: str, source: str = "127.0.0.1") -> tuple[int, str]:
        """What a pod gets for a report that comes from that address: status and body."""
        meta = pod["metadata"]
        return self._post(f"/v1/report/{meta['namespace']}/{meta['name']}", token, text, source)

    def trigger(self, ns: str, name: str, token: str, text: str = "") -> tuple[int, str]:
        """What somebody gets who asks a trigger for a job: status and body."""
        return self._post(f"/v1/trigger/{ns}/{name}", token, text)

    def _post(self, page: str, token: str, text: str, source: str = "127.0.0.1") -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        with contextlib.closing(http.client.HTTPConnection(self.reports, timeout=10,
                                                           source_address=(source, 0))) as connection:
            connection.request("POST", page, text.encode(), headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def metric(self, name: str, **labels: str) -> float:
        """Sum of all series of a metric that have these labels."""
        total = 0.0
        for line in self.get("/metrics")[1].splitlines():
            found = re.fullmatch(rf"{name}(?:\{{(.*)\}})? (\S+)", line)
            if found and all(f'{k}="{v}"' in (found[1] or "") for k, v in labels.items()):
                total += float(found[2])
        return total

    def leads(self) -> bool:
        return self.metric("slipway_leader") == 1

    def wait_working(self, within: float = 20) -> "Replica":
        """Until it reconciles: caches filled and, with an election, won."""
        def working():
            assert self.process.poll() is None, (
                f"the operator ended with {self.process.returncode}: {self.tail()}")
            return self.logged('"msg":"working"')
        wait_for("the operator works", working, within)
        return self

    def tail(self, lines: int = 15) -> str:
        return "\n".join(self.log_file.read_text(errors="replace").splitlines()[-lines:])


class Installation:
    """The chart's objects for one user of the API, restricted to a namespace or not."""

    def __init__(self, cluster: Cluster, name: str, namespace: str = "", crds: bool = False,
                 config: dict | None = None):
        self.cluster = cluster
        self.name = name
        self.namespace = namespace  # empty: all
        self.user = f"system:serviceaccount:{NAMESPACE}:{name}"
        self.replicas: list[Replica] = []
        self._folder = cluster.logs / name
        self._folder.mkdir(parents=True, exist_ok=True)
        objects = self._render(crds, config or {})
        self._apply([o for o in objects if o["kind"] in _INSTALLED])
        config = next(o for o in objects if o["kind"] == "ConfigMap")["data"]["config.yaml"]
        self.config = self._folder / "config.yaml"
        self.config.write_text(config)
        self.kubeconfig = self._folder / "kubeconfig"
        self._log_in()

    def _render(self, crds: bool, config: dict) -> list[dict]:
        values = {"replicas": 2, "crds": {"enabled": crds},
                  "config": {"watchNamespaces": [self.namespace] if self.namespace else [], "runtimes": [
                      {"name": "sklearn", "image": "registry.example.com/sklearn:1",
                       "command": ["serve"], "args": []}], **config}}
        version = self.cluster.kube.request("GET", "/version")["gitVersion"]
        rendered = self.cluster.run("helm", "template", self.name, paths.CHART,
                                    f"--namespace={NAMESPACE}", f"--kube-version={version}",
                                    "--values=-", stdin=json.dumps(values))
        assert rendered.returncode == 0, f"helm template: {rendered.stderr}"
        listed = self.cluster.kubectl("create", "--dry-run=client", "--validate=false", "-o",
                                      "json", "-f", "-", stdin=rendered.stdout)
        return parse_objects(listed)

    def _apply(self, objects: list[dict]) -> None:
        everything = {"apiVersion": "v1", "kind": "List", "items": objects}
        self.cluster.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(everything))

    @property
    def token(self) -> str:
        """What it shows the API server now."""
        return (self._folder / "token").read_text()

    def replace_token(self) -> None:
        """Gives the operator another token, as the kubelet does in time, and revokes the old one."""
        former = self._token_of
        self._write_token()
        self.cluster.kube.delete("secret", NAMESPACE, former)

    def _write_token(self) -> None:
        kube = self.cluster.kube
        # A token ends with the object that it is bound to.
        self._token_of = f"{self.name}-token-{next(_numbers)}"
        bound = kube.create({"apiVersion": "v1", "kind": "Secret", "metadata": {
            "name": self._token_of, "namespace": NAMESPACE}})
        asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {
            "expirationSeconds": 86400, "boundObjectRef": {
                "apiVersion": "v1", "kind": "Secret", "name": self._token_of,
                "uid": bound["metadata"]["uid"]}}}
        token = kube.request("POST", path("serviceaccount", NAMESPACE, self.name, "token"), asked)
        new = self._folder / "token.new"
        new.write_text(token["status"]["token"])
        new.rename(self._folder / "token")

    def _log_in(self) -> None:
        """Writes a kubeconfig of the ServiceAccount, as the kubelet would give it to the pod."""
        kube = self.cluster.kube
        self._write_token()
        named = {"name": "it"}
        self.kubeconfig.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "it",
            "clusters": [named | {"cluster": {"server": kube.server,
                                              "certificate-authority-data": kube.authority}}],
            "users": [named | {"user": {"tokenFile": str(self._folder / "token")}}],
            "contexts": [named | {"context": {"cluster": "it", "user": "it"}}]}))

    def start(self, elect: bool = True, bind: str = "127.0.0.1", canary: bool = True, **flags: str) -> Replica:
        """Starts one more replica with the chart's own configuration."""
        admin, reports = f"{bind}:{free_port()}", f"{bind}:{free_port()}"
        flags = {"config": self.config, "kubeconfig": self.kubeconfig, "admin-address": admin,
                 "report-address": reports, "leader-elect": str(elect).lower(), **flags}
        if canary:
            flags["canary-address"] = f"{bind}:{free_port()}"
        else:
            config = self.config.read_text()
            self.config.write_text("".join(line for line in config.splitlines(True) if "canaryAddress" not in line))
        argv = [paths.BINARY, "run", *(f"--{key}={value}" for key, value in flags.items())]
        log = self._folder / f"replica-{next(_numbers)}.log"
        replica = Replica(log, [str(a) for a in argv], admin, reports)
        self.replicas.append(replica)
        return replica

    def stop(self) -> None:
        """Ends all replicas, whatever state they are in."""
        for replica in self.replicas:
            if replica.process.poll() is None:
                replica.end(signal.SIGKILL)
        self.replicas.clear()


_ports_lock = threading.Lock()
_ports_given: set[int] = set()


def free_port() -> int:
    """A port of the loopback address that nobody listens on and that was not given before."""
    with _ports_lock:
        while True:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            if port not in _ports_given:
                _ports_given.add(port)
                return port


def _parse(line: str) -> dict:
    try:
        parsed = json.loads(line)
    except ValueError:
        parsed = None
    return parsed if isinstance(parsed, dict) else {"msg": line}


def parse_objects(listed: str) -> list[dict]:
    """What kubectl has printed as JSON: one List, or one object after the other."""
    decoder, objects = json.JSONDecoder(), []
    listed = listed.strip()
    while listed:
        obj, end = decoder.raw_decode(listed)
        objects += obj["items"] if obj["kind"] == "List" else [obj]
        listed = listed[end:].strip()
    return objects
