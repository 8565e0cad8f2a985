"""The world of the trials: a real control plane, the proxy, and namespaces to work in."""

import base64
import json
import queue
import shutil
import subprocess
import threading
import time
import urllib.request
from pathlib import Path

import yaml
from lib import paths
from lib.cluster import Cluster, Seat
from lib.operator import NAMESPACE, Installation
from lib.waiting import wait_for

from .plan import Plan
from .proxy import Proxy, Servers, Way
from .recorder import Recorder
from .recompute import Recompute

LAG_MS = 500  # so far is the other API server behind
SEEN_S = 3  # after which the API servers have seen what etcd has
COLLECTOR_S = 180  # for its first round, on a busy machine
SUPPRESSIONS = paths.REPO / "tests" / "unit" / "kube" / "ubsan_suppressions.txt"
FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")


class World:
    """Everything that trials share: etcd, two API servers of which the other one lags behind, the
    proxy before them. Thread-safe once it is up."""

    def __init__(self, binary: Path, sanitized: bool = False):
        self.sanitized = sanitized
        for program in (binary, paths.RECOMPUTE):
            if not program.exists():
                raise SystemExit(f"{program} is missing: .ci/build release slipway recompute")
        self._free: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._made = 0
        self._lock = threading.Lock()
        self._recomputes: dict[str, Recompute] = {}  # by their settings
        subprocess.run([paths.CLUSTER.parent / "build", "kwok", "helm", "faultproxy"], check=True)
        seat = Seat("faults")
        self.logs = seat.logs
        # Copies, so that a build beside a long campaign does not change what is tested.
        for former in ("operator", "recompute"):
            (self.logs / former).unlink(missing_ok=True)  # It may still be running.
        self._binary = shutil.copy(binary, self.logs / "operator")
        self._planners = shutil.copy(paths.RECOMPUTE, self.logs / "recompute")
        self.cluster = Cluster(seat, audit=False)
        self._compaction = threading.Lock()
        try:
            self._furnish()
        except BaseException:
            self.close()
            raise

    def _furnish(self) -> None:
        self.kube = self.cluster.kube
        self.cluster.kubectl("apply", "-f", paths.CHART.parent / "namespace.yaml")
        self.cluster.kubectl("apply", "--server-side", "-f", paths.CRDS / "volcano-podgroups.yaml")
        # All have the right to what the settings of some workloads ask for.
        self._installation = Installation(self.cluster, "slipway", crds=True, config={"gangScheduler": "Volcano"})
        self.cluster.kubectl("wait", "--for=condition=Established", "--timeout=30s", "crd", "--all")
        self._let_elect()
        trust = self.logs / "api-servers.pem"
        trust.write_bytes(self.kube.authority_pem)
        rival = self.logs / "rival.pem"
        rival.touch(0o600)
        rival.write_bytes(self.kube.identity_pem)
        self.proxy = Proxy(self.cluster.environment, trust, rival)
        self._link = self.proxy.link(self.cluster.etcd.removeprefix("http://"))
        other = self.cluster.add_apiserver(f"http://127.0.0.1:{self._link.port}")
        self._link.lag(LAG_MS)  # Only now: it asks for much when it starts.
        self.servers = Servers(self.kube.server, other, self._installation.token)
        self.recorder = Recorder(self.kube, ("volcano-group",))
        self._await_collector()

    def _configuration(self, settings: dict, file: Path, **more) -> Path:
        """The chart's, but for the settings of a workload, and for the canary, whose port only one could have."""
        config = yaml.safe_load(self._installation.config.read_text()) | {"gangScheduler": "None"} | settings | more
        config["reports"].pop("canaryAddress", None)
        file.write_text(json.dumps(config))
        return file

    def recompute(self, settings: dict) -> Recompute:
        """The planners of an operator with these settings."""
        with self._lock:
            known = json.dumps(settings, sort_keys=True)
            if known not in self._recomputes:
                file = self.logs / f"recompute-{len(self._recomputes)}.yaml"
                self._recomputes[known] = Recompute(self._planners, self._configuration(settings, file))
            return self._recomputes[known]

    def _await_collector(self) -> None:
        """The garbage collector asks for new kinds twice a minute, and knows nothing of their objects until
        it has seen all kinds."""
        model = {"apiVersion": "slipway.dev/v1alpha1", "kind": "ModelVersion"}
        name = {"name": "collected-1", "namespace": "default"}
        owner = self.kube.create(model | {"metadata": name, "spec": {
            "modelName": "collected", "version": 1, "artifact": {"uri": "s3://models/collected"}}})
        self.kube.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": name | {"ownerReferences": [
            model | {"name": name["name"], "uid": owner["metadata"]["uid"]}]}})
        self.kube.delete("mv", "default", name["name"])
        wait_for("the garbage collector knows our kinds",
                 lambda: self.kube.find("configmap", "default", name["name"]) is None, COLLECTOR_S)

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
        for part in ("recorder", "proxy"):
            if hasattr(self, part):
                getattr(self, part).close()
        for recompute in self._recomputes.values():
            recompute.close()
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
        time.sleep(2 * LAG_MS / 1000)  # Before its IsolationPolicy everybody has seen it.
        return name

    def give_back(self, ns: str, usable: bool) -> None:
        """What a failed trial leaves is not given back, so that it can be looked at until the cluster
        goes."""
        self.recorder.forget(ns)
        if usable:
            self._free.put(ns)

    def compact(self) -> None:
        """etcd forgets what was, and the other API server starts on what is left: whoever has seen
        an older version cannot go on from there. The first one, by which we see, must have seen it."""
        with self._compaction:
            now = self._etcd("range", {"key": base64.b64encode(b"\0").decode()})["header"]["revision"]
            time.sleep(SEEN_S)
            self._etcd("compaction", {"revision": now, "physical": True})
            self._link.lag(0)
            self.cluster.restart("apiserver-2")
            self._link.lag(LAG_MS)

    def _etcd(self, call: str, body: dict) -> dict:
        with urllib.request.urlopen(f"{self.cluster.etcd}/v3/kv/{call}", json.dumps(body).encode(), 10) as answer:
            return json.loads(answer.read())

    def start_operator(self, folder: Path, ns: str, settings: dict, way: Way, plan: Plan,
                       output) -> subprocess.Popen:
        """An operator of a trial: the chart's settings, or its workload's, one namespace, the proxy."""
        config = self._configuration(settings, folder / "config.yaml", watchNamespaces=[ns])
        (folder / "kubeconfig").write_text(json.dumps(way.kubeconfig()))
        command = [self._binary, "run", f"--config={config}",
                   f"--kubeconfig={folder / 'kubeconfig'}",
                   f"--leader-elect={str(plan.replicas > 1).lower()}",
                   # In the operator's own namespace, which no IsolationPolicy selects.
                   f"--lease-name={ns}", f"--lease-namespace={NAMESPACE}", "--admin-address=127.0.0.1:0",
                   "--report-address=127.0.0.1:0"]
        if plan.limits:
            command = ["prlimit", *(f"--{name}={most}:{most}" for name, most in plan.limits.items()), *command]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                start_new_session=True, env=self._environment(folder, plan))

    def _environment(self, folder: Path, plan: Plan) -> dict[str, str]:
        # Of a program without sanitizers nothing reads these. The clock's library is loaded before theirs, and
        # what the HTTP library has under way when the process ends it does not free.
        environment = self.cluster.environment | {
            "UBSAN_OPTIONS": f"suppressions={SUPPRESSIONS}",
            "ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0"}
        if not plan.clock:
            return environment
        if not FAKETIME.exists():
            raise SystemExit(f"{FAKETIME} is missing: apt-get install libfaketime")
        clock = folder / "clock"
        if not clock.exists():
            clock.write_text("+0")
        # Timers of a process run on the steady clock, which does not jump.
        return environment | {
            "LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(clock),
            "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"}
