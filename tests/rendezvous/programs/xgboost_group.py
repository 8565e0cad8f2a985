"""xgboost.collective: node 0 runs the tracker beside its worker."""

import os
import random

import numpy as np
from told import tell
from xgboost import collective
from xgboost.tracker import RabitTracker

uri, port = os.environ["DMLC_TRACKER_URI"], int(os.environ["DMLC_TRACKER_PORT"])
if os.environ["SLIPWAY_NODE_RANK"] == "0":
    workers = int(os.environ["DMLC_NUM_WORKER"])
    tracker = RabitTracker(host_ip=uri, n_workers=workers, port=port, sortby="task")
    tracker.start()
mine = random.randrange(10**9)
with collective.CommunicatorContext(DMLC_TRACKER_URI=uri, DMLC_TRACKER_PORT=port,
                                    DMLC_TASK_ID=os.environ["DMLC_TASK_ID"]):
    total = collective.allreduce(np.array([mine], dtype=np.int64), collective.Op.SUM)
    tell(collective.get_rank(), collective.get_world_size(), mine, int(total[0]))
if os.environ["SLIPWAY_NODE_RANK"] == "0":
    tracker.wait_for()
