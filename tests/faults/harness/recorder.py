"""Every version of every object that matters, as the API server shows them to somebody else."""

import json
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from http.client import HTTPException

from lib.kube import ApiError, Kube, path

WATCHED = ("tj", "md", "dm", "mv", "tt", "pod", "service", "deployment", "pdb", "hpa", "configmap", "netpol",
           "iso", "event")


@dataclass(frozen=True)
class Version:
    """One change: what the object was afterwards, or last, if it was deleted."""

    kind: str  # as in lib.kube
    change: str  # ADDED, MODIFIED, DELETED
    object: dict
    time: float


class Recorder:
    """Watches all namespaces; knows the history of each until it is forgotten. An IsolationPolicy belongs
    to the namespace that it is called like. Thread-safe."""

    def __init__(self, kube: Kube, more: tuple[str, ...] = ()):
        """`more` are kinds that not every cluster serves."""
        self._kube = kube
        self._lock = threading.Lock()
        self._histories: dict[str, list[Version]] = defaultdict(list)
        self._changed = threading.Condition(self._lock)
        self._stopped = False
        self._broken = ""
        self._versions: dict[str, str] = {}  # of each kind, the last one that was seen
        self._watching = threading.Semaphore(0)
        for kind in (*WATCHED, *more):
            threading.Thread(target=self._watch, args=(kind,), daemon=True).start()
        for _ in (*WATCHED, *more):
            self._watching.acquire()
        self._check()

    def _check(self) -> None:
        if self._broken:
            raise RuntimeError(self._broken)

    def history(self, ns: str) -> list[Version]:
        with self._lock:
            self._check()
            return list(self._histories.get(ns, ()))

    def forget(self, ns: str) -> None:
        with self._lock:
            self._histories.pop(ns, None)

    def wait(self, ns: str, beyond: int, timeout: float) -> int:
        """Waits until there are more than `beyond` versions; returns how many there are."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._broken or len(self._histories.get(ns, ())) > beyond, timeout)
            self._check()
            return len(self._histories.get(ns, ()))

    def close(self) -> None:
        self._stopped = True

    def _watch(self, kind: str) -> None:
        try:
            while not self._stopped:
                try:
                    if kind not in self._versions:
                        listed = self._kube.request("GET", path(kind))
                        self._versions[kind] = listed["metadata"]["resourceVersion"]
                        self._watching.release()
                    self._follow(kind)
                except (OSError, ValueError, ApiError, HTTPException):
                    time.sleep(0.2)  # The API server starts, or would not wait for us.
        except Exception as problem:  # Without it every trial would fail, or pass, for no reason.
            with self._changed:
                self._broken = f"the recorder of {kind} has failed: {problem!r}"
                self._changed.notify_all()
            self._watching.release()

    def _follow(self, kind: str) -> None:
        """Takes events until the watch ends."""
        connection = self._kube.connect(timeout=90)
        try:
            connection.request("GET", path(kind, watch="true", resourceVersion=self._versions[kind],
                                           allowWatchBookmarks="true", timeoutSeconds="300"))
            answer = connection.getresponse()
            if answer.status != 200:
                raise ApiError(answer.status, f"watch of {kind}")
            for line in answer:
                event = json.loads(line)
                if event["type"] not in ("ADDED", "MODIFIED", "DELETED", "BOOKMARK"):
                    raise RuntimeError(f"versions are missed: {event}")
                self._versions[kind] = event["object"]["metadata"]["resourceVersion"]
                if event["type"] != "BOOKMARK":
                    self._note(Version(kind, event["type"], event["object"], time.monotonic()))
        finally:
            connection.close()

    def _note(self, version: Version) -> None:
        meta = version.object["metadata"]
        ns = meta["name"] if version.kind == "iso" else meta.get("namespace", "")
        with self._changed:
            self._histories[ns].append(version)
            self._changed.notify_all()


def live(history: list[Version]) -> dict[tuple[str, str], dict]:
    """The objects that are there after all of a history, by kind and name."""
    objects: dict[tuple[str, str], dict] = {}
    for version in history:
        key = (version.kind, version.object["metadata"]["name"])
        if version.change == "DELETED":
            objects.pop(key, None)
        else:
            objects[key] = version.object
    return objects
