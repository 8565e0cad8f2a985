"""A Kubernetes client of the standard library: objects are the dicts that the API server sends."""

import base64
import copy
import http.client
import json
import ssl
import tempfile
import threading
from urllib.parse import quote, urlencode, urlsplit

# Short name: API version, plural, kind.
KINDS = {
    "tj": ("slipway.dev/v1alpha1", "trainingjobs", "TrainingJob"),
    "tt": ("slipway.dev/v1alpha1", "trainingtriggers", "TrainingTrigger"),
    "md": ("slipway.dev/v1alpha1", "modeldeployments", "ModelDeployment"),
    "dm": ("slipway.dev/v1alpha1", "driftmonitors", "DriftMonitor"),
    "clusterruntime": ("slipway.dev/v1alpha1", "clusterruntimes", "ClusterRuntime"),
    "runtime": ("slipway.dev/v1alpha1", "runtimes", "Runtime"),
    "mv": ("slipway.dev/v1alpha1", "modelversions", "ModelVersion"),
    "iso": ("slipway.dev/v1alpha1", "isolationpolicies", "IsolationPolicy"),
    "netpol": ("networking.k8s.io/v1", "networkpolicies", "NetworkPolicy"),
    "pod": ("v1", "pods", "Pod"),
    "service": ("v1", "services", "Service"),
    "configmap": ("v1", "configmaps", "ConfigMap"),
    "quota": ("v1", "resourcequotas", "ResourceQuota"),
    "limitrange": ("v1", "limitranges", "LimitRange"),
    "namespace": ("v1", "namespaces", "Namespace"),
    "node": ("v1", "nodes", "Node"),
    "secret": ("v1", "secrets", "Secret"),
    "serviceaccount": ("v1", "serviceaccounts", "ServiceAccount"),
    "deployment": ("apps/v1", "deployments", "Deployment"),
    "pdb": ("policy/v1", "poddisruptionbudgets", "PodDisruptionBudget"),
    "hpa": ("autoscaling/v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler"),
    "event": ("events.k8s.io/v1", "events", "Event"),
    "lease": ("coordination.k8s.io/v1", "leases", "Lease"),
    "claim": ("v1", "persistentvolumeclaims", "PersistentVolumeClaim"),
    "networkpolicy": ("networking.k8s.io/v1", "networkpolicies", "NetworkPolicy"),
    "iso": ("slipway.dev/v1alpha1", "isolationpolicies", "IsolationPolicy"),
    "vap": ("admissionregistration.k8s.io/v1", "validatingadmissionpolicies",
            "ValidatingAdmissionPolicy"),
    "vapbinding": ("admissionregistration.k8s.io/v1", "validatingadmissionpolicybindings",
                   "ValidatingAdmissionPolicyBinding"),
    "role": ("rbac.authorization.k8s.io/v1", "roles", "Role"),
    "rolebinding": ("rbac.authorization.k8s.io/v1", "rolebindings", "RoleBinding"),
    "clusterrole": ("rbac.authorization.k8s.io/v1", "clusterroles", "ClusterRole"),
    "clusterrolebinding": ("rbac.authorization.k8s.io/v1", "clusterrolebindings",
                           "ClusterRoleBinding"),
    "webhook": ("admissionregistration.k8s.io/v1", "validatingwebhookconfigurations",
                "ValidatingWebhookConfiguration"),
    "volcano-group": ("scheduling.volcano.sh/v1beta1", "podgroups", "PodGroup"),
    "coscheduling-group": ("scheduling.x-k8s.io/v1alpha1", "podgroups", "PodGroup"),
    "workload": ("kueue.x-k8s.io/v1beta2", "workloads", "Workload"),
    "localqueue": ("kueue.x-k8s.io/v1beta2", "localqueues", "LocalQueue"),
    "clusterqueue": ("kueue.x-k8s.io/v1beta2", "clusterqueues", "ClusterQueue"),
    "flavor": ("kueue.x-k8s.io/v1beta2", "resourceflavors", "ResourceFlavor"),
    "priorityclass": ("scheduling.k8s.io/v1", "priorityclasses", "PriorityClass"),
    "crd": ("apiextensions.k8s.io/v1", "customresourcedefinitions", "CustomResourceDefinition"),
}
_SHORT = {kind: short for short, (_, _, kind) in KINDS.items()}

MERGE_PATCH = "application/merge-patch+json"


class ApiError(Exception):
    """An answer of the API server that is not a success."""

    def __init__(self, status: int, message: str):
        super().__init__(f"{status}: {message}")
        self.status = status


