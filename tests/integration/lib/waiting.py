"""Waiting for the world to become as expected, with a message when it does not."""

import os
import time

from .kube import ApiError

PATIENCE_S = 60  # A garbage collector learns of a new kind only every half minute.
# Multiplies every time limit; for a machine that is busy with other things.
SLOWNESS = float(os.environ.get("SLOWNESS", "1"))


def wait_for(what: str, probe, within: float = PATIENCE_S):
    """Calls `probe` until it returns something true, and returns that.

    A probe may also assert; what it said last is part of the error. An API server that does not
    answer, or an object that is not there, counts as not yet.
    """
    within *= SLOWNESS
    deadline = time.monotonic() + within
    while True:
        try:
            last = probe()
            if last:
                return last
        except (OSError, ApiError, AssertionError) as problem:
            last = problem
        if time.monotonic() > deadline:
            raise AssertionError(f"not so after {within:g} s: {what}; last seen: {last!r}")
        time.sleep(0.1)


def stays(what: str, probe, seconds: float = 2) -> None:
    """Calls `probe` for a while; it must return something true every time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert probe(), f"no longer so: {what}"
        time.sleep(0.1)


class Stopwatch:
    """Started when it is made."""

    def __init__(self):
        self._started = time.monotonic()

    def assert_within(self, seconds: float, what: str) -> None:
        """Fails when more time has passed."""
        passed = time.monotonic() - self._started
        assert passed <= seconds * SLOWNESS, f"{what} took {passed:.1f} s, more than {seconds:g} s"
