"""What the operator's account may never do, asked of the API server for each way to install the chart."""

import json

from .suite import OPERATOR, OPERATORS, Suite, chart, run

ROLES = ("ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")
SERVED, OTHER = "served", "other"
# By name: what is set, and whether the rights end at the namespaces that are served.
MODES = {
    "default": ([], False),
    "watchNamespaces": ([f"--set=config.watchNamespaces={{{SERVED}}}"], True),
    "Barrier": (["--set=config.gangScheduler=Barrier"], False),
    "mlflow": (["--set=config.mlflow.trackingUri=http://mlflow.mlflow.svc:5000"], False),
    "without reports": (["--set=reports.enabled=false"], False),
}
READ, WRITE = "get list watch", "create update patch delete deletecollection"
# Resource with its group, verbs; each pair is one question.
FORBIDDEN = [
    ("secrets", f"{READ} {WRITE}"), ("configmaps", f"{READ} {WRITE}"),
    ("serviceaccounts", f"{READ} {WRITE} impersonate"), ("serviceaccounts/token", "create"),
    ("users", "impersonate"), ("groups", "impersonate"), ("uids.authentication.k8s.io", "impersonate"),
    ("userextras/scopes.authentication.k8s.io", "impersonate"),
    ("pods/exec", "get create"), ("pods/attach", "get create"), ("pods/portforward", "get create"),
    ("pods/proxy", "get create"), ("pods/log", "get"), ("pods/ephemeralcontainers", "update patch"),
    ("pods/eviction", "create"), ("pods/binding", "create"), ("pods/status", "update patch"), ("pods", "update deletecollection"),
    ("nodes", f"get {WRITE}"), ("nodes/proxy", "get create"), ("nodes/status", "update patch"),
    ("namespaces", WRITE), ("namespaces/finalize", "update"), ("namespaces/status", "update patch"),
    ("persistentvolumes", f"{READ} {WRITE}"), ("persistentvolumeclaims", f"{READ} {WRITE}"),
    ("services", "update deletecollection"), ("services/proxy", "get create"), ("endpoints", WRITE),
    ("endpointslices.discovery.k8s.io", WRITE), ("events", WRITE), ("events.events.k8s.io", f"{READ} delete deletecollection"),
    ("resourcequotas", WRITE), ("limitranges", WRITE), ("podtemplates", WRITE), ("replicationcontrollers", WRITE),
    ("deployments.apps", "update deletecollection"), ("deployments.apps/scale", "update patch"),
    ("replicasets.apps", WRITE), ("statefulsets.apps", WRITE), ("daemonsets.apps", WRITE),
    ("jobs.batch", WRITE), ("cronjobs.batch", WRITE),
    ("networkpolicies.networking.k8s.io", "deletecollection"), ("ingresses.networking.k8s.io", WRITE),
    ("poddisruptionbudgets.policy", "update delete deletecollection"),
    ("horizontalpodautoscalers.autoscaling", "update deletecollection"),
    ("roles.rbac.authorization.k8s.io", f"{READ} {WRITE} bind escalate"),
    ("clusterroles.rbac.authorization.k8s.io", f"{READ} {WRITE} bind escalate"),
    ("rolebindings.rbac.authorization.k8s.io", f"{READ} {WRITE}"),
    ("clusterrolebindings.rbac.authorization.k8s.io", f"{READ} {WRITE}"),
    ("certificatesigningrequests.certificates.k8s.io", f"{READ} {WRITE}"),
    ("certificatesigningrequests.certificates.k8s.io/approval", "update patch"),
    ("signers.certificates.k8s.io", "approve sign"),
    ("validatingwebhookconfigurations.admissionregistration.k8s.io", f"{READ} {WRITE}"),
    ("mutatingwebhookconfigurations.admissionregistration.k8s.io", f"{READ} {WRITE}"),
    ("validatingadmissionpolicies.admissionregistration.k8s.io", f"{READ} {WRITE}"),
    ("validatingadmissionpolicybindings.admissionregistration.k8s.io", f"{READ} {WRITE}"),
    ("customresourcedefinitions.apiextensions.k8s.io", f"{READ} {WRITE}"),
    ("apiservices.apiregistration.k8s.io", f"{READ} {WRITE}"),
    ("priorityclasses.scheduling.k8s.io", WRITE), ("runtimeclasses.node.k8s.io", WRITE),
    ("storageclasses.storage.k8s.io", WRITE), ("volumeattachments.storage.k8s.io", WRITE),
    ("flowschemas.flowcontrol.apiserver.k8s.io", WRITE), ("leases.coordination.k8s.io", "list watch patch delete deletecollection"),
    ("trainingjobs.slipway.dev", "update patch deletecollection"),
    ("trainingtriggers.slipway.dev", f"{WRITE} trigger"), ("modeldeployments.slipway.dev", WRITE),
    ("modeldeployments.slipway.dev/scale", "update patch"), ("driftmonitors.slipway.dev", WRITE),
    ("modelversions.slipway.dev", "update patch delete deletecollection"), ("runtimes.slipway.dev", WRITE),
    ("clusterruntimes.slipway.dev", WRITE), ("isolationpolicies.slipway.dev", WRITE),
    ("*", "get list create"), ("*.slipway.dev", "get update"), ("*.rbac.authorization.k8s.io", "*"), ("pods", "*"), ("secrets", "*"),
    ("widgets.example.com", f"{READ} {WRITE}"), ("applications.argoproj.io", f"{READ} {WRITE}"),
    ("workloads.kueue.x-k8s.io", WRITE), ("virtualservices.networking.istio.io", WRITE),
    ("routes.route.openshift.io", WRITE), ("securitycontextconstraints.security.openshift.io", f"{WRITE} use"),
]
PATHS = [("/metrics", "get"), ("/debug/pprof", "get"), ("/logs", "get"), ("/configz", "get"), ("/", "*")]
# Of other namespances when only one is served: what it may in that one.
ALLOWED = [
    ("pods", "get list watch create delete"), ("services", "get list watch create patch delete"),
    ("deployments.apps", "get list watch create patch delete"), ("trainingjobs.slipway.dev", "get list watch create delete"),
    ("trainingjobs.slipway.dev/status", "update"), ("modelversions.slipway.dev", "get list watch create"),
    ("events.events.k8s.io", "create patch"),
]