def path(kind: str, ns: str = "", name: str = "", sub: str = "", **query) -> str:
    """The URL path of a collection, an object or a subresource."""
    version, plural, _ = KINDS[kind]
    parts = ["api" if "/" not in version else "apis", version]
    if ns:
        parts += ["namespaces", ns]
    parts += [plural, *(quote(p) for p in (name, sub) if p)]
    return "/" + "/".join(parts) + (f"?{urlencode(query)}" if query else "")


class Kube:
    """One user's connection to the API server. Thread-safe: each thread has its own socket."""

    def __init__(self, config: dict):
        """`config` is a kubeconfig with inline credentials, as from `kubectl config view --raw`."""
        self.server = config["clusters"][0]["cluster"]["server"]
        self.authority = config["clusters"][0]["cluster"]["certificate-authority-data"]
        user = config["users"][0]["user"]
        self.authority_pem = base64.b64decode(self.authority)
        self._tls = ssl.create_default_context(cadata=self.authority_pem.decode())
        self.identity_pem = b"\n".join(base64.b64decode(user[part]) for part in (
            "client-certificate-data", "client-key-data"))
        with tempfile.NamedTemporaryFile() as pem:
            pem.write(self.identity_pem)
            pem.flush()
            self._tls.load_cert_chain(pem.name)
        self._local = threading.local()
        self._headers = {"Accept": "application/json"}

    def acting(self, user: str) -> "Kube":
        """The same connection for what another user may do, as `kubectl --as` has it."""
        other = copy.copy(self)
        other._local = threading.local()
        other._headers = {**self._headers, "Impersonate-User": user}
        return other

    def connect(self, timeout: float = 30) -> http.client.HTTPSConnection:
        address = urlsplit(self.server)
        return http.client.HTTPSConnection(address.hostname, address.port, timeout=timeout,
                                           context=self._tls)

    def disconnect(self) -> None:
        """Closes this thread's kept connection, for when the server has gone meanwhile."""
        connection = getattr(self._local, "connection", None)
        if connection:
            connection.close()
        self._local.connection = None

    def request(self, method: str, target: str, body: dict | None = None,
                content_type: str = "application/json") -> dict:
        """Sends one request and returns the answer's object; raises ApiError or OSError."""
        for last_try in (False, True):
            reused = getattr(self._local, "connection", None)
            self._local.connection = connection = reused or self.connect()
            sent = False
            try:
                connection.request(method, target, json.dumps(body) if body is not None else None,
                                   {"Content-Type": content_type, **self._headers})
                sent = True
                answer = connection.getresponse()
                text = answer.read().decode()
            except (OSError, http.client.HTTPException) as problem:
                self.disconnect()
                # A kept connection may have been closed meanwhile; a new one tells the truth.
                if last_try or reused is None or (sent and method != "GET"):
                    raise OSError(f"{method} {target}: {problem!r}") from problem
                continue
            if answer.status >= 400:
                raise ApiError(answer.status, _message(text))
            return json.loads(text) if text.startswith("{") else {"text": text}
        raise AssertionError("unreachable")

    def get(self, kind: str, ns: str, name: str, sub: str = "") -> dict:
        return self.request("GET", path(kind, ns, name, sub))

    def find(self, kind: str, ns: str, name: str) -> dict | None:
        """The object, or None when there is none."""
        try:
            return self.get(kind, ns, name)
        except ApiError as problem:
            if problem.status == 404:
                return None
            raise

    def list(self, kind: str, ns: str = "", selector: str = "") -> list[dict]:
        query = {"labelSelector": selector} if selector else {}
        return self.request("GET", path(kind, ns, **query)).get("items", [])

    def create(self, obj: dict) -> dict:
        kind = _SHORT[obj["kind"]]
        return self.request("POST", path(kind, obj["metadata"].get("namespace", "")), obj)

    def patch(self, kind: str, ns: str, name: str, patch: dict, sub: str = "") -> dict:
        """Changes what the JSON merge patch names; null removes."""
        return self.request("PATCH", path(kind, ns, name, sub), patch, MERGE_PATCH)

    def delete(self, kind: str, ns: str, name: str, **options) -> None:
        """Deletes if it exists. Options are those of DeleteOptions."""
        try:
            self.request("DELETE", path(kind, ns, name), {
                "apiVersion": "v1", "kind": "DeleteOptions",
                "propagationPolicy": "Background", **options})
        except ApiError as problem:
            if problem.status != 404:
                raise


def _message(text: str) -> str:
    try:
        return json.loads(text)["message"]
    except (ValueError, KeyError, TypeError):
        return text[:500]
