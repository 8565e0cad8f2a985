"""Who did what: the API server's audit log, read back."""

import json
import os
import time
import uuid
from dataclasses import dataclass

from .kube import ApiError, Kube, path

WRITES = ("create", "update", "patch", "delete", "deletecollection")


@dataclass(frozen=True)
class Entry:
    """One finished request."""

    user: str
    verb: str
    resource: str  # plural, with "/status" for the subresource
    ns: str
    name: str
    code: int
    time: str  # when the request came in, RFC 3339

    def __str__(self) -> str:
        return f"{self.time} {self.verb} {self.resource} {self.ns}/{self.name} -> {self.code}"


class Audit:
    """The log of one cluster. A position is a number of bytes."""

    def __init__(self, file: str, kube: Kube):
        self.file = file
        self.kube = kube

    def now(self) -> int:
        """The position after everything that has been answered so far.

        The log is written in batches and in order: once a request of our own is in it, so is
        everything before it.
        """
        mark = f"mark-{uuid.uuid4().hex}"
        start = os.path.getsize(self.file)
        try:
            self.kube.request("GET", path("namespace", name=mark))
        except ApiError:
            pass
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            with open(self.file, "rb") as log:
                log.seek(start)
                found = log.read().find(mark.encode())
            if found >= 0:
                return start + found
            time.sleep(0.2)
        raise AssertionError(f"the audit log {self.file} is not written any more")

    def entries(self, user: str, since: int = 0, ns: str = "") -> list[Entry]:
        """What a user has done since a position, in all namespaces or in one."""
        until = self.now()
        with open(self.file, "rb") as log:
            log.seek(since)
            text = log.read(until - since)
        found = [_entry(json.loads(line)) for line in text.split(b"\n")
                 if user.encode() in line and line.endswith(b"}")]
        return [e for e in found if e.user == user and (not ns or e.ns == ns)]

    def writes(self, user: str, since: int = 0, ns: str = "") -> list[Entry]:
        """The requests of `entries` that change something, but for the Lease."""
        return [e for e in self.entries(user, since, ns)
                if e.verb in WRITES and e.resource != "leases"]


def _entry(line: dict) -> Entry:
    ref = line.get("objectRef") or {}
    resource = "/".join(p for p in (ref.get("resource", ""), ref.get("subresource", "")) if p)
    return Entry(line["user"]["username"], line["verb"], resource, ref.get("namespace", ""),
                 ref.get("name", ""), (line.get("responseStatus") or {}).get("code", 0),
                 line["requestReceivedTimestamp"])
