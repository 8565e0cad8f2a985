"""The mutation campaign: specs change to whatever their schema allows, and back.

What is accepted has to be acted on, and what is changed back has to leave no trace; what is refused
must not have been acted on. One operator serves all workers; each has a namespace of its own.
"""

import argparse
import contextlib
import copy
import json
import queue
import random
import re
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from lib import objects, paths
from lib.cluster import Cluster, Seat
from lib.kube import KINDS, ApiError, Kube, path
from lib.operator import Installation, kill_all
from lib.waiting import wait_for

from . import canon, mutations, oracle
from .corruption import Corruption, corruptions
from .mutations import Operation
from .recompute import Recompute
from .recorder import Recorder, live

CHANGED = ("tj", "md", "dm", "tt", "mv", "runtime", "clusterruntime")
HAVE_CHILDREN = ("tj", "md", "dm")  # at rest
MADE_ANEW = ("mv", "runtime", "clusterruntime")  # See Maker.
FINISHED = ("Complete", "Failed")
PATIENCE_S = 60
REST_S = 8  # longer than anything on the way to rest takes, also beside other work
EFFECT_S = 0.3  # after which a refused change would have had an effect
REPAIRED_S = 5  # for a child that somebody has changed
WORKERS = 8
# What the messages have with which update rules refuse a field's change, whatever the new value is.
IMMUTABLE = re.compile("immutable|can neither be set nor removed")


@dataclass
class Tally:
    """What became of the operations on one kind."""

    accepted: int = 0
    refused: int = 0
    complaints: list[str] = field(default_factory=list)
    repaired: list[float] = field(default_factory=list)  # seconds


@dataclass(frozen=True)
class Scene:
    """What all workers share."""

    kube: Kube
    recorder: Recorder
    recompute: Recompute


