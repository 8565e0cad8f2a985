"""What a case is, and what it is given to work with."""

import contextlib
import json
import re
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from . import objects
from .audit import Audit
from .cluster import Cluster
from .kstatus import condition
from .kube import KINDS, ApiError, Kube, path
from .operator import Installation
from .waiting import PATIENCE_S, wait_for


@dataclass(frozen=True)
class Declared:
    """A case as it was declared."""

    run: Callable
    kind: str  # SHARED, OWN or ALONE

    @property
    def name(self) -> str:
        topic = self.run.__module__.rpartition(".")[2]
        return f"{topic}.{self.run.__name__}"

    @property
    def ns(self) -> str:
        """Its namespace."""
        return re.sub("[^a-z0-9]+", "-", self.name)


# One operator serves all of these, which run at the same time, each in its own namespace.
SHARED = "shared"
# Has operators of its own, which see its namespace only; these run at the same time as well.
OWN = "own"
# Does something to the whole cluster, so nothing else runs beside it.
ALONE = "alone"
DECLARED: list[Declared] = []


def case(kind: str):
    """Declares the function that follows as a case."""
    def declare(run):
        declared = Declared(run, kind)
        assert len(declared.ns) <= 56, f"{declared.name}: too long for a namespace of its own"
        DECLARED.append(declared)
        return run
    return declare


class Case:
    """A running case: its namespace, its clients and what it has started."""

    def __init__(self, cluster: Cluster, ns: str, shared: Installation | None):
        self.cluster = cluster
        self.kube: Kube = cluster.kube
        self.audit = Audit(cluster.audit_log, cluster.kube)
        self.ns = ns
        self.slipway = shared  # the installation whose operator serves the namespace
        self._installations: list[Installation] = []
        self._recorders: list[Recorder] = []
        self.make_namespace(ns)

    def make_namespace(self, name: str) -> None:
        """Every namespace enforces the strictest pod security, so each case checks it too."""
        self.kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {
            "name": name, "labels": {"pod-security.kubernetes.io/enforce": "restricted"}}})

    def install(self, everywhere: bool = False, **config) -> Installation:
        """An installation of the case's own, restricted to its namespace unless `everywhere`."""
        # The chart cuts names at 40 characters; the end is what tells cases apart.
        installation = Installation(self.cluster, self.ns[-40:].strip("-"),
                                    "" if everywhere else self.ns, config=config)
        self._installations.append(installation)
        self.slipway = installation
        return installation

    def close(self) -> None:
        for recorder in self._recorders:
            recorder.stop()
        for installation in self._installations:
            installation.stop()
        with contextlib.suppress(OSError, ApiError):  # The cluster is removed soon anyway.
            self.kube.delete("namespace", "", self.ns)

    # Objects -------------------------------------------------------------------------------

    def create(self, obj: dict) -> dict:
        obj["metadata"]["namespace"] = self.ns
        return self.kube.create(obj)

    def job(self, name: str, **options) -> dict:
        """Creates a TrainingJob; see objects.training_job."""
        return self.create(objects.training_job(name, **options))

    def get(self, kind: str, name: str) -> dict:
        return self.kube.get(kind, self.ns, name)

    def gone(self, kind: str, name: str, uid: str) -> bool:
        """Whether that very object is no longer there."""
        found = self.kube.find(kind, self.ns, name)
        return found is None or found["metadata"]["uid"] != uid

    def patch(self, kind: str, name: str, patch: dict, sub: str = "") -> dict:
        return self.kube.patch(kind, self.ns, name, patch, sub)

    def children(self, kind: str, owner: dict) -> list[dict]:
        """Objects whose controller is `owner`, whatever their labels say."""
        uid = owner["metadata"]["uid"]
        return [o for o in self.kube.list(kind, self.ns)
                if any(r["uid"] == uid and r.get("controller")
                       for r in o["metadata"].get("ownerReferences", []))]

    def pods(self, job: dict, attempt: int | None = None) -> list[dict]:
        """Pods of a job that are not being deleted, by node."""
        label = "slipway.dev/node-index"
        found = [p for p in self.children("pod", job)
                 if "deletionTimestamp" not in p["metadata"]
                 and (attempt is None or attempt_of(p) == attempt)]
        return sorted(found, key=lambda p: int(p["metadata"].get("labels", {}).get(label, -1)))

    def terminate(self, pod: dict, exit_code: int, message: str) -> None:
        """Plays the kubelet: the container of a pod that runs has ended and left a message."""
        running = pod["status"]["containerStatuses"][0]
        started = running["state"]["running"]["startedAt"]
        ended = {"exitCode": exit_code, "message": message, "startedAt": started, "finishedAt": started,
                 "reason": "Error" if exit_code else "Completed"}
        self.patch("pod", pod["metadata"]["name"], {"status": {
            "phase": "Failed" if exit_code else "Succeeded",
            "containerStatuses": [running | {"ready": False, "started": False,
                                             "state": {"terminated": ended}}]}}, "status")

    def end_pod(self, pod: dict, exit_code: int = 0) -> None:
        """Lets the simulated node end a pod."""
        self.patch("pod", pod["metadata"]["name"], {"metadata": {
            "annotations": objects.kwok(complete_after="1ms", exit_code=exit_code)}})

    def events(self, regarding: dict) -> list[dict]:
        uid = regarding["metadata"]["uid"]
        return [e for e in self.kube.list("event", self.ns)
                if e.get("regarding", {}).get("uid") == uid
                and e.get("reportingController", "").startswith("slipway")]

    def reasons(self, regarding: dict) -> list[str]:
        """The reasons of its Events, sorted."""
        return sorted(e["reason"] for e in self.events(regarding))

    # Waiting -------------------------------------------------------------------------------

    def wait_phase(self, kind: str, name: str, phase: str, within: float = PATIENCE_S) -> dict:
        def reached():
            obj = self.get(kind, name)
            found = obj.get("status", {}).get("phase")
            assert found == phase, f"phase {found}: {obj.get('status', {}).get('message')}"
            return obj
        return wait_for(f"{kind}/{name} is {phase}", reached, within)

    def wait_condition(self, kind: str, name: str, which: str, value: str, reason: str = "",
                       within: float = PATIENCE_S) -> dict:
        def reached():
            obj = self.get(kind, name)
            found = condition(obj, which)
            assert found and found["status"] == value and reason in ("", found["reason"]), found
            return obj
        return wait_for(f"{which} of {kind}/{name} is {value} {reason}", reached, within)

    def wait_pods(self, job: dict, count: int, attempt: int | None = None,
                  within: float = PATIENCE_S) -> list[dict]:
        def there():
            pods = self.pods(job, attempt)
            assert len(pods) == count, f"{len(pods)} pods"
            return pods
        return wait_for(f"{count} pods of {job['metadata']['name']}", there, within)

    def record(self, kind: str, name: str) -> "Recorder":
        """Starts to note every state that an object goes through."""
        self._recorders.append(Recorder(self.kube, kind, self.ns, name))
        return self._recorders[-1]


