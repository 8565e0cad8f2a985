"""A cluster with one real node: what a pod can and cannot do there."""

import json
import subprocess
import time

from .harness import (CLUSTER, check, cluster, command, equal, eventually, kubectl, name, processes_of,
                      state_folder)

TOOLS = "slipway.dev/tools:1"
RESTRICTED = {"runAsNonRoot": True, "runAsUser": 12345, "allowPrivilegeEscalation": False,
              "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"},
              "readOnlyRootFilesystem": True}


def pod(pod_name: str, *argv: str, labels: dict | None = None, **container) -> dict:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": pod_name, "labels": labels or {}},
            "spec": {"restartPolicy": "Never", "terminationGracePeriodSeconds": 0,
                     "containers": [{"name": "main", "image": TOOLS, "command": list(argv),
                                     "securityContext": RESTRICTED, **container}]}}


def create(*objects: dict) -> None:
    kubectl("r", "create", "-f", "-", stdin="\n---\n".join(json.dumps(o) for o in objects))


def field(kind: str, object_name: str, path: str) -> str:
    return kubectl("r", "get", kind, object_name, "-o", f"jsonpath={{{path}}}")


def ends(pod_name: str) -> str:
    """Waits for a pod's end and gives its log; fails when the pod does."""
    eventually(lambda: field("pod", pod_name, ".status.phase") in ("Succeeded", "Failed"), f"{pod_name} ends", 60)
    log = kubectl("r", "logs", pod_name)
    equal(field("pod", pod_name, ".status.phase"), "Succeeded", f"{pod_name} (log: {log})")
    return log


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


def names_resolve():
    """real: a pod finds a Service by name and reaches the pod behind it"""
    create(pod("server", "httpd", "-f", "-p", "8080", "-h", "/etc", labels={"app": "server"},
               ports=[{"name": "http", "containerPort": 8080}],
               readinessProbe={"tcpSocket": {"port": 8080}, "periodSeconds": 1}),
           {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "server"},
            "spec": {"selector": {"app": "server"}, "ports": [{"port": 80, "targetPort": "http"}]}},
           *(pod(role, "sleep", "3600", labels={"role": role}) for role in ("good", "bad")))
    for one in ("server", "good", "bad"):
        kubectl("r", "wait", "--for=condition=Ready", f"pod/{one}", "--timeout=60s")
    for role in ("good", "bad"):
        eventually(lambda: reaches(role), f"{role} reaches the server")


def reaches(role: str, url: str = "http://server.default.svc.cluster.local/hostname") -> bool:
    """Whether a pod gets an answer, whatever it says, within two seconds."""
    return command(CLUSTER, "kubectl", f"--name={name('r')}", "exec", role, "--", "curl", "-sk", "-m", "2",
                   "-o", "/dev/null", url).returncode == 0


def policy(policy_name: str, **spec) -> dict:
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {"name": policy_name}, "spec": spec}


API = "https://10.96.0.1/version"


def policies_drop_packets():
    """real: default deny closes everything, an allow opens for whom it names, deleting opens all"""
    check(reaches("good") and reaches("bad") and reaches("good", API), "closed without any policy")
    create(policy("deny", podSelector={}, policyTypes=["Ingress", "Egress"]))
    eventually(lambda: not reaches("good") and not reaches("bad") and not reaches("good", API),
               "everything is closed")
    create(policy("in", podSelector={"matchLabels": {"app": "server"}}, policyTypes=["Ingress"], ingress=[
               {"from": [{"podSelector": {"matchLabels": {"role": "good"}}}], "ports": [{"port": "http"}]}]),
           policy("out", podSelector={}, policyTypes=["Egress"], egress=[
               {"to": [{"podSelector": {"matchLabels": {"app": "server"}}}], "ports": [{"port": "http"}]},
               {"ports": [{"port": 53, "protocol": "UDP"}]}]))
    eventually(lambda: reaches("good"), "good reaches the server")
    check(not reaches("bad"), "bad reaches the server")
    check(not reaches("good", API), "good reaches the API server")
    kubectl("r", "delete", "networkpolicy", "--all")
    eventually(lambda: reaches("bad") and reaches("good", API), "everything is open again")


def every_form_of_rule_loads():
    """real: nftables takes every form of rule that the enforcer writes"""
    before = rules()
    check("except" not in before and "10.9.0.0/16" not in before, "the rules are there before the policy")
    create(policy("forms", podSelector={}, policyTypes=["Ingress", "Egress"], ingress=[
        {"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.9.0.0/16", "10.9.1.0/24"]}},
                  {"namespaceSelector": {}}],
         "ports": [{"protocol": "UDP"}, {"port": 8000, "endPort": 8010}, {"port": 9, "protocol": "SCTP"},
                   {"port": "http"}]}, {}],
        egress=[{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"port": 53, "protocol": "UDP"}]}, {}]))
    eventually(lambda: "10.9.0.0/16" in rules() and "sctp dport 9" in rules(), "the rules are loaded")
    kubectl("r", "delete", "networkpolicy", "forms")
    eventually(lambda: "10.9.0.0/16" not in rules(), "the rules are gone")


