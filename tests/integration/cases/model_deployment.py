"""A ModelDeployment: what is made for it, kept for it, and left alone."""

import json
import time

from lib.case import SHARED, Case, case, environment_of
from lib.kstatus import condition, is_true
from lib.objects import kwok, model_deployment, service, variant
from lib.waiting import stays, wait_for

CPU = {"requests": {"cpu": "100m"}}


def _pod_spec(deployment: dict) -> dict:
    return {"spec": deployment["spec"]["template"]["spec"]}


def _only(found: list[dict]) -> dict:
    assert len(found) == 1, [o["metadata"]["name"] for o in found]
    return found[0]


def _ready(t: Case, name: str = "x", within: float = 20) -> dict:
    def reached():
        md = t.get("md", name)
        assert md["status"]["observedGeneration"] == md["metadata"]["generation"], md["status"]
        assert is_true(md, "Ready") and md["status"]["phase"] == "Ready", md["status"]
        return md
    return wait_for(f"md/{name} is Ready", reached, within)


def _deployment_of(t: Case, md: dict, name: str) -> dict:
    """The Deployment of a variant."""
    return wait_for(f"a Deployment of variant {name}", lambda: next(
        (d for d in t.children("deployment", md)
         if d["metadata"]["labels"]["slipway.dev/variant"] == name), None))


@case(SHARED)
def everything_is_made_and_reported(t: Case):
    start = t.audit.now()
    md = t.create(model_deployment("x", variant(env=[{"name": "COLOUR", "value": "blue"}]),
                                   replicas=2))
    ready = _ready(t)
    status = ready["status"]
    assert (status["replicas"], status["readyReplicas"]) == (2, 2), status
    assert status["url"] == f"http://x.{t.ns}.svc.cluster.local", status
    assert [(v["name"], v["readyReplicas"]) for v in status["variants"]] == [("main", 2)], status
    assert not condition(ready, "Reconciling") and not condition(ready, "Stalled")

    deployment = _only(t.children("deployment", md))
    env = environment_of(_pod_spec(deployment))
    assert env["COLOUR"] == "blue" and env["PORT"] == "8080", env
    assert deployment["spec"]["replicas"] == 2
    svc = _only(t.children("service", md))
    assert svc["metadata"]["name"] == "x" and svc["spec"]["ports"][0]["port"] == 80
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert all(labels.get(k) == v for k, v in svc["spec"]["selector"].items()), labels
    pdb = _only(t.children("pdb", md))
    assert pdb["spec"]["maxUnavailable"] == 1 and "minAvailable" not in pdb["spec"], pdb["spec"]
    assert not t.children("hpa", md)
    writes = t.audit.writes(t.slipway.user, start, t.ns)
    # Deployment, Service and PDB; and the states on the way.
    assert len([w for w in writes if "/status" not in w.resource and w.resource != "events"]) == 3, (
        "\n".join(map(str, writes)))
    assert all(w.code < 300 for w in writes), "\n".join(map(str, writes))


@case(SHARED)
def edits_of_children_are_repaired(t: Case):
    md = t.create(model_deployment(
        "x", variant(resources=CPU), autoscaling={"minReplicas": 2, "maxReplicas": 4}))
    wait_for("all four children", lambda: all(
        t.children(kind, md) for kind in ("deployment", "service", "pdb", "hpa")))
    name = {kind: _only(t.children(kind, md))["metadata"]["name"]
            for kind in ("deployment", "service", "pdb", "hpa")}

    def edit(kind: str, patch: dict) -> None:
        t.cluster.kubectl("patch", kind, name[kind], "-n", t.ns, "--type=merge", "-p",
                          json.dumps(patch))

    selector = t.get("service", "x")["spec"]["selector"]
    edit("service", {"spec": {"selector": {"one-more": "so-that-nothing-is-selected"}}})
    edit("pdb", {"spec": {"maxUnavailable": 5}})
    edit("hpa", {"spec": {"maxReplicas": 9}})
    t.cluster.kubectl("set", "image", f"deployment/{name['deployment']}", "*=evil:1", "-n", t.ns)
    wait_for("the Service is repaired",
             lambda: t.get("service", "x")["spec"]["selector"] == selector)
    wait_for("the PDB is repaired",
             lambda: t.get("pdb", name["pdb"])["spec"]["maxUnavailable"] == 1)
    wait_for("the HPA is repaired",
             lambda: t.get("hpa", name["hpa"])["spec"]["maxReplicas"] == 4)
    wait_for("the Deployment is repaired", lambda: t.get("deployment", name["deployment"])[
        "spec"]["template"]["spec"]["containers"][0]["image"] == "registry.example.com/server:1")

    for kind in ("service", "pdb", "hpa", "deployment"):
        t.kube.delete(kind, t.ns, name[kind])
        wait_for(f"the {kind} is made again", lambda kind=kind: [
            o for o in t.children(kind, md) if "deletionTimestamp" not in o["metadata"]])