class Worker:
    """Changes one custom resource, which is in `phase` (empty: as soon as it is acted on), and changes it back."""

    def __init__(self, scene: Scene, kind: str, base: dict, ns: str, phase: str = ""):
        self._kube = kube = scene.kube
        self._recorder = scene.recorder
        self._recompute = scene.recompute
        self._kind = kind
        self._ns = ns
        self._base = copy.deepcopy(base)
        self._base["metadata"] = {"name": base["metadata"]["name"], "namespace": ns}
        self._name = base["metadata"]["name"]
        self._phase = phase
        self._view = canon.View(ns)
        kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ns}})
        self._begin()

    def _begin(self) -> None:
        # It has been suspended and has run, so that it has all that a resumed one has.
        spec = self._base["spec"]
        turned = spec.get("suspend") or self._phase == "Running"
        self._kube.create(self._base | {"spec": spec | {"suspend": not spec["suspend"]}} if turned else self._base)
        self._settle()
        self._replace(self._base)
        self._settle()
        if self._phase:
            wait_for(f"{self._kind}/{self._name} in {self._ns} is {self._phase}",
                     lambda: self._current()["status"].get("phase") == self._phase, PATIENCE_S)
        if self._kind == "md":
            wait_for(f"md/{self._name} in {self._ns} is ready", lambda: any(
                c["type"] == "EndpointReady" and c["status"] == "True"
                for c in self._current()["status"].get("conditions", [])), PATIENCE_S)
        seen = 0
        while (now := self._recorder.wait(self._ns, seen, REST_S)) > seen:
            seen = now
        self._baseline = self._trace()

    def do(self, operation: Operation, tally: Tally) -> str:
        """Returns what is wrong, or nothing."""
        spec = operation.manifest.get("spec")
        refusal = self._replace(operation.manifest | {"metadata": self._base["metadata"]})
        if refusal:
            tally.refused += 1
            if operation.expected == "accepted" and not IMMUTABLE.search(refusal):
                return f"was refused: {refusal}"
            time.sleep(EFFECT_S)
            return self._unlike("a refused change had an effect")
        tally.accepted += 1
        if operation.expected == "refused":
            return f"was accepted: {json.dumps(spec)[:300]}"
        if self._phase in FINISHED and ("ttlSecondsAfterFinished" in spec or spec.get("cleanPodPolicy") == "All"):
            return self._anew()  # It may have gone already, or its children.
        self._settle()
        if unfinished := self._unfinished():
            return unfinished
        if self._phase not in FINISHED and self._current()["status"].get("phase") in FINISHED:
            return self._anew()
        problem = self._replace(self._base)
        if problem:
            return f"cannot be undone: {problem}"
        self._settle()
        return self._unlike("the change was undone, but left traces")

    def children(self) -> list[tuple[str, str, Corruption]]:
        """What may be done to each child of now: its kind, its title, and the change. Pods are left out:
        of those that are disturbed whole groups are made anew, as some workloads show."""
        scaled = {obj["spec"]["scaleTargetRef"]["name"] for (kind, _), obj in self._view.objects.items()
                  if kind == "hpa"}
        return [(kind, canon.title(kind, obj), one) for (kind, name), obj in self._view.objects.items()
                if kind not in canon.OURS and kind != "pod" and canon.is_child(obj)
                for one in corruptions(obj, kind == "deployment" and name in scaled)]

    def corrupt(self, kind: str, title: str, change: Corruption, tally: Tally) -> str:
        """Somebody else does something to a child: it is repaired, or reported as no longer ours."""
        name = next((name for (k, name), obj in self._view.objects.items()
                     if k == kind and canon.is_child(obj) and canon.title(k, obj) == title), "")
        if not name:
            return f"there is no {title} any more"
        if not change.patch:
            self._kube.delete(kind, self._ns, name)
        else:
            try:
                self._kube.request("PATCH", path(kind, self._ns, name), list(change.patch),
                                   "application/json-patch+json")
            except ApiError as problem:
                if problem.status not in (400, 422):
                    raise
                tally.refused += 1
                return ""
        tally.accepted += 1
        time.sleep(0.2)  # The change itself must have been seen before its repair can be.
        began = repaired = time.monotonic()
        while lines := canon.differences(self._baseline, self._trace()):
            if not all(line.startswith(f"{self._kind} ") for line in lines):
                repaired = time.monotonic()  # Not yet; how long pods then take to be ready is not ours.
            if self._reported(name):
                self._kube.delete(kind, self._ns, name)
                return self._unlike(f"{name} was reported as foreign, and deleted, but is not made anew")
            if time.monotonic() - began > PATIENCE_S:
                return "is neither repaired nor reported: " + "; ".join(lines[:5])
            time.sleep(0.05)
        tally.repaired.append(repaired - began + 0.2)
        return ""

    def _reported(self, name: str) -> bool:
        return any(c["reason"] == "NameConflict" and name in c["message"]
                   for c in self._current()["status"].get("conditions", []))

    def _anew(self) -> str:
        """What has finished stays so; the next operation needs another one."""
        with contextlib.suppress(ApiError):  # It has gone by itself.
            self._kube.delete(self._kind, self._ns, self._name)
        wait_for("all of it is gone", lambda: not any(
            kind in canon.OURS or canon.is_child(obj)
            for (kind, _), obj in live(self._recorder.history(self._ns)).items()), 120)
        self._begin()
        return ""

    def _unfinished(self) -> str:
        """What another process of the planners would still do, once it has had time to be done. What the
        API server refuses of the children, as no schema can know it all, has to be reported."""
        deadline = time.monotonic() + PATIENCE_S
        while (left := self._recompute.complaints(self._view.take(self._recorder.history(self._ns)).objects)) \
                and not self._stalled():
            if time.monotonic() > deadline:
                return "is not carried out: " + left[0]
            time.sleep(0.1)
        return ""

    def _stalled(self) -> bool:
        return any(c["type"] == "Stalled" and c["status"] == "True"
                   for c in self._current()["status"].get("conditions", []))

    def _current(self) -> dict:
        return self._kube.get(self._kind, self._ns, self._name)

    def _replace(self, manifest: dict) -> str:
        """The API server's refusal, or nothing."""
        while True:
            version = self._current()["metadata"]["resourceVersion"]
            body = manifest | {"metadata": manifest["metadata"] | {"resourceVersion": version}}
            try:
                self._kube.request("PUT", path(self._kind, self._ns, self._name), body)
                return ""
            except ApiError as problem:
                if problem.status == 409:
                    continue  # The operator wrote its status meanwhile.
                if problem.status not in (400, 422):
                    raise
                return str(problem)

    def _settle(self) -> None:
        def settled() -> bool:
            found = self._current()
            return found["status"]["observedGeneration"] == found["metadata"]["generation"]
        wait_for(f"{self._kind}/{self._name} in {self._ns} is acted on", settled, PATIENCE_S)

    def _trace(self) -> dict:
        """What must be the same after a change and its undoing: what the children are to be, and
        what the status says in its conditions. Runs of a DriftMonitor are work, not state, and how many
        replicas there are is the autoscaler's affair."""
        found = {}
        seen = self._view.take(self._recorder.history(self._ns)).snapshot()
        scaled = {obj["spec"]["scaleTargetRef"]["name"].strip("<>") for title, obj in seen.items()
                  if title.startswith("hpa ")}
        for title, obj in seen.items():
            kind = title.partition(" ")[0]
            if kind == "pod":
                continue
            if kind in canon.OURS:
                found[title] = {"spec": obj["spec"], "conditions": [
                    (c["type"], c["status"]) for c in obj["status"].get("conditions", [])]}
                continue
            obj = copy.deepcopy(obj)
            obj.pop("status", None)
            if title in scaled:
                obj["spec"].pop("replicas", None)
            for count in ("deployment.kubernetes.io/revision", "slipway.dev/owner-generation"):
                obj["metadata"].get("annotations", {}).pop(count, None)
            found[title] = obj
        return found

    def _unlike(self, what: str) -> str:
        deadline = time.monotonic() + PATIENCE_S
        while lines := canon.differences(self._baseline, self._trace()):
            if time.monotonic() > deadline:
                return f"{what}: " + "; ".join(lines[:5])
            time.sleep(0.05)
        return ""


