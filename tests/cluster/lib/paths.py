"""Where things lie: sources in the repository, everything built or run outside of it."""

import os
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent  # tests/cluster
REPO = HERE.parent.parent


def cache() -> Path:
    """The folder for what is built; outlives every cluster and is safe to delete."""
    root = os.environ.get("SLIPWAY_CACHE") or Path.home() / ".cache" / "slipway"
    return Path(root).absolute() / "cluster"


def states() -> Path:
    """The folder that holds one folder for each cluster that is up or has crashed."""
    return cache() / "state"
