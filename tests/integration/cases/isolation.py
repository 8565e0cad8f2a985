"""Isolated namespaces, as far as the API server shows them; packets are in tests/e2e/isolation."""

import base64
import contextlib
import json

from lib import paths
from lib.case import ALONE, Case, case
from lib.kstatus import condition
from lib.objects import model_deployment, variant
from lib.operator import NAMESPACE
from lib.waiting import stays, wait_for

OURS = "slipway-isolation"


@contextlib.contextmanager
def _policy(t: Case, probe: str = "Off", **spec):
    """A policy for this case's namespace, for a while."""
    t.kube.patch("namespace", "", t.ns, {"metadata": {"labels": {"zone": t.ns}}})
    network = {"verify": {"probe": probe}, **spec.pop("network", {})}
    spec.setdefault("pods", {"requireResources": False})
    t.kube.create({"apiVersion": "slipway.dev/v1alpha1", "kind": "IsolationPolicy", "metadata": {"name": t.ns}, "spec": {
        "namespaceSelector": {"matchLabels": {"zone": t.ns}}, "network": network, **spec}})
    try:
        yield
    finally:
        t.kube.delete("iso", "", t.ns)


def _told(t: Case, which: str, value: str, reason: str = "") -> None:
    def told():
        found = condition(t.kube.get("iso", "", t.ns), which)
        assert found and found["status"] == value and reason in ("", found["reason"]), found
        return True
    wait_for(f"{which} is {value} {reason}", told)


@case(ALONE)
def namespace_is_closed_before_its_pods(t: Case):
    t.install().start().wait_working()
    job = t.job("before", nodes=2)
    t.wait_phase("tj", "before", "Running")
    early = {p["metadata"]["uid"] for p in t.pods(job)}
    with _policy(t, network={"egressTo": [{"cidr": "10.20.0.0/16", "ports": [{"port": 443}]}]}):
        _told(t, "Enforced", "True")
        _told(t, "EnforcementVerified", "False", "NotProbed")
        _told(t, "Ready", "True")
        ours = t.get("netpol", OURS)
        since = ours["metadata"]["annotations"]["slipway.dev/isolation"]

        def moved():
            pods = t.pods(job)
            assert len(pods) == 2 and not early & {p["metadata"]["uid"] for p in pods}, "still the former pods"
            return {p["metadata"]["annotations"].get("slipway.dev/isolation") for p in pods} == {since}
        wait_for("the pods have started anew", moved)
        running = t.wait_phase("tj", "before", "Running")["status"]
        assert running["lastFailure"]["reason"] == "IsolationTightened", running["lastFailure"]
        made = [e for e in t.audit.writes(t.slipway.user, ns=t.ns) if e.code in (200, 201)]
        first_policy = min(e.time for e in made if e.resource == "networkpolicies" and e.name == OURS)
        later = [e.time for e in made if e.resource == "pods" and e.verb == "create"]
        assert sum(time > first_policy for time in later) == 2, made

        def over():
            proof = t.kube.get("iso", "", t.ns)["status"]["proofs"][0]
            return proof.get("oldConnectionsUntil") and not proof.get("stalePods")
        wait_for("the status says until when the former pods lived", over)

        # Somebody opens a way in, and takes the policy away: both are put right.
        t.patch("netpol", OURS, {"spec": {"ingress": [{}]}})
        wait_for("it is put right", lambda: "ingress" not in t.get("netpol", OURS)["spec"])
        t.kube.delete("netpol", t.ns, OURS)
        wait_for("it is made again", lambda: t.kube.find("netpol", t.ns, OURS))

        # While it was not what it should be everything may have been reached, so the pods start anew.
        def settled():
            mark = t.get("netpol", OURS)["metadata"]["annotations"]["slipway.dev/isolation"]
            pods = t.pods(job)
            assert len(pods) == 2 and t.get("tj", "before")["status"]["phase"] == "Running", len(pods)
            return {p["metadata"]["annotations"].get("slipway.dev/isolation") for p in pods} == {mark}
        wait_for("the pods have started anew", settled)

        # What allows more starts nothing anew; what allows less does.
        now = {p["metadata"]["uid"] for p in t.pods(job)}
        cidrs = [{"cidr": "10.20.0.0/16", "ports": [{"port": 443}]}, {"cidr": "10.30.0.0/16"}]
        t.kube.patch("iso", "", t.ns, {"spec": {"network": {"egressTo": cidrs}}})
        wait_for("the new rule", lambda: "10.30.0.0/16" in str(t.get("netpol", OURS)["spec"]))
        stays("the pods go on", lambda: {p["metadata"]["uid"] for p in t.pods(job)} == now, 3)
        t.kube.patch("iso", "", t.ns, {"spec": {"network": {"egressTo": []}}})
        wait_for("other pods", lambda: len(t.pods(job)) == 2 and not now & {p["metadata"]["uid"] for p in t.pods(job)})

        everything = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "allow-all"},
                      "spec": {"podSelector": {}, "egress": [{}], "policyTypes": ["Egress"]}}
        t.create(everything)
        _told(t, "Enforced", "False", "ForeignPolicies")
        t.kube.delete("netpol", t.ns, "allow-all")
        _told(t, "Enforced", "True")
    wait_for("what isolated it is gone", lambda: not t.kube.list("netpol", t.ns))
    t.wait_phase("tj", "before", "Running")


