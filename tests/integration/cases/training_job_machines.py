"""TrainingJobs and the conditions of the machines that their pods are on."""

from lib.case import SHARED, Case, case
from lib.kstatus import condition
from lib.waiting import stays, wait_for


def _set(t: Case, machine: str, status: str) -> str:
    """Sets a condition that is of this case alone, since machines are for all; returns its type."""
    mine = f"example.com/{t.ns}"
    conditions = [c for c in t.kube.get("node", "", machine)["status"]["conditions"] if c["type"] != mine]
    t.kube.patch("node", "", machine, {"status": {"conditions": [
        *conditions, {"type": mine, "status": status, "reason": "Test", "message": "",
                      "lastHeartbeatTime": None, "lastTransitionTime": None}]}}, "status")
    return mine


def _rule(t: Case, action: str) -> dict:
    return {"maxRestarts": 1, "backoffSeconds": 0, "rules": [
        {"action": action, "onNodeConditions": [{"type": f"example.com/{t.ns}"}], "avoidNode": True}]}


@case(SHARED)
def group_leaves_a_machine(t: Case):
    """While all pods run; that the condition comes and goes later restarts nothing again."""
    job = t.job("x", nodes=2, failurePolicy=_rule(t, "RestartGroup"))
    t.wait_phase("tj", "x", "Running")
    bad = t.pods(job)[1]["spec"]["nodeName"]
    _set(t, bad, "True")
    t.wait_pods(job, 2, attempt=1)
    running = t.wait_phase("tj", "x", "Running")["status"]
    assert (running["restarts"], running["avoidedNodes"]) == (1, [bad]), running
    assert running["lastFailure"]["reason"] == "MachineCondition", running["lastFailure"]
    assert bad not in [p["spec"]["nodeName"] for p in t.pods(job)]
    _set(t, bad, "False")
    _set(t, bad, "True")
    stays("the group runs on", lambda: t.get("tj", "x")["status"]["restarts"] == 1, 3)
    for pod in t.pods(job):
        t.end_pod(pod)
    t.wait_phase("tj", "x", "Complete")


@case(SHARED)
def member_leaves_a_machine(t: Case):
    job = t.job("x", nodes=2, framework="Custom", failurePolicy=_rule(t, "RestartMember"))
    t.wait_phase("tj", "x", "Running")
    stayed, left = t.pods(job)
    bad = left["spec"]["nodeName"]
    if stayed["spec"]["nodeName"] == bad:
        return  # Then both leave, and there is nothing to tell apart.
    _set(t, bad, "True")
    wait_for("the other pod", lambda: [p["spec"].get("nodeName") not in (bad, None)
                                       for p in t.pods(job)] == [True, True])
    running = t.wait_phase("tj", "x", "Running")["status"]
    assert (running["restarts"], running["memberRestarts"]) == (0, 1), running
    assert t.pods(job)[0]["metadata"]["uid"] == stayed["metadata"]["uid"]


@case(SHARED)
def machine_of_others_is_nothing(t: Case):
    """A job without such a rule takes no notice."""
    job = t.job("x", nodes=1)
    ready = t.wait_phase("tj", "x", "Running")
    _set(t, t.pods(job)[0]["spec"]["nodeName"], "True")
    stays("it runs on", lambda: t.get("tj", "x")["metadata"]["resourceVersion"]
          == ready["metadata"]["resourceVersion"], 3)
    assert condition(ready, "Running")["status"] == "True"
