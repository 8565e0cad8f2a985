"""Serves model.joblib over HTTP, and writes down what it is asked.

  GET  /healthz                     200 once the model is loaded
  POST /v1/models/model:predict     {"instances": [[...], ...]} -> {"predictions": ["benign", ...]}

Each instance becomes one JSON line of REQUEST_LOG, with the names of the features as members: what
a DriftMonitor compares with the training data.
"""

import json
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import joblib

MODEL = Path(os.environ.get("MODEL_PATH", "/model"))
REQUEST_LOG = Path(os.environ.get("REQUEST_LOG", "/data/requests.jsonl"))
PREDICT = "/v1/models/model:predict"
MAX_BODY = 1 << 20
MAX_INSTANCES = 1000


class BadRequest(Exception):
    """What the client did wrong, in words for the client."""


class Model:
    def __init__(self, path: Path):
        saved = joblib.load(path)
        self.forest, self.features, self.classes = saved["forest"], saved["features"], saved["classes"]

    def check(self, body: bytes) -> list[list[float]]:
        try:
            instances = json.loads(body)["instances"]
        except (ValueError, KeyError, TypeError):
            raise BadRequest('the body must be JSON like {"instances": [[...]]}') from None
        if not isinstance(instances, list) or not 1 <= len(instances) <= MAX_INSTANCES:
            raise BadRequest(f"instances must be a list of 1 to {MAX_INSTANCES} rows")
        for number, row in enumerate(instances):
            if not isinstance(row, list) or len(row) != len(self.features):
                raise BadRequest(f"instances[{number}] must be a list of {len(self.features)} numbers")
            if not all(isinstance(x, (int, float)) and not isinstance(x, bool) for x in row):
                raise BadRequest(f"instances[{number}] holds something that is no number")
        return instances

    def predict(self, instances: list[list[float]]) -> list[str]:
        return [self.classes[index] for index in self.forest.predict(instances)]


def write_down(model: Model, instances: list[list[float]]) -> None:
    lines = "".join(json.dumps(dict(zip(model.features, row))) + "\n" for row in instances)
    # One write of whole lines in append mode: replicas that share the file never mix theirs.
    handle = os.open(REQUEST_LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o664)
    try:
        os.write(handle, lines.encode())
    finally:
        os.close(handle)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    model: Model

    def answer(self, status: int, content: dict) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        known = self.path == "/healthz"
        self.answer(200 if known else 404, {"status": "ok"} if known else {"error": f"no {self.path} here"})

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if not 0 < length <= MAX_BODY:
            self.close_connection = True  # The body is not read.
            return self.answer(413, {"error": f"a body of 1 to {MAX_BODY} bytes is needed"})
        body = self.rfile.read(length)
        if self.path != PREDICT:
            return self.answer(404, {"error": f"no {self.path} here; POST to {PREDICT}"})
        try:
            instances = self.model.check(body)
        except BadRequest as problem:
            return self.answer(400, {"error": str(problem)})
        predictions = self.model.predict(instances)
        write_down(self.model, instances)
        self.answer(200, {"predictions": predictions})

    def log_message(self, *_) -> None:
        """No line a request: the request log has them."""


def main() -> int:
    Handler.model = Model(MODEL / "model.joblib")
    server = ThreadingHTTPServer(("", int(os.environ.get("PORT", "8080"))), Handler)
    # From another thread, because shutdown() waits for the loop that this signal interrupts.
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"serving {len(Handler.model.forest.estimators_)} trees on port {server.server_port}", flush=True)
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