def rules() -> str:
    return cluster("exec", "r", "--", "nft", "list", "table", "inet", "netpol")


def enforcer_can_be_absent():
    """real: without the enforcer a policy drops nothing, and once it starts it does"""
    cluster("stop", "r", "netpol")
    create(policy("late", podSelector={}, policyTypes=["Ingress"]))
    time.sleep(1)
    check(reaches("good"), "closed although nobody enforces")
    cluster("start", "r", "netpol")
    eventually(lambda: not reaches("good"), "closed once enforced")
    kubectl("r", "delete", "networkpolicy", "late")
    eventually(lambda: reaches("good"), "open again")


def claims_bind():
    """real: a claim of the default class binds, and any user id can write to the volume"""
    create({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"},
            "spec": {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi"}}}})
    writer = pod("writer", "sh", "-c", "echo kept > /data/file", volumeMounts=[{"name": "d", "mountPath": "/data"}])
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
    equal(field("pod", "greedy", ".status.containerStatuses[0].state.terminated.reason"), "OOMKilled", "reason")


def metrics_show():
    """real: kubectl top shows pods and the node"""
    eventually(lambda: "server" in kubectl("r", "top", "pods"), "the pod has metrics", 60)
    check("slipway-node" in kubectl("r", "top", "nodes"), "the node has no metrics")


def autoscaler_scales():
    """real: a HorizontalPodAutoscaler takes a busy Deployment from 1 to 3 replicas"""
    container = {"name": "main", "image": TOOLS, "command": ["sh", "-c", "while :; do :; done"],
                 "resources": {"requests": {"cpu": "50m"}, "limits": {"cpu": "200m"}}}
    create({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "busy"}, "spec": {
               "replicas": 1, "selector": {"matchLabels": {"app": "busy"}}, "template": {
                   "metadata": {"labels": {"app": "busy"}},
                   "spec": {"terminationGracePeriodSeconds": 0, "containers": [container]}}}},
           {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "busy"},
            "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "busy"},
                     "minReplicas": 1, "maxReplicas": 3, "metrics": [{"type": "Resource", "resource": {
                         "name": "cpu", "target": {"type": "Utilization", "averageUtilization": 100}}}]}})
    eventually(lambda: field("deployment", "busy", ".status.readyReplicas") == "3", "three replicas", 120)
    kubectl("r", "delete", "deployment,hpa", "busy")


def services_have_few_rights():
    """real: DNS, metrics and policy enforcement run with rights of their own, TLS is verified"""
    def may(user: str, verb: str, resource: str) -> bool:
        done = command(CLUSTER, "kubectl", f"--name={name('r')}", "auth", "can-i", verb, resource,
                       f"--as={user}", "--all-namespaces")
        return done.stdout.strip() == "yes"
    for user, allowed in (("slipway:netpol", "networkpolicies"), ("slipway:coredns", "services"),
                          ("slipway:metrics-server", "nodes/metrics")):
        check(may(user, "get" if "/" in allowed else "list", allowed), f"{user} may not read {allowed}")
        check(not may(user, "get", "secrets"), f"{user} may read Secrets")
        check(not may(user, "create", "pods"), f"{user} may create pods")
    service = json.loads(kubectl("r", "get", "apiservice", "v1beta1.metrics.k8s.io", "-o", "json"))["spec"]
    check(not service.get("insecureSkipTLSVerify") and service.get("caBundle"), "TLS is not verified")


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
        doomed = subprocess.Popen([CLUSTER, "up", f"--name={name('r')}", "--nodes=real"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(moment)
        doomed.kill()
        doomed.wait()
    cluster("up", "r", "--nodes=real")
    create(pod("after", "echo", "alive"))
    equal(ends("after").strip(), "alive", "log")
    cluster("down", "r")
    equal(processes_of("r"), [], "processes")
    check(not state_folder("r").exists(), "the state folder is still there")


CASES = [comes_up, second_up_is_idle, restricted_pod_runs, names_resolve, policies_drop_packets,
         every_form_of_rule_loads, enforcer_can_be_absent, claims_bind, memory_limit_kills, metrics_show,
         autoscaler_scales, services_have_few_rights, commands_run_inside, api_server_restarts_alone,
         crash_is_cleaned_up]
