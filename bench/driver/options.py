"""What storm, scale and release have in common: options, and what becomes of a trial's result."""

import argparse
import json
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

from . import measure
from .cluster import BUILT
from .contender import CONTENDERS, SLIPWAY, Contender, Program
from .failure import Failure
from .trial import Storm

RESULTS = BUILT / "results"


def parser(description: str, timeout_s: int, out: Path) -> argparse.ArgumentParser:
    """A parser of the options that all have."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--slipway", metavar="COMMAND", default=CONTENDERS[SLIPWAY].command,
                      help="how Slipway is started; {kubeconfig} stands for the file")
    made.add_argument("--prefer", action="store_true",
                      help="on a machine that is not ours alone: precedence for all that is measured (needs root)")
    made.add_argument("--timeout", type=int, default=timeout_s, metavar="SECONDS",
                      help=f"of one storm (default: {timeout_s})")
    made.add_argument("--out", type=Path, default=out, help="folder for logs, results.json and results.md")
    return made


def parse(made: argparse.ArgumentParser, *ranges: tuple[str, float, float]) -> argparse.Namespace:
    """Parses the command line and holds options to their ranges."""
    args = made.parse_args()
    for option, low, high in (*ranges, ("timeout", 10, 3600)):
        given = getattr(args, option)
        if not low <= given <= high:
            made.error(f"--{option}={given}: it must be from {low} to {high}")
    # A plain exit, so that every context ends what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    args.out.mkdir(parents=True, exist_ok=True)
    Program.preferred = args.prefer
    return args


def contenders(args: argparse.Namespace) -> dict[str, Contender]:
    """All of them, with Slipway started as the command line says."""
    return CONTENDERS | {SLIPWAY: replace(CONTENDERS[SLIPWAY], command=args.slipway)}


def say(text: str) -> None:
    """Prints a line with the time."""
    print(f"[{time.strftime('%H:%M:%S')}] {text}", flush=True)


def attempt(storm: Storm, title: str, name: str, contender: Contender) -> dict | None:
    """One trial; None when it failed, which is said."""
    try:
        return measure.run(storm, name, contender)
    except Failure as failure:
        say(f"{title}: FAILED: {failure}")
        return None


def save(args: argparse.Namespace, results: object) -> None:
    """Writes results.json."""
    (args.out / "results.json").write_text(json.dumps(results, indent=1) + "\n")


def show(args: argparse.Namespace, text: str) -> None:
    """Prints the report and writes it to results.md."""
    (args.out / "results.md").write_text(text + "\n")
    print(f"\n{text}")


def run(main) -> None:
    """Runs a program's main function and exits with its result."""
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("interrupted; everything that was started has been stopped")
