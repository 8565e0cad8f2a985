"""Pods of the real cluster of this run, called r."""

import json

from .harness import equal, eventually, kubectl

TOOLS = "slipway.dev/tools:1"
RESTRICTED = {
    "runAsNonRoot": True,
    "runAsUser": 12345,
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
    "readOnlyRootFilesystem": True,
}


def pod(pod_name: str, *argv: str, labels: dict | None = None, **container) -> dict:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": pod_name, "labels": labels or {}},
        "spec": {
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 0,
            "containers": [
                {
                    "name": "main",
                    "image": TOOLS,
                    "command": list(argv),
                    "securityContext": RESTRICTED,
                    **container,
                }
            ],
        },
    }


def create(*objects: dict) -> None:
    kubectl("r", "create", "-f", "-", stdin="\n---\n".join(json.dumps(o) for o in objects))


def field(kind: str, object_name: str, path: str) -> str:
    return kubectl("r", "get", kind, object_name, "-o", f"jsonpath={{{path}}}")


def ends(pod_name: str) -> str:
    """Waits for a pod's end and gives its log; fails when the pod does."""
    eventually(
        lambda: field("pod", pod_name, ".status.phase") in ("Succeeded", "Failed"),
        f"{pod_name} ends",
        60,
    )
    log = kubectl("r", "logs", pod_name)
    equal(field("pod", pod_name, ".status.phase"), "Succeeded", f"{pod_name} (log: {log})")
    return log