class Maker:
    """Makes an object of each operation, and deletes it: the spec of a record cannot change, and a runtime
    is acted on by the jobs that name it."""

    def __init__(self, scene: Scene, kind: str, base: dict, ns: str, _phase: str = ""):
        self._scene = scene
        self._kind = kind
        self._ns = ns
        self._name = base["metadata"]["name"]
        self._view = canon.View(ns)
        scene.kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ns}})

    def do(self, operation: Operation, tally: Tally) -> str:
        spec = operation.manifest.get("spec")
        meta = self._meta(spec if isinstance(spec, dict) else {})
        kube, where = self._scene.kube, (self._kind, meta.get("namespace", ""), meta["name"])
        try:
            kube.create(operation.manifest | {"metadata": meta})
        except ApiError as problem:
            if problem.status not in (400, 422):
                raise
            tally.refused += 1
            return f"was refused: {problem}" if operation.expected == "accepted" else ""
        tally.accepted += 1
        try:
            if operation.expected == "refused":
                return f"was accepted: {json.dumps(spec)[:300]}"
            return self._recorded(where) if self._kind == "mv" else ""
        finally:
            kube.delete(*where)

    def _meta(self, spec: dict) -> dict:
        if self._kind == "mv":  # Its name says what it is.
            return {"name": f"{spec.get('modelName')}-{spec.get('version')}".lower(), "namespace": self._ns}
        if self._kind == "clusterruntime":
            return {"name": f"{self._name}-{self._ns}"}
        return {"name": self._name, "namespace": self._ns}

    def _recorded(self, where: tuple[str, str, str]) -> str:
        def settled() -> bool:
            found = self._scene.kube.get(*where)
            return found.get("status", {}).get("observedGeneration") == found["metadata"]["generation"]
        wait_for(f"{where[2]} in {self._ns} is acted on", settled, PATIENCE_S)
        deadline = time.monotonic() + PATIENCE_S
        while left := self._scene.recompute.complaints(
                self._view.take(self._scene.recorder.history(self._ns)).objects):
            if time.monotonic() > deadline:
                return "is not carried out: " + left[0]
            time.sleep(0.1)
        return ""


def campaign(scene: Scene, kind: str, chosen: list, base: dict, name: str = "", phase: str = "") -> Tally:
    """All operations (or, as triples, corruptions of children), by several workers."""
    tally = Tally()
    make = Maker if kind in MADE_ANEW else Worker
    waiting: queue.SimpleQueue = queue.SimpleQueue()
    for operation in chosen:
        waiting.put(operation)

    def work(number: int) -> None:
        worker = make(scene, kind, base, f"{kind}-{name}{number}", phase)
        while True:
            try:
                operation = waiting.get_nowait()
            except queue.Empty:
                return
            corrupting = isinstance(operation, tuple)
            try:
                problem = worker.corrupt(*operation, tally) if corrupting else worker.do(operation, tally)
            except AssertionError as given_up:
                problem = str(given_up)
            if problem:
                what = f"{operation[1]}: {operation[2].name}" if corrupting else f"{operation.path}: {operation.name}"
                tally.complaints.append(f"{kind} {what}: {problem}")
                print("FAILED", tally.complaints[-1], flush=True)
                worker = make(scene, kind, base, f"{kind}-{name}{number}-{waiting.qsize()}", phase)
    with ThreadPoolExecutor(WORKERS) as pool:
        for done in [pool.submit(work, n) for n in range(WORKERS)]:
            done.result()
    return tally


