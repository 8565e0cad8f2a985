"""What the checks of a run share: the cluster, its users, and the count of what held."""

import json
import os
import subprocess
import time
from pathlib import Path

import yaml
from lib.kube import MERGE_PATCH, ApiError, Kube, path

ROOT = Path(__file__).resolve().parents[3]
CHART = ROOT / "charts" / "slipway"
OPERATORS = "slipway-system"
OPERATOR = f"system:serviceaccount:{OPERATORS}:slipway"
APPLY = "application/apply-patch+yaml"
DEADLINE = 90  # Seconds until a policy that was written must hold.


def run(*argv, text: str | None = None) -> str:
    done = subprocess.run([str(a) for a in argv], input=text, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"error: {' '.join(map(str, argv))}: {done.stderr.strip()}")
    return done.stdout


class Suite:
    """Counts checks and prints those that fail."""

    def __init__(self):
        self.kube = Kube(json.loads(run("kubectl", "config", "view", "--raw", "--minify", "-o", "json")))
        self.passed = self.failed = 0
        self._users: dict[str, Kube] = {}
        self.suffix = str(os.getpid())

    def check(self, what: str, good: bool, detail: str = "") -> None:
        if good:
            self.passed += 1
            return
        self.failed += 1
        print(f"FAIL {what}" + (f"\n     {detail.strip()}" if detail else ""), flush=True)

    def user(self, name: str) -> Kube:
        """The API server as that user sees it; the empty name is the administrator."""
        if not name:
            return self.kube
        return self._users.setdefault(name, self.kube.acting(name))

    def answer(self, user: str, method: str, target: str, body: dict | None = None,
               content_type: str = "application/json") -> str:
        """What the API server says against a request; empty when it does it."""
        try:
            self.user(user).request(method, target, body, content_type)
            return ""
        except ApiError as problem:
            return str(problem)

    def create(self, user: str, kind: str, obj: dict, **query) -> str:
        """Creates as a user, by a dry run unless the query says otherwise; the answer, empty for yes."""
        query = query or {"dryRun": "All", "fieldValidation": "Strict"}
        return self.answer(user, "POST", path(kind, obj["metadata"].get("namespace", ""), **query), obj)

    def patch(self, user: str, kind: str, ns: str, name: str, patch: dict, sub: str = "",
              content_type: str = MERGE_PATCH, **query) -> str:
        query = {"dryRun": "All", **query}
        return self.answer(user, "PATCH", path(kind, ns, name, sub, **query), patch, content_type)

    def allowed(self, what: str, answer: str) -> None:
        self.check(f"allowed: {what}", not answer, answer)

    def refused(self, what: str, answer: str, *words: str) -> None:
        """Checks that a request was refused, in these words."""
        missing = [word for word in words if word not in answer]
        self.check(f"refused: {what}", bool(answer) and not missing,
                   f"lacks {missing}: {answer}" if answer else "it was done")

    def grant(self, user: str, namespace: str, *rules: dict) -> None:
        """Gives a user these rules in a namespace."""
        role = f"{user}-{self.suffix}"
        self.kube.create({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "rules": list(rules),
                          "metadata": {"name": role, "namespace": namespace}})
        self.bind(user, namespace, "Role", role)

    def bind(self, user: str, namespace: str, kind: str, role: str) -> None:
        group = "rbac.authorization.k8s.io"
        self.kube.create({"apiVersion": f"{group}/v1", "kind": "RoleBinding",
                          "metadata": {"name": f"{user}-{role}", "namespace": namespace},
                          "roleRef": {"apiGroup": group, "kind": kind, "name": role},
                          "subjects": [{"apiGroup": group, "kind": "User", "name": user}]})

    def namespace(self, name: str, **labels: str) -> str:
        name = f"{name}-{self.suffix}"
        self.kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
        return name

    def until(self, what: str, holds) -> None:
        """Waits for what a policy that was just written does; gives up the run when it never does."""
        end = time.monotonic() + DEADLINE
        while not holds():
            if time.monotonic() > end:
                raise SystemExit(f"error: not within {DEADLINE} s: {what}")
            time.sleep(0.3)


def chart(*settings: str) -> list[dict]:
    """What the chart renders for the version of this API server."""
    version = json.loads(run("kubectl", "version", "-o", "json"))["serverVersion"]["gitVersion"]
    text = run("helm", "template", "slipway", CHART, "-n", OPERATORS, "--kube-version", version, *settings)
    return [one for one in yaml.safe_load_all(text) if one]