@case(ALONE)
def pods_prove_and_images_are_allowed(t: Case):
    """The probe is the first container of every pod, and what may not run is told and not made."""
    t.install().start().wait_working()
    images = {"allowedRegistries": ["registry.corp"], "mirrors": [{"source": "registry.example.com", "mirror": "registry.corp/hub"}]}
    with _policy(t, probe="Required", images=images):
        wait_for("the policy", lambda: t.kube.find("netpol", t.ns, OURS))
        t.job("x", trainer={"image": "quay.io/ml/trainer:1"})
        told = t.wait_condition("tj", "x", "Stalled", "True", "ImageNotAllowed")
        assert "registry.corp" in condition(told, "Stalled")["message"], told["status"]
        stays("no pod is made", lambda: not t.children("pod", told), 2)
        t.kube.delete("tj", t.ns, "x")
        held = t.job("y", trainer={"image": "registry.example.com/ml/trainer:1"})
        pods = t.wait_pods(held, 1)
        first, = pods[0]["spec"]["initContainers"]
        assert first["name"] == "isolation-probe" and first["command"] == ["/slipway", "probe"], first
        assert pods[0]["spec"]["containers"][0]["image"] == "registry.corp/hub/ml/trainer:1", pods[0]["spec"]


@case(ALONE)
def pods_stay_in_the_pool(t: Case):
    """On the machines that are meant for the namespace; the API server's own part is in tests/admission."""
    t.install().start().wait_working()
    with _policy(t, pods={"nodeSelector": {"pool": "pci"}, "requireResources": False}):
        wait_for("the policy", lambda: t.kube.find("netpol", t.ns, OURS))
        pods = t.wait_pods(t.job("x"), 1)
        assert pods[0]["spec"]["nodeSelector"] == {"pool": "pci"}, pods[0]["spec"]


@case(ALONE)
def images_are_signed(t: Case):
    """A pod is made once the signature of its image was carried in, and by none but the keys of the policy."""
    signed = paths.REPO / "tests" / "signatures"
    line = (signed / "cosign-2.json").read_text()
    payload = json.loads(base64.b64decode(json.loads(line)["Payload"]))
    digest = payload["critical"]["image"]["docker-manifest-digest"]
    keys = [{"name": "release", "publicKey": "-----BEGIN PUBLIC KEY-----"}]
    carried = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"churn.json": line},
               "metadata": {"name": t.ns, "namespace": NAMESPACE}}
    t.install().start().wait_working()
    with _policy(t, images={"signatureKeys": keys}):
        _told(t, "Enforced", "True")
        _told(t, "Stalled", "True", "InvalidKey")
        job = t.job("x", trainer={"image": f"registry.corp/ml/churn@{digest}"})
        other = t.job("other", trainer={"image": f"registry.corp/ml/churn@sha256:{'b' * 64}"})
        t.wait_condition("tj", "x", "Stalled", "True", "ImageNotSigned")
        try:
            t.kube.create(carried)
            stays("no key and no label: no pod", lambda: not t.children("pod", job), 2)
            t.kube.patch("configmap", NAMESPACE, t.ns, {"metadata": {"labels": {"slipway.dev/image-signatures": "true"}}})
            wait_for("it is seen", lambda: "by others" in condition(t.get("tj", "x"), "Stalled")["message"])
            stays("no key: no pod", lambda: not t.children("pod", job), 2)
            keys[0]["publicKey"] = (signed / "cosign.pub").read_text()
            t.kube.patch("iso", "", t.ns, {"spec": {"images": {"signatureKeys": keys}}})
            t.wait_pods(job, 1)
            _told(t, "Ready", "True")
            told = condition(t.wait_condition("tj", "other", "Stalled", "True", "ImageNotSigned"), "Stalled")
            assert "release" in told["message"] and "b" * 64 in told["message"], told
            assert not t.children("pod", other), "a pod with an image that nobody has signed"

            # What is taken away holds back what is made from then on.
            t.kube.delete("configmap", NAMESPACE, t.ns)
            t.wait_phase("tj", "x", "Running")
            t.job("late", trainer={"image": f"registry.corp/ml/churn@{digest}"})
            t.wait_condition("tj", "late", "Stalled", "True", "ImageNotSigned")
        finally:
            t.kube.delete("configmap", NAMESPACE, t.ns)


