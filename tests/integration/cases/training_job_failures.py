"""What a TrainingJob does when its pods fail or people interfere."""

import time
from datetime import datetime

from lib.case import OWN, SHARED, Case, attempt_of, case
from lib.kstatus import condition, is_true
from lib.kube import path
from lib.objects import kwok, service
from lib.waiting import SLOWNESS, stays, wait_for


@case(SHARED)
def failed_node_restarts_the_group(t: Case):
    job = t.job("x", nodes=3)
    t.wait_phase("tj", "x", "Running")
    first = t.pods(job)
    t.end_pod(first[1], exit_code=7)
    second = t.wait_pods(job, 3, attempt=1)
    wait_for("the first group is gone",
             lambda: all(attempt_of(p) == 1 for p in t.children("pod", job)))
    restarted = t.get("tj", "x")["status"]
    assert restarted["restarts"] == 1, restarted
    failure = restarted["lastFailure"]
    assert (failure["node"], failure["exitCode"]) == (1, 7), failure
    assert failure["podName"] == first[1]["metadata"]["name"], failure
    assert {p["spec"]["hostname"] for p in second} == {"node-0", "node-1", "node-2"}
    for pod in second:
        t.end_pod(pod)
    done = t.wait_phase("tj", "x", "Complete")
    assert done["status"]["restarts"] == 1 and "lastFailure" in done["status"]
    wait_for("both transitions as Events", lambda: t.reasons(job) == ["Complete", "Restarting"])


@case(SHARED)
def backoff_before_a_restart(t: Case):
    job = t.job("x", nodes=1, failurePolicy={"maxRestarts": 3, "backoffSeconds": 3})
    t.wait_phase("tj", "x", "Running")
    t.end_pod(t.pods(job)[0], exit_code=1)
    t.wait_phase("tj", "x", "Restarting")
    second = t.wait_pods(job, 1, attempt=1)[0]
    failed = t.get("tj", "x")["status"]["lastFailure"]["time"]
    created = second["metadata"]["creationTimestamp"]
    waited = (_time(created) - _time(failed)).total_seconds()
    assert 3 <= waited <= 6 * SLOWNESS, f"from {failed} to {created}"


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


@case(SHARED)
def restarts_used_up(t: Case):
    job = t.job("x", nodes=2, pods=kwok(complete_after="300ms", exit_code=3),
                failurePolicy={"maxRestarts": 2, "backoffSeconds": 0})
    failed = t.wait_condition("tj", "x", "Failed", "True", "BackoffLimitExceeded", within=30)
    assert failed["status"]["phase"] == "Failed" and failed["status"]["restarts"] == 2
    assert is_true(failed, "Stalled") and not condition(failed, "Reconciling")
    message = condition(failed, "Failed")["message"]
    assert "exit code 3" in message and "maxRestarts" in message, message
    wait_for("the Events", lambda: sorted(set(t.reasons(job))) == ["Failed", "Restarting"])
    stays("no new attempt", lambda: all(attempt_of(p) == 2 for p in t.children("pod", job)), 2)


@case(SHARED)
def deleted_pod(t: Case):
    job = t.job("x", nodes=2)
    t.wait_phase("tj", "x", "Running")
    t.kube.delete("pod", t.ns, t.pods(job)[1]["metadata"]["name"])
    pods = t.wait_pods(job, 2, attempt=1, within=30)
    assert t.get("tj", "x")["status"]["lastFailure"]["node"] == 1
    for pod in pods:
        t.end_pod(pod)
    t.wait_phase("tj", "x", "Complete")


@case(SHARED)
def deleted_pod_that_had_succeeded(t: Case):
    """Somebody tidies up: what has succeeded must not run again."""
    job = t.job("x", nodes=2)
    t.wait_phase("tj", "x", "Running")
    first, second = t.pods(job)
    t.end_pod(first)
    wait_for("one success is recorded",
             lambda: t.get("tj", "x")["status"]["nodes"]["succeeded"] == 1)
    t.kube.delete("pod", t.ns, first["metadata"]["name"])
    stays("it is not created again", lambda: len(t.pods(job)) == 1, 2)
    t.end_pod(second)
    done = t.wait_phase("tj", "x", "Complete")
    assert done["status"].get("restarts", 0) == 0


