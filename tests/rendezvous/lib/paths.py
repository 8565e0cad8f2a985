"""Where things lie."""

import os
from pathlib import Path

SUITE = Path(__file__).resolve().parent.parent  # tests/rendezvous
REPO = SUITE.parents[1]
BINARY = REPO / "build" / "release" / "slipway"
CRDS = REPO / "crds"
CLUSTER = REPO / "tests" / "cluster" / "cluster"
PROGRAMS = SUITE / "programs"
LOGS = REPO / "build" / "logs"


def cache() -> Path:
    """The folder for Python packages; safe to delete when no test runs."""
    root = os.environ.get("SLIPWAY_CACHE") or Path.home() / ".cache" / "slipway"
    return Path(root).absolute() / "rendezvous"
