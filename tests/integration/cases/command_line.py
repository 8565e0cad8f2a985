"""What `kubectl slipway` says about what is really in a cluster."""

import json
import shlex
import signal

from lib.case import OWN, SHARED, Case, case
from lib.objects import kwok, model_deployment, training_job, variant
from lib.waiting import wait_for

FINE, ERROR, USAGE, CAUSE = 0, 1, 2, 3  # exit codes


def _slipway(t: Case, *args: object, code: int = FINE, stdin: str | None = None) -> str:
    """The output of the plugin; it must end with that exit code."""
    done = t.cluster.run("kubectl", "slipway", *args, stdin=stdin)
    assert done.returncode == code, f"exit code {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def _why(t: Case, target: str, *parts: str, code: int = CAUSE, options: tuple = ()) -> str:
    """What `why` says once it says all that."""
    def said():
        text = _slipway(t, "why", target, "-n", t.ns, *options, code=code)
        for part in parts:
            assert part in text, f"{part!r} is not in: {text}"
        return text
    return wait_for(f"why says {parts}", said)


def _way_out(text: str) -> list[str]:
    """The first command that `why` proposes."""
    line = next(line for line in text.splitlines() if line.startswith("Way out:"))
    return shlex.split(line.removeprefix("Way out:").partition("; ")[0])


@case(SHARED)
def why_pods_never_fit(t: Case):
    limits = {"limits": {"nvidia.com/gpu": 100}}
    t.job("x", nodes=2, trainer={"resourcesPerNode": limits})
    _why(t, "tj/x", "2 of 2 pods cannot be placed on a node", "Insufficient nvidia.com/gpu",
         "no node has 100 nvidia.com/gpu, which each pod asks for; the largest, kwok-0, has 64",
         "waiting does not help")
    t.create(model_deployment("y", variant(resources=limits)))
    _why(t, "md/y", "cannot be placed on a node", "no node has 100 nvidia.com/gpu")


@case(SHARED)
def why_a_claim_is_missing(t: Case):
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": "nonesuch"}}
    t.job("x", trainer={"podTemplate": {"volumes": [volume]}})
    _why(t, "tj/x", "cannot be placed on a node", '"nonesuch" not found',
         "Waits for: the PersistentVolumeClaim")


@case(SHARED)
def why_the_quota_is_too_small(t: Case):
    t.create({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "few"},
              "spec": {"hard": {"pods": "1"}}})
    t.job("x", nodes=3)
    _why(t, "tj/x", "the quota of the namespace does not let its objects be made",
         "exceeded quota: few", "ResourceQuota few allows 1 pods in all", "need 3",
         "waiting does not help")


@case(SHARED)
def why_it_is_suspended_and_the_way_out(t: Case):
    t.job("x", nodes=2, suspend=True)
    t.wait_phase("tj", "x", "Suspended")
    said = _why(t, "tj/x", "it is suspended", "Way out:   kubectl patch tj/x")
    done = t.cluster.run(*_way_out(said))
    assert done.returncode == 0, done.stderr
    t.wait_phase("tj", "x", "Running")
    _why(t, "tj/x", "TrainingJob", "Running", "Nothing stands in its way.", code=FINE)
    t.cluster.kubectl("patch", "tj/x", "-n", t.ns, "--field-manager=queue", "--type=merge",
                      "-p", '{"spec":{"suspend":true}}')
    _why(t, "tj/x", "it is suspended", "set by queue,")


@case(SHARED)
def why_the_image_cannot_be_pulled(t: Case):
    job = t.job("x", nodes=2, pods=kwok(ready_after="1h"))
    for pod in t.wait_pods(job, 2):
        wait_for("it has a machine", lambda name=pod["metadata"]["name"]: t.get("pod", name)[
            "spec"].get("nodeName"))
        t.patch("pod", pod["metadata"]["name"], {"status": {"containerStatuses": [{
            "name": "trainer", "image": "x", "imageID": "", "ready": False, "restartCount": 0,
            "state": {"waiting": {"reason": "ImagePullBackOff",
                                  "message": "Back-off pulling image: ErrImagePull: not found"}}}]}},
                sub="status")
    _why(t, "tj/x", "the image of 2 of 2 pods cannot be pulled", "not found", "spec.trainer.image")