@case(SHARED)
def pod_loses_its_labels(t: Case):
    """A pod that the operator can no longer see is gone before its successor is created."""
    job = t.job("x", nodes=2, pods=kwok(terminate_after="3s"))
    t.wait_phase("tj", "x", "Running")
    first = {p["metadata"]["uid"] for p in t.pods(job)}
    lost = t.pods(job)[1]["metadata"]["name"]
    t.patch("pod", lost, {"metadata": {"labels": {"app.kubernetes.io/managed-by": None}}})

    def noticed():
        status = t.get("tj", "x")["status"]
        assert status.get("restarts", 0) == 1 or status["phase"] != "Running", status
        return status
    wait_for("the operator notices", noticed, within=30)
    beside = []

    def replaced():
        pods = t.children("pod", job)
        new = [p for p in pods if attempt_of(p) == 1]
        old = [p["metadata"]["name"] for p in pods if p["metadata"]["uid"] in first]
        beside.extend(p["metadata"]["name"] for p in new if p["metadata"]["name"] in old)
        return len(new) == 2 and new
    second = wait_for("the group starts again", replaced)
    assert not beside, f"{beside} ran beside their successors"
    assert t.kube.get("pod", t.ns, lost)["metadata"]["uid"] not in first, "nothing is left of the old pod"
    for pod in second:
        t.end_pod(pod)
    done = t.wait_phase("tj", "x", "Complete")["status"]
    assert done["restarts"] == 1 and done["lastFailure"]["reason"] == "PodLost", done


@case(SHARED)
def deleted_service(t: Case):
    job = t.job("x", nodes=2)
    t.wait_phase("tj", "x", "Running")
    old = t.children("service", job)[0]["metadata"]
    t.kube.delete("service", t.ns, old["name"])
    again = wait_for("the service is there again", lambda: t.children("service", job))
    assert again[0]["metadata"]["name"] == old["name"] and again[0]["metadata"]["uid"] != old["uid"]
    assert t.get("tj", "x")["status"]["phase"] == "Running", "no restart for it"


@case(SHARED)
def deleted_and_created_again(t: Case):
    """A new job of the same name has nothing to do with what the old one leaves behind."""
    old = t.job("x", nodes=2, pods=kwok(terminate_after="3s"))
    t.wait_phase("tj", "x", "Running")
    old_pods = {p["metadata"]["name"] for p in t.pods(old)}
    t.kube.delete("tj", t.ns, "x")
    new = t.job("x", nodes=2, pods=kwok(complete_after="1s"))
    assert new["metadata"]["uid"] != old["metadata"]["uid"]
    done = t.wait_phase("tj", "x", "Complete")
    assert done["metadata"]["uid"] == new["metadata"]["uid"]
    assert not old_pods & {p["metadata"]["name"] for p in t.children("pod", new)}
    wait_for("the old pods are collected", lambda: not t.children("pod", old))


@case(SHARED)
def namespace_deleted(t: Case):
    inner = f"{t.ns}-inner"
    t.make_namespace(inner)
    outer, t.ns = t.ns, inner
    t.job("x", nodes=3)
    t.wait_phase("tj", "x", "Running")
    start = t.audit.now()
    t.kube.delete("namespace", "", inner)
    wait_for("the namespace is gone", lambda: t.kube.find("namespace", "", inner) is None, 40)
    t.ns = outer
    writes = t.audit.writes(t.slipway.user, start, inner)
    # Nothing can be created in it any more; trying has to slow down.
    assert len(writes) <= 60, "\n".join(map(str, writes))


@case(SHARED)
def quota(t: Case):
    t.create({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "few"},
              "spec": {"hard": {"pods": "1"}}})
    wait_for("the quota counts", lambda: "used" in t.get("quota", "few").get("status", {}))
    job = t.job("x", nodes=2)
    stuck = t.wait_condition("tj", "x", "Ready", "False", "QuotaExceeded")
    assert "exceeded quota: few" in stuck["status"]["message"], stuck["status"]
    assert not condition(stuck, "Stalled"), "it goes on by itself once there is room"
    t.kube.delete("quota", t.ns, "few")
    for pod in t.wait_pods(job, 2, within=40):
        t.end_pod(pod)
    t.wait_phase("tj", "x", "Complete")


