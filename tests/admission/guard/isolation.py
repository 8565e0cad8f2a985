"""What an IsolationPolicy says of pods, network policies and labels, held without the operator."""

import copy
import json

from lib.kube import path

from .suite import OPERATOR, OPERATORS, Suite, chart

DIGEST = "@sha256:" + "0123456789abcdef" * 4
GOOD = "registry.corp/ml/train" + DIGEST
STRATEGIC = "application/strategic-merge-patch+json"
CONTROLLERS = ("system:serviceaccount:kube-system:generic-garbage-collector",
               "system:serviceaccount:kube-system:namespace-controller", "system:kube-controller-manager")

IMAGES = {  # Image: the words of its refusal, or none.
    GOOD: (),
    "registry.corp/ml/a/b/c:1.0" + DIGEST: (),
    "registry.corp/ml:1.0" + DIGEST: (),
    "registry.corp/ml" + DIGEST: (),
    "hub.corp:5000/x" + DIGEST: (),
    "registry.corp/ml/train:1.0": ("not named by digest", "skopeo"),
    "registry.corp/ml/train@sha256:0123": ("does not name its registry",),
    "registry.corp/ml/train@sha256:" + "A" * 64: ("does not name its registry",),
    "registry.corp/ml/train@sha512:" + "0" * 128: ("does not name its registry",),
    "registry.corp/ml/train" + DIGEST + "0": ("does not name its registry",),
    "registry.corp/other/train" + DIGEST: ("is from none of registry.corp/ml, hub.corp:5000", "spec.images.allowedRegistries"),
    "registry.corp/mlx/train" + DIGEST: ("is from none of",),
    "registry.corp/ml-evil" + DIGEST: ("is from none of",),
    "registry.corp.evil.io/ml/train" + DIGEST: ("is from none of",),
    "evil.io/registry.corp/ml/train" + DIGEST: ("is from none of",),
    "evil/registry.corp/ml/train" + DIGEST: ("does not name its registry",),
    "registry.corp:443/ml/train" + DIGEST: ("is from none of",),
    "registry.corp:5000/ml/train" + DIGEST: ("is from none of",),
    "hub.corp/x" + DIGEST: ("is from none of",),
    "hub.corp:50000/x" + DIGEST: ("is from none of",),
    "hub.corp:5000.evil.io/x" + DIGEST: ("does not name its registry",),
    "hub.corp:5000" + DIGEST: ("does not name its registry",),
    "hub.corp:5000@evil.io/x" + DIGEST: ("does not name its registry",),
    "user@registry.corp/ml/train" + DIGEST: ("does not name its registry",),
    "https://registry.corp/ml/train" + DIGEST: ("does not name its registry",),
    "Registry.corp/ml/train" + DIGEST: ("does not name its registry",),
    "registry.corp/ML/train" + DIGEST: ("does not name its registry",),
    "registry.corp/ml/../other" + DIGEST: ("does not name its registry",),
    "registry.corp/ml//train" + DIGEST: ("does not name its registry",),
    "registry.corp/ml/train/" + DIGEST: ("does not name its registry",),
    "registry.corp/ml/train" + DIGEST + "\nevil": ("does not name its registry",),
    "registry.corp/ml/trä" + DIGEST: ("does not name its registry",),
    "registry.corp/ml/" + "a" * 600 + DIGEST: ("does not name its registry",),
    "nginx": ("does not name its registry",),
    "nginx" + DIGEST: ("does not name its registry",),
    "library/nginx" + DIGEST: ("does not name its registry",),
    "docker.io/library/nginx" + DIGEST: ("is from none of",),
    "ml/train" + DIGEST: ("does not name its registry",),
    "": (),  # No image: not for this policy to say.
}


RESOURCES = {"requests": {"cpu": "1m", "memory": "1Mi"}, "limits": {"memory": "1Mi"}}


def pod(ns: str, image: str = GOOD, name: str = "trial", **spec) -> dict:
    """A pod that is as it should be, but for what is said of it."""
    spec = {"containers": [{"name": "main", "image": image}], "automountServiceAccountToken": False, **spec}
    for containers in ("containers", "initContainers"):
        if containers in spec:
            spec[containers] = [{"resources": RESOURCES, **one} for one in spec[containers]]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": ns}, "spec": spec}


