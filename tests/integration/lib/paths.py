"""Where things lie."""

import os
from pathlib import Path

SUITE = Path(__file__).resolve().parent.parent  # tests/integration
REPO = SUITE.parent.parent
BINARY = REPO / "build" / "release" / "slipway"
CHART = REPO / "charts" / "slipway"
# Logs of operators, kept after the run; each run starts with an empty folder.
LOGS = REPO / "build" / "logs" / "integration"
# The program that runs clusters; its folder has no importable name of its own.
CLUSTER = Path(os.environ.get("SLIPWAY_CLUSTER_TOOL") or REPO / "tests" / "cluster" / "cluster")