def review(namespace: str, resource: str, verb: str) -> dict:
    full, _, subresource = resource.partition("/")
    plural, _, group = full.partition(".")
    if "/" in resource and "." in subresource:  # userextras/scopes.authentication.k8s.io
        subresource, _, group = subresource.partition(".")
    return {"resourceAttributes": {"namespace": namespace, "verb": verb, "group": group, "resource": plural, "subresource": subresource}}


def may(suite: Suite, question: dict) -> bool:
    groups = ["system:serviceaccounts", f"system:serviceaccounts:{OPERATORS}", "system:authenticated"]
    answer = suite.kube.request("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", {
        "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
        "spec": {"user": OPERATOR, "groups": groups, **question}})
    return answer["status"]["allowed"]


def questions(pairs: list[tuple[str, str]]):
    return [(resource, verb) for resource, verbs in pairs for verb in verbs.split()]


def check_mode(suite: Suite, mode: str, ends: bool) -> int:
    suite.until(f"{mode}: the rights are there", lambda: may(suite, review(SERVED, "pods", "create")))
    if ends:
        suite.until(f"{mode}: and end", lambda: not may(suite, review(OTHER, "pods", "create")))
    asked = 0
    for namespace in (SERVED, OTHER, "kube-system", ""):
        for resource, verb in questions(FORBIDDEN):
            asked += 1
            suite.check(f"{mode}: the operator may not {verb} {resource} in {namespace or 'all namespaces'}",
                        not may(suite, review(namespace, resource, verb)))
    for resource, verb in questions([("secrets", f"{READ} {WRITE}"), ("configmaps", f"{READ} {WRITE}")]):
        asked += 1
        carried = resource == "configmaps" and verb in ("list", "watch")  # Signatures of images.
        suite.check(f"{mode}: the operator {'may' if carried else 'may not'} {verb} {resource} in its own namespace",
                    may(suite, review(OPERATORS, resource, verb)) == carried)
    for where, verb in PATHS:
        asked += 1
        suite.check(f"{mode}: the operator may not {verb} {where}",
                    not may(suite, {"nonResourceAttributes": {"path": where, "verb": verb}}))
    for namespace in (SERVED, OTHER, "kube-system"):
        for resource, verb in questions(ALLOWED):
            wanted = namespace == SERVED or not ends
            suite.check(f"{mode}: the operator {'may' if wanted else 'may not'} {verb} {resource} in {namespace}",
                        may(suite, review(namespace, resource, verb)) == wanted)
    gates = may(suite, review(SERVED, "pods", "patch"))
    suite.check(f"{mode}: only gangs patch pods", gates == (mode == "Barrier"))
    owner = may(suite, review(SERVED, "modelversions.slipway.dev/finalizers", "update"))
    suite.check(f"{mode}: only copies to MLflow are owned by versions", owner == (mode == "mlflow"))
    asks = may(suite, review("", "tokenreviews.authentication.k8s.io", "create"))
    suite.check(f"{mode}: only reports ask whose a token is", asks == (mode != "without reports"))
    return asked


def check(suite: Suite) -> None:
    for name in (SERVED, OTHER):
        suite.answer("", "POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    for mode, (settings, ends) in MODES.items():
        before = text_of()
        run("kubectl", "delete", "--ignore-not-found", "-f", "-", text=before)
        text = text_of(*settings)
        run("kubectl", "apply", "-f", "-", text=text)
        asked = check_mode(suite, mode, ends)
        run("kubectl", "delete", "--ignore-not-found", "-f", "-", text=text)
    print(f"rights: {len(set(questions(FORBIDDEN)))} forbidden pairs of verb and resource, {asked} questions in each of {len(MODES)} modes")
    for name in (SERVED, OTHER):
        suite.kube.delete("namespace", "", name)


def text_of(*settings: str) -> str:
    found = [o for o in chart(*settings) if o["kind"] in ROLES]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": found})
