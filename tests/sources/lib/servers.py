"""Servers for the time of a test: each on a free port, in a folder that goes with it."""

import base64
import contextlib
import http.server
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
CACHE = Path(os.environ.get("SLIPWAY_CACHE", Path.home() / ".cache/slipway"))
AZURITE = "3.35.0"  # Later ones need a newer Node.js than Debian 12 has.


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextlib.contextmanager
def folder():
    path = Path(tempfile.mkdtemp(prefix="slipway-sources-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def program(command: list, log: Path, port: int, **options):
    """Runs until the block ends; waits for its port first."""
    with open(log, "wb") as output:
        child = subprocess.Popen([str(c) for c in command], stdout=output, stderr=output, **options)
        try:
            end = time.monotonic() + 120
            while True:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                if child.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(f"{command[0]} does not listen:\n{log.read_text()[-2000:]}")
                time.sleep(0.2)
            yield
        finally:
            child.terminate()
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def make_certificate(place: Path) -> None:
    """ca.crt, and cert.pem with its key for 127.0.0.1 and localhost."""
    def openssl(*args):
        subprocess.run(["openssl", *args], cwd=place, check=True, capture_output=True)
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", "ca.key", "-out", "ca.crt", "-days", "2", "-subj", "/CN=test authority")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", "key.pem", "-out", "request.pem", "-subj", "/CN=localhost")
    (place / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    openssl("x509", "-req", "-in", "request.pem", "-CA", "ca.crt", "-CAkey", "ca.key", "-days", "2",
            "-CAcreateserial", "-extfile", "names", "-out", "cert.pem")


class GitHandler(http.server.BaseHTTPRequestHandler):
    """git http-backend as a CGI program."""

    protocol_version = "HTTP/1.1"
    root = Path()
    password = ""

    def log_message(self, *_):
        pass

    def do_GET(self):
        path, _, query = self.path.partition("?")
        if path.startswith("/moved/"):
            return self._answer(301, b"", {"Location": self.path.replace("/moved/", "/", 1)})
        if path.startswith("/page/"):
            return self._answer(200, b"<html>sign in</html>", {"Content-Type": "text/html"})
        wanted = "Basic " + base64.b64encode(f"reader:{self.password}".encode()).decode()
        if self.password and self.headers.get("Authorization") != wanted:
            return self._answer(401, b"", {"WWW-Authenticate": "Basic"})
        done = subprocess.run(["git", "http-backend"], capture_output=True, env=os.environ | {
            "GIT_PROJECT_ROOT": str(self.root), "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": path,
            "QUERY_STRING": query, "REQUEST_METHOD": "GET"})
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        status = int(headers.pop("Status", "200 OK").split()[0])
        self._answer(status, body, headers)

    def _answer(self, status: int, body: bytes, headers: dict) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextlib.contextmanager
def git_server(root: Path, password: str = "", certificates: Path | None = None):
    """Yields the address of a server of all repositories in a folder."""
    handler = type("Handler", (GitHandler,), {"root": root, "password": password})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    scheme = "http"
    if certificates:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates / "cert.pem", certificates / "key.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"{scheme}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def versitygw() -> Path:
    """The program, built when it is not there yet."""
    subprocess.run([ROOT / "tests/cluster/build", "versitygw"], check=True)
    found = sorted((CACHE / "cluster/parts").glob("versitygw-*/versitygw"),
                   key=lambda binary: binary.parent.stat().st_mtime)
    return found[-1]  # The build touches the one that it has found or made.


def azurite() -> Path:
    """The blob server's script, fetched when it is not there yet."""
    place = CACHE / "sources" / f"azurite-{AZURITE}"
    script = place / "node_modules/azurite/dist/src/blob/main.js"
    if not script.exists():
        if not shutil.which("npm"):
            raise RuntimeError("npm is not here: apt-get install nodejs npm")
        place.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--prefix", ".", "--no-fund", "--no-audit", "--no-save",
                        f"azurite@{AZURITE}"], cwd=place, check=True)
    return script
