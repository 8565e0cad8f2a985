"""What has to be carried into a cluster without a connection to the outside, and whether it can run there."""

import json

import yaml

from lib.case import SHARED, Case, case
from lib.objects import IMAGE, drift_monitor, model_deployment, runtime, training_job, training_trigger, variant
from lib.waiting import wait_for

FINE, ERROR, USAGE, CAUSE = 0, 1, 2, 3  # exit codes
LABELS = {"app.kubernetes.io/name": "slipway"}
OPERATOR = "registry.example.com/slipway:0.1.0"
DIGEST = "sha256:" + 64 * "a"


def _slipway(t: Case, *args: object, code: int = FINE, stdin: str | None = None) -> str:
    """What goes to programs; the command must end with that exit code."""
    done = t.cluster.run("kubectl", "slipway", *args, stdin=stdin)
    assert done.returncode == code, f"exit code {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout if code == FINE else done.stdout + done.stderr


def _operator() -> list[dict]:
    """A Deployment and a ConfigMap as the chart makes them, as far as images are concerned."""
    config = {"workerImage": OPERATOR, "runtimes": [{"name": "sklearn", "image": "registry.example.com/sklearn:1"}]}
    container = {"name": "operator", "image": OPERATOR, "securityContext": {
        "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}
    return [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "operator"},
         "data": {"config.yaml": yaml.safe_dump(config)}},
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "operator", "labels": LABELS},
         "spec": {"replicas": 1, "selector": {"matchLabels": LABELS}, "template": {
             "metadata": {"labels": LABELS},
             "spec": {"securityContext": {"runAsNonRoot": True, "runAsUser": 65532,
                                          "seccompProfile": {"type": "RuntimeDefault"}},
                      "containers": [container],
                      "volumes": [{"name": "config", "configMap": {"name": "operator"}}]}}}},
    ]


def _workloads() -> list[dict]:
    begins_with_a_runtime = training_job(
        "x", runtimeRef={"kind": "Runtime", "name": "torch"}, framework="Torch",
        prepare=[{"name": "fetch", "image": "busybox", "command": ["sh"]}])
    del begins_with_a_runtime["spec"]["trainer"]["image"]
    return [
        runtime("torch", image="registry.example.com/torch:2.4"),
        begins_with_a_runtime,
        training_trigger("weekly", job={"prepare": [
            {"name": "fetch", "image": "registry.example.com/fetch@" + DIGEST, "command": ["sh"]}]}),
        model_deployment("y", variant(runtime={"name": "sklearn"})),
    ]


def _as_file(objects: list[dict]) -> str:
    return yaml.safe_dump_all(objects)


ALL = {OPERATOR, "registry.example.com/sklearn:1", "registry.example.com/torch:2.4",
       "docker.io/library/busybox:latest", "registry.example.com/fetch@" + DIGEST, IMAGE}


@case(SHARED)
def images_of_a_cluster(t: Case):
    here = ("images", "-n", t.ns, "--operator-namespace", t.ns)
    for obj in _operator() + _workloads():
        t.create(obj)
    job = t.job("runs")
    pod = t.wait_pods(job, 1)[0]["metadata"]["name"]

    def started():
        return t.get("pod", pod)["status"].get("containerStatuses")
    status = wait_for("its container is there", started)[0]
    status["imageID"] = f"{IMAGE.rpartition(':')[0]}@{DIGEST}"
    t.patch("pod", pod, {"status": {"containerStatuses": [status]}}, "status")

    def listed():
        images = {one["image"]: one for one in json.loads(_slipway(t, *here, "-o", "json"))["images"]}
        assert set(images) == ALL, sorted(images)
        assert images[IMAGE]["digest"] == DIGEST and images[IMAGE]["digestFrom"] == "pods", images[IMAGE]
        assert {use["name"] for use in images[IMAGE]["usedBy"]} == {"runs", "weekly"}, images[IMAGE]
        assert "noDigest" in images["docker.io/library/busybox:latest"], images
        return True
    wait_for("all images are listed", listed)
    carried = yaml.safe_load(_slipway(t, *here, "-o", "skopeo"))
    assert carried["docker.io"]["images"] == {"library/busybox": ["latest"]}, carried
    assert carried["registry.example.com"]["images"]["trainer"] == ["1", DIGEST], carried
    mirrored = yaml.safe_load(_slipway(t, *here, "-o", "oc-mirror"))
    names = [one["name"] for one in mirrored["mirror"]["additionalImages"]]
    assert len(names) == len(set(names)) == len(ALL) + 1, names  # the trainer by tag and by digest
    said = _slipway(t, *here, "--require-digest", code=ERROR)
    assert "no digest" in said and "skopeo inspect" in said, said
    said = _slipway(t, *here, "--mirror", "docker.io=registry.corp/hub")
    assert "registry.corp/hub/library/busybox:latest" in said, said