def policy(suite: Suite, name: str, selector: dict, **spec) -> str:
    name = f"{name}-{suite.suffix}"
    suite.kube.create({"apiVersion": "slipway.dev/v1alpha1", "kind": "IsolationPolicy", "metadata": {"name": name},
                       "spec": {"namespaceSelector": selector, **spec}})
    return name


def network_policy(ns: str, name: str = "allow-all") -> dict:
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": name, "namespace": ns},
            "spec": {"podSelector": {}, "ingress": [{}], "egress": [{}], "policyTypes": ["Ingress", "Egress"]}}


def allow_cluster_wide(suite: Suite, user: str, *rules: dict) -> None:
    name, group = f"{user}-{suite.suffix}", "rbac.authorization.k8s.io"
    suite.kube.create({"apiVersion": f"{group}/v1", "kind": "ClusterRole", "metadata": {"name": name}, "rules": list(rules)})
    suite.kube.create({"apiVersion": f"{group}/v1", "kind": "ClusterRoleBinding", "metadata": {"name": name},
                       "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": name},
                       "subjects": [{"apiGroup": group, "kind": "User", "name": user}]})


def prepare(suite: Suite) -> dict[str, str]:
    """Namespaces, a policy that closes one of them, a tenant and somebody of the platform."""
    world = {"closed": suite.namespace("closed", team=f"closed-{suite.suffix}", color="blue"),
             "open": suite.namespace("open", team="open")}
    everything = {"apiGroups": ["", "networking.k8s.io"], "verbs": ["*"], "resources": [
        "pods", "pods/ephemeralcontainers", "persistentvolumeclaims", "networkpolicies", "namespaces", "namespaces/status", "namespaces/finalize"]}
    allow_cluster_wide(suite, "tenant", everything)
    allow_cluster_wide(suite, "platform", everything, {
        "apiGroups": ["slipway.dev"], "resources": ["isolationpolicies"], "verbs": ["update"]})
    suite.grant(OPERATOR, world["closed"], {"apiGroups": ["networking.k8s.io"], "resources": ["networkpolicies"],
                                            "verbs": ["create", "patch", "delete"]})
    suite.allowed("a pod of before the policy", suite.create(
        "tenant", "pod", pod(world["closed"], "nginx", "older", hostNetwork=True), fieldManager="x"))
    world["policy"] = policy(suite, "closed", {"matchLabels": {"team": f"closed-{suite.suffix}"}}, images={
        "allowedRegistries": ["registry.corp/ml", "hub.corp:5000"], "requireDigest": True})
    suite.until("a pod with a foreign image is refused", lambda: "allowedRegistries" in suite.create(
        "tenant", "pod", pod(world["closed"], "evil.io/x" + DIGEST)))
    suite.until("network policies of a tenant are refused", lambda: suite.create(
        "tenant", "networkpolicy", network_policy(world["closed"])))
    suite.until("a namespace may not leave", lambda: suite.patch(
        "tenant", "namespace", "", world["closed"], {"metadata": {"labels": {"team": None}}}))
    return world


def check_images(suite: Suite, world: dict[str, str]) -> None:
    ns = world["closed"]
    for image, words in IMAGES.items():
        what = f"image {image[:90]!r}"
        if words:
            suite.refused(what, suite.create("tenant", "pod", pod(ns, image)),
                          f"IsolationPolicy {world['policy']} isolates namespace {ns}", "spec.containers[].image", *words)
            for where in ("initContainers",):
                bad = pod(ns, **{where: [{"name": "other", "image": image}]})
                suite.refused(f"{what} in {where}", suite.create("tenant", "pod", bad), *words)
        elif image:
            suite.allowed(what, suite.create("tenant", "pod", pod(ns, image)))
        suite.allowed(f"{what} elsewhere", suite.create("tenant", "pod", pod(world["open"], image or GOOD)))
    mounted = pod(ns, volumes=[{"name": "v", "image": {"reference": "evil.io/x" + DIGEST}}])
    answer = suite.create("tenant", "pod", mounted)
    if not answer:  # Before 1.35 the field is taken out, unless a feature gate says otherwise.
        kept = suite.kube.request("POST", path("pod", ns, dryRun="All"), mounted)["spec"]["volumes"]
        suite.check("a volume of an image that the API server keeps is looked at", "image" not in kept[0], str(kept))
    else:
        suite.refused("a volume that is a foreign image", answer, "is from none of")
    for own in chart():
        for container in own["spec"]["template"]["spec"]["containers"] if own["kind"] == "Deployment" else []:
            suite.allowed("the operator's own image", suite.create("tenant", "pod", pod(ns, container["image"])))


