"""Sends rows of the data set to a model server, at a bounded rate for a bounded time.

usage: load.py URL [--shift] [--requests N] [--per-second R] [--rows K] [--workers W]

Ordinary rows are drawn from the data set the model was trained on. With --shift every feature is
moved by 1.5 of its standard deviations, as when an instrument was replaced and nobody told.
Prints one line every five seconds and, at the end, the counts of answers.
"""

import argparse
import json
import random
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter

from sklearn.datasets import load_breast_cancer

SHIFT_IN_DEVIATIONS = 1.5


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--shift", action="store_true")
    parser.add_argument("--requests", type=int, default=600)
    parser.add_argument("--per-second", type=float, default=20)
    parser.add_argument("--rows", type=int, default=1, help="rows in each request")
    parser.add_argument("--workers", type=int, default=8)
    return parser.parse_args()


def rows(shift: bool):
    """Every row of the data set in random order, again and again."""
    data = load_breast_cancer().data
    if shift:
        data = data + SHIFT_IN_DEVIATIONS * data.std(axis=0)
    chosen = random.Random(11)
    while True:
        for index in chosen.sample(range(len(data)), len(data)):
            yield data[index].tolist()


class Load:
    """Requests one after the other on several threads, none before its time."""

    def __init__(self, args: argparse.Namespace):
        self.args = args
        self.rows = rows(args.shift)
        self.lock = threading.Lock()
        self.sent = 0
        self.answers: Counter = Counter()
        self.example = ""
        self.began = time.monotonic()

    def next_body(self) -> bytes | None:
        with self.lock:
            if self.sent == self.args.requests:
                return None
            due = self.began + self.sent / self.args.per_second
            self.sent += 1
            instances = [next(self.rows) for _ in range(self.args.rows)]
        time.sleep(max(0.0, due - time.monotonic()))
        return json.dumps({"instances": instances}).encode()

    def work(self) -> None:
        while (body := self.next_body()) is not None:
            request = urllib.request.Request(self.args.url, body, {"Content-Type": "application/json"})
            try:
                with urllib.request.urlopen(request, timeout=20) as answer:
                    text, outcome = answer.read().decode(), str(answer.status)
            except urllib.error.HTTPError as problem:
                text, outcome = problem.read().decode(), str(problem.code)
            except OSError as problem:
                text, outcome = "", f"error: {problem}"
            with self.lock:
                self.answers[outcome] += 1
                self.example = text or self.example

    def report(self) -> None:
        print(f"{time.monotonic() - self.began:5.1f} s  {sum(self.answers.values())} answers: "
              f"{dict(self.answers)}", flush=True)


def main() -> int:
    load = Load(arguments())
    threads = [threading.Thread(target=load.work) for _ in range(load.args.workers)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        for thread in threads:
            thread.join(5 / len(threads))
        load.report()
    print(f"last answer: {load.example[:200]}")
    return 0 if set(load.answers) == {"200"} else 1


if __name__ == "__main__":
    sys.exit(main())
