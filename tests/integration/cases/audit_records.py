"""What the operator records of its actions, compared with what the API server says it did."""

import json
import signal
from collections import Counter
from pathlib import Path

from lib.case import OWN, Case, case
from lib.objects import model_deployment
from lib.operator import Replica
from lib.waiting import wait_for

FINE, ERROR = 0, 1  # exit codes
VERBS = {"Create": "create", "Apply": "patch", "Patch": "patch", "Delete": "delete"}
HEAD = "slipway.dev/audit-head"


def _folder(t: Case) -> Path:
    folder = t.cluster.logs / t.slipway.name / "audit"
    folder.mkdir(exist_ok=True)
    return folder


def _start(t: Case) -> Replica:
    return t.slipway.start(**{"audit-log": str(_folder(t))})


def _files(t: Case) -> list[Path]:
    return sorted(_folder(t).iterdir())


def _records(t: Case) -> list[dict]:
    return [json.loads(line) for file in _files(t) for line in file.read_text().splitlines()]


def _head(t: Case) -> str:
    lease = t.kube.get("lease", "slipway-system", t.slipway.name)
    return lease["metadata"].get("annotations", {}).get(HEAD, "")


def _verify(t: Case, *args: object, code: int = FINE, stdin: str | None = None) -> str:
    done = t.cluster.run("kubectl", "slipway", "audit", "verify", f"--lease-name={t.slipway.name}", *args, stdin=stdin)
    assert done.returncode == code, f"exit code {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def _plural(kind: str) -> str:
    return kind.lower()[:-1] + "ies" if kind.endswith("y") else kind.lower() + "s"


def _work(t: Case, name: str) -> None:
    """Creates, applies, deletes: a job that fails once, and a deployment that is changed."""
    job = t.job(name, nodes=2, failurePolicy={"maxRestarts": 3, "backoffSeconds": 0})
    t.wait_phase("tj", name, "Running")
    t.end_pod(t.pods(job)[1], exit_code=1)
    again = wait_for("the group starts anew", lambda: len(pods := t.pods(job, 1)) == 2 and pods)
    for pod in again:
        t.end_pod(pod)
    t.wait_phase("tj", name, "Complete")
    md = t.create(model_deployment(name))
    t.wait_phase("md", name, "Ready")
    t.patch("md", name, {"spec": {"replicas": 2}})
    wait_for("two replicas", lambda: [d["spec"]["replicas"] for d in t.children("deployment", md)] == [2])


def _done(t: Case) -> Counter:
    """What the API server says of the writes that have to be recorded."""
    return Counter((e.verb, e.resource, e.name, 200 <= e.code < 300) for e in t.audit.writes(t.slipway.user, ns=t.ns)
                   if e.resource != "events" and "/" not in e.resource)


def _recorded(t: Case) -> Counter:
    return Counter((VERBS[r["action"]], _plural(r["object"]["kind"]), r["object"]["name"], r["result"] == "Done")
                   for r in _records(t) if r["action"] in VERBS)


@case(OWN)
def every_write_has_its_record(t: Case):
    t.install()
    first = _start(t).wait_working()
    _work(t, "x")
    standby = _start(t)
    wait_for("the standby's caches are filled", lambda: standby.get("/readyz")[0] == 200)
    assert first.end() == 0
    wait_for("the standby leads", standby.leads, 20)
    _work(t, "y")
    third = _start(t)
    wait_for("the third's caches are filled", lambda: third.get("/readyz")[0] == 200)
    standby.end(signal.SIGKILL)
    wait_for("the third leads", third.leads, 20)
    _work(t, "z")

    def same():
        done, recorded = _done(t), _recorded(t)
        assert done == recorded, f"not recorded: {done - recorded}; only recorded: {recorded - done}"
        return True
    wait_for("each write has its record", same)
    records = _records(t)
    assert {r["action"] for r in records} == {"Opened", "Closed", *VERBS} - {"Patch"}, records
    opened = [r for r in records if r["action"] == "Opened"]
    assert [r["term"] for r in sorted(opened, key=lambda r: r["time"])] == [0, 1, 2], opened
    assert len(_files(t)) == 3 and len({r["cluster"] for r in opened}) == 1 and opened[0]["cluster"], opened

    # A digest is that of the object itself.
    job = t.get("tj", "z")
    service, = t.children("service", job)
    of_it, = (r for r in records if r["action"] in VERBS and r["object"]["uid"] == service["metadata"]["uid"])
    assert of_it["for"]["uid"] == job["metadata"]["uid"] and of_it["for"]["generation"] == 1, of_it
    assert of_it["for"]["editedBy"], of_it
    digest = t.cluster.run("sh", "-c", f"kubectl get service {service['metadata']['name']} -n {t.ns} -o json | jq -cSj "
                           "'del(.apiVersion,.kind,.status,.metadata.managedFields,.metadata.resourceVersion)' | sha256sum")
    assert digest.stdout.split()[0] == of_it["after"]["sha256"], (digest, of_it)

    text = _verify(t, *_files(t))
    assert f"{len(records)} records in 3 chains" in text, text
    _tamper(t, records)
    third.end()
    assert "ok: " in _verify(t, *_files(t))


def _tamper(t: Case, records: list[dict]) -> None:
    """Each way to change the log is named; the files themselves are left as they are."""
    lines = [line for file in _files(t) for line in file.read_text().splitlines()]
    assert "in 3 chains" in _verify(t, "-", stdin="\n".join(lines))
    at = next(i for i, line in enumerate(lines) if '"action":"Delete"' in line)
    record = json.loads(lines[at])
    title = f"record {record['seq']} of {record['chain']}"
    dropped = "\n".join(lines[:at] + lines[at + 1:])
    assert f"{title} is missing" in _verify(t, stdin=dropped, code=ERROR)
    edited = "\n".join(lines[:at] + [lines[at].replace('"result":"Done"', '"result":"Gone"')] + lines[at + 1:])
    assert f"{title} was edited" in _verify(t, stdin=edited, code=ERROR)
    moved = "\n".join(lines[:at - 1] + [lines[at], lines[at - 1]] + lines[at + 1:])
    assert "was moved" in _verify(t, stdin=moved, code=ERROR)
    chain = max((r for r in records if r["action"] == "Opened"), key=lambda r: r["term"])["chain"]
    last = max(r["seq"] for r in records if r["chain"] == chain)
    wait_for("the Lease names the last record", lambda: _head(t).startswith(f"{chain}:{last}:"))
    cut = "\n".join(line for line in lines if not (f'"chain":"{chain}"' in line and f'"seq":{last},' in line))
    assert f"record {last} of {chain} is missing" in _verify(t, stdin=cut, code=ERROR)
    assert "cannot be told" in _verify(t, "--offline", stdin=cut)


@case(OWN)
def a_full_disk_stops_nothing(t: Case):
    t.install()
    replica = t.slipway.start(**{"audit-log": "/dev/full"}).wait_working()
    t.job("x")
    t.wait_phase("tj", "x", "Running")
    assert replica.metric("slipway_audit_records_total", result="lost") > 1
    assert replica.metric("slipway_audit_records_total", result="written") == 0
    assert replica.logged("No space left on device"), replica.tail()


@case(OWN)
def records_go_to_stdout(t: Case):
    """Beside the log, as what collects a cluster's logs finds them."""
    t.install()
    replica = t.slipway.start(**{"audit-log": "-"}).wait_working()
    t.job("x")
    t.wait_phase("tj", "x", "Running")
    replica.end()
    text = _verify(t, replica.log_file)
    assert "ok: " in text and "in 1 chain" in text, text