def spoil(scene: Scene, kind: str, base: dict) -> Tally:
    """Each field of each child is changed by somebody else, and each child loses what marks it."""
    model = Worker(scene, kind, base, f"{kind}-model")
    tally = campaign(scene, kind, model.children(), base, "child-")
    slow = [seconds for seconds in tally.repaired if seconds > REPAIRED_S]
    if slow:
        tally.complaints.append(f"{kind}: {len(slow)} repairs took more than {REPAIRED_S} s, one {max(slow):.1f} s")
    longest = f", {max(tally.repaired):.1f} s at most" if tally.repaired else ""
    print(f"{kind}: {len(model.children())} corruptions of children, {len(tally.repaired)} repaired{longest}, "
          f"{tally.accepted - len(tally.repaired)} reported, {tally.refused} refused by the API server, "
          f"{len(tally.complaints)} complaints", flush=True)
    return tally


def _load(kind: str) -> mutations.Kind:
    about = mutations.load(KINDS[kind][1])
    for variant in about.base["spec"].get("variants", []):
        variant.pop("model", None)  # Its claim does not exist, and an endpoint that is not ready cannot lose that.
    return about


def _change(scene: Scene, kind: str, args: argparse.Namespace) -> Tally:
    about = _load(kind)
    if kind == "tj":
        about.base["spec"]["suspend"] = True  # Otherwise nearly nothing of it may change.
    every = mutations.operations(about.schema, about.base, args.seed)
    tally = _all(scene, kind, every, about.base, args)
    missed = mutations.coverage(about.schema, every)
    if missed:
        tally.complaints.append(f"no operation changes {', '.join(missed)}")
    return tally


def _change_later(scene: Scene, phase: str, args: argparse.Namespace) -> Tally:
    """Single changes of a TrainingJob that runs or has finished, of which most are to be refused."""
    about = _load("tj")
    about.base["spec"]["suspend"] = False
    trainer = about.base["spec"]["trainer"]
    # What simulated nodes have for all workers at once.
    trainer["podTemplate"] = {"metadata": {"labels": {"team": "risk"}}}
    trainer |= {"numProcPerNode": 1, "resourcesPerNode": {"requests": {"cpu": 1}}}
    if phase == "Complete":
        trainer["podTemplate"]["metadata"]["annotations"] = objects.kwok(complete_after="1ms")
        about.base["spec"].pop("ttlSecondsAfterFinished", None)
    every = mutations.operations(about.schema, about.base, args.seed, least=0)
    return _all(scene, "tj", every, about.base, args, phase)


def _all(scene: Scene, kind: str, every: list[Operation], base: dict, args: argparse.Namespace,
         phase: str = "") -> Tally:
    began = time.monotonic()
    chosen = random.Random(args.seed).sample(every, min(args.sample, len(every))) if args.sample else every
    tally = campaign(scene, kind, chosen, base, phase.lower(), phase)
    print(f"{' '.join([kind, phase]).strip()}: {len(chosen)} of {len(every)} operations, "
          f"{tally.accepted} accepted and undone, {tally.refused} refused, "
          f"{len(tally.complaints)} complaints, {time.monotonic() - began:.0f} s", flush=True)
    return tally


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kind", default="", choices=["", *CHANGED])
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # What was started is ended then, too.
    cluster = Cluster(Seat("mutations"))
    failed = total = 0
    try:
        cluster.kubectl("create", "namespace", "slipway-system")
        cluster.kubectl("create", "priorityclass", "batch-high", "--value=1")  # Of a sample.
        slipway = Installation(cluster, "slipway", crds=True)
        cluster.kubectl("wait", "--for=condition=Established", "--timeout=30s", "crd", "--all")
        replica = slipway.start(elect=False).wait_working(60)
        scene = Scene(cluster.kube, Recorder(cluster.kube), Recompute(paths.RECOMPUTE, slipway.config))
        for kind in CHANGED:
            if args.kind not in ("", kind):
                continue
            tallies = [_change(scene, kind, args)]
            if kind in HAVE_CHILDREN:
                tallies.append(spoil(scene, kind, _load(kind).base))
            if kind == "tj":
                tallies += [_change_later(scene, phase, args) for phase in ("Running", "Complete")]
            for tally in tallies:
                tally.complaints += oracle.no_crash(replica.log_file.read_text(errors="replace"))
                if replica.process.poll() is not None:
                    tally.complaints.append(f"the operator ended with {replica.process.returncode}")
                total += tally.accepted + tally.refused
                failed += len(tally.complaints)
        scene.recorder.close()
        scene.recompute.close()
    finally:
        kill_all()
        cluster.down()
    print(f"{total - failed} passed, {failed} failed")
    return 1 if failed else 0
