"""What kstatus, and by it Flux, Argo CD's health library and `kapp`, make of a custom resource.

An independent implementation of the rules of
https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/status/generic.go
"""


def condition(obj: dict, kind: str) -> dict | None:
    """The condition of that type."""
    return next((c for c in obj.get("status", {}).get("conditions", []) if c["type"] == kind), None)


def is_true(obj: dict, kind: str) -> bool:
    found = condition(obj, kind)
    return found is not None and found["status"] == "True"


def kstatus(obj: dict) -> str:
    """Terminating, InProgress, Failed or Current."""
    if "deletionTimestamp" in obj["metadata"]:
        return "Terminating"
    observed = obj.get("status", {}).get("observedGeneration")
    if observed is not None and observed != obj["metadata"]["generation"]:
        return "InProgress"
    if is_true(obj, "Reconciling"):
        return "InProgress"
    if is_true(obj, "Stalled"):
        return "Failed"
    ready = condition(obj, "Ready")
    return "Current" if ready is None or ready["status"] == "True" else "InProgress"
