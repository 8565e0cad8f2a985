"""MPI: logistic regression; each rank sums up the gradient of its rows, an all-reduce adds the sums.

mpirun starts the ranks on all nodes (mpi-node). The data ship with scikit-learn.
"""

import json
import os

import numpy as np
from mpi4py import MPI
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

world = MPI.COMM_WORLD
rank, ranks = world.Get_rank(), world.Get_size()

features, labels = load_breast_cancer(return_X_y=True)
features = StandardScaler().fit_transform(features)
rows, held_out, row_labels, held_out_labels = train_test_split(
    features, labels, test_size=0.3, random_state=7, stratify=labels)
mine, my_labels = rows[rank::ranks], row_labels[rank::ranks]
print(f"rank {rank} of {ranks} on {MPI.Get_processor_name()} learns from {len(mine)} of {len(rows)} rows",
      flush=True)

weights = np.zeros(rows.shape[1])
gradient = np.empty_like(weights)
for _ in range(200):
    mistakes = 1 / (1 + np.exp(-mine @ weights)) - my_labels
    world.Allreduce(mistakes @ mine, gradient)
    weights -= 0.5 * gradient / len(rows)

if rank == 0:
    auc = roc_auc_score(held_out_labels, held_out @ weights)
    print(f"AUC {auc:.3f} on {len(held_out)} rows that were held out")
    with open(os.environ.get("SLIPWAY_RESULT_FILE", os.devnull), "w") as file:
        json.dump({"metrics": {"auc": auc, "processes": ranks}}, file)
