"""The kinds of job that the load creates, and what a cluster needs for each."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .cluster import BENCH, BUILT, Cluster
from .failure import Failure

# Where Kubeflow's program looks for its webhook's certificate; no flag and no variable moves it.
SERVING_CERTS = Path("/tmp/k8s-webhook-server/serving-certs")


@dataclass(frozen=True)
class Load:
    """One kind of job."""

    kind: str
    resource: str
    services: Callable[[int], int]  # how many a job of so many pods gets
    prepare: Callable[[Cluster], None]  # what its operator needs in a cluster, and on this machine


def _training_operator(cluster: Cluster) -> None:
    """What the manifests of Kubeflow's operator would install, without a webhook that has rules."""
    crd = BUILT / "training-operator" / "pytorchjobs.yaml"
    if not crd.exists():
        raise Failure(f"{crd} is missing; bench/build makes it")
    cluster.kubectl("apply", "--server-side", "-f", crd)
    cluster.kubectl("apply", "-f", BENCH / "peers" / "training-operator" / "cluster.yaml")
    cluster.kubectl("wait", "--for=condition=Established", "crd/pytorchjobs.kubeflow.org", "--timeout=30s")
    _serving_certificate()


def _serving_certificate() -> None:
    """The program waits until kubelet has mounted a certificate; any will do, as nobody calls it."""
    key, certificate = SERVING_CERTS / "tls.key", SERVING_CERTS / "tls.crt"
    if key.exists() and certificate.exists():
        return
    SERVING_CERTS.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650",
                           "-subj", "/CN=training-operator.kubeflow.svc", "-keyout", key, "-out", certificate],
                          capture_output=True, text=True)
    if made.returncode:
        raise Failure(f"openssl has made no certificate in {SERVING_CERTS}: {made.stderr.strip()}")


TRAINING_JOB = Load("TrainingJob", "trainingjobs", services=lambda nodes: 1, prepare=lambda cluster: None)
PYTORCH_JOB = Load("PyTorchJob", "pytorchjobs", services=lambda nodes: nodes, prepare=_training_operator)
