"""TensorFlow on several nodes: each worker learns from a share of the rows; the gradients are averaged.

MultiWorkerMirroredStrategy learns from TF_CONFIG who the workers are. The data, handwritten digits, ship
with scikit-learn.
"""

import json
import os
import socket
import time

import tensorflow as tf
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

BATCH, STEPS = 64, 20


def wait_for_names() -> None:
    """A pod's name is in DNS seconds after it starts, and TensorFlow's group fails if it begins earlier."""
    for host in os.environ["SLIPWAY_NODE_ADDRESSES"].split(","):
        for _ in range(300):
            try:
                socket.getaddrinfo(host, None)
                break
            except socket.gaierror:
                time.sleep(1)
        else:
            raise SystemExit(f"{host} is not in DNS after 300 s")


def train(strategy, images, digits) -> tf.keras.Model:
    """A small network; every worker returns the same one."""
    tf.keras.utils.set_random_seed(7)
    with strategy.scope():
        net = tf.keras.Sequential([tf.keras.layers.Dense(64, activation="relu"), tf.keras.layers.Dense(10)])
        loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        net.compile(tf.keras.optimizers.Adam(0.01), loss)

    def share(worker):
        mine = slice(worker.input_pipeline_id, None, worker.num_input_pipelines)
        rows = tf.data.Dataset.from_tensor_slices((images[mine], digits[mine]))
        return rows.shuffle(len(images)).repeat().batch(BATCH)

    rows = strategy.distribute_datasets_from_function(share)
    net.fit(rows, epochs=10, steps_per_epoch=STEPS, verbose=2)
    return net


def main() -> None:
    wait_for_names()
    strategy = tf.distribute.MultiWorkerMirroredStrategy()  # first of all: it starts this worker's server
    images, digits = load_digits(return_X_y=True)
    rows, held_out, labels, held_out_labels = train_test_split(
        (images / 16).astype("float32"), digits, test_size=0.3, random_state=7)
    net = train(strategy, rows, labels)

    ones = strategy.run(lambda: tf.ones([]))  # one from each: how many have really learnt together
    joined = strategy.reduce(tf.distribute.ReduceOp.SUM, ones, axis=None)
    if strategy.cluster_resolver.task_id != 0:
        return
    right = net(held_out).numpy().argmax(1) == held_out_labels
    accuracy = float(right.mean())
    print(f"accuracy {accuracy:.3f} on {len(held_out)} rows that were held out")
    with open(os.environ.get("SLIPWAY_RESULT_FILE", os.devnull), "w") as file:
        json.dump({"metrics": {"accuracy": accuracy, "processes": int(joined)}}, file)


main()
