"""A group whose nodes come and go: what must become of it, step by step."""

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from .bed import Bed, Pod
from .cases import FOLDERS, IMAGE_ENV, Case
from .told import members_in

# Where the programs look whether they are to end.
TOLD = "/mnt/told"


def _worlds(bed: Bed, since: int = 0) -> list[tuple[int, list[int]]]:
    """The sizes of the groups that were formed, in the order in which rank 0 told of them."""
    return [(m.world, m.rank) for m in members_in(bed.output()[since:])]


def _reaches(bed: Bed, world: int, times: int, seconds: float) -> tuple[bool, str]:
    """Whether a group of that size has been formed so often in all, with all of its ranks."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        told = [rank for size, rank in _worlds(bed) if size == world]
        if all(told.count(rank) >= times for rank in range(world)):
            return True, ""
        time.sleep(0.2)
    return False, f"groups {_worlds(bed)}\n" + "\n".join(bed.output().splitlines()[-40:])


def play(case: Case, pods: list[Pod], names: dict[str, str],
         seconds: float) -> Iterator[tuple[str, bool, str]]:
    """Checks as (what, whether it is so, details); to be stopped at the first that fails."""
    with tempfile.TemporaryDirectory() as told:
        os.chmod(told, 0o755)
        folders = FOLDERS | case.folders() | {TOLD: told}
        with Bed(pods, names, case.names_late_s, folders, IMAGE_ENV) as bed:
            yield f"{case.world} nodes form one group", *_reaches(bed, case.world, 1, seconds)
            bed.lose(1)
            yield "the others form one without the lost node", *_reaches(bed, case.world - 1, 1, seconds)
            bed.begin_again(1)
            yield "all form one again with its next pod", *_reaches(bed, case.world, 2, seconds)
            Path(told, "end").touch()
            codes = bed.codes(seconds)
            yield "it ends well", set(codes) == {0}, f"exit codes {codes}\n{bed.output()[-4000:]}"
        with Bed(pods[1:], names, 0, folders, IMAGE_ENV) as bed:
            formed, _ = _reaches(bed, case.world - 1, 1, 60)
            yield "no group without node 0", not formed, bed.output()[-4000:]
