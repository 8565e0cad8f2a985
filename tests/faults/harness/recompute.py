"""What the planners would still do in a world at rest (../recompute as a process of this run)."""

import json
import subprocess
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path

from .canon import OURS, title

_OWNER = "slipway.dev/owner-uid"
# Who promotes, who was promoted, and who finds drift.
_LOOKED_UP = {"md": ("mv",), "mv": ("md", "mv"), "tt": ("dm",)}


class Recompute:
    """Thread-safe; one question at a time."""

    def __init__(self, binary: Path, config: Path):
        self._lock = threading.Lock()
        self._process = subprocess.Popen([binary, config], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         text=True, start_new_session=True)

    def complaints(self, objects: dict[tuple[str, str], dict], ahead_s: int = 0,
                   home: dict | None = None) -> list[str]:
        """Where the status of a custom resource is not what its state and its children's make it, or what
        isolates their namespace (`home`) is not what it should be, by an operator's clock that is ahead by
        some seconds."""
        found = []
        place = [home] if home else []
        place += [obj for (kind, name), obj in objects.items() if kind == "iso" or name == "slipway-isolation"]
        for (kind, _), resource in objects.items():
            if kind not in OURS:
                continue
            beside = [obj for obj in place if obj is not resource]
            if kind == "iso":
                beside += [obj for (other, _), obj in objects.items() if other == "netpol" and obj not in place]
            uid = resource["metadata"]["uid"]
            children = [obj for (other, _), obj in objects.items() if other not in OURS[1:]
                        and obj["metadata"].get("labels", {}).get(_OWNER) == uid]
            looked_up = [obj for (other, _), obj in objects.items()
                         if other in _LOOKED_UP.get(kind, ()) and obj is not resource]
            found += self._left(title(kind, resource), [resource, *children, *looked_up, *beside], ahead_s)
        if home:
            others = [obj for obj in place if obj is not home]
            found += self._left("the namespace", [home, *others], ahead_s)
        return found

    def _left(self, what: str, seen: list[dict], ahead_s: int) -> list[str]:
        answer = self._ask(seen, ahead_s)
        nothing = {"writes": [], "events": [], "status": None}
        return [] if answer == nothing else [
            f"{what} at rest is not what its planner makes of it: {json.dumps(answer)[:600]}"]

    def _ask(self, objects: list[dict], ahead_s: int) -> dict:
        now = (datetime.now(timezone.utc) + timedelta(seconds=ahead_s)).strftime("%Y-%m-%dT%H:%M:%SZ")
        with self._lock:
            self._process.stdin.write(json.dumps({"now": now, "objects": objects}) + "\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(10)