def check_later_images(suite: Suite, world: dict[str, str]) -> None:
    """Of pods that are there already."""
    ns = world["closed"]
    suite.allowed("a good pod", suite.create("tenant", "pod", pod(ns, name="good"), fieldManager="x"))
    for name in ("older", "good"):
        suite.allowed(f"labels of pod {name}", suite.patch("tenant", "pod", ns, name, {"metadata": {
            "labels": {"a": "b"}, "finalizers": ["example.com/x"]}}))

        def image(value: str) -> dict:
            return {"spec": {"containers": [{"name": "main", "image": value}]}}

        def debugger(value: str, **more) -> dict:
            return {"spec": {"ephemeralContainers": [{"name": "debug", "image": value, **more}]}}

        suite.allowed(f"another good image of pod {name}", suite.patch(
            "tenant", "pod", ns, name, image("registry.corp/ml/new" + DIGEST), content_type=STRATEGIC))
        suite.refused(f"a foreign image of pod {name}", suite.patch(
            "tenant", "pod", ns, name, image("evil.io/x" + DIGEST), content_type=STRATEGIC), "is from none of")
        suite.allowed(f"a good debugger in pod {name}", suite.patch(
            "tenant", "pod", ns, name, debugger(GOOD), "ephemeralcontainers", STRATEGIC))
        for value, words in (("busybox", "does not name"), ("evil.io/x" + DIGEST, "is from none of"),
                             ("registry.corp/ml/debug:1", "not named by digest")):
            suite.refused(f"debugger {value} in pod {name}", suite.patch(
                "tenant", "pod", ns, name, debugger(value), "ephemeralcontainers", STRATEGIC), words)
        suite.refused(f"a privileged debugger in pod {name}", suite.patch(
            "tenant", "pod", ns, name, debugger(GOOD, securityContext={"privileged": True}), "ephemeralcontainers", STRATEGIC),
            "privileged is true in container debug")


def container(**more) -> list[dict]:
    return [{"name": "main", "image": GOOD, **more}]


def check_host(suite: Suite, world: dict[str, str]) -> None:
    bad = {
        "spec.hostNetwork": {"hostNetwork": True}, "spec.hostPID": {"hostPID": True}, "spec.hostIPC": {"hostIPC": True},
        "spec.nodeName": {"nodeName": "kwok-0"},
        "hostPath": {"volumes": [{"name": "v", "hostPath": {"path": "/"}}]},
        "hostPort": {"containers": container(ports=[{"containerPort": 1, "hostPort": 1}])},
        "privileged": {"containers": container(securityContext={"privileged": True})},
        "capabilities.add": {"containers": container(securityContext={"capabilities": {"add": ["NET_RAW"]}})},
    }
    for field, spec in bad.items():
        suite.refused(field, suite.create("tenant", "pod", pod(world["closed"], **spec)), field, world["policy"])
        suite.allowed(f"{field} elsewhere", suite.create("tenant", "pod", pod(world["open"], **spec)))
        inner = spec.get("containers")
        if inner:
            spec = {"initContainers": [{**inner[0], "name": "first"}]}
            suite.refused(f"{field} of an init container", suite.create("tenant", "pod", pod(world["closed"], **spec)), field)
    for annotation in ("k8s.v1.cni.cncf.io/networks", "v1.multus-cni.io/default-network"):
        bad = pod(world["closed"])
        bad["metadata"]["annotations"] = {annotation: "other"}
        suite.refused(annotation, suite.create("tenant", "pod", bad), annotation, world["policy"])
    good = pod(world["closed"], containers=container(
        ports=[{"containerPort": 8080}], securityContext={"privileged": False, "capabilities": {"add": ["NET_BIND_SERVICE"], "drop": ["ALL"]}}),
        volumes=[{"name": "v", "emptyDir": {}}], hostNetwork=False)
    suite.allowed("none of this", suite.create("tenant", "pod", good))


