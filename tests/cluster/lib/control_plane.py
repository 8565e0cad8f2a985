"""etcd, API server, controller manager and scheduler: the same in both modes, but for addresses."""

import ssl
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from . import parts, paths, process
from .pki import Pki
from .report import Failure, step, wait_until
from .state import State

SERVICE_CIDR = "10.96.0.0/16"
POD_CIDR = "10.244.0.0/16"

# Certificate name -> subject; the common name is the user, the organisation the group.
USERS = {
    "admin": "/O=system:masters/CN=admin",
    "controller-manager": "/CN=system:kube-controller-manager",
    "scheduler": "/CN=system:kube-scheduler",
}


@dataclass
class Place:
    """Where a control plane listens and how its processes are started."""

    address: str  # of the API server, as its clients inside the cluster see it
    advertise: str  # what it tells the cluster about itself; never a loopback address
    ports: dict[str, int]  # apiserver, etcd, etcd-peer
    enter: object = None  # moves a starting process into the node's namespaces; None: the host's
    apiserver_flags: list[str] = field(default_factory=list)  # on top of the common ones
    manager_flags: list[str] = field(default_factory=list)  # idem, for the controller manager


class ControlPlane:
    """The processes of one cluster's control plane."""

    def __init__(self, state: State, place: Place):
        self.state = state
        self.place = place
        self.pki = Pki(state.pki)
        self.kubebox = parts.PROGRAMS["kubebox"].binary()

    @property
    def url(self) -> str:
        return f"https://{self.place.address}:{self.place.ports['apiserver']}"

    def certificates(self) -> None:
        """Makes the authorities, the API server's own certificate and one for each of USERS."""
        self.pki.key("service-account")
        self.pki.authority("ca")
        self.pki.authority("front-ca")
        names = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "localhost"]
        addresses = {"127.0.0.1", "10.96.0.1", self.place.address}
        alternatives = [f"DNS:{n}" for n in names] + [f"IP:{a}" for a in sorted(addresses)]
        self.pki.sign("apiserver", "/CN=kube-apiserver", f"subjectAltName={','.join(alternatives)}")
        self.pki.sign("apiserver-kubelet", "/O=system:masters/CN=kube-apiserver-kubelet-client")
        self.pki.sign("front", "/CN=front-proxy", authority="front-ca")
        for user, subject in USERS.items():
            self.pki.sign(user, subject)
            self.kubeconfig(user)

    def kubeconfig(self, user: str) -> Path:
        """The kubeconfig of a user for processes inside the cluster; written on first use."""
        path = self.pki.path(f"{user}.kubeconfig")
        if not path.exists():
            self.pki.kubeconfig(path, self.url, user, f"slipway-{self.state.name}")
        return path

    def start_all(self) -> None:
        """Starts everything in order and returns once the default service account exists."""
        with step("etcd and API server answer") as current:
            self.start("etcd", self._etcd())
            self.start("apiserver", self._apiserver())
            self.wait_ready(current)
        self.start("controller-manager", self._controller_manager())
        self.start("scheduler", self._scheduler())

    def start(self, name: str, argv: list) -> process.Process:
        """Starts one part of kubebox inside the cluster."""
        return process.spawn(
            self.state.run,
            name,
            [self.kubebox, *argv],
            self.state.logs / f"{name}.log",
            self.place.enter,
        )

    def wait_ready(self, current=None) -> None:
        """Waits until the API server calls itself ready, fails at once when its process ends."""

        def ended():
            for part in ("etcd", "apiserver"):
                one = process.load(self.state.run / f"{part}.json")
                if one and not one.alive():
                    raise Failure(f"{part} ended; the end of {one.log}:\n{one.log_tail()}")

        wait_until(lambda: ready(self.state), "the API server", 300, current, ended)

    def _etcd(self) -> list:
        client, peer = (f"http://127.0.0.1:{self.place.ports[n]}" for n in ("etcd", "etcd-peer"))
        return [
            "etcd",
            f"--data-dir={self.state.dir / 'etcd'}",
            "--log-level=warn",
            # The data need not survive the machine, and a shared disk syncs slowly.
            "--unsafe-no-fsync",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
        ]

    def start_another(self, etcd: str, port: int, current=None) -> str:
        """One more API server, called apiserver-2, with its etcd elsewhere; returns its URL."""
        self.start("apiserver-2", self._apiserver(etcd, port))
        self.wait_another(port, current)
        return f"https://{self.place.address}:{port}"

    def wait_another(self, port: int, current=None) -> None:
        wait_until(lambda: ready(self.state, port), "the other API server", 300, current)

    def _apiserver(self, etcd: str = "", port: int = 0) -> list:
        pki = self.pki.path
        return [
            "apiserver",
            f"--etcd-servers={etcd or 'http://127.0.0.1:%d' % self.place.ports['etcd']}",
            f"--bind-address={self.place.address}",
            f"--secure-port={port or self.place.ports['apiserver']}",
            f"--advertise-address={self.place.advertise}",
            f"--service-cluster-ip-range={SERVICE_CIDR}",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            f"--client-ca-file={pki('ca.crt')}",
            f"--tls-cert-file={pki('apiserver.crt')}",
            f"--tls-private-key-file={pki('apiserver.key')}",
            # Without this, logs and exec look up the node's name in a DNS that does not know it.
            "--kubelet-preferred-address-types=InternalIP",
            f"--kubelet-client-certificate={pki('apiserver-kubelet.crt')}",
            f"--kubelet-client-key={pki('apiserver-kubelet.key')}",
            f"--kubelet-certificate-authority={pki('ca.crt')}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={pki('service-account.key')}",
            f"--service-account-signing-key-file={pki('service-account.key')}",
            # The aggregation layer, by which metrics-server becomes a part of the API.
            "--enable-aggregator-routing",
            f"--requestheader-client-ca-file={pki('front-ca.crt')}",
            "--requestheader-allowed-names=front-proxy",
            "--requestheader-username-headers=X-Remote-User",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            f"--proxy-client-cert-file={pki('front.crt')}",
            f"--proxy-client-key-file={pki('front.key')}",
            *self.place.apiserver_flags,
        ]

    def _controller_manager(self) -> list:
        return [
            "controller-manager",
            f"--kubeconfig={self.kubeconfig('controller-manager')}",
            "--use-service-account-credentials",
            f"--service-account-private-key-file={self.pki.path('service-account.key')}",
            f"--root-ca-file={self.pki.path('ca.crt')}",
            "--leader-elect=false",
            f"--cluster-cidr={POD_CIDR}",
            "--secure-port=0",
            # Its default is a folder of the host's, which it would make.
            f"--flex-volume-plugin-dir={self.state.dir / 'volume-plugins'}",
            # Autoscaling acts within seconds of a change, and takes a new pod's load for real
            # after 20 s instead of 5 minutes, so that tests need not wait.
            "--horizontal-pod-autoscaler-sync-period=5s",
            "--horizontal-pod-autoscaler-cpu-initialization-period=20s",
            # The default 20 requests a second would be the limit of every larger test.
            "--kube-api-qps=500",
            "--kube-api-burst=1000",
            *self.place.manager_flags,
        ]

    def _scheduler(self) -> list:
        return [
            "scheduler",
            f"--kubeconfig={self.kubeconfig('scheduler')}",
            "--leader-elect=false",
            "--secure-port=0",
            "--kube-api-qps=500",
            "--kube-api-burst=1000",
        ]


def audit_flags(state: State) -> list[str]:
    """API server flags that write one JSON line for each finished request to the audit log."""
    return [
        f"--audit-policy-file={paths.HERE / 'manifests' / 'audit-policy.yaml'}",
        f"--audit-log-path={state.audit_log}",
        "--audit-log-mode=batch",
        "--audit-log-batch-max-wait=1s",
    ]


def ready(state: State, port: int = 0) -> bool:
    """Whether the API server, asked as an ordinary client of the host would, is ready; `port` is
    that of another one than the first."""
    settings = state.settings()
    pki = Pki(state.pki)
    try:
        context = ssl.create_default_context(cafile=pki.path("ca.crt"))
        context.load_cert_chain(pki.path("admin.crt"), pki.path("admin.key"))
        with urllib.request.urlopen(
            f"https://127.0.0.1:{port or settings['ports']['host']}/readyz", timeout=3, context=context
        ) as answer:
            return answer.read() == b"ok"
    except (OSError, KeyError, ssl.SSLError):
        return False
