"""A cluster with one real node: Services, cluster DNS and NetworkPolicy.

What is dropped here is dropped by the enforcer of this cluster (kubebox/netpol), so it shows what a
policy means as the specification reads, and nothing about any network plugin.
"""

import time

from .harness import CLUSTER, check, cluster, command, eventually, kubectl, name
from .pods import create, pod


def names_resolve():
    """real: a pod finds a Service by name and reaches the pod behind it"""
    create(
        pod(
            "server",
            "httpd",
            "-f",
            "-p",
            "8080",
            "-h",
            "/etc",
            labels={"app": "server"},
            ports=[{"name": "http", "containerPort": 8080}],
            readinessProbe={"tcpSocket": {"port": 8080}, "periodSeconds": 1},
        ),
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "server"},
            "spec": {"selector": {"app": "server"}, "ports": [{"port": 80, "targetPort": "http"}]},
        },
        *(pod(role, "sleep", "3600", labels={"role": role}) for role in ("good", "bad")),
    )
    for one in ("server", "good", "bad"):
        kubectl("r", "wait", "--for=condition=Ready", f"pod/{one}", "--timeout=60s")
    eventually(lambda: reaches("good") and reaches("bad"), "both reach the server")


def reaches(role: str, url: str = "http://server.default.svc.cluster.local/hostname") -> bool:
    """Whether a pod gets an answer, whatever it says, within two seconds."""
    return (
        command(
            CLUSTER,
            "kubectl",
            f"--name={name('r')}",
            "exec",
            role,
            "--",
            "curl",
            "-sk",
            "-m",
            "2",
            "-o",
            "/dev/null",
            url,
        ).returncode
        == 0
    )


def policy(policy_name: str, **spec) -> dict:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": policy_name},
        "spec": spec,
    }


API = "https://10.96.0.1/version"


def policies_drop_packets():
    """real: default deny closes everything, an allow opens for whom it names, deleting opens all"""
    check(reaches("good") and reaches("bad") and reaches("good", API), "closed without any policy")
    create(policy("deny", podSelector={}, policyTypes=["Ingress", "Egress"]))
    eventually(
        lambda: not reaches("good") and not reaches("bad") and not reaches("good", API),
        "everything is closed",
    )
    create(
        policy(
            "in",
            podSelector={"matchLabels": {"app": "server"}},
            policyTypes=["Ingress"],
            ingress=[
                {
                    "from": [{"podSelector": {"matchLabels": {"role": "good"}}}],
                    "ports": [{"port": "http"}],
                }
            ],
        ),
        policy(
            "out",
            podSelector={},
            policyTypes=["Egress"],
            egress=[
                {
                    "to": [{"podSelector": {"matchLabels": {"app": "server"}}}],
                    "ports": [{"port": "http"}],
                },
                {"ports": [{"port": 53, "protocol": "UDP"}]},
            ],
        ),
    )
    eventually(lambda: reaches("good"), "good reaches the server")
    check(not reaches("bad"), "bad reaches the server")
    check(not reaches("good", API), "good reaches the API server")
    kubectl("r", "delete", "networkpolicy", "--all")
    eventually(lambda: reaches("bad") and reaches("good", API), "everything is open again")


def every_form_of_rule_loads():
    """real: nftables takes every form of rule that the enforcer writes"""
    before = rules()
    check(
        "except" not in before and "10.9.0.0/16" not in before,
        "the rules are there before the policy",
    )
    create(
        policy(
            "forms",
            podSelector={},
            policyTypes=["Ingress", "Egress"],
            ingress=[
                {
                    "from": [
                        {
                            "ipBlock": {
                                "cidr": "10.0.0.0/8",
                                "except": ["10.9.0.0/16", "10.9.1.0/24"],
                            }
                        },
                        {"namespaceSelector": {}},
                    ],
                    "ports": [
                        {"protocol": "UDP"},
                        {"port": 8000, "endPort": 8010},
                        {"port": 9, "protocol": "SCTP"},
                        {"port": "http"},
                    ],
                },
                {},
            ],
            egress=[
                {
                    "to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}],
                    "ports": [{"port": 53, "protocol": "UDP"}],
                },
                {},
            ],
        )
    )
    eventually(
        lambda: "10.9.0.0/16" in rules() and "sctp dport 9" in rules(), "the rules are loaded"
    )
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


CASES = [
    names_resolve,
    policies_drop_packets,
    every_form_of_rule_loads,
    enforcer_can_be_absent,
]