def check_resources(suite: Suite, world: dict[str, str]) -> None:
    """Each container says what it needs; a LimitRange may say it for all."""
    ns = world["closed"]
    parts = {"requests.cpu": {"requests": {"memory": "1Mi"}, "limits": {"memory": "1Mi"}},
             "limits.memory": {"requests": {"cpu": "1m", "memory": "1Mi"}}, "everything": {}}
    for what, resources in parts.items():
        for field in ("containers", "initContainers"):
            bad = {field: [{"name": "bad", "image": GOOD, "resources": resources}]}
            suite.refused(f"{field} without {what}", suite.create("tenant", "pod", pod(ns, **bad)), world["policy"],
                          "spec.containers[].resources of container bad", "LimitRange")
            suite.allowed(f"{field} without {what} elsewhere", suite.create("tenant", "pod", pod(world["open"], **bad)))
    suite.allowed("limits alone, which are requests as well", suite.create("tenant", "pod", pod(
        ns, containers=container(resources={"limits": {"cpu": "1m", "memory": "1Mi"}}))))
    suite.kube.create({"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "sizes", "namespace": ns}, "spec": {
        "limits": [{"type": "Container", "default": {"memory": "1Mi"}, "defaultRequest": {"cpu": "1m", "memory": "1Mi"}}]}})
    suite.until("a LimitRange sets them", lambda: not suite.create(
        "tenant", "pod", pod(ns, containers=container(resources={}))))
    suite.kube.delete("limitrange", ns, "sizes")


