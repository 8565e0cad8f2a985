"""A way to MLflow that counts requests, and breaks off where it is told to."""

import http.client
import http.server
import ssl
import threading


class Gateway:
    """Passes requests on to the server at `port` of this machine, one connection each."""

    def __init__(self, port: int, authorization: str = "", tls=None):
        self.port = port
        self.authorization = authorization  # What a request must have; empty: nothing.
        self.seen: list[str] = []
        self._at = None
        self._refusals = 0
        self._refusal = (503, "")
        self._lock = threading.Lock()
        gateway = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                gateway._pass(self)

            do_POST = do_GET

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        scheme = "http"
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
            scheme = "https"
        self.uri = f"{scheme}://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def __enter__(self) -> "Gateway":
        return self

    def __exit__(self, *_) -> None:
        self._server.shutdown()
        self._server.server_close()

    def at_request(self, number: int, act, after: bool) -> None:
        """Calls `act` at that request, counted from 1: before MLflow sees it, or after it has answered.

        Its answer is not passed on: the connection is closed."""
        with self._lock:
            self._at = (number, act, after)

    def refuse(self, times: int, status: int, body: str = "") -> None:
        """Answers so to as many requests in place of MLflow."""
        self._refusals, self._refusal = times, (status, body)

    def _pass(self, request) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        with self._lock:
            self.seen.append(request.path)
            number = len(self.seen)
            at = self._at if self._at and self._at[0] == number else None
            refuses = self._refusals > 0
            self._refusals -= refuses
        if self.authorization and request.headers.get("Authorization") != self.authorization:
            return self._answer(request, 401, b"You are not authenticated.")
        if refuses:
            return self._answer(request, self._refusal[0], self._refusal[1].encode())
        if at and not at[2]:
            at[1]()
            return self._close(request)
        status, answer = self._ask(request, body)
        if at:
            at[1]()
            return self._close(request)
        return self._answer(request, status, answer)

    def _ask(self, request, body: bytes) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        headers = {"Content-Type": request.headers["Content-Type"]} if body else {}
        connection.request(request.command, request.path, body or None, headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, text

    @staticmethod
    def _close(request) -> None:
        request.close_connection = True

    @staticmethod
    def _answer(request, status: int, body: bytes) -> None:
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)