@case(ALONE)
def without_a_canary_nothing_starts(t: Case):
    t.install().start(canary=False).wait_working()
    with _policy(t, probe="Required"):
        job = t.job("x")
        told = t.wait_condition("tj", "x", "Stalled", "True", "IsolationUnprovable")
        assert "reports.enabled" in condition(told, "Stalled")["message"], told["status"]
        stays("no pod is made", lambda: not t.children("pod", job), 2)


@case(ALONE)
def models_are_compared(t: Case):
    """What may not be served gets no pod and takes none away; what may is compared before its server starts."""
    t.install().start().wait_working()
    digest = "sha256:" + "ab" * 32

    def version(number: int, uri: str) -> None:
        t.create({"apiVersion": "slipway.dev/v1alpha1", "kind": "ModelVersion", "metadata": {"name": f"m-{number}"}, "spec": {
            "modelName": "m", "version": number, "artifact": {"uri": uri, "digest": digest, "format": "onnx"}}})

    def blue(number: int, **fields) -> list[dict]:
        return [variant("blue", image=f"registry.example.com/server@sha256:{number:064x}",
                        modelVersionRef={"name": f"m-{number}"}, **fields)]

    version(1, "s3://models.corp/m/1")
    version(2, "s3://models.corp.evil/m/2")
    artifacts = {"allowedURIs": ["s3://models.corp/"], "allowedFormats": ["onnx"], "requireDigest": True}
    with _policy(t, profile="Open", artifacts=artifacts):
        md = t.create(model_deployment("x", *blue(1)))
        t.wait_condition("md", "x", "Ready", "True")
        before, = t.children("deployment", md)
        t.patch("md", "x", {"spec": {"variants": blue(2)}})
        told = t.wait_condition("md", "x", "Stalled", "True", "ArtifactNotAllowed")
        for word in ("blue", "m-2", "s3://models.corp.evil/m/2", t.ns, "artifacts.allowedURIs"):
            assert word in condition(told, "Stalled")["message"], told["status"]
        stays("the Deployment is what it was", lambda: t.children("deployment", md)[0]["metadata"]["generation"]
              == before["metadata"]["generation"], 2)
        assert condition(t.get("md", "x"), "EndpointReady")["status"] == "True", t.get("md", "x")["status"]
        wait_for("the Event", lambda: "Stalled" in t.reasons(md))

        artifacts["allowedURIs"].append("s3://models.corp.evil/m/")
        t.kube.patch("iso", "", t.ns, {"spec": {"artifacts": artifacts}})
        t.wait_condition("md", "x", "Ready", "True")
        assert not condition(t.get("md", "x"), "Stalled"), t.get("md", "x")["status"]

        # The claim is not there, so that the new pod waits; the one of before goes on.
        t.patch("md", "x", {"spec": {"variants": blue(2, model={"persistentVolumeClaim": {"claimName": "c"}, "subPath": "m"})}})

        def compared():
            spec = t.children("deployment", md)[0]["spec"]["template"]["spec"]
            return spec.get("initContainers")
        look, = wait_for("what compares", compared)
        assert look["name"] == "verify-model" and look["args"] == ["--path=/model", f"--digest={digest}"], look
        assert look["volumeMounts"] == [{"name": "slipway-model", "mountPath": "/model", "subPath": "m", "readOnly": True}], look

        def waiting():
            return [p for p in t.kube.list("pod", t.ns) if p["status"]["phase"] == "Pending" and p["spec"].get("initContainers")]
        pod = wait_for("the new pod", waiting)[0]
        report = {"version": 1, "reason": "ModelCorrupt", "path": "/model", "expected": digest, "found": "sha256:" + "cd" * 32,
                  "files": 1, "bytes": 7, "milliseconds": 1}
        ended = {"exitCode": 3, "reason": "Error", "message": json.dumps(report)}
        t.patch("pod", pod["metadata"]["name"], {"status": {"initContainerStatuses": [
            {"name": "verify-model", "image": "x", "imageID": "x", "ready": False, "restartCount": 0, "state": {"terminated": ended}}]}},
                sub="status")

        def corrupt():
            failure = t.get("md", "x")["status"]["variants"][0].get("lastFailure", {})
            assert failure.get("reason") == "ModelCorrupt" and "cd" * 32 in failure["message"] and digest in failure["message"], failure
            return True
        wait_for("it says that the model is corrupt", corrupt)
        assert condition(t.get("md", "x"), "EndpointReady")["status"] == "True", t.get("md", "x")["status"]
