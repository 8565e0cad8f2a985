"""A plan: what goes wrong in one run, and when. Its file alone reproduces what it found."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Plan:
    workload: str
    fault: str  # what kind of fault, for the tables
    name: str  # unique within the workload
    rules: tuple[dict, ...] = ()  # of ../proxy
    # With two, the rules are for the first one; the other stands by until that has lost the Lease.
    replicas: int = 1
    access: str = "token"  # or "certificate": how the operator comes in
    clock: bool = False  # its clock can be set, by the action "clock"
    limits: dict[str, int] = field(default_factory=dict)  # of prlimit(1): value
    compaction: bool = False  # in the outage that the rules make etcd is compacted, see World.compact
    follow_ups: int = 0  # so many of the last rules are for what follows, if anything does
    blocks: str = ""  # the cause that conditions and Events must name, as the way on is barred

    @property
    def told_to_wait(self) -> int:
        """Seconds that Retry-After asks for; 0 without a number there."""
        hints = [rule["action"].get("headers", {}).get("Retry-After", "") for rule in self.rules]
        return max((int(hint) for hint in hints if hint.isdigit()), default=0)

    def dump(self) -> str:
        return json.dumps(asdict(self), indent=1) + "\n"


def load(file: Path) -> Plan:
    read = json.loads(file.read_text())
    return Plan(**read | {"rules": tuple(read["rules"])})


def rule(phase: str, match: dict, **action) -> dict:
    return {"phase": phase, "match": match, "action": action}


STATUS_HEADERS = {"Content-Type": "application/json"}


def status(code: int, reason: str, message: str = "") -> str:
    return json.dumps({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code,
                       "reason": reason, "message": message or f"{reason} (a fault)"})


def refusal(code: int, reason: str, headers: dict | None = None, body: str | None = None) -> dict:
    return {"do": "replace", "status": code, "headers": STATUS_HEADERS | (headers or {}),
            "body": status(code, reason) if body is None else body}