@case(SHARED)
def images_without_a_cluster(t: Case):
    """The same list comes from the manifests alone."""
    everything = _as_file(_operator() + _workloads())
    away = ("env", "KUBECONFIG=/nonexistent", "kubectl", "slipway", "images", "-f", "-", "-o", "json")
    done = t.cluster.run(*away, stdin=everything)
    assert done.returncode == FINE, done.stderr
    assert {one["image"] for one in json.loads(done.stdout)["images"]} == ALL, done.stdout
    done = t.cluster.run(*away, stdin=_as_file(_workloads()[1:] + [drift_monitor("z")]))
    assert done.returncode == ERROR, done.stdout
    for part in ("Runtime default/torch, which is not here", "runtime sklearn", "workerImage",
                 "the list is not complete"):
        assert part in done.stderr, f"{part!r} is not in: {done.stderr}"


@case(SHARED)
def images_are_not_left_out_silently(t: Case):
    said = _slipway(t, "images", "-n", t.ns, "--operator-namespace", t.ns, code=ERROR)
    assert f"no operator is in namespace {t.ns}" in said and "the list is not complete" in said, said
    for obj in _operator():
        t.create(obj)
    said = _slipway(t, "images", "-n", t.ns, "--operator-namespace", t.ns,
                    "--kubeconfig", t.slipway.kubeconfig, code=ERROR)
    assert "not looked at: configmaps (" in said and OPERATOR in said, said
    said = _slipway(t, "images", "--mirror", "docker.io", code=USAGE)
    assert "must be SOURCE=MIRROR" in said, said
    _slipway(t, "images", "-o", "skopeo", "--mirror", "a=b", code=USAGE)
    _slipway(t, "images", "-A", "-n", "x", code=USAGE)
    said = _slipway(t, "images", "--context=nonesuch", code=ERROR)
    assert "nonesuch" in said, said


def _checks(t: Case, *args: str, code: int) -> dict[str, dict]:
    done = t.cluster.run("kubectl", "slipway", "preflight", "-o", "json", *args)
    assert done.returncode == code, f"exit code {done.returncode}: {done.stdout}{done.stderr}"
    report = json.loads(done.stdout)
    assert report["passed"] == (code == FINE), report
    return {one["check"]: one for one in report["checks"]}


@case(SHARED)
def preflight_of_a_real_api_server(t: Case):
    for obj in _operator():
        t.create(obj)
    wait_for("the operator is ready", lambda: t.get("deployment", "operator")["status"].get("readyReplicas") == 1)
    checks = _checks(t, "--operator-namespace", t.ns, code=FINE)
    for name, one in checks.items():
        if name.startswith("API ") or name in ("CRDs", "rights", "Kubernetes", "operator", "nodes", "clock"):
            assert one["result"] == "ok", one
    assert "installed and of this release" in checks["CRDs"]["seen"], checks["CRDs"]
    assert "not checkable here" in checks["network policies"]["seen"], checks["network policies"]
    assert checks["images"]["result"] == "warn", checks["images"]


@case(SHARED)
def preflight_passes_nothing_unseen(t: Case):
    for obj in _operator():
        t.create(obj)
    checks = _checks(t, "--operator-namespace", t.ns, "--kubeconfig", str(t.slipway.kubeconfig), code=CAUSE)
    assert "system:serviceaccount:" in checks["rights"]["seen"], checks["rights"]
    for name in ("rights", "CRDs", "images", "storage"):
        assert checks[name]["result"] == "unknown" and "not" in checks[name]["seen"], checks[name]
    for name in ("nodes", "pod security"):
        assert checks[name]["result"] == "ok", f"the operator may list what {name} needs: {checks[name]}"