@case(SHARED)
def foreign_fields_are_left_alone(t: Case):
    """A sidecar injector's label, an administrator's annotation: not ours to remove."""
    md = t.create(model_deployment("x"))
    _ready(t)
    deployment = _only(t.children("deployment", md))["metadata"]["name"]
    t.patch("deployment", deployment, {"metadata": {"annotations": {"team": "blue"}}})
    t.patch("md", "x", {"spec": {"variants": [variant(env=[{"name": "A", "value": "1"}])]}})
    wait_for("the change of the spec arrives", lambda: environment_of(_pod_spec(
        t.get("deployment", deployment))).get("A") == "1")
    assert t.get("deployment", deployment)["metadata"]["annotations"]["team"] == "blue"


@case(SHARED)
def removed_variable_disappears(t: Case):
    two = [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]
    md = t.create(model_deployment("x", variant(env=two)))
    _ready(t)
    t.patch("md", "x", {"spec": {"variants": [variant(env=two[:1])]}})

    def arrived():
        env = environment_of(_pod_spec(_only(t.children("deployment", md))))
        return "B" not in env and env.get("A") == "1"
    wait_for("B is gone from the Deployment", arrived)
    _ready(t)


@case(SHARED)
def replicas_belong_to_the_autoscaler(t: Case):
    md = t.create(model_deployment(
        "x", variant(resources=CPU), autoscaling={"minReplicas": 2, "maxReplicas": 6}))
    wait_for("the autoscaler has raised to its minimum", lambda: _only(
        t.children("deployment", md))["spec"]["replicas"] == 2, 40)
    hpa = _only(t.children("hpa", md))
    deployment = _only(t.children("deployment", md))["metadata"]["name"]
    assert hpa["spec"]["scaleTargetRef"]["name"] == deployment
    assert hpa["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"] == 70
    # What the autoscaler would do under load.
    t.patch("deployment", deployment, {"spec": {"replicas": 5}}, "scale")
    t.patch("md", "x", {"spec": {"variants": [
        variant(resources=CPU, env=[{"name": "A", "value": "1"}])]}})
    wait_for("the change of the spec arrives", lambda: environment_of(_pod_spec(
        t.get("deployment", deployment))).get("A") == "1")
    stays("five replicas", lambda: t.get("deployment", deployment)["spec"]["replicas"] == 5)
    active = wait_for("AutoscalingActive", lambda: condition(t.get("md", "x"), "AutoscalingActive"))
    assert active["status"] == "False" and active["message"], (
        f"there are no metrics on this cluster, and it says so: {active}")

    t.patch("md", "x", {"spec": {"autoscaling": None, "replicas": 1}})
    wait_for("the autoscaler is removed", lambda: not t.children("hpa", md))
    wait_for("replicas are ours again",
             lambda: t.get("deployment", deployment)["spec"]["replicas"] == 1)
    wait_for("its condition is gone",
             lambda: not is_true(t.get("md", "x"), "AutoscalingActive"))


@case(SHARED)
def scale(t: Case):
    md = t.create(model_deployment("x", replicas=1))
    _ready(t)
    t.cluster.kubectl("scale", "md/x", "--replicas=3", "-n", t.ns)
    wait_for("three replicas are ready", lambda: _ready(t)["status"]["readyReplicas"] == 3)
    found = t.kube.get("md", t.ns, "x", "scale")
    assert (found["spec"]["replicas"], found["status"]["replicas"]) == (3, 3), found
    pods = t.kube.list("pod", t.ns, found["status"]["selector"])
    assert len(pods) == 3, f"the selector {found['status']['selector']} finds {len(pods)} pods"
    t.cluster.kubectl("scale", "md/x", "--replicas=0", "-n", t.ns)
    wait_for("none is left", lambda: not t.kube.list("pod", t.ns, found["status"]["selector"]))
    assert _only(t.children("deployment", md))["spec"]["replicas"] == 0


