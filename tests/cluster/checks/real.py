"""A cluster with one real node: what a pod can and cannot do there."""

import json
import subprocess
import time

from . import network
from .harness import (
    CLUSTER,
    check,
    cluster,
    command,
    equal,
    eventually,
    kubectl,
    name,
    processes_of,
    state_folder,
)
from .network import reaches
from .pods import RESTRICTED, TOOLS, create, ends, field, pod


def comes_up():
    """real: a cluster comes up, its node ready and every part alive"""
    cluster("up", "r", "--nodes=real")
    cluster("status", "r")


def second_up_is_idle():
    """real: a second up finds it up and starts nothing"""
    before = processes_of("r")
    check("up already" in cluster("up", "r", "--nodes=real"), "no word of it")
    equal(processes_of("r"), before, "processes")


def restricted_pod_runs():
    """real: a pod under the strictest security context runs, under its own user id"""
    create(pod("hello", "sh", "-c", "echo hello; id -u"))
    equal(ends("hello").split(), ["hello", "12345"], "log")


def claims_bind():
    """real: a claim of the default class binds, and any user id can write to the volume"""
    create(
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": "data"},
            "spec": {
                "accessModes": ["ReadWriteMany"],
                "resources": {"requests": {"storage": "1Gi"}},
            },
        }
    )
    writer = pod(
        "writer",
        "sh",
        "-c",
        "echo kept > /data/file",
        volumeMounts=[{"name": "d", "mountPath": "/data"}],
    )
    reader = pod("reader", "cat", "/data/file", volumeMounts=[{"name": "d", "mountPath": "/data"}])
    for one, user in ((writer, 11111), (reader, 22222)):
        one["spec"]["volumes"] = [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]
        one["spec"]["containers"][0]["securityContext"] = RESTRICTED | {"runAsUser": user}
        create(one)
        log = ends(one["metadata"]["name"])
    equal(log.strip(), "kept", "what the reader read")


def memory_limit_kills():
    """real: a container over its memory limit is killed, one below it is not"""
    hungry = "x=$(head -c 64000000 /dev/zero | tr '\\0' x); echo ${#x}"
    for one, limit in (("modest", "1Gi"), ("greedy", "32Mi")):
        create(pod(one, "sh", "-c", hungry, resources={"limits": {"memory": limit}}))
    ends("modest")
    eventually(lambda: field("pod", "greedy", ".status.phase") == "Failed", "greedy fails", 60)
    equal(
        field("pod", "greedy", ".status.containerStatuses[0].state.terminated.reason"),
        "OOMKilled",
        "reason",
    )


def metrics_show():
    """real: kubectl top shows pods and the node"""
    eventually(lambda: "server" in kubectl("r", "top", "pods"), "the pod has metrics", 60)
    check("slipway-node" in kubectl("r", "top", "nodes"), "the node has no metrics")


def autoscaler_scales():
    """real: a HorizontalPodAutoscaler takes a busy Deployment from 1 to 3 replicas"""
    container = {
        "name": "main",
        "image": TOOLS,
        "command": ["sh", "-c", "while :; do :; done"],
        "resources": {"requests": {"cpu": "50m"}, "limits": {"cpu": "200m"}},
    }
    create(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "busy"},
            "spec": {
                "replicas": 1,
                "selector": {"matchLabels": {"app": "busy"}},
                "template": {
                    "metadata": {"labels": {"app": "busy"}},
                    "spec": {"terminationGracePeriodSeconds": 0, "containers": [container]},
                },
            },
        },
        {
            "apiVersion": "autoscaling/v2",
            "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": "busy"},
            "spec": {
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "busy"},
                "minReplicas": 1,
                "maxReplicas": 3,
                "metrics": [
                    {
                        "type": "Resource",
                        "resource": {
                            "name": "cpu",
                            "target": {"type": "Utilization", "averageUtilization": 100},
                        },
                    }
                ],
            },
        },
    )
    eventually(
        lambda: field("deployment", "busy", ".status.readyReplicas") == "3", "three replicas", 120
    )
    kubectl("r", "delete", "deployment,hpa", "busy")


def services_have_few_rights():
    """real: DNS, metrics and policy enforcement run with rights of their own, TLS is verified"""

    def may(user: str, verb: str, resource: str) -> bool:
        done = command(
            CLUSTER,
            "kubectl",
            f"--name={name('r')}",
            "auth",
            "can-i",
            verb,
            resource,
            f"--as={user}",
            "--all-namespaces",
        )
        return done.stdout.strip() == "yes"

    for user, allowed in (
        ("slipway:netpol", "networkpolicies"),
        ("slipway:coredns", "services"),
        ("slipway:metrics-server", "nodes/metrics"),
    ):
        check(
            may(user, "get" if "/" in allowed else "list", allowed),
            f"{user} may not read {allowed}",
        )
        check(not may(user, "get", "secrets"), f"{user} may read Secrets")
        check(not may(user, "create", "pods"), f"{user} may create pods")
    service = json.loads(kubectl("r", "get", "apiservice", "v1beta1.metrics.k8s.io", "-o", "json"))[
        "spec"
    ]
    check(
        not service.get("insecureSkipTLSVerify") and service.get("caBundle"), "TLS is not verified"
    )


def commands_run_inside():
    """real: exec runs in the node's namespaces and passes on the exit status"""
    check("node0" in cluster("exec", "r", "--", "ip", "-br", "addr"), "not the node's network")
    equal(cluster("exec", "r", "--", "hostname").strip(), "slipway-node", "host name")
    done = command(CLUSTER, "exec", f"--name={name('r')}", "--", "sh", "-c", "exit 7")
    equal(done.returncode, 7, "exit status")


def api_server_restarts_alone():
    """real: pods go on while the API server is away"""
    started = field("pod", "server", ".status.startTime")
    cluster("restart-apiserver", "r", "--signal=KILL")
    eventually(lambda: reaches("good"), "good reaches the server")
    equal(field("pod", "server", ".status.startTime"), started, "start of the server")


def crash_is_cleaned_up():
    """real: after kill -9 of `cluster up` at any moment the next up works, the next down cleans"""
    cluster("down", "r")
    equal(processes_of("r"), [], "processes")
    for moment in (0.8, 1.6, 6, 20):
        doomed = subprocess.Popen(
            [CLUSTER, "up", f"--name={name('r')}", "--nodes=real"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(moment)
        doomed.kill()
        doomed.wait()
    cluster("up", "r", "--nodes=real")
    create(pod("after", "echo", "alive"))
    equal(ends("after").strip(), "alive", "log")
    cluster("down", "r")
    equal(processes_of("r"), [], "processes")
    check(not state_folder("r").exists(), "the state folder is still there")


CASES = [
    comes_up,
    second_up_is_idle,
    restricted_pod_runs,
    *network.CASES,  # leaves the pods server and good, which later cases ask
    claims_bind,
    memory_limit_kills,
    metrics_show,
    autoscaler_scales,
    services_have_few_rights,
    commands_run_inside,
    api_server_restarts_alone,
    crash_is_cleaned_up,
]