def check_pool(suite: Suite, world: dict[str, str]) -> None:
    """Pods stay on the machines that are meant for them; what needs no resources is told so."""
    name = policy(suite, "pool", {"matchLabels": {"team": "pool"}}, pods={
        "nodeSelector": {"pool": "pci"}, "allowedTolerations": ["pci"], "requireResources": False})
    ns, there = suite.namespace("pool", team="pool"), {"nodeSelector": {"pool": "pci", "disk": "ssd"}}
    suite.until("the pool holds", lambda: suite.create("", "pod", pod(ns)))
    suite.allowed("a pod of the pool", suite.create("tenant", "pod", pod(ns, **there)))
    suite.allowed("one without resources", suite.create("tenant", "pod", pod(ns, containers=container(resources={}), **there)))
    for what, spec in {"none": {}, "another": {"nodeSelector": {"pool": "public"}}}.items():
        suite.refused(f"a pod of {what}", suite.create("tenant", "pod", pod(ns, **spec)), name, "spec.nodeSelector has not pool: pci")
    good = ({"key": "pci", "operator": "Exists"}, {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"})
    suite.allowed("what may be tolerated", suite.create("tenant", "pod", pod(ns, tolerations=list(good), **there)))
    for words, bad in {"is missing": {"operator": "Exists"}, "public is none of": {"key": "public", "operator": "Exists"},
                       "pci-not is none of": {"key": "pci-not", "operator": "Exists"}}.items():
        suite.refused(f"a toleration that {words}", suite.create("tenant", "pod", pod(ns, tolerations=[*good, bad], **there)),
                      name, "spec.tolerations[].key", words, "spec.pods.allowedTolerations" if "none" in words else "every taint")
    suite.allowed("any toleration elsewhere", suite.create("tenant", "pod", pod(world["open"], tolerations=[{"operator": "Exists"}])))
    suite.allowed("and without a pool", suite.create("tenant", "pod", pod(world["closed"], tolerations=[{"operator": "Exists"}])))
    suite.allowed("a pod that is there", suite.create("", "pod", pod(ns, name="there", **there), fieldManager="x"))
    there = suite.kube.get("pod", ns, "there")["spec"].get("tolerations", [])
    for what, more in {"allowed": good[0], "refused": {"operator": "Exists"}}.items():
        answer = suite.patch("tenant", "pod", ns, "there", {"spec": {"tolerations": [*there, more]}})
        getattr(suite, what)("a toleration that is added", answer, *([name] if what == "refused" else []))
    suite.kube.delete("iso", "", name)
    suite.kube.delete("namespace", "", ns)


def check_probe(suite: Suite, world: dict[str, str]) -> None:
    """A pod of Slipway looks first, whoever makes it, such as a Deployment of before the policy."""
    def ours(ns: str, **spec) -> dict:
        made = pod(ns, **spec)
        made["metadata"]["labels"] = {"app.kubernetes.io/managed-by": "slipway"}
        return made
    probe = {"name": "isolation-probe", "image": GOOD}
    ns = world["closed"]
    for what, spec in {"no probe": {}, "something before it": {"initContainers": [{"name": "first", "image": GOOD}, probe]}}.items():
        suite.refused(f"a pod of Slipway with {what}", suite.create("tenant", "pod", ours(ns, **spec)), world["policy"],
                      "spec.initContainers[0] is not isolation-probe")
        suite.allowed(f"elsewhere with {what}", suite.create("tenant", "pod", ours(world["open"], **spec)))
    suite.allowed("one that looks first", suite.create("tenant", "pod", ours(ns, initContainers=[probe])))
    suite.allowed("one that only looks", suite.create("tenant", "pod", ours(ns, containers=[probe])))
    name = policy(suite, "unprobed", {"matchLabels": {"team": "unprobed"}}, network={"verify": {"probe": "Off"}})
    free = suite.namespace("unprobed", team="unprobed")
    suite.until("the policy without a probe holds", lambda: suite.create("", "pod", ours(free, hostNetwork=True)))
    suite.allowed("no probe where none is to be", suite.create("tenant", "pod", ours(free)))
    suite.kube.delete("iso", "", name)
    suite.kube.delete("namespace", "", free)


def check_storage(suite: Suite, world: dict[str, str]) -> None:
    """Data is kept on storage of the classes that are named."""
    name = policy(suite, "storage", {"matchLabels": {"team": "storage"}}, storage={"allowedClasses": ["encrypted", "gold"]})
    ns = suite.namespace("storage", team="storage")

    def claim(where: str, **spec) -> dict:
        return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data", "namespace": where}, "spec": {
            "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, **spec}}

    suite.until("the storage policy holds", lambda: suite.create("", "claim", claim(ns)))
    for good in ("encrypted", "gold"):
        suite.allowed(f"class {good}", suite.create("tenant", "claim", claim(ns, storageClassName=good)))
    bad = {"is plain": {"storageClassName": "plain"}, "is encrypted-not": {"storageClassName": "encrypted-not"},
           "is empty": {}, "is empty, which": {"storageClassName": ""}}
    for words, spec in bad.items():
        suite.refused(f"a class that {words}", suite.create("tenant", "claim", claim(ns, **spec)), name, words,
                      "none of encrypted, gold", "spec.storage.allowedClasses")
        suite.allowed(f"elsewhere a class that {words}", suite.create("tenant", "claim", claim(world["closed"], **spec)))
    suite.kube.delete("iso", "", name)
    suite.kube.delete("namespace", "", ns)


def check_size(suite: Suite, world: dict[str, str]) -> None:
    """The largest pod is within what the API server spends on a policy of the largest size."""
    long = [f"registry-{n:03}.{'a' * 200}.corp/ml" for n in range(32)]
    name = policy(suite, "large", {"matchLabels": {"team": "large"}}, images={"allowedRegistries": long, "requireDigest": True})
    ns = suite.namespace("large", team="large")
    image = f"{long[-1]}/{'b' * 150}" + DIGEST
    many = [{"name": f"c{n}", "image": f"{image[:-1]}{n % 10}"} for n in range(99)]
    suite.until("the large policy holds", lambda: suite.create("", "pod", pod(ns, "evil.io/x" + DIGEST)))
    suite.allowed("99 containers of the last of 32 registries", suite.create(
        "tenant", "pod", pod(ns, containers=many, volumes=[{"name": "v", "emptyDir": {}}])))
    suite.refused("one of 99 containers from elsewhere", suite.create(
        "tenant", "pod", pod(ns, containers=[*many[:-1], {"name": "z", "image": "evil.io/x" + DIGEST}])), "is from none of")
    suite.refused("101 containers", suite.create("tenant", "pod", pod(ns, containers=[*many, *(
        {"name": f"d{n}", "image": image} for n in range(2))])), "more than 100 containers and volumes")
    suite.kube.delete("iso", "", name)
    suite.kube.delete("namespace", "", ns)


def check_network_policies(suite: Suite, world: dict[str, str]) -> None:
    ns, name = world["closed"], f"kept-{suite.suffix}"
    words = (f"IsolationPolicy {world['policy']} isolates namespace {ns}", f"tenant, who may not update isolationpolicies/{world['policy']}")
    suite.allowed("a network policy by the platform", suite.create("platform", "networkpolicy", network_policy(ns, name), fieldManager="x"))
    target = f"/apis/networking.k8s.io/v1/namespaces/{ns}/networkpolicies/{name}"
    suite.refused("one by a tenant", suite.create("tenant", "networkpolicy", network_policy(ns)), *words, "allow-all")
    change = {"metadata": {"labels": {"a": "b"}}}
    suite.refused("a change of one by a tenant", suite.patch("tenant", "networkpolicy", ns, name, change), *words)
    suite.refused("the end of one by a tenant", suite.answer("tenant", "DELETE", target + "?dryRun=All"), *words)
    suite.refused("the end of all by a tenant", suite.answer(
        "tenant", "DELETE", target.rsplit("/", 1)[0] + "?dryRun=All"), *words)
    for user in ("platform", OPERATOR, ""):
        suite.allowed(f"one by {user or 'the administrator'}", suite.create(user, "networkpolicy", network_policy(ns)))
        suite.allowed(f"a change by {user or 'the administrator'}", suite.patch(user, "networkpolicy", ns, name, change))
    for user in (*CONTROLLERS, "platform", OPERATOR, ""):
        answer = suite.answer(user, "DELETE", target + "?dryRun=All")
        suite.check(f"allowed: the end of one by {user or 'the administrator'}", "IsolationPolicy" not in answer and (
            not answer or user == CONTROLLERS[2]), answer)
    suite.allowed("one by a tenant elsewhere", suite.create("tenant", "networkpolicy", network_policy(world["open"])))


def check_other_network_policies(suite: Suite, world: dict[str, str]) -> None:
    """Those of other makers, of which only the names are there."""
    for group, plural, kind in (("cilium.io", "ciliumnetworkpolicies", "CiliumNetworkPolicy"),
                                ("crd.projectcalico.org", "networkpolicies", "NetworkPolicy"),
                                ("projectcalico.org", "networkpolicies", "NetworkPolicy"),
                                ("crd.antrea.io", "networkpolicies", "NetworkPolicy")):
        crd, target = f"{plural}.{group}", f"/apis/{group}/v1/namespaces/{world['closed']}/{plural}?dryRun=All"
        suite.kube.create({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": crd}, "spec": {
            "group": group, "scope": "Namespaced", "names": {"kind": kind, "plural": plural}, "versions": [{
                "name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {
                    "type": "object", "x-kubernetes-preserve-unknown-fields": True}}}]}})
        obj = {"apiVersion": f"{group}/v1", "kind": kind, "metadata": {"name": "allow-all"}, "spec": {}}
        suite.until(f"{crd} is served", lambda target=target, obj=obj: not suite.answer("", "POST", target, obj))
        allow_cluster_wide(suite, f"of-{group}", {"apiGroups": [group], "resources": [plural], "verbs": ["*"]})
        suite.until(f"a policy of {group} by a tenant is refused", lambda group=group, target=target, obj=obj: (
            f"IsolationPolicy {world['policy']} isolates" in suite.answer(f"of-{group}", "POST", target, obj)))
        suite.kube.delete("crd", "", crd)
        for of in ("clusterrolebinding", "clusterrole"):
            suite.kube.delete(of, "", f"of-{group}-{suite.suffix}")


