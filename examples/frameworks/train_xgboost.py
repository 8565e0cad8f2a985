"""XGBoost on several nodes: each holds a share of the rows, and all grow the same trees.

Node 0 also runs the tracker, by which the others find each other. The data ship with scikit-learn.
"""

import json
import os
import socket
import time
from contextlib import contextmanager

import xgboost
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from xgboost import collective
from xgboost.tracker import RabitTracker

NODE = int(os.environ["SLIPWAY_NODE_RANK"])
NODES = int(os.environ["DMLC_NUM_WORKER"])
URI, PORT = os.environ["DMLC_TRACKER_URI"], int(os.environ["DMLC_TRACKER_PORT"])


def wait_for_names() -> None:
    """A pod's name is in DNS seconds after it starts, and XGBoost gives up at once."""
    for host in os.environ["SLIPWAY_NODE_ADDRESSES"].split(","):
        for _ in range(300):
            try:
                socket.getaddrinfo(host, None)
                break
            except socket.gaierror:
                time.sleep(1)
        else:
            raise SystemExit(f"{host} is not in DNS after 300 s")


@contextmanager
def group():
    """The nodes as one group, in the order of their numbers."""
    tracker = RabitTracker(host_ip=URI, n_workers=NODES, port=PORT, sortby="task") if NODE == 0 else None
    if tracker:
        tracker.start()
    with collective.CommunicatorContext(DMLC_TRACKER_URI=URI, DMLC_TRACKER_PORT=PORT,
                                        DMLC_TASK_ID=os.environ["DMLC_TASK_ID"]):
        yield
    if tracker:
        tracker.wait_for()


def main() -> None:
    features, labels = load_breast_cancer(return_X_y=True)
    rows, held_out, row_labels, held_out_labels = train_test_split(
        features, labels, test_size=0.3, random_state=7, stratify=labels)
    wait_for_names()
    with group():
        rank, world = collective.get_rank(), collective.get_world_size()
        share = xgboost.DMatrix(rows[rank::world], row_labels[rank::world])
        print(f"rank {rank} of {world} learns from {share.num_row()} of {len(rows)} rows")
        trees = xgboost.train({"objective": "binary:logistic", "max_depth": 3, "nthread": 1}, share, 30)
    if rank != 0:
        return
    auc = roc_auc_score(held_out_labels, trees.predict(xgboost.DMatrix(held_out)))
    print(f"AUC {auc:.3f} on {len(held_out)} rows that were held out")
    with open(os.environ.get("SLIPWAY_RESULT_FILE", os.devnull), "w") as file:
        json.dump({"metrics": {"auc": auc, "processes": world}}, file)


main()
