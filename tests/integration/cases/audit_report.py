"""What `kubectl slipway audit report` and the status of an IsolationPolicy show to auditors."""

import base64
import hashlib
import json
import pathlib
import subprocess
import tempfile

from cases.isolation import OURS, _policy, _told
from lib.case import ALONE, Case, case
from lib.waiting import stays, wait_for


def _said(t: Case, *argv: object, code: int = 0) -> subprocess.CompletedProcess:
    done = t.cluster.run(*argv)
    assert done.returncode == code, f"exit code {done.returncode}: {done.stdout}{done.stderr}"
    return done


@case(ALONE)
def what_isolates_is_shown_to_auditors(t: Case):
    """Controls of rule books in the status, and all of it as a file that is signed."""
    t.install().start().wait_working()
    with _policy(t, compliance=["GDPR", "PCI"]), tempfile.TemporaryDirectory() as folder:
        _told(t, "Enforced", "True")

        def judged():
            policy = t.kube.get("iso", "", t.ns)
            controls = {one["control"]: one for one in policy["status"]["controls"]}
            assert controls["1.2"]["state"] == "Enforced" and controls["17"]["state"] == "NotCheckable", controls
            test = controls["11.4.5"]
            assert test["state"] == "NotMet" and "verify.probe to Required" in test["message"], test
            return policy
        policy = wait_for("controls are judged", judged)
        stays("nothing is written again",
              lambda: t.kube.get("iso", "", t.ns)["metadata"]["resourceVersion"] == policy["metadata"]["resourceVersion"], 3)

        t.job("x", nodes=1)
        t.wait_phase("tj", "x", "Running")
        key, public, file = (pathlib.Path(folder) / name for name in ("key.pem", "key.pub", "report.json"))
        _said(t, "openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
        _said(t, "openssl", "pkey", "-in", key, "-pubout", "-out", public)
        report = ("kubectl", "slipway", "audit", "report")
        # The operator of these tests is no Deployment, which is said and makes the report incomplete.
        done = _said(t, *report, "--policy", t.ns, "--key", key, code=1)
        assert done.stderr.count("not looked at:") == 1 and "not looked at: operator (" in done.stderr, done.stderr
        file.write_text(done.stdout)
        check = (*report, "--verify", file, "--key", public)
        text = _said(t, *check).stdout
        for part in ("and not changed since", f"IsolationPolicy {t.ns}, generation 1, sha256:", OURS,
                     "registry.example.com", "1 of 1 running pods did not look"):
            assert part in text, f"{part!r} is not in: {text}"
        told = json.loads(_said(t, *check, "-o", "json").stdout)
        assert told["cluster"]["uid"] == t.kube.get("namespace", "", "kube-system")["metadata"]["uid"], told["cluster"]
        space, = told["namespaces"]
        assert space["name"] == t.ns and not space["foreignPolicies"], space
        spec = json.dumps(t.get("netpol", OURS)["spec"], sort_keys=True, separators=(",", ":"))
        digests = {one["name"]: one["digest"] for one in space["networkPolicies"]}
        assert digests[OURS] == "sha256:" + hashlib.sha256(spec.encode()).hexdigest(), digests

        # Another program finds it good, too, and nobody does once it was edited.
        envelope = json.loads(done.stdout)
        (pathlib.Path(folder) / "bytes").write_bytes(base64.b64decode(envelope["report"]))
        (pathlib.Path(folder) / "signature").write_bytes(base64.b64decode(envelope["signature"]))
        _said(t, "openssl", "dgst", "-sha256", "-verify", public, "-signature", f"{folder}/signature", f"{folder}/bytes")
        edited = base64.b64decode(envelope["report"]).replace(b"NotMet", b"Proven")
        file.write_text(json.dumps({**envelope, "report": base64.b64encode(edited).decode()}))
        assert "was changed since it was signed" in _said(t, *check, code=1).stderr
