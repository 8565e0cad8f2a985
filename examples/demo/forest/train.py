"""Trains one random forest on several nodes: each grows its share of the trees, rank 0 merges them.

The nodes find each other by what a TrainingJob gives every pod:
  SLIPWAY_NODE_RANK, SLIPWAY_NUM_NODES   who am I, how many are we
  SLIPWAY_RANK0_ADDRESS, SLIPWAY_PORT    where rank 0 listens

Rank 0 writes model.joblib, metrics.json and reference.csv to OUTPUT_DIR, and its result, by which the
model is judged and recorded, into the file that SLIPWAY_RESULT_FILE names.
"""

import csv
import hashlib
import json
import os
import pickle
import socket
import struct
import sys
import time
from pathlib import Path

import joblib
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score, roc_auc_score
from sklearn.model_selection import train_test_split

RANK = int(os.environ["SLIPWAY_NODE_RANK"])
NODES = int(os.environ["SLIPWAY_NUM_NODES"])
RANK0 = (os.environ["SLIPWAY_RANK0_ADDRESS"], int(os.environ["SLIPWAY_PORT"]))
OUTPUT = Path(os.environ.get("OUTPUT_DIR", "/data/model"))
TREES = int(os.environ.get("TREES", "100"))
PATIENCE_S = 300  # for the other nodes: their images may still be on the way

LENGTH = struct.Struct("!Q")
started = time.monotonic()


def log(text: str) -> None:
    print(f"[rank {RANK}] {time.monotonic() - started:6.1f} s  {text}", flush=True)


def my_share() -> int:
    """Trees of this node; the first ones take what does not divide evenly."""
    return TREES // NODES + (1 if RANK < TREES % NODES else 0)


def grow(features, labels) -> RandomForestClassifier:
    # Another seed on every node: with the same one all would grow the same trees.
    forest = RandomForestClassifier(n_estimators=my_share(), random_state=1000 + RANK)
    return forest.fit(features, labels)


def receive_exactly(connection: socket.socket, count: int) -> bytes:
    parts = []
    while count:
        part = connection.recv(min(count, 1 << 20))
        if not part:
            raise ConnectionError("the other node closed the connection too early")
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def send_trees(forest: RandomForestClassifier) -> None:
    """Gives the trees to rank 0 and returns once it has confirmed them."""
    payload = pickle.dumps((RANK, forest.estimators_))
    while True:
        try:
            with socket.create_connection(RANK0, timeout=30) as connection:
                connection.sendall(LENGTH.pack(len(payload)) + payload)
                receive_exactly(connection, 1)
            log(f"sent {len(forest.estimators_)} trees, {len(payload)} bytes, to {RANK0[0]}")
            return
        except OSError as problem:  # also a name that does not resolve yet
            if time.monotonic() - started > PATIENCE_S:
                raise SystemExit(f"rank 0 was not reached at {RANK0[0]}:{RANK0[1]}: {problem}") from None
            log(f"rank 0 is not there yet ({problem}); trying again")
            time.sleep(1)


def collect_trees(forest: RandomForestClassifier, server: socket.socket) -> None:
    """Adds the trees of all other nodes. Pickle runs code, so this port is for this job only."""
    trees = {RANK: forest.estimators_}
    server.settimeout(PATIENCE_S)
    while len(trees) < NODES:
        log(f"have the trees of {len(trees)} of {NODES} nodes")
        connection, peer = server.accept()
        with connection:
            connection.settimeout(30)
            try:
                size = LENGTH.unpack(receive_exactly(connection, LENGTH.size))[0]
                rank, theirs = pickle.loads(receive_exactly(connection, size))
                trees[rank] = theirs
                connection.sendall(b"+")
            except OSError as problem:
                log(f"connection from {peer[0]} was lost ({problem}); the node will try again")
                continue
        log(f"received {len(theirs)} trees of rank {rank} from {peer[0]}")
    forest.estimators_ = [tree for rank in sorted(trees) for tree in trees[rank]]
    forest.n_estimators = len(forest.estimators_)


def write(name: str, save) -> None:
    """Writes a file so that no reader ever sees half of it."""
    partial = OUTPUT / f".{name}.partial"
    save(partial)
    partial.rename(OUTPUT / name)
    log(f"wrote {OUTPUT / name}")


def save_reference(path: Path, names, rows) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows(rows.tolist())


def digest(path: Path) -> str:
    return "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()


def report(metrics: dict) -> None:
    """In place: the kubelet has mounted the very file, so it cannot be replaced by another one."""
    model, baseline = OUTPUT / "model.joblib", OUTPUT / "reference.csv"
    result = {"metrics": metrics,
              "artifact": {"digest": digest(model), "sizeBytes": model.stat().st_size},
              "baseline": {"uri": "pvc://data/model/reference.csv", "digest": digest(baseline)}}
    with open(os.environ["SLIPWAY_RESULT_FILE"], "w") as file:
        json.dump(result, file)
    log(f"reported {json.dumps(result)}")


def main() -> int:
    data = load_breast_cancer()
    names = [str(name) for name in data.feature_names]
    # All nodes split alike, so that none of them trains on what rank 0 evaluates with.
    train, held_out, train_labels, held_out_labels = train_test_split(
        data.data, data.target, test_size=0.3, random_state=7, stratify=data.target)
    server = socket.create_server(("", RANK0[1]), backlog=NODES) if RANK == 0 else None

    log(f"growing {my_share()} of {TREES} trees on {len(train)} rows")
    forest = grow(train, train_labels)
    log("grown")
    if server is None:
        send_trees(forest)
        return 0

    collect_trees(forest, server)
    metrics = {
        "trees": forest.n_estimators,
        "nodes": NODES,
        "heldOutRows": len(held_out),
        "accuracy": round(accuracy_score(held_out_labels, forest.predict(held_out)), 4),
        "auc": round(roc_auc_score(held_out_labels, forest.predict_proba(held_out)[:, 1]), 4),
    }
    OUTPUT.mkdir(parents=True, exist_ok=True)
    classes = [str(name) for name in data.target_names]
    write("model.joblib", lambda path: joblib.dump(
        {"forest": forest, "features": names, "classes": classes}, path))
    write("metrics.json", lambda path: path.write_text(json.dumps(metrics, indent=2) + "\n"))
    write("reference.csv", lambda path: save_reference(path, names, train))
    report(metrics)
    log(f"merged forest: {json.dumps(metrics)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