class Recorder:
    """A watch that keeps every version of one object."""

    def __init__(self, kube: Kube, kind: str, ns: str, name: str):
        self.versions: list[dict] = []
        self._connection = kube.connect(timeout=300)
        self._connection.request("GET", path(kind, ns, watch="true",
                                             fieldSelector=f"metadata.name={name}"))
        self._answer = self._connection.getresponse()
        self._stopped = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        try:
            for line in self._answer:
                event = json.loads(line)
                if event["type"] in ("ADDED", "MODIFIED"):
                    self.versions.append(event["object"])
        except (OSError, ValueError, AttributeError):
            assert self._stopped, "the watch of the recorder broke"

    def sequence(self, view: Callable[[dict], str]) -> list[str]:
        """What `view` makes of the versions, without repetitions in a row."""
        time.sleep(0.3)  # The newest version may still be on its way.
        seen: list[str] = []
        for version in list(self.versions):
            value = view(version)
            if not seen or seen[-1] != value:
                seen.append(value)
        return seen

    def stop(self) -> None:
        self._stopped = True
        with contextlib.suppress(OSError, AttributeError):
            self._connection.sock.shutdown(socket.SHUT_RDWR)


def attempt_of(pod: dict) -> int:
    return int(pod["metadata"].get("labels", {}).get("slipway.dev/attempt", -1))


def environment_of(pod: dict) -> dict[str, str]:
    """The plain variables of a pod's container."""
    return {e["name"]: e.get("value", "") for e in pod["spec"]["containers"][0].get("env", [])}


__all__ = ["ALONE", "DECLARED", "KINDS", "OWN", "SHARED", "Case", "Declared", "attempt_of", "case",
           "environment_of"]
