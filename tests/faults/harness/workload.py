"""What a user and a cluster do, step by step, while things go wrong.

A workload is a YAML file: `kind` is the kind it is about, `steps` a list of which each is one of

  create: MANIFEST        as in `kubectl create`
  patch: {KIND/NAME: PATCH}   a JSON merge patch
  status: {KIND/NAME: PATCH}   the same of its status, by which a time of a schedule comes
  scale: {KIND/NAME: N}
  delete: KIND/NAME       and what belongs to it; done when nothing of it is left
  erase: namespace        with all that is in it; the last step
  upgrade: operator       it is asked to end, and another one starts
  end: {pods: TITLES, exitCode: N}  pods whose title (see canon) matches the regular expression end
  terminate: {pods: TITLES, exitCode: N, message: TEXT}  the same, and the container says something
  remove: TITLES          somebody deletes children whose title matches
  unlabel: TITLES         somebody takes the labels of children away
  change: {TITLES: PATCH}  another controller does its part in children: the same patch as for `patch`
  until: {KIND/NAME: PHASE}   the world comes to rest there; see Trial for what is compared, and for how
                          long nothing may change: pods must not take longer than that to end.
                          "Running restarts=1 steps.0.phase=Running" also wants these fields of the status;
                          a kind that has no phase is in phase "-"

`settings`, if there are any, are of the operator's configuration, in place of what the chart has. And
`exempt`, if there is any, is a list of {plans: REGULAR EXPRESSION, because: TEXT} of plans whose
end may well be another one.

In all texts $NAMESPACE is the one that a run has. An IsolationPolicy has that name, and selects only it: the
operators of other runs see it as well. In titles it is called "trial", and so is the namespace.

The API server is asked directly: the faults are the operator's, not the user's.
"""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from lib import objects
from lib.kube import KINDS, ApiError, Kube

from .canon import title

ACTIONS = ("create", "patch", "status", "scale", "delete", "erase", "upgrade", "end", "terminate", "unlabel", "change", "remove",
           "until")


CLUSTER_WIDE = ("iso",)


@dataclass(frozen=True)
class Workload:
    name: str
    kind: str
    steps: tuple[dict, ...]
    exempt: tuple[dict, ...] = ()
    settings: dict = field(default_factory=dict)

    def steps_in(self, ns: str) -> list[dict]:
        return json.loads(json.dumps(self.steps).replace("$NAMESPACE", ns))

    def why_exempt(self, plan: str) -> str:
        """Why a plan of that name is left out; empty when it is not."""
        return next((one["because"] for one in self.exempt if re.fullmatch(one["plans"], plan)), "")

    @property
    def upgrades(self) -> bool:
        return any("upgrade" in step for step in self.steps)


def load(file: Path) -> Workload:
    described = yaml.safe_load(file.read_text())
    for step in described["steps"]:
        if len(step) != 1 or next(iter(step)) not in ACTIONS:
            raise SystemExit(f"{file}: step {step}: use one of {', '.join(ACTIONS)}")
    return Workload(file.stem, described["kind"], tuple(described["steps"]), tuple(described.get("exempt", ())),
                    described.get("settings", {}))


def all_of(folder: Path) -> list[Workload]:
    return [load(file) for file in sorted(folder.glob("*.yaml"))]


class Actor:
    """Does the steps of a workload but `until`, in one namespace."""

    def __init__(self, kube: Kube, ns: str, world):
        self._kube = kube
        self._ns = ns
        self._world = world  # () -> live objects, see recorder.live

    def do(self, step: dict) -> None:
        action, what = next(iter(step.items()))
        getattr(self, f"_{action}")(what)

    def _create(self, manifest: dict) -> None:
        obj = dict(manifest)
        if manifest["kind"] not in (KINDS[kind][2] for kind in CLUSTER_WIDE):
            obj["metadata"] = dict(manifest["metadata"], namespace=self._ns)
        self._kube.create(obj)

    def _home(self, kind: str) -> str:
        return "" if kind in CLUSTER_WIDE else self._ns

    def _patch(self, what: dict) -> None:
        for target, patch in what.items():
            kind, _, name = target.partition("/")
            self._kube.patch(kind, self._home(kind), name, patch)

    def _status(self, what: dict) -> None:
        for target, patch in what.items():
            kind, _, name = target.partition("/")
            self._kube.patch(kind, self._ns, name, {"status": patch}, "status")

    def _scale(self, what: dict) -> None:
        for target, replicas in what.items():
            kind, _, name = target.partition("/")
            self._kube.patch(kind, self._ns, name, {"spec": {"replicas": replicas}}, "scale")

    def _delete(self, target: str) -> None:
        kind, _, name = target.partition("/")
        self._kube.delete(kind, self._home(kind), name)

    def _erase(self, _) -> None:
        self._kube.delete("namespace", "", self._ns)

    def _end(self, what: dict) -> None:
        for kind, name in self._matching(what["pods"]):
            if kind != "pod":
                continue
            self._patch_if_there(name, {"metadata": {"annotations": objects.kwok(
                complete_after="1ms", exit_code=what.get("exitCode", 0))}})

    def _patch_if_there(self, name: str, patch: dict) -> None:
        try:
            self._kube.patch("pod", self._ns, name, patch)
        except ApiError as problem:
            if problem.status != 404:
                raise

    def _terminate(self, what: dict) -> None:
        for kind, name in self._matching(what["pods"]):
            running = self._kube.get(kind, self._ns, name)["status"]["containerStatuses"][0]
            started = running["state"]["running"]["startedAt"]
            ended = {"exitCode": what["exitCode"], "message": what["message"], "startedAt": started,
                     "reason": "Error" if what["exitCode"] else "Completed", "finishedAt": started}
            self._kube.patch(kind, self._ns, name, {"status": {
                "phase": "Failed" if what["exitCode"] else "Succeeded",
                "containerStatuses": [running | {"ready": False, "started": False,
                                                 "state": {"terminated": ended}}]}}, "status")

    def _unlabel(self, titles: str) -> None:
        for kind, name in self._matching(titles):
            self._kube.patch(kind, self._ns, name, {"metadata": {"labels": None}})

    def _change(self, what: dict) -> None:
        for titles, patch in what.items():
            for kind, name in self._matching(titles):
                self._kube.patch(kind, self._ns, name, patch)

    def _remove(self, titles: str) -> None:
        for kind, name in self._matching(titles):
            self._kube.delete(kind, self._ns, name)

    def _matching(self, pattern: str) -> list[tuple[str, str]]:
        found = [key for key, obj in self._world().items()
                 if re.fullmatch(pattern, title(key[0], obj))
                 and "deletionTimestamp" not in obj["metadata"]]
        if not found:
            raise AssertionError(f"no object has a title like {pattern!r}")
        return found
