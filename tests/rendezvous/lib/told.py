"""Reads what the programs say of their group (programs/told.py)."""

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Member:
    """One process: the number that only it knew, and the sum that the group gave it."""

    host: str
    rank: int
    world: int
    mine: int
    total: int


def members_in(output: str) -> list[Member]:
    said = [line.partition("GROUP ")[2] for line in output.splitlines() if "GROUP {" in line]
    return [Member(**json.loads(text)) for text in said]
