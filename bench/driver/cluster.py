"""One fresh cluster of simulated nodes for one contender, by tests/cluster."""

import json
import os
import re
import subprocess
import time
from pathlib import Path

from . import machine
from .failure import Failure

BENCH = Path(__file__).resolve().parent.parent
REPO = BENCH.parent
BUILT = REPO / "build" / "bench"
PROGRAM = REPO / "tests" / "cluster" / "cluster"
NODES = 20
TIMEOUT_S = 180  # of one command of the cluster's

# A user for the load and one for the contender. What they may do is not what is measured.
ACCOUNTS = """
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Namespace, metadata: {name: bench}}
- {apiVersion: v1, kind: Namespace, metadata: {name: storm}}
- {apiVersion: v1, kind: ServiceAccount, metadata: {name: load, namespace: bench}}
- {apiVersion: v1, kind: ServiceAccount, metadata: {name: contender, namespace: bench}}
- apiVersion: rbac.authorization.k8s.io/v1
  kind: ClusterRoleBinding
  metadata: {name: bench}
  roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
  subjects: [{kind: Group, name: "system:serviceaccounts:bench", apiGroup: rbac.authorization.k8s.io}]
"""


def _run(argv: list, **options) -> str:
    argv = [str(a) for a in argv]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=TIMEOUT_S, **options)
    except subprocess.TimeoutExpired:
        raise Failure(f"{' '.join(argv[:4])} has not ended after {TIMEOUT_S} s") from None
    if done.returncode:
        raise Failure(f"{' '.join(argv[:4])}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


class Cluster:
    """Use as a context manager: it is up inside and gone afterwards, whatever happens."""

    def __init__(self, name: str, folder: Path):
        self.name = name
        self.folder = folder  # for kubeconfigs and logs
        self.audit_log = Path()

    def __enter__(self) -> "Cluster":
        try:
            self._up()
        except BaseException:
            self._down()
            raise
        return self

    def __exit__(self, *_) -> None:
        self._down()

    def _up(self) -> None:
        _run([PROGRAM, "up", f"--name={self.name}", f"--nodes=kwok:{NODES}", "--audit",
              f"--apiserver-arg=--audit-policy-file={BENCH / 'audit-policy.yaml'}"])
        environment = dict(re.findall(r"^export (\w+)='?(.*?)'?$", _run([PROGRAM, "env", f"--name={self.name}"]),
                                      re.MULTILINE))
        self.admin = Path(environment["KUBECONFIG"])
        self.audit_log = Path(environment["SLIPWAY_AUDIT_LOG"])
        self.kubectl("apply", "--server-side", "-f", REPO / "crds")
        self.kubectl("apply", "-f", "-", input=ACCOUNTS)
        self.kubectl("wait", "--for=condition=Established", "crd/trainingjobs.slipway.dev", "--timeout=30s")
        self._wait_for_account("storm")
        self.load = self._kubeconfig("load")
        self.contender = self._kubeconfig("contender")

    def _down(self) -> None:
        subprocess.run([PROGRAM, "down", f"--name={self.name}"], capture_output=True, timeout=120)

    def kubectl(self, *args, **options) -> str:
        """Runs kubectl as the administrator and returns what it prints."""
        return _run([PROGRAM, "kubectl", f"--name={self.name}", *args], **options)

    def _wait_for_account(self, namespace: str) -> None:
        deadline = time.monotonic() + 30
        while not self.kubectl("get", "serviceaccounts", "-n", namespace, "-o", "name"):
            if time.monotonic() > deadline:
                raise Failure(f"namespace {namespace} has no default service account after 30 s")
            time.sleep(0.2)

    def _kubeconfig(self, account: str) -> Path:
        """The administrator's kubeconfig (JSON) with the account's token in place of the user."""
        config = json.loads(self.admin.read_text())
        token = self.kubectl("create", "token", account, "-n", "bench", "--duration=24h").strip()
        config["users"][0]["user"] = {"token": token}
        path = self.folder / f"{account}.kubeconfig"
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(config, file)
        return path

    def pids(self) -> list[int]:
        """The processes of the control plane and of the simulated nodes."""
        status = subprocess.run([PROGRAM, "status", f"--name={self.name}"], capture_output=True, text=True)
        return [int(pid) for pid in re.findall(r"\bpid (\d+)", status.stdout)]

    def settle(self, seconds: float = 20) -> float:
        """Waits until the machine is quiet, at most so long; returns the busy share it came to."""
        deadline = time.monotonic() + seconds
        while True:
            before = machine.busy_s()
            time.sleep(1)
            share = (machine.busy_s() - before) / (os.cpu_count() or 1)
            if share < 0.1 or time.monotonic() > deadline:
                return share

    def count(self, resource: str) -> int:
        """How many objects of a resource the namespace of the storm holds."""
        answer = self.kubectl("get", "--raw", f"/api/v1/namespaces/storm/{resource}?limit=1")
        listed = json.loads(answer)
        return len(listed["items"]) + listed["metadata"].get("remainingItemCount", 0)
