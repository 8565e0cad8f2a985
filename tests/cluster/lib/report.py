"""What the user sees: one line a step with its seconds, and errors that name the way out."""

import sys
import time
from contextlib import contextmanager

HEARTBEAT_S = 15  # a step that is silent for longer than this looks hung

_started = time.monotonic()


class Failure(Exception):
    """A problem the user can act on; its text says what is wrong and what to do."""


def say(text: str) -> None:
    """Prints one line, marked with the seconds since the program started."""
    print(f"[{time.monotonic() - _started:6.1f} s] {text}", flush=True)


class Step:
    """One step in progress. `note` may be set at any time; heartbeats show it."""

    def __init__(self, title: str):
        self.title = title
        self.note = ""
        self._began = self._last = time.monotonic()

    def seconds(self) -> float:
        return time.monotonic() - self._began

    def beat(self) -> None:
        """Prints a sign of life when the last line is HEARTBEAT_S old."""
        if time.monotonic() - self._last >= HEARTBEAT_S:
            self._last = time.monotonic()
            say(f"  ... {self.title}: {self.note or 'still at it'} ({self.seconds():.0f} s)")


@contextmanager
def step(title: str):
    """Runs the body as one step and prints the line once it is done."""
    current = Step(title)
    yield current
    suffix = f", {current.note}" if current.note else ""
    say(f"{title} ({current.seconds():.1f} s{suffix})")


def wait_until(check, what: str, seconds: float, current: Step | None = None, alive=None) -> None:
    """Polls `check` until it is true.

    `alive`, when given, raises as soon as waiting has become pointless (the process ended).
    Raises Failure after `seconds`.
    """
    deadline = time.monotonic() + seconds
    while not check():
        if alive:
            alive()
        if time.monotonic() > deadline:
            raise Failure(f"timed out after {seconds:.0f} s waiting for {what}")
        if current:
            current.beat()
        time.sleep(0.1)


def main(run) -> None:
    """Runs a program's main function; a Failure becomes its text on stderr and exit status 1."""
    try:
        sys.exit(run())
    except Failure as failure:
        print(f"error: {failure}", file=sys.stderr)
        sys.exit(1)
    except PermissionError as problem:
        print(f"error: {problem}; was it made by another user?", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