@case(SHARED)
def impossible_spec(t: Case):
    """Stalled with the way out, and then silence."""
    job = t.job("x", nodes=2, trainer={"numProcPerNode": "gpu"})
    stalled = t.wait_condition("tj", "x", "Stalled", "True")
    message = condition(stalled, "Stalled")["message"]
    assert "numProcPerNode" in message and "resourcesPerNode" in message, message
    time.sleep(1)
    start = t.audit.now()
    time.sleep(5)
    made = t.audit.entries(t.slipway.user, start, t.ns)
    assert not made, "\n".join(map(str, made))
    assert not t.children("pod", job)
    assert len(t.events(job)) <= 1, t.reasons(job)

    t.patch("tj", "x", {"spec": {"suspend": True}})
    t.patch("tj", "x", {"spec": {"trainer": {"numProcPerNode": 1}}})
    t.patch("tj", "x", {"spec": {"suspend": False}})
    t.wait_phase("tj", "x", "Running")
    assert not condition(t.get("tj", "x"), "Stalled")


@case(SHARED)
def refused_pod(t: Case):
    """A priority class that does not exist passes the schema, but no pod of it is admitted."""
    t.job("x", nodes=2, trainer={"podTemplate": {"priorityClassName": "no-such-class"}})
    refused = t.wait_condition("tj", "x", "Ready", "False")
    wait_for("the message names it", lambda: "no-such-class" in t.get("tj", "x")["status"].get(
        "message", ""))
    assert refused["status"]["phase"] not in ("Running", "Complete")


@case(OWN)
def foreign_service_under_our_name(t: Case):
    """It is reported and left alone; once it is out of the way the job goes on."""
    slipway = t.install()
    slipway.start(elect=False).wait_working()
    job = t.job("x", nodes=2)
    t.wait_phase("tj", "x", "Running")
    name = t.children("service", job)[0]["metadata"]["name"]
    slipway.stop()
    t.kube.delete("service", t.ns, name)
    foreign = t.create(service(name))
    slipway.start(elect=False).wait_working()

    conflict = t.wait_condition("tj", "x", "Stalled", "True", "NameConflict")
    assert name in condition(conflict, "Stalled")["message"]
    stays("the foreign service is as it was", lambda: t.get("service", name) == foreign, 2)
    t.kube.delete("service", t.ns, name)
    wait_for("our service is there", lambda: t.children("service", job), 90)
    wait_for("the job goes on", lambda: not condition(t.get("tj", "x"), "Stalled"))


@case(OWN)
def foreign_pod_under_our_name(t: Case):
    """With our labels copied, as an attacker would: still not ours, for it has no owner."""
    slipway = t.install()
    slipway.start(elect=False).wait_working()
    job = t.job("x", nodes=1, suspend=True)
    t.wait_phase("tj", "x", "Suspended")
    t.patch("tj", "x", {"spec": {"suspend": False}})
    ours = t.wait_pods(job, 1)[0]
    slipway.stop()
    t.kube.delete("pod", t.ns, ours["metadata"]["name"], gracePeriodSeconds=0)
    wait_for("the name is free", lambda: t.kube.find("pod", t.ns, ours["metadata"]["name"]) is None)
    copy = {"apiVersion": "v1", "kind": "Pod", "spec": ours["spec"] | {"nodeName": None},
            "metadata": {"name": ours["metadata"]["name"], "labels": ours["metadata"]["labels"]}}
    copy["spec"].pop("nodeName")
    foreign = t.create(copy)
    slipway.start(elect=False).wait_working()

    t.wait_condition("tj", "x", "Stalled", "True", "NameConflict", within=40)
    found = t.get("pod", foreign["metadata"]["name"])["metadata"]
    assert found["uid"] == foreign["metadata"]["uid"] and "deletionTimestamp" not in found
    assert not t.children("pod", job)


def _rules(*rules: dict, restarts: int = 3) -> dict:
    return {"maxRestarts": restarts, "backoffSeconds": 0, "rules": list(rules)}


@case(SHARED)
def rule_fails_the_job(t: Case):
    job = t.job("x", nodes=2, failurePolicy=_rules(
        {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [2]}}))
    t.wait_phase("tj", "x", "Running")
    t.end_pod(t.pods(job)[1], exit_code=2)
    failed = t.wait_condition("tj", "x", "Failed", "True", "FailurePolicy")
    message = condition(failed, "Failed")["message"]
    assert "rules[0]" in message and "exit code 2" in message, message
    assert failed["status"]["restarts"] == 0, failed["status"]
    wait_for("the survivor is released", lambda: not any(
        p["status"]["phase"] == "Running" for p in t.pods(job)))
    wait_for("the Event", lambda: t.reasons(job) == ["Failed"])


