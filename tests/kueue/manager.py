"""Kueue itself: installed from its own chart, its manager a process of this machine."""

import base64
import json
import signal
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

from lib.cluster import Cluster
from lib.kube import path
from lib.operator import free_port, parse_objects
from lib.waiting import wait_for

NAMESPACE = "kueue-system"
ACCOUNT = "kueue-controller-manager"
# What of the chart makes sense without a pod of the manager.
_INSTALLED = {"ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding",
              "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"}


class Kueue:
    """The manager with the rights of its own ServiceAccount, and with all of its webhooks."""

    def __init__(self, cluster: Cluster, built: Path, skipped_namespaces: list[str]):
        """`built` is the folder of the program and its chart. Pods of `skipped_namespaces` are not
        its business."""
        self._cluster = cluster
        self._program = built / "kueue"
        self._folder = cluster.logs / "kueue"
        self._folder.mkdir(exist_ok=True)
        self.log = self._folder / "manager.log"
        self.log.write_bytes(b"")
        self._port, self._health = free_port(), free_port()
        self._process: subprocess.Popen | None = None
        self._make_certificate()
        self._configure(skipped_namespaces)
        self._install(built / "chart")
        self._log_in()

    def start(self) -> None:
        argv = [self._program, f"--config={self._folder / 'config.json'}",
                f"--kubeconfig={self._folder / 'kubeconfig'}",
                # Would listen on all addresses.
                "--feature-gates=VisibilityOnDemand=false", "--zap-log-level=3"]
        with open(self.log, "ab") as log:
            self._process = subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL,
                                             stdout=log, stderr=log, start_new_session=True)
        wait_for("Kueue is ready", self._ready, 120)

    def stop(self, sig: signal.Signals = signal.SIGKILL) -> None:
        if self._process and self._process.poll() is None:
            self._process.send_signal(sig)
            self._process.wait()

    def tail(self, text: str, lines: int = 20) -> str:
        """The last lines of its log with a text in them."""
        found = [line for line in self.log.read_text(errors="replace").splitlines() if text in line]
        return "\n".join(found[-lines:])

    def _ready(self) -> bool:
        if self._process.poll() is not None:
            raise SystemExit(f"Kueue has ended:\n{self.tail('')}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._health}/readyz", timeout=5) as answer:
                return answer.status == 200
        except urllib.error.HTTPError:
            return False

    def _make_certificate(self) -> None:
        """One that Kueue would have made, but for the address, so that it takes it for its own and
        writes it into the webhook configurations: it insists on these names, on three months to
        come, and on PKCS#1."""
        names = "DNS:kueue-ca,DNS:kueue-webhook-service.kueue-system.svc,IP:127.0.0.1"
        key, certificate = self._folder / "tls.key", self._folder / "tls.crt"
        for command in (["genrsa", "-traditional", "-out", key, "2048"],
                        ["req", "-x509", "-new", "-key", key, "-days", "3650", "-subj", "/CN=kueue-ca",
                         "-addext", f"subjectAltName={names}", "-out", certificate]):
            made = subprocess.run(["openssl", *command], capture_output=True, text=True)
            assert made.returncode == 0, made.stderr

    def _configure(self, skipped: list[str]) -> None:
        names = {"key": "kubernetes.io/metadata.name", "operator": "NotIn",
                 "values": ["kube-system", NAMESPACE, *skipped]}
        # As the chart has it, but for addresses, and for the kinds that are not served here.
        self._config = json.dumps({
            "apiVersion": "config.kueue.x-k8s.io/v1beta2", "kind": "Configuration",
            "health": {"healthProbeBindAddress": f"127.0.0.1:{self._health}"},
            "metrics": {"bindAddress": "0"},
            "webhook": {"host": "127.0.0.1", "port": self._port, "certDir": str(self._folder)},
            "leaderElection": {"leaderElect": False},
            "controller": {"groupKindConcurrency": {"Pod": 5, "Workload.kueue.x-k8s.io": 5}},
            "clientConnection": {"qps": 50, "burst": 100},
            "managedJobsNamespaceSelector": {"matchExpressions": [names]},
            "integrations": {"frameworks": ["batch/job", "pod", "deployment", "statefulset"]}})
        (self._folder / "config.json").write_text(self._config)

    def _install(self, chart: Path) -> None:
        kube = self._cluster.kube
        kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
        values = {"managerConfig": {"controllerManagerConfigYaml": self._config}}
        version = kube.request("GET", "/version")["gitVersion"]
        done = self._cluster.run("helm", "template", "kueue", chart, f"--namespace={NAMESPACE}",
                                 f"--kube-version={version}", "--values=-", stdin=json.dumps(values))
        assert done.returncode == 0, f"helm template: {done.stderr}"
        objects = parse_objects(self._cluster.kubectl(
            "create", "--dry-run=client", "--validate=false", "-o", "json", "-f", "-", stdin=done.stdout))
        kinds = [o for o in objects if o["kind"] == "CustomResourceDefinition"]
        for crd in kinds:
            self._reach(crd["spec"].get("conversion", {}).get("webhook", {}).get("clientConfig"))
        others = [o for o in objects if o["kind"] in _INSTALLED]
        for webhook in (w for o in others for w in o.get("webhooks", [])):
            self._reach(webhook["clientConfig"])
        pem = {name: base64.b64encode((self._folder / f"tls.{name[-3:]}").read_bytes()).decode()
               for name in ("ca.crt", "ca.key", "tls.crt", "tls.key")}
        secret = {"apiVersion": "v1", "kind": "Secret", "data": pem, "metadata": {
            "name": "kueue-webhook-server-cert", "namespace": NAMESPACE}}
        self._apply(kinds)
        self._cluster.kubectl("wait", "--for=condition=Established", "--timeout=60s", "crd", "--all")
        self._apply([*others, secret])

    def _reach(self, client: dict | None) -> None:
        """There is no network between the API server and Services here."""
        if client and "service" in client:
            target = client.pop("service")["path"]
            client["url"] = f"https://127.0.0.1:{self._port}{target}"
            client["caBundle"] = base64.b64encode((self._folder / "tls.crt").read_bytes()).decode()

    def _apply(self, objects: list[dict]) -> None:
        everything = {"apiVersion": "v1", "kind": "List", "items": objects}
        self._cluster.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(everything))

    def _log_in(self) -> None:
        """Writes a kubeconfig of its ServiceAccount."""
        kube = self._cluster.kube
        asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
                 "spec": {"expirationSeconds": 86400}}
        token = kube.request("POST", path("serviceaccount", NAMESPACE, ACCOUNT, "token"), asked)
        named = {"name": "kueue"}
        (self._folder / "kubeconfig").write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "kueue",
            "clusters": [named | {"cluster": {"server": kube.server,
                                              "certificate-authority-data": kube.authority}}],
            "users": [named | {"user": {"token": token["status"]["token"]}}],
            "contexts": [named | {"context": {"cluster": "kueue", "user": "kueue"}}]}))
