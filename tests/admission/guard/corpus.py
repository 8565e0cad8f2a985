"""Whatever a custom resource says, its pods keep the Pod Security Standard "restricted".

Three ways: what breaks the standard is tried in every field that describes a pod, and must be refused by
the schema or have no place in it; every field that there is, is set, and the pods that come of it
(`slipway plan`, which is the operator's own planner) must be admitted; and so must the pods of all golden
cases.
"""

import copy
import itertools
import json
import re
import subprocess

import yaml
from lib.kube import ApiError, path

from . import objects, places
from .suite import ROOT, Suite

BINARY = ROOT / "build" / "release" / "slipway"
# By name: where it stands in a pod (spec, container or metadata), and what it is.
FORBIDDEN = {
    "hostNetwork": ("spec", {"hostNetwork": True}),
    "hostPID": ("spec", {"hostPID": True}),
    "hostIPC": ("spec", {"hostIPC": True}),
    "runAsNonRoot of the pod": ("spec", {"securityContext": {"runAsNonRoot": False}}),
    "root": ("spec", {"securityContext": {"runAsUser": 0}}),
    "seccomp of the pod": ("spec", {"securityContext": {"seccompProfile": {"type": "Unconfined"}}}),
    "AppArmor of the pod": ("spec", {"securityContext": {"appArmorProfile": {"type": "Unconfined"}}}),
    "SELinux of the pod": ("spec", {"securityContext": {"seLinuxOptions": {"type": "spc_t"}}}),
    "SELinux user": ("spec", {"securityContext": {"seLinuxOptions": {"user": "root"}}}),
    "sysctls": ("spec", {"securityContext": {"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}}),
    "HostProcess of the pod": ("spec", {"securityContext": {"windowsOptions": {"hostProcess": True}}}),
    "privileged": ("container", {"securityContext": {"privileged": True}}),
    "escalation": ("container", {"securityContext": {"allowPrivilegeEscalation": True}}),
    "capabilities added": ("container", {"securityContext": {"capabilities": {"add": ["NET_ADMIN"], "drop": ["ALL"]}}}),
    "capabilities kept": ("container", {"securityContext": {"capabilities": {"drop": []}}}),
    "runAsNonRoot of the container": ("container", {"securityContext": {"runAsNonRoot": False}}),
    "root in the container": ("container", {"securityContext": {"runAsUser": 0}}),
    "seccomp of the container": ("container", {"securityContext": {"seccompProfile": {"type": "Unconfined"}}}),
    "AppArmor of the container": ("container", {"securityContext": {"appArmorProfile": {"type": "Unconfined"}}}),
    "SELinux of the container": ("container", {"securityContext": {"seLinuxOptions": {"type": "spc_t"}}}),
    "procMount": ("container", {"securityContext": {"procMount": "Unmasked"}}),
    "HostProcess of the container": ("container", {"securityContext": {"windowsOptions": {"hostProcess": True}}}),
    "hostPort": ("container", {"ports": [{"containerPort": 1, "hostPort": 1}]}),
    "a probe of another host": ("container", {"livenessProbe": {"httpGet": {"host": "10.0.0.1", "port": 1}}}),
    "a hook to another host": ("container", {"lifecycle": {"preStop": {"httpGet": {"host": "10.0.0.1", "port": 1}}}}),
    "AppArmor by annotation": ("metadata", {"annotations": {
        "container.apparmor.security.beta.kubernetes.io/NAME": "unconfined"}}),
}
VOLUMES = {
    "hostPath": {"path": "/"}, "nfs": {"server": "a", "path": "/"}, "iscsi": {"targetPortal": "a", "iqn": "iqn.2000-01.a:b", "lun": 0},
    "gcePersistentDisk": {"pdName": "a"}, "awsElasticBlockStore": {"volumeID": "a"}, "cinder": {"volumeID": "a"},
    "cephfs": {"monitors": ["a"]}, "rbd": {"monitors": ["a"], "image": "a"}, "glusterfs": {"endpoints": "a", "path": "a"},
    "flexVolume": {"driver": "a/b"}, "fc": {"targetWWNs": ["a"], "lun": 0}, "flocker": {"datasetName": "a"},
    "azureFile": {"secretName": "a", "shareName": "a"}, "azureDisk": {"diskName": "a", "diskURI": "https://a/b", "kind": "Managed"},
    "vsphereVolume": {"volumePath": "a"}, "quobyte": {"registry": "a:1", "volume": "a"}, "portworxVolume": {"volumeID": "a"},
    "scaleIO": {"gateway": "a", "system": "a", "secretRef": {"name": "a"}, "volumeName": "a"}, "storageos": {"volumeName": "a", "volumeNamespace": "a"},
    "photonPersistentDisk": {"pdID": "a"},
}
FORBIDDEN |= {f"volume {kind}": ("spec", {"volumes": [{"name": "v", kind: source}]}) for kind, source in VOLUMES.items()}
# Not of the standard, but nobody's to say either: another account, its token, a machine, a container more.
BEYOND = {
    "serviceAccountName": ("spec", {"serviceAccountName": "admin"}),
    "automountServiceAccountToken": ("spec", {"automountServiceAccountToken": True}),
    "nodeName": ("spec", {"nodeName": "pci-node"}), "schedulerName": ("spec", {"schedulerName": "other"}),
    "hostAliases": ("spec", {"hostAliases": [{"ip": "10.0.0.1", "hostnames": ["a"]}]}),
    "shareProcessNamespace": ("spec", {"shareProcessNamespace": True}), "runtimeClassName": ("spec", {"runtimeClassName": "a"}),
    "dnsConfig": ("spec", {"dnsConfig": {"nameservers": ["8.8.8.8"]}}), "hostUsers": ("spec", {"hostUsers": True}),
    "containers": ("spec", {"containers": [{"name": "more", "image": "a"}]}),
    "initContainers": ("spec", {"initContainers": [{"name": "more", "image": "a"}]}),
    "ephemeralContainers": ("spec", {"ephemeralContainers": [{"name": "more", "image": "a"}]}),
    "a projected token": ("spec", {"volumes": [{"name": "v", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}}]}),
    "envFrom": ("container", {"envFrom": [{"secretRef": {"name": "a"}}]}),
    "a terminal": ("container", {"tty": True, "stdin": True}), "a block device": ("container", {"volumeDevices": [{"name": "v", "devicePath": "/d"}]}),
    "mount propagation": ("container", {"volumeMounts": [{"name": "v", "mountPath": "/d", "mountPropagation": "Bidirectional"}]}),
}


def pod(ns: str, spec: dict, metadata: dict | None = None) -> dict:
    return {"apiVersion": "v1", "kind": "Pod", "spec": spec, "metadata": {**(metadata or {}), "name": "trial", "namespace": ns}}


def merged(base, change):
    """`change` laid over `base`; lists are replaced."""
    if not isinstance(base, dict) or not isinstance(change, dict):
        return copy.deepcopy(change)
    return {**base, **{key: merged(base.get(key), value) for key, value in change.items()}}


def restricted(ns: str) -> dict:
    return pod(ns, {"securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}, "containers": [
        {"name": "main", "image": "a", "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}]})


def broken(ns: str, where: str, change: dict) -> dict:
    found = restricted(ns)
    if where == "metadata":
        change = json.loads(json.dumps(change).replace("NAME", "main"))
        return merged(found, {"metadata": change})
    if where == "spec":
        return merged(found, {"spec": change})
    found["spec"]["containers"] = [merged(found["spec"]["containers"][0], change)]
    return found


def check_corpus(suite: Suite, ns: str) -> None:
    """Each fragment really breaks the standard, and what it is taken from does not."""
    suite.allowed("a restricted pod", suite.create("", "pod", restricted(ns)))
    for name, (where, change) in FORBIDDEN.items():
        # Some have been taken out of Kubernetes altogether, others a server may refuse on its own.
        answer = suite.create("", "pod", broken(ns, where, change))
        suite.check(f"not restricted: {name}", bool(answer), "the pod was admitted")


def programs(schema: dict, at: str = "spec"):
    """(path, schema) of everything that becomes a container: what has an image beside a command."""
    below = schema.get("properties", {})
    if {"image", "command"} <= set(below):
        yield at, schema
        return
    for name, child in below.items():
        if name not in ("status",):
            yield from programs(child, f"{at}.{name}")
    if "items" in schema:
        yield from programs(schema["items"], f"{at}[]")


def positions(schema: dict, where: str):
    """Where in a kind somebody would write what belongs into a pod's spec, container or metadata."""
    for at, program in programs(schema):
        has_template = "podTemplate" in program["properties"]
        if where == "metadata":
            yield from [f"{at}.podTemplate.metadata"] if has_template else []
        else:
            yield at
            if has_template:
                yield from (f"{at}.podTemplate", f"{at}.podTemplate.spec")


def lay(spec: dict, at: str, change: dict) -> None:
    """Lays a fragment over a custom resource at a path, which need not be in its schema."""
    node = spec
    for part in re.findall(r"[^.\[\]]+|\[\]", at)[1:]:
        node = node[0] if part == "[]" else node.setdefault(part, {})
    for key, value in change.items():
        node[key] = merged(node.get(key), value)


def lists(found: dict, crd: dict, at: str) -> None:
    """The lists and required fields on the way to a path."""
    # The image is the one field that every program has.
    program = re.sub(r"\.podTemplate.*", "", at)
    objects.graft(found["spec"], places.spec_schema(crd), f"{program}.image", objects.IMAGE)


def attempt(suite: Suite, crd: dict, ns: str, at: str, change: dict) -> str:
    """How a kind deals with a fragment at a path: "schema", "no place", or what is wrong."""
    kind = crd["spec"]["names"]["kind"]
    plain = objects.minimal(kind, ns if crd["spec"]["scope"] == "Namespaced" else "")
    lists(plain, crd, at)
    bad = copy.deepcopy(plain)
    lay(bad["spec"], at, change)
    collection = f"/apis/slipway.dev/v1alpha1/{'namespaces/' + ns + '/' if plain['metadata']['namespace'] else ''}{crd['spec']['names']['plural']}"
    answer = suite.answer("", "POST", collection + "?dryRun=All&fieldValidation=Strict", bad)
    if not answer:
        return "was accepted"
    if "unknown field" not in answer:
        return "schema" if "spec" in answer else f"was refused for another reason: {answer}"
    try:
        kept = suite.kube.request("POST", collection + "?dryRun=All&fieldValidation=Ignore", bad)["spec"]
    except ApiError:
        return "schema"
    clean = suite.kube.request("POST", collection + "?dryRun=All&fieldValidation=Ignore", plain)["spec"]
    return "no place" if prune(kept) == prune(clean) else f"was kept: {json.dumps(kept)}"


def prune(value):
    """Without objects that are empty: what has no place leaves its folder behind."""
    if isinstance(value, dict):
        found = {key: prune(one) for key, one in value.items()}
        return {key: one for key, one in found.items() if one not in ({}, [])}
    return [prune(one) for one in value if one != {}] if isinstance(value, list) else value


def kinds() -> list[dict]:
    return [crd for crd in places.crds() if list(programs(places.spec_schema(crd)))]


def check_templates(suite: Suite, ns: str) -> None:
    """Nothing of the corpus can be said in any place."""
    verdicts: dict[str, list[str]] = {}
    for crd in kinds():
        for name, (where, change) in {**FORBIDDEN, **BEYOND}.items():
            for at in positions(places.spec_schema(crd), where):
                verdict = attempt(suite, crd, ns, at, json.loads(json.dumps(change).replace("NAME", "trainer")))
                what = f"{crd['spec']['names']['kind']} {at}: {name}"
                suite.check(what, verdict in ("schema", "no place"), verdict)
                verdicts.setdefault(verdict[:8], []).append(name)
    by_schema, no_place = (set(verdicts.get(v, [])) for v in ("schema", "no place"))
    print(f"pod security: of {len(FORBIDDEN)} fragments that break \"restricted\" and {len(BEYOND)} more, "
          f"{len(no_place - by_schema)} have no place anywhere; the schema refuses somewhere: {', '.join(sorted(by_schema))}")


def variations(crd: dict):
    """The least of a kind with each field of its programs set, one at a time."""
    for at, program in programs(places.spec_schema(crd)):
        for leaf, schema in places.leaves(program, at):
            if "{}" in leaf or "resources" in leaf or leaf.endswith((".framework", ".sizeLimit")):
                continue
            values = schema.get("enum") or {"boolean": [True, False], "integer": [
                v for v in (schema.get("minimum"), schema.get("maximum")) if v is not None]}.get(schema.get("type"), [])
            for value in values or [objects.fill(schema, leaf.rsplit(".", 1)[-1].removesuffix("[]"))]:
                yield leaf, value


def planned(obj: dict) -> list[dict]:
    """What the operator would make of a custom resource, by its own command line; none if it refuses."""
    done = subprocess.run([BINARY, "plan", "-o", "json", "-f", "-"], input=json.dumps(obj), text=True, capture_output=True)
    return json.loads(done.stdout)["items"] if done.returncode == 0 else []


def pods_of(found: list[dict]):
    """(metadata, spec) of the pods among objects, and of those that they make."""
    for one in found:
        if one["kind"] == "Pod":
            yield one.get("metadata", {}), one["spec"]
        elif one["kind"] == "Deployment":
            yield one["spec"]["template"].get("metadata", {}), one["spec"]["template"]["spec"]


def admitted(suite: Suite, ns: str, what: str, found: list[dict]) -> int:
    number = 0
    for metadata, spec in itertools.islice(pods_of(found), 4):  # The nodes of a job are alike.
        kept = {key: metadata[key] for key in ("labels", "annotations") if key in metadata}
        spec = {key: value for key, value in spec.items() if key != "priorityClassName"}
        for container in [*spec["containers"], *spec.get("initContainers", [])]:
            for variable in container.get("env", []):  # Golden cases leave quotes out.
                if "value" in variable:
                    variable["value"] = str(variable["value"])
        suite.allowed(f"a pod of {what} under restricted", suite.create("", "pod", pod(ns, spec, kept)))
        number += 1
    return number


def check_pods(suite: Suite, ns: str) -> None:
    if not BINARY.exists():
        raise SystemExit(f"error: {BINARY} is not there; .ci/build release slipway makes it")
    made = 0
    for crd in kinds():
        kind = crd["spec"]["names"]["kind"]
        if kind not in ("TrainingJob", "ModelDeployment"):
            continue  # The others carry what becomes one of these.
        for leaf, value in variations(crd):
            obj = objects.with_field(crd, ns, leaf, value)
            for program, _ in programs(places.spec_schema(crd)):
                objects.graft(obj["spec"], places.spec_schema(crd), f"{program}.image", objects.IMAGE)
            if not suite.answer("", "POST", path({"TrainingJob": "tj"}.get(kind, "md"), ns, dryRun="All"), obj):
                made += admitted(suite, ns, f"{kind} with {leaf} {value!r}", planned(obj))
    for file in sorted([*(ROOT / "tests/api/valid").glob("*.yaml"), *(ROOT / "crds/samples").glob("*.yaml")]):
        for number, obj in enumerate(yaml.safe_load_all(file.read_text())):
            made += admitted(suite, ns, f"document {number} of {file.name}", planned(obj))
    suite.check("fields that were set gave pods", made > 100, f"{made}")
    print(f"pod security: {made} pods of planned custom resources looked at")


def check_golden(suite: Suite, ns: str) -> None:
    looked = 0
    for file in sorted((ROOT / "tests" / "golden").glob("*/*/expect.yaml")):
        for action in yaml.safe_load(file.read_text()).get("actions") or []:
            verb = next(iter(action))
            kind = str(action[verb]).split(" ")[0]
            if verb in ("create", "apply") and kind in ("Pod", "Deployment") and "body" in action:
                looked += admitted(suite, ns, f"{file.parent.parent.name}/{file.parent.name}", [{"kind": kind, **action["body"]}])
    suite.check("golden cases have pods", looked > 40, f"{looked}")


def check(suite: Suite) -> None:
    ns = suite.namespace("restricted", **{"pod-security.kubernetes.io/enforce": "restricted"})
    suite.until("the namespace has its account", lambda: suite.kube.find("serviceaccount", ns, "default"))
    for part in (check_corpus, check_templates, check_pods, check_golden):
        part(suite, ns)
    suite.kube.delete("namespace", "", ns)
