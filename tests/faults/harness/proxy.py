"""The fault proxy (../proxy) as a process of this run, and one way into the cluster through it."""

import http.client
import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Servers:
    """The API servers behind the proxy, and how it is let in there for the operators."""

    first: str
    other: str
    token: str


class Proxy:
    """A running proxy. Thread-safe: each call has a connection of its own."""

    def __init__(self, environment: dict[str, str], trust: Path, rival: Path):
        binary = shutil.which("faultproxy", path=environment["PATH"])
        self._process = subprocess.Popen([binary, f"-trust={trust}", f"-rival={rival}"],
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                         start_new_session=True)
        self._address = self._process.stdout.readline().strip()
        if not self._address:
            raise SystemExit("the fault proxy did not start")

    def way(self, servers: Servers, rules: list[dict], folder: Path, by: str, ns: str) -> "Way":
        """A way for an operator of that namespace that finds in the folder whom to trust and what to show:
        `by` is "token" or "certificate"."""
        made = self._ask("POST", "/runs", {
            "target": servers.first, "other": servers.other, "token": servers.token, "rules": rules,
            "folder": str(folder), "by": by, "namespace": ns})
        return Way(self, made["id"], f"https://127.0.0.1:{made['port']}", folder, by)

    def link(self, target: str) -> "Link":
        made = self._ask("POST", "/links", {"target": target})
        return Link(self, made["id"], made["port"])

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

    def __init__(self, proxy: Proxy, number: int, url: str, folder: Path, by: str):
        self._url = url
        self._folder = folder
        self._by = by
        self._proxy = proxy
        self._path = f"/runs/{number}"

    def kubeconfig(self) -> dict:
        """Of files, so that what rotates is found anew."""
        def file(name: str) -> str:
            return str(self._folder / name)
        own = {"tokenFile": file("token")} if self._by == "token" else {
            "client-certificate": file("client.pem"), "client-key": file("client.key")}
        named = {"name": "trial"}
        return {"apiVersion": "v1", "kind": "Config", "current-context": "trial",
                "clusters": [named | {"cluster": {"server": self._url,
                                                  "certificate-authority": file("ca.pem")}}],
                "users": [named | {"user": own}],
                "contexts": [named | {"context": {"cluster": "trial", "user": "trial"}}]}

    def change(self, **what) -> None:
        """`pid`, `rules`, `target`, or `open`, which ends an outage."""
        self._proxy._ask("PATCH", self._path, what)

    def trace(self) -> dict:
        return self._proxy._ask("GET", self._path)

    def close(self) -> None:
        self._proxy._ask("DELETE", self._path)


class Link:
    """A connection to somewhere whose answers may come late."""

    def __init__(self, proxy: Proxy, number: int, port: int):
        self.port = port
        self._proxy = proxy
        self._path = f"/links/{number}"

    def lag(self, ms: int) -> None:
        self._proxy._ask("PATCH", self._path, {"ms": ms})
