"""A training that loses less than one interval, whatever ends it. Python alone; it saves its state, goes
on from the newest one, saves once more when it is told to end, and reports how far it is.

What is trained is a line through noisy points, by stochastic gradient descent, one point a step.
"""

import json
import os
import pathlib
import random
import signal
import sys
import time
import urllib.error
import urllib.request

STEPS = int(os.environ.get("STEPS", "2000"))
SECONDS_PER_STEP = float(os.environ.get("SECONDS_PER_STEP", "0.05"))  # As if it were harder.
FOLDER = pathlib.Path(os.environ.get("SLIPWAY_CHECKPOINT_DIR", "checkpoints"))
INTERVAL = float(os.environ.get("SLIPWAY_CHECKPOINT_INTERVAL_SECONDS", "60"))
KEEP_LAST = int(os.environ.get("SLIPWAY_CHECKPOINT_KEEP_LAST", "3"))
RESUME = os.environ.get("SLIPWAY_RESUME", "Auto") == "Auto"


def report(patient: bool = False, **what) -> None:
    """Tells the operator. A report that is lost costs nothing: the next one says the same and more. Only
    the last one is worth waiting for, when one has been sent less than ten seconds ago."""
    try:
        with open(os.environ["SLIPWAY_REPORT_TOKEN_FILE"]) as file:  # Renewed now and then.
            headers = {"Authorization": "Bearer " + file.read()}
        request = urllib.request.Request(os.environ["SLIPWAY_REPORT_URL"], json.dumps(what).encode(), headers)
        urllib.request.urlopen(request, timeout=5).close()
    except urllib.error.HTTPError as refusal:
        if patient and refusal.code == 429:
            time.sleep(int(refusal.headers["Retry-After"]))
            return report(**what)
        print(f"not reported: {refusal.code} {refusal.read().decode().strip()}", flush=True)
    except (KeyError, OSError) as problem:
        print(f"not reported: {problem!r}", flush=True)


def save(state: dict) -> dict:
    """Under another name first: a checkpoint is whole, or it is not there."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"step-{state['step']:09}.json"
    unfinished = path.with_suffix(".unfinished")
    with open(unfinished, "w") as file:
        json.dump(state, file)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
    for old in sorted(FOLDER.glob("step-*.json"))[:-KEEP_LAST]:
        old.unlink()
    print(f"saved step {state['step']}", flush=True)
    return {"step": state["step"], "time": time.time()}


def load() -> tuple[dict, dict | None]:
    """The newest state, and what to report of it; the first one when there is none."""
    for path in reversed(sorted(FOLDER.glob("step-*.json")) if RESUME else []):
        state = json.loads(path.read_text())
        print(f"goes on from step {state['step']}", flush=True)
        return state, {"step": state["step"], "time": path.stat().st_mtime}
    print("begins at step 0", flush=True)
    return {"step": 0, "slope": 0.0, "offset": 0.0, "loss": 1.0}, None


def train_step(state: dict) -> None:
    point = random.Random(state["step"])
    x = point.uniform(-1, 1)
    error = state["slope"] * x + state["offset"] - (3 * x + 1 + point.gauss(0, 0.1))
    state["slope"] -= 0.05 * error * x
    state["offset"] -= 0.05 * error
    state["loss"] = 0.99 * state["loss"] + 0.01 * error * error
    state["step"] += 1
    time.sleep(SECONDS_PER_STEP)


def main() -> int:
    told_to_end = []
    signal.signal(signal.SIGTERM, lambda *_: told_to_end.append(True))
    state, checkpoint = load()
    started, first_step = time.monotonic(), state["step"]
    saved = reported = started

    def progress(**how) -> None:
        spent, done = time.monotonic() - started, state["step"] - first_step
        what = {"progressPercentage": 100 * state["step"] / STEPS, "metrics": {"loss": state["loss"]}}
        if done:
            what["estimatedRemainingSeconds"] = spent / done * (STEPS - state["step"])
        if checkpoint:
            what["checkpoint"] = checkpoint
        report(**how, **what)

    while state["step"] < STEPS and not told_to_end:
        train_step(state)
        now = time.monotonic()
        if now - saved >= INTERVAL:
            checkpoint, saved = save(state), now
        if now - reported >= 15 or state["step"] == first_step + 1:
            reported = now
            progress()
    checkpoint = save(state)
    progress(patient=True)
    print(f"y = {state['slope']:.2f} x + {state['offset']:.2f}, loss {state['loss']:.4f}", flush=True)
    # Not 0 when it was told to end: the training has not reached its goal.
    return 0 if state["step"] == STEPS else 143


if __name__ == "__main__":
    sys.exit(main())
