"""Clusters with simulated nodes."""

import json
import os
import signal
import subprocess
import time
from datetime import datetime
from pathlib import Path

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


def pod(pod_name: str, **annotations: str) -> str:
    marks = {
        f"kwok.slipway.dev/{key.replace('_', '-')}": value for key, value in annotations.items()
    }
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": pod_name, "annotations": marks},
            "spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "none"}]},
        }
    )


def phase(short: str, pod_name: str) -> str:
    return kubectl(short, "get", "pod", pod_name, "-o", "jsonpath={.status.phase}")


def create(short: str, *pods: str) -> None:
    kubectl(short, "create", "-f", "-", stdin="\n---\n".join(pods))


def comes_up():
    """kwok: a cluster comes up with as many nodes as asked for"""
    out = cluster("up", "a", "--nodes=kwok:7", "--audit")
    check("is up" in out, out)
    nodes = kubectl("a", "get", "nodes", "--no-headers").splitlines()
    equal(sum(" Ready " in node for node in nodes), 7, "ready nodes")


def second_up_is_idle():
    """kwok: a second up finds it up and starts nothing"""
    before = processes_of("a")
    check("up already" in cluster("up", "a", "--nodes=kwok:7", "--audit"), "no word of it")
    equal(processes_of("a"), before, "processes")


def other_settings_are_refused():
    """kwok: up with other settings than it has is refused, and says which"""
    done = command(CLUSTER, "up", f"--name={name('a')}", "--nodes=kwok:8", "--audit")
    equal(done.returncode, 1, "exit status")
    check("nodes is 'kwok:7', wanted 'kwok:8'" in done.stderr, done.stderr)


def pods_follow_their_annotations():
    """kwok: pods run, complete, fail and wait as their annotations say"""
    create(
        "a",
        pod("plain"),
        pod("good", complete_after="1s"),
        pod("bad", complete_after="1s", exit_code="137", reason="OOMKilled"),
        pod("late", ready_after="4s", terminate_after="4s"),
    )
    eventually(lambda: phase("a", "plain") == "Running", "plain runs")
    eventually(lambda: phase("a", "good") == "Succeeded", "good succeeds")
    eventually(lambda: phase("a", "bad") == "Failed", "bad fails")
    ended = json.loads(
        kubectl(
            "a",
            "get",
            "pod",
            "bad",
            "-o",
            "jsonpath={.status.containerStatuses[0].state.terminated}",
        )
    )
    equal((ended["exitCode"], ended["reason"]), (137, "OOMKilled"), "how bad ended")
    eventually(lambda: phase("a", "late") == "Running", "late runs")
    check(seconds_to_start("late") >= 3, f"late ran after {seconds_to_start('late')} s")
    check(seconds_to_start("plain") <= 3, f"plain ran after {seconds_to_start('plain')} s")
    equal(phase("a", "plain"), "Running", "plain's phase at the end")


def seconds_to_start(pod_name: str) -> float:
    """Seconds between the creation of a pod of cluster a and its start, each cut to whole ones."""
    times = kubectl(
        "a",
        "get",
        "pod",
        pod_name,
        "-o",
        "jsonpath={.metadata.creationTimestamp} {.status.startTime}",
    ).split()
    created, started = (datetime.fromisoformat(t) for t in times)
    return (started - created).total_seconds()


def nodes_fail_and_recover():
    """kwok: a node is not ready while its annotation says so, and ready without it"""

    def ready() -> str:
        return kubectl(
            "a",
            "get",
            "node",
            "kwok-3",
            "-o",
            "jsonpath={.status.conditions[?(@.type=='Ready')].status}",
        )

    kubectl("a", "annotate", "node", "kwok-3", "kwok.slipway.dev/not-ready=")
    eventually(lambda: ready() == "False", "the node fails")
    kubectl("a", "annotate", "node", "kwok-3", "kwok.slipway.dev/not-ready-")
    eventually(lambda: ready() == "True", "the node recovers")


def annotations_work_while_running():
    """kwok: a running pod ends when it is told to"""
    equal(phase("a", "plain"), "Running", "phase before")
    kubectl(
        "a",
        "annotate",
        "pod",
        "plain",
        "kwok.slipway.dev/complete-after=0s",
        "kwok.slipway.dev/exit-code=1",
    )
    eventually(lambda: phase("a", "plain") == "Failed", "plain fails")


def deletion_may_take_time():
    """kwok: a deleted pod goes at once, or after the time its annotation says"""
    kubectl("a", "delete", "pod", "good")
    began = time.monotonic()
    kubectl("a", "delete", "pod", "late")
    check(time.monotonic() - began >= 4, f"late took {time.monotonic() - began:.1f} s")


def nodes_end_only_what_is_to_go():
    """kwok: a simulated node cannot end a pod that nobody has asked to go"""
    kubectl("a", "run", "stays", "--image=example.com/x:1")
    done = command(CLUSTER, "kubectl", f"--name={name('a')}", "delete", "pod", "stays",
                   "--as=kwok", "--as-group=system:masters")
    check("nobody has asked this pod to go" in done.stderr, done.stderr)
    kubectl("a", "delete", "pod", "stays")


def audit_log_has_the_requests():
    """kwok: the audit log tells verb, resource and user agent of a request"""
    kubectl("a", "-n", "default", "create", "configmap", "audited")

    def seen():
        lines = (state_folder("a") / "audit.log").read_text().splitlines()
        events = [json.loads(line) for line in lines if '"audited"' in line]
        return any(
            e["verb"] == "create"
            and e["objectRef"]["resource"] == "configmaps"
            and e["userAgent"].startswith("kubectl")
            for e in events
        )

    eventually(seen, "the request is in the audit log")


