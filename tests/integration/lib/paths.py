"""Where things lie."""

from pathlib import Path

SUITE = Path(__file__).resolve().parent.parent  # tests/integration
REPO = SUITE.parent.parent
BINARY = REPO / "build" / "release" / "slipway"
RECOMPUTE = REPO / "build" / "release" / "tests" / "faults" / "recompute" / "recompute"
CHART = REPO / "charts" / "slipway"
CRDS = SUITE / "crds"  # of others
# Logs of operators, kept after the run.
LOGS = REPO / "build" / "logs" / "integration"
CLUSTER = REPO / "tests" / "cluster" / "cluster"
