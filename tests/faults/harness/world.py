"""The world of the trials: a real control plane, the proxy, and namespaces to work in."""

import json
import queue
import subprocess
import threading
from pathlib import Path

import yaml
from lib import paths
from lib.cluster import Cluster, Seat
from lib.operator import Installation

from .proxy import Proxy
from .recorder import Recorder


class World:
    """Everything that trials share. Thread-safe once it is up."""

    def __init__(self, binary: Path):
        self.binary = binary
        self._free: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._made = 0
        self._lock = threading.Lock()
        subprocess.run([paths.CLUSTER.parent / "build", "kwok", "helm", "faultproxy"], check=True)
        seat = Seat("faults")
        self.logs = seat.logs
        self.cluster = Cluster(seat)
        try:
            self._furnish()
        except BaseException:
            self.close()
            raise

    def _furnish(self) -> None:
        self.kube = self.cluster.kube
        self.cluster.kubectl("apply", "-f", paths.CHART.parent / "namespace.yaml")
        self._installation = Installation(self.cluster, "slipway", crds=True)
        self.cluster.kubectl("wait", "--for=condition=Established", "--timeout=30s", "crd",
                             "trainingjobs.slipway.dev", "modeldeployments.slipway.dev",
                             "driftmonitors.slipway.dev")
        self._let_elect()
        trust = self.logs / "api-servers.pem"
        trust.write_bytes(self.kube.authority_pem)
        rival = self.logs / "rival.pem"
        rival.touch(0o600)
        rival.write_bytes(self.kube.identity_pem)
        self.proxy = Proxy(self.cluster.environment, trust, rival, self.logs / "proxy.pem")
        self.recorder = Recorder(self.kube)

    def _let_elect(self) -> None:
        """The chart lets the operator have one Lease; each trial has its own."""
        role, group = {"name": "trial-leases"}, "rbac.authorization.k8s.io"
        self.kube.create({"apiVersion": f"{group}/v1", "kind": "ClusterRole", "metadata": role, "rules": [
            {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"],
             "verbs": ["get", "create", "update"]}]})
        self.kube.create({"apiVersion": f"{group}/v1", "kind": "ClusterRoleBinding", "metadata": role,
                          "roleRef": {"apiGroup": group, "kind": "ClusterRole", **role},
                          "subjects": [{"kind": "User", "apiGroup": group,
                                        "name": self._installation.user}]})

    def close(self) -> None:
        if hasattr(self, "proxy"):
            self.recorder.stop()
            self.proxy.close()
        self.cluster.down()

    def take_namespace(self) -> str:
        """A namespace in which there is nothing."""
        try:
            return self._free.get_nowait()
        except queue.Empty:
            pass
        with self._lock:
            self._made += 1
            name = f"trial-{self._made}"
        self.kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {
            "name": name, "labels": {"pod-security.kubernetes.io/enforce": "restricted"}}})
        return name

    def give_back(self, ns: str, usable: bool) -> None:
        """What a failed trial leaves is not given back, so that it can be looked at until the cluster
        goes."""
        self.recorder.forget(ns)
        if usable:
            self._free.put(ns)

    def operator_command(self, folder: Path, ns: str, url: str, elected: bool) -> list[str]:
        """How an operator of a trial is started: the chart's settings, one namespace, the proxy."""
        config = yaml.safe_load(self._installation.config.read_text())
        config["watchNamespaces"] = [ns]
        (folder / "config.yaml").write_text(json.dumps(config))
        access = json.loads(self._installation.kubeconfig.read_text())
        access["clusters"][0]["cluster"] = {"server": url,
                                            "certificate-authority": str(self.logs / "proxy.pem")}
        (folder / "kubeconfig").write_text(json.dumps(access))
        return [str(self.binary), "run", f"--config={folder / 'config.yaml'}",
                f"--kubeconfig={folder / 'kubeconfig'}", f"--leader-elect={str(elected).lower()}",
                "--lease-name=slipway", f"--lease-namespace={ns}",
                "--admin-address=127.0.0.1:0"]
