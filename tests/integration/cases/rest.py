"""An operator with nothing to do, and what it tells about itself."""

import fcntl
import json
import os
import socket
import struct
import time

from lib.case import OWN, Case, case
from lib.objects import drift_monitor, kwok, model_deployment
from lib.waiting import wait_for

IDLE_S = float(os.environ.get("IDLE_SECONDS", "30"))
FINISHED = int(os.environ.get("IDLE_JOBS", "30"))


@case(OWN)
def no_writes_when_settled(t: Case):
    slipway = t.install()
    replica = slipway.start().wait_working()
    jobs = [t.job(f"x-{i}", nodes=2, pods=kwok(complete_after="1s")) for i in range(FINISHED)]
    t.create(model_deployment("x", replicas=2))
    t.create(drift_monitor("x", suspend=True))
    for job in jobs:
        t.wait_phase("tj", job["metadata"]["name"], "Complete", within=60)
    wait_for("the deployment is ready", lambda: t.get("md", "x")["status"].get("phase") == "Ready")
    t.wait_phase("dm", "x", "Suspended")
    wait_for("all Events are sent", lambda: len(t.kube.list("event", t.ns)) >= FINISHED)
    time.sleep(2)

    # What comes from a list must compare as equal as what came from a watch.
    replica.end()
    replica = slipway.start().wait_working()
    time.sleep(5)
    start = t.audit.now()
    time.sleep(IDLE_S)
    writes = t.audit.writes(slipway.user, start)
    assert not writes, "\n".join(map(str, writes))
    renewed = [e for e in t.audit.entries(slipway.user, start)
               if e.resource == "leases" and e.verb == "update"]
    assert renewed, "the Lease is kept meanwhile, and the audit log shows what this user does"
    _metrics_tell(replica)


def _metrics_tell(replica) -> None:
    text = replica.get("/metrics")[1]
    for name in ("slipway_reconcile_total", "slipway_reconcile_duration_seconds_count",
                 "slipway_queue_depth", "slipway_queue_wait_seconds_count",
                 "slipway_api_request_duration_seconds_count", "slipway_writes_skipped_total",
                 "slipway_watch_age_seconds", "slipway_leader", "slipway_build_info",
                 "slipway_events_emitted_total"):
        assert f"\n{name}" in text, f"{name} is missing"
        assert name.endswith("_count") or f"# HELP {name}" in text, name
    assert replica.metric("slipway_queue_depth") == 0
    assert replica.metric("slipway_reconcile_total", kind="TrainingJob", result="ok") >= FINISHED
    assert replica.metric("slipway_writes_skipped_total", resource="deployments") > 0


@case(OWN)
def pages_of_the_admin_server(t: Case):
    replica = t.install().start(bind="0.0.0.0").wait_working()
    assert replica.get("/healthz") == (200, "ok\n")
    wait_for("all kinds are listed", lambda: replica.get("/readyz") == (200, "ok\n"))
    assert replica.get("/nonsense")[0] == 404
    for page in ("queue", "cache", "config"):
        status, text = replica.get(f"/debug/{page}")
        assert status == 200 and json.loads(text), (page, status, text)
    assert replica.get("/debug/nonsense")[0] == 404
    assert json.loads(replica.get("/debug/cache")[1])["home"]["pods"]["synced"] is True
    assert json.loads(replica.get("/debug/config")[1])["watchNamespaces"] == [t.ns]
    assert "token" not in replica.get("/debug/config")[1].lower()

    outside = own_address()
    assert replica.get("/healthz", outside)[0] == 200, "probes come from the node's address"
    assert replica.get("/metrics", outside)[0] == 200
    status, text = replica.get("/debug/config", outside)
    assert status == 403 and "loopback" in text, (status, text)


def own_address() -> str:
    """An address of this machine that is not a loopback one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            try:
                # SIOCGIFADDR of netdevice(7).
                answer = fcntl.ioctl(probe, 0x8915, struct.pack("256s", name.encode()))
            except OSError:
                continue
            address = socket.inet_ntoa(answer[20:24])
            if not address.startswith("127."):
                return address
    raise AssertionError("this machine has no address but the loopback ones; the refusal of /debug "
                         "cannot be shown without one (ip link add dummy0 type dummy gives one)")
