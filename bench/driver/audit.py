"""Reads the API server's audit log: exactly what each contender asked for, and when."""

import json
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from .failure import Failure

WRITES = ("create", "update", "patch", "delete", "deletecollection")


@dataclass
class Request:
    """One request that was answered, or a watch that has begun."""

    user: str  # name of the service account
    verb: str
    resource: str  # "pods", "trainingjobs/status"
    code: int
    received: float  # Unix time in seconds
    answered: float
    started: bool  # a watch that has begun, as opposed to a request that has ended


def _seconds(stamp: str) -> float:
    return datetime.fromisoformat(stamp).timestamp()


def read(path: Path) -> list[Request]:
    """Everything in the log so far; a line that is still being written is left out."""
    requests = []
    for line in path.read_text().splitlines() if path.exists() else []:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        target = event.get("objectRef", {})
        resource = target.get("resource", event["requestURI"].partition("?")[0])
        if "subresource" in target:
            resource += f"/{target['subresource']}"
        requests.append(Request(
            user=event["user"]["username"].rpartition(":")[2],
            verb=event["verb"],
            resource=resource,
            code=event.get("responseStatus", {}).get("code", 0),
            received=_seconds(event["requestReceivedTimestamp"]),
            answered=_seconds(event["stageTimestamp"]),
            started=event["stage"] == "ResponseStarted"))
    return requests


def wait_for_watches(path: Path, user: str, resources: set[str], seconds: float, alive) -> None:
    """Returns once a user watches all of the resources. `alive` raises when it never will."""
    deadline = time.monotonic() + seconds
    while True:
        watched = {r.resource for r in read(path) if r.user == user and r.verb == "watch" and r.started}
        if resources <= watched:
            return
        alive()
        if time.monotonic() > deadline:
            raise Failure(f"{user} does not watch {', '.join(sorted(resources - watched))} after {seconds:.0f} s")
        time.sleep(0.25)


def count(requests: list[Request], user: str, begin: float, end: float) -> dict:
    """A user's requests between two times: by verb, by verb and resource, and failed ones."""
    own = [r for r in requests if r.user == user and not r.started and begin <= r.received <= end]
    return {
        "by_verb": dict(Counter(r.verb for r in own)),
        "by_resource": dict(Counter(f"{r.verb} {r.resource}" for r in own)),
        "failed": dict(Counter(f"{r.verb} {r.resource} {r.code}" for r in own if r.code >= 400)),
        "writes": sum(r.verb in WRITES and r.resource != "leases" for r in own),
        "status_writes": sum(r.verb in WRITES and r.resource.endswith("/status") for r in own),
    }


def created(requests: list[Request], user: str, resource: str) -> list[Request]:
    """A user's successful creates of one resource, in the order in which they were answered."""
    own = [r for r in requests
           if r.user == user and r.verb == "create" and r.resource == resource and r.code == 201]
    return sorted(own, key=lambda r: r.answered)