def api_server_restarts_alone():
    """kwok: the API server restarts, killed or in peace, and keeps its objects"""
    for sig in ("KILL", "TERM"):
        others = [p for p in processes_of("a") if "kube" in p and " apiserver " not in p]
        cluster("restart-apiserver", "a", f"--signal={sig}")
        kubectl("a", "get", "configmap", "audited")
        equal(
            [p for p in processes_of("a") if "kube" in p and " apiserver " not in p],
            others,
            "the other processes",
        )


def stopped_part_shows():
    """kwok: a part stopped on purpose shows in status, and starts again"""
    cluster("stop", "a", "scheduler")
    create("a", pod("unscheduled"))
    check("scheduler            stopped" in cluster("status", "a"), "status does not tell")
    time.sleep(1)
    equal(phase("a", "unscheduled"), "Pending", "phase without a scheduler")
    cluster("start", "a", "scheduler")
    eventually(lambda: phase("a", "unscheduled") == "Running", "the pod runs")


def part_can_hang():
    """kwok: an API server that is stopped by a signal hangs, and goes on when told to"""
    kubectl("a", "get", "ns", "default", "--request-timeout=5s")
    cluster("signal", "a", "apiserver", "STOP")
    hung = command(CLUSTER, "kubectl", f"--name={name('a')}", "get", "ns", "--request-timeout=2s")
    cluster("signal", "a", "apiserver", "CONT")
    check(hung.returncode != 0, "it answered while stopped")
    eventually(lambda: "default" in kubectl("a", "get", "ns"), "it answers again")


def two_side_by_side():
    """kwok: a second cluster runs beside the first and shares nothing with it"""
    cluster("up", "b", "--nodes=kwok:2")
    kubectl("b", "create", "namespace", "only-in-b")
    check("only-in-b" in kubectl("b", "get", "ns"), "b lacks its namespace")
    check("only-in-b" not in kubectl("a", "get", "ns"), "a has b's namespace")
    cluster("down", "b")
    equal(processes_of("b"), [], "processes of b")
    check("audited" in kubectl("a", "get", "configmaps"), "a suffered from b's end")


def down_leaves_nothing():
    """kwok: down ends every process and removes the state"""
    check(processes_of("a") != [], "nothing ran at all")
    cluster("down", "a")
    equal(processes_of("a"), [], "processes")
    check(not state_folder("a").exists(), "the state folder is still there")
    check("is not up" in cluster("down", "a"), "a second down finds something")


def crash_is_cleaned_up():
    """kwok: after kill -9 of `cluster up` at any moment the next up works, the next down cleans"""
    for moment in (0.2, 0.8, 2.5):
        doomed = subprocess.Popen(
            [CLUSTER, "up", f"--name={name('c')}", "--nodes=kwok:1"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(moment)
        doomed.kill()
        doomed.wait()
    cluster("up", "c", "--nodes=kwok:1")
    kubectl("c", "get", "ns")
    cluster("down", "c")
    equal(processes_of("c"), [], "processes")


def dead_part_is_replaced():
    """kwok: up replaces a cluster of which a part has died"""
    cluster("up", "c", "--nodes=kwok:1")
    etcd = json.loads((state_folder("c") / "run" / "etcd.json").read_text())
    os.kill(etcd["pid"], signal.SIGKILL)
    eventually(
        lambda: command(CLUSTER, "status", f"--name={name('c')}").returncode == 1, "status is 1"
    )
    check("leftovers" in cluster("up", "c", "--nodes=kwok:1"), "no word of the leftovers")
    cluster("status", "c")
    cluster("down", "c")


def strangers_are_spared():
    """kwok: a process that only has the number of an old one of ours is left alone"""
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        run = state_folder("d") / "run"
        run.mkdir(parents=True)
        record = {
            "name": "etcd",
            "pid": stranger.pid,
            "start_ticks": 1,
            "argv": ["etcd"],
            "log": "",
            "boot_id": Path("/proc/sys/kernel/random/boot_id").read_text().strip(),
        }
        (run / "etcd.json").write_text(json.dumps(record))
        cluster("down", "d")
        equal(stranger.poll(), None, "the stranger's exit status")
        check(not state_folder("d").exists(), "the stale state is still there")
    finally:
        stranger.kill()
        stranger.wait()


def bad_arguments_are_refused():
    """kwok: bad names and node counts are refused with the rule"""
    for arguments, wanted in (
        (["--name=Bad_Name", "--nodes=kwok:1"], "a name has 1 to 32"),
        ([f"--name={name('e')}", "--nodes=kwok:0"], "N from 1 to 5000"),
        ([f"--name={name('e')}", "--nodes=two"], "it is 'real' or 'kwok:N'"),
    ):
        done = command(CLUSTER, "up", *arguments)
        equal(done.returncode, 1, f"exit status for {arguments}")
        check(wanted in done.stderr, f"{arguments}: {done.stderr}")


CASES = [
    comes_up,
    second_up_is_idle,
    other_settings_are_refused,
    pods_follow_their_annotations,
    nodes_fail_and_recover,
    annotations_work_while_running,
    deletion_may_take_time,
    nodes_end_only_what_is_to_go,
    audit_log_has_the_requests,
    api_server_restarts_alone,
    stopped_part_shows,
    part_can_hang,
    two_side_by_side,
    down_leaves_nothing,
    crash_is_cleaned_up,
    dead_part_is_replaced,
    strangers_are_spared,
    bad_arguments_are_refused,
]