@case(SHARED)
def rule_does_not_count_an_exit_code(t: Case):
    job = t.job("x", nodes=1, failurePolicy=_rules(
        {"action": "Ignore", "onExitCodes": {"operator": "In", "values": [75]}}, restarts=1))
    for attempt in range(3):
        t.end_pod(t.wait_pods(job, 1, attempt=attempt)[0], exit_code=75)
    t.end_pod(t.wait_pods(job, 1, attempt=3)[0], exit_code=1)
    t.end_pod(t.wait_pods(job, 1, attempt=4)[0], exit_code=1)
    failed = t.wait_condition("tj", "x", "Failed", "True", "BackoffLimitExceeded")["status"]
    assert (failed["restarts"], failed["restartsCountTowardsMax"]) == (4, 1), failed


@case(SHARED)
def evicted_pod_does_not_count(t: Case):
    """As by kubectl drain, though no restart is allowed."""
    job = t.job("x", nodes=2, pods=kwok(terminate_after="1s"), failurePolicy=_rules(restarts=0))
    t.wait_phase("tj", "x", "Running")
    name = t.pods(job)[0]["metadata"]["name"]
    t.kube.request("POST", path("pod", t.ns, name, "eviction"), {
        "apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": t.ns}})
    for pod in t.wait_pods(job, 2, attempt=1):
        t.end_pod(pod)
    done = t.wait_phase("tj", "x", "Complete")["status"]
    assert (done["restarts"], done["restartsCountTowardsMax"]) == (1, 0), done
    assert done["lastFailure"]["reason"] == "EvictionByEvictionAPI", done["lastFailure"]


@case(SHARED)
def rule_avoids_the_machine(t: Case):
    job = t.job("x", nodes=1, failurePolicy=_rules(
        {"action": "RestartGroup", "onExitCodes": {"operator": "In", "values": [139]}, "avoidNode": True}))
    t.wait_phase("tj", "x", "Running")
    first = t.pods(job)[0]
    t.end_pod(first, exit_code=139)
    second = t.wait_pods(job, 1, attempt=1)[0]
    t.wait_phase("tj", "x", "Running")
    bad = first["spec"]["nodeName"]
    assert t.get("tj", "x")["status"]["avoidedNodes"] == [bad]
    assert t.get("pod", second["metadata"]["name"])["spec"]["nodeName"] != bad, bad
    t.end_pod(second)
    t.wait_phase("tj", "x", "Complete")


@case(SHARED)
def rule_restarts_the_member_only(t: Case):
    """The others keep their pods, the group its attempt; all restarts count, whatever restarts."""
    job = t.job("x", nodes=3, framework="Custom", failurePolicy=_rules(
        {"action": "RestartMember", "onExitCodes": {"operator": "In", "values": [1]}, "avoidNode": True},
        restarts=2))
    t.wait_phase("tj", "x", "Running")
    before = {p["metadata"]["name"]: p for p in t.pods(job)}
    first = t.pods(job)[1]
    name = first["metadata"]["name"]
    t.end_pod(first, exit_code=1)
    wait_for("the next pod of the node", lambda: any(
        p["metadata"]["name"] == name and p["metadata"]["uid"] != first["metadata"]["uid"] for p in t.pods(job)))
    running = t.wait_phase("tj", "x", "Running")["status"]
    assert (running["restarts"], running["memberRestarts"]) == (0, 1), running
    assert running["avoidedNodes"] == [first["spec"]["nodeName"]], running
    after = {p["metadata"]["name"]: p for p in t.pods(job)}
    assert after.keys() == before.keys()
    for other in after.keys() - {name}:
        assert after[other]["metadata"]["uid"] == before[other]["metadata"]["uid"], other
    assert after[name]["metadata"]["labels"]["slipway.dev/attempt"] == "0"
    assert after[name]["metadata"]["labels"]["slipway.dev/member-restarts"] == "1"
    assert after[name]["spec"]["nodeName"] != first["spec"]["nodeName"]

    t.end_pod(after[name], exit_code=9)
    t.wait_pods(job, 3, attempt=1)
    again = t.wait_phase("tj", "x", "Running")["status"]
    assert (again["restarts"], again["memberRestarts"], again.get("members")) == (1, 1, None), again
    t.end_pod(t.pods(job)[0], exit_code=1)
    t.wait_condition("tj", "x", "Failed", "True", "BackoffLimitExceeded")
    wait_for("the Events", lambda: t.reasons(job) == ["Failed", "Restarting", "Restarting"])