def check_labels(suite: Suite, world: dict[str, str]) -> None:
    ns = world["closed"]
    words = ("metadata.labels", f"IsolationPolicy {world['policy']} isolates namespace {ns}", "tenant may not update isolationpolicies")
    for sub in ("", "status"):
        for what, labels in (("without the label", {"team": None}), ("with another value", {"team": "open"})):
            suite.refused(f"a namespace {what} {sub}", suite.patch("tenant", "namespace", "", ns, {"metadata": {"labels": labels}}, sub), *words)
            suite.allowed(f"the same by the platform {sub}", suite.patch("platform", "namespace", "", ns, {"metadata": {"labels": labels}}, sub))
        suite.allowed(f"another label {sub}", suite.patch("tenant", "namespace", "", ns, {"metadata": {"labels": {"color": "red", "x": "y"}}}, sub))
    current = suite.kube.get("namespace", "", ns)
    current["metadata"]["labels"].pop("team")
    suite.refused("the same by PUT", suite.answer("tenant", "PUT", f"/api/v1/namespaces/{ns}?dryRun=All", current), *words)
    suite.refused("the same by its finalizers", suite.answer("tenant", "PUT", f"/api/v1/namespaces/{ns}/finalize?dryRun=All", current), *words)
    suite.allowed("annotations", suite.patch("tenant", "namespace", "", ns, {"metadata": {"annotations": {"a": "b"}}}))
    suite.allowed("a namespace that goes in", suite.patch("tenant", "namespace", "", world["open"], {
        "metadata": {"labels": {"team": f"closed-{suite.suffix}"}}}))