@case(SHARED)
def why_it_failed(t: Case):
    t.job("x", nodes=2, pods=kwok(complete_after="300ms", exit_code=3),
          failurePolicy={"maxRestarts": 1, "backoffSeconds": 0})
    t.wait_condition("tj", "x", "Failed", "True", within=30)
    _why(t, "tj/x", "TrainingJob", "Failed", "maxRestarts", "exit code 3", "BackoffLimitExceeded")
    def told():
        status = _slipway(t, "status", "tj", "x", "-n", t.ns)
        for part in ("CONDITION", "Failed", "restarts: 1", "exit code 3", "WHAT HAPPENED",
                     "Warning Restarting", "container trainer ended: Error (exit code 3)"):
            assert part in status, f"{part!r} is not in: {status}"
        return True
    wait_for("the status has all, Events too", told)


@case(SHARED)
def status_for_programs(t: Case):
    t.job("x", nodes=2, pods=kwok(complete_after="1s"))
    t.wait_phase("tj", "x", "Complete")
    def told():
        status = json.loads(_slipway(t, "status", "tj/x", "-n", t.ns, "-o", "json"))
        assert status["phase"] == "Complete" and status["unread"] == {}, status
        assert [pod["role"] for pod in status["pods"]] == ["node 0", "node 1"], status["pods"]
        times = [moment["time"] for moment in status["timeline"]]
        assert times == sorted(times) and len(times) >= 6, status["timeline"]
        whats = " ".join(moment["what"] for moment in status["timeline"])
        assert "Scheduled" in whats and "became Complete=True" in whats, whats
        return True
    wait_for("the status has all, Events too", told)


@case(SHARED)
def what_may_not_be_read_is_said(t: Case):
    t.job("x", trainer={"resourcesPerNode": {"limits": {"nvidia.com/gpu": 100}}})
    _why(t, "tj/x", "cannot be placed on a node", "Insufficient nvidia.com/gpu",
         "not looked at: resourcequotas (",
         options=("--kubeconfig", t.slipway.kubeconfig))


@case(SHARED)
def what_is_not_there_is_an_error(t: Case):
    said = _slipway(t, "why", "tj/nonesuch", "-n", t.ns, code=ERROR)
    assert "there is no TrainingJob nonesuch in namespace" in said, said
    said = _slipway(t, "status", "pod/x", "-n", t.ns, code=USAGE)
    assert "must be KIND/NAME" in said, said
    said = _slipway(t, "why", "tj/x", "--context=nonesuch", code=ERROR)
    assert "nonesuch" in said, said
    _slipway(t, "why", code=USAGE)
    _slipway(t, "plan", "-f", "x", "-o", "table", code=USAGE)


@case(OWN)
def why_when_the_operator_is_away(t: Case):
    slipway = t.install()
    options = (f"--lease-name={slipway.name}",)
    t.job("before", nodes=1)
    replica = slipway.start().wait_working()
    t.wait_phase("tj", "before", "Running")
    _why(t, "tj/before", "Nothing stands in its way.", code=FINE, options=options)
    assert replica.end(signal.SIGTERM) == 0
    t.job("x", nodes=1)
    _why(t, "tj/x", "the operator does not run: nobody holds the Lease", "nobody has looked at it",
         options=options)
    _why(t, "tj/before", "Nothing stands in its way.", "the operator does not run", code=FINE,
         options=options)


@case(SHARED)
def plan_is_what_is_made(t: Case):
    """Up to the hashes of the UID, which are eight characters at the end of a name."""
    manifest = training_job("x", nodes=3, framework="Torch")
    manifest["metadata"]["namespace"] = t.ns
    planned = json.loads(_slipway(t, "plan", "-f", "-", "-o", "json", stdin=json.dumps(manifest)))
    job = t.create(manifest)
    made = t.wait_pods(job, 3) + t.children("service", job)
    assert sorted(map(_shape, planned["items"])) == sorted(map(_shape, made))


def _shape(obj: dict) -> str:
    """Kind, name and environment of an object, without what hangs on the UID."""
    kind = "Service" if "clusterIP" in obj["spec"] else "Pod"
    env = [entry["name"] for container in obj["spec"].get("containers", [])
           for entry in container["env"]]
    return f"{kind} {obj['metadata']['name'][:-8]} {env}"


@case(SHARED)
def plan_refuses_what_the_api_server_refuses(t: Case):
    wrong = training_job("x", framework="PyTorch", suspended=True)
    said = _slipway(t, "plan", "-f", "-", stdin=json.dumps(wrong), code=ERROR)
    assert 'spec.framework = "PyTorch": must be one of Torch' in said, said
    assert "did you mean suspend?" in said, said
    refused = t.cluster.run("kubectl", "apply", "--dry-run=server", "-n", t.ns, "-f", "-",
                            stdin=json.dumps(wrong))
    assert refused.returncode != 0 and "suspended" in refused.stderr, refused.stderr