@case(SHARED)
def traffic_moves_to_an_available_variant(t: Case):
    slow = kwok(ready_after="4s")
    md = t.create(model_deployment("x", variant("blue", trafficPercent=100)))
    _ready(t)
    blue = dict(t.get("service", "x")["spec"]["selector"])
    t.patch("md", "x", {"spec": {"variants": [
        variant("blue", trafficPercent=0), variant("green", slow, trafficPercent=100)]}})
    _deployment_of(t, md, "green")
    stays("the Service points to the old variant while the new one starts",
          lambda: t.get("service", "x")["spec"]["selector"] == blue, 2)
    waiting = t.get("md", "x")
    assert condition(waiting, "Reconciling"), waiting["status"]

    def moved():
        selector = t.get("service", "x")["spec"]["selector"]
        if selector == blue:
            return False
        available = _deployment_of(t, md, "green")["status"].get("availableReplicas", 0)
        assert available >= 1, "traffic has moved to a variant without a ready pod"
        return selector
    selector = wait_for("the Service points to the new variant", moved)
    assert selector["slipway.dev/variant"] == "green", selector
    _ready(t)

    t.patch("md", "x", {"spec": {"variants": [variant("green", slow, trafficPercent=100)]}})
    wait_for("the removed variant's Deployment is deleted", lambda: [
        d["metadata"]["labels"]["slipway.dev/variant"] for d in t.children("deployment", md)
    ] == ["green"])
    assert t.get("service", "x")["spec"]["selector"] == selector


@case(SHARED)
def runtime_by_name(t: Case):
    md = t.create(model_deployment("x", variant(runtime={"name": "sklearn"})))
    _ready(t)
    container = _only(t.children("deployment", md))["spec"]["template"]["spec"]["containers"][0]
    assert container["image"] == "registry.example.com/sklearn:1", container
    assert container["command"] == ["serve"], container


@case(SHARED)
def unknown_runtime(t: Case):
    md = t.create(model_deployment("x", variant(runtime={"name": "nonesuch"})))
    stalled = t.wait_condition("md", "x", "Stalled", "True", "UnknownRuntime")
    message = condition(stalled, "Stalled")["message"]
    assert "nonesuch" in message and "sklearn" in message, message
    time.sleep(1)
    start = t.audit.now()
    time.sleep(4)
    made = t.audit.entries(t.slipway.user, start, t.ns)
    assert not made, "\n".join(map(str, made))
    assert not t.children("deployment", md)
    t.patch("md", "x", {"spec": {"variants": [variant(runtime={"name": "sklearn"})]}})
    assert not condition(_ready(t), "Stalled")


@case(SHARED)
def foreign_service_under_our_name(t: Case):
    foreign = t.create(service("x"))
    md = t.create(model_deployment("x"))
    conflict = t.wait_condition("md", "x", "Stalled", "True", "NameConflict")
    assert "Service" in condition(conflict, "Stalled")["message"]
    stays("it is as it was", lambda: t.get("service", "x") == foreign)
    t.kube.delete("service", t.ns, "x")
    wait_for("ours is made once the name is free", lambda: t.children("service", md), 90)
    _ready(t)


@case(SHARED)
def deletion_takes_everything_along(t: Case):
    md = t.create(model_deployment(
        "x", variant(resources=CPU), autoscaling={"minReplicas": 1, "maxReplicas": 2}))
    wait_for("its children", lambda: t.children("hpa", md) and t.children("deployment", md))
    t.kube.delete("md", t.ns, "x")
    for kind in ("deployment", "service", "pdb", "hpa"):
        wait_for(f"no {kind}", lambda kind=kind: not t.children(kind, md), 60)
    wait_for("no pods", lambda: not t.kube.list("pod", t.ns), 60)