def check_selectors(suite: Suite, world: dict[str, str]) -> None:
    """Each operator, with labels that it selects and labels that it does not."""
    mark = f"mark-{suite.suffix}"
    cases = {
        "Exists": ({"operator": "Exists"}, {mark: ""}, {}),
        "DoesNotExist": ({"operator": "DoesNotExist"}, {}, {mark: "a"}),
        "In": ({"operator": "In", "values": ["a", "b"]}, {mark: "b"}, {mark: "c"}),
        "NotIn": ({"operator": "NotIn", "values": ["a", "b"]}, {mark: "c"}, {mark: "a"}),
        "NotIn without the label": ({"operator": "NotIn", "values": ["a"]}, {}, {mark: "a"}),
    }
    for number, (what, (expression, selected, other)) in enumerate(cases.items()):
        scope = {"scope": f"s{number}-{suite.suffix}"}
        name = policy(suite, f"selector-{number}", {"matchLabels": scope, "matchExpressions": [{"key": mark, **expression}]}, images={
            "allowedRegistries": ["registry.corp/ml"]})
        inside, outside = suite.namespace(f"in-{number}", **scope, **selected), suite.namespace(f"out-{number}", **scope, **other)
        suite.until(f"{what} holds", lambda ns=inside: suite.create("", "pod", pod(ns, "evil.io/x")))
        suite.allowed(f"{what}: a foreign image outside", suite.create("", "pod", pod(outside, "evil.io/x")))
        leave = {"metadata": {"labels": {mark: other.get(mark)}}}
        suite.refused(f"{what}: a namespace that leaves", suite.patch("tenant", "namespace", "", inside, leave), "isolates namespace")
        suite.allowed(f"{what}: a namespace that comes", suite.patch(
            "tenant", "namespace", "", outside, {"metadata": {"labels": {mark: selected.get(mark)}}}))
        suite.kube.delete("iso", "", name)
        for ns in (inside, outside):
            suite.kube.delete("namespace", "", ns)


