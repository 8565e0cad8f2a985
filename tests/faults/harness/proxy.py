"""The fault proxy (../proxy) as a process of this run, and one way into the cluster through it."""

import http.client
import json
import shutil
import subprocess
from pathlib import Path


class Proxy:
    """A running proxy. Thread-safe: each call has a connection of its own."""

    def __init__(self, environment: dict[str, str], trust: Path, rival: Path, authority: Path):
        binary = shutil.which("faultproxy", path=environment["PATH"])
        self._process = subprocess.Popen([binary, f"-trust={trust}", f"-rival={rival}", f"-authority={authority}"],
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                         start_new_session=True)
        self._address = self._process.stdout.readline().strip()
        if not self._address:
            raise SystemExit("the fault proxy did not start")
        self.authority = authority.read_bytes()

    def way(self, target: str, rules: list[dict]) -> "Way":
        made = self._ask("POST", "/runs", {"target": target, "rules": rules})
        return Way(self, made["id"], f"https://127.0.0.1:{made['port']}")

    def _ask(self, method: str, path: str, body: dict | None = None) -> dict:
        connection = http.client.HTTPConnection(self._address, timeout=30)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        if answer.status != 200:
            raise ValueError(f"the fault proxy refuses: {text.strip()}")
        return json.loads(text)

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(10)


class Way:
    """The address that one operator is given, the rules that hold there, and what passed."""

    def __init__(self, proxy: Proxy, number: int, url: str):
        self.url = url
        self._proxy = proxy
        self._path = f"/runs/{number}"

    def change(self, **what) -> None:
        """`pid`, `rules` or `target`."""
        self._proxy._ask("PATCH", self._path, what)

    def trace(self) -> dict:
        return self._proxy._ask("GET", self._path)

    def close(self) -> None:
        self._proxy._ask("DELETE", self._path)