def check_several(suite: Suite, world: dict[str, str]) -> None:
    """Where several select a namespace, what each of them allows; and the profiles."""
    ns = world["closed"]
    second = policy(suite, "second", {"matchLabels": {"color": "blue", "team": f"closed-{suite.suffix}"}},
                    images={"allowedRegistries": ["hub.corp:5000", "quay.corp"]})
    hub, quay = "hub.corp:5000/x" + DIGEST, "quay.corp/x" + DIGEST
    suite.until("the second policy holds", lambda: suite.create("", "pod", pod(ns)))
    suite.allowed("what both allow", suite.create("tenant", "pod", pod(ns, hub)))
    suite.refused("what the first allows", suite.create("tenant", "pod", pod(ns)), second)
    suite.refused("what the second allows", suite.create("tenant", "pod", pod(ns, quay)), world["policy"])
    suite.kube.delete("iso", "", second)
    airgap = policy(suite, "airgap", {"matchLabels": {"team": "airgap"}}, profile="AirGapped", images={
        "requireDigest": True, "allowedRegistries": ["registry.corp"]})
    loose = policy(suite, "loose", {"matchLabels": {"team": "loose"}}, profile="Open")
    shut, free = suite.namespace("shut", team="airgap"), suite.namespace("free", team="loose")
    suite.until("AirGapped holds", lambda: suite.create("", "pod", pod(shut, "registry.corp/x:1")))
    suite.until("Open holds", lambda: suite.create("", "pod", pod(free, hostNetwork=True)))
    suite.allowed("AirGapped: a digest", suite.create("tenant", "pod", pod(shut, "registry.corp/x" + DIGEST)))
    suite.allowed("Open: any image", suite.create("tenant", "pod", pod(free, "nginx")))
    suite.allowed("Open: network policies of a tenant", suite.create("tenant", "networkpolicy", network_policy(free)))
    for name in (airgap, loose):
        suite.kube.delete("iso", "", name)
    for ns in (shut, free):
        suite.kube.delete("namespace", "", ns)


def check_never(suite: Suite, world: dict[str, str]) -> None:
    """What is never selected, by a policy that selects all."""
    leave = {"metadata": {"labels": {"left": "yes"}}}
    everywhere = policy(suite, "everywhere", {"matchExpressions": [{"key": "left", "operator": "DoesNotExist"}]}, images={"allowedRegistries": ["nowhere.corp"]})
    openshift = f"openshift-{suite.suffix}"
    suite.kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": openshift}})
    suite.until("the policy for all holds", lambda: suite.create("", "pod", pod(world["open"])))
    for ns in ("kube-system", "kube-public", "kube-node-lease", OPERATORS, openshift):
        answer = suite.create("", "pod", pod(ns, "evil.io/x"))
        suite.check(f"{ns} is never isolated", "IsolationPolicy" not in answer, answer)
        suite.allowed(f"network policies in {ns}", suite.create("tenant", "networkpolicy", network_policy(ns)))
        suite.allowed(f"labels of {ns}", suite.patch("tenant", "namespace", "", ns, leave))
    suite.refused("a label by which another would leave", suite.patch("tenant", "namespace", "", world["open"], leave), everywhere)
    suite.kube.delete("iso", "", everywhere)
    suite.kube.delete("namespace", "", openshift)
    suite.until("it holds no more", lambda: not suite.create("", "pod", pod(world["open"], "nginx")))
    suite.allowed("without a policy, anything", suite.create("tenant", "pod", pod(world["open"], "nginx", hostNetwork=True)))


def check(suite: Suite) -> None:
    world = prepare(suite)
    try:
        for part in (check_images, check_later_images, check_host, check_resources, check_pool, check_probe, check_storage, check_size, check_network_policies, check_other_network_policies,
                     check_labels,
                     check_selectors, check_several, check_never):
            part(suite, world)
    finally:
        for iso in suite.kube.list("iso"):
            if iso["metadata"]["name"].endswith(f"-{suite.suffix}"):
                suite.kube.delete("iso", "", iso["metadata"]["name"])
        for ns in (world["closed"], world["open"]):
            suite.kube.delete("namespace", "", ns)
        for user in ("tenant", "platform"):
            for kind in ("clusterrolebinding", "clusterrole"):
                suite.kube.delete(kind, "", f"{user}-{suite.suffix}")
