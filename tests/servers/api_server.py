"""The HTTP API on a thread of this process, whose answers a test can count, spoil and drop."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from cloudtrack.access.authentication import Authenticator
from cloudtrack.api.app import App
from cloudtrack.api.errors import api_error
from cloudtrack.api.message import Request, Response
from cloudtrack.client import Client
from cloudtrack.errors import CloudtrackError

Fault = Callable[[str, str], Any]
"""From method and path to what goes wrong: None; a status, or that with headers and a body (nothing done); "reset"
(nothing done, connection cut); "lost" (done, not answered); "half" (done, half of the body is sent)."""


class ApiServer(ThreadingHTTPServer):
    """Serves an application below ``prefix``."""

    daemon_threads = True

    def __init__(self, app: App, *, prefix: str = "", authenticator: Authenticator | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.app = app
        self.prefix = prefix
        self.authenticator = authenticator
        self.fault: Fault = lambda _method, _path: None
        self.requests: list[tuple[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.largest_body = 0
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}{self.prefix}"

    @property
    def client(self) -> Client:
        """A client of the store behind it."""
        return self.app.client

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are two packets: the second would wait 40 ms for an answer
    server: ApiServer

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        size = int(self.headers.get("Content-Length") or 0)
        body = io.BytesIO(self.rfile.read(size))
        path = parts.path
        with self.server.lock:
            self.server.requests.append((self.command, path))
            self.server.headers.append({name.lower(): value for name, value in self.headers.items()})
            self.server.largest_body = max(self.server.largest_body, size)
            fault = self.server.fault(self.command, path)
        if fault == "reset":
            return self._cut()
        if isinstance(fault, tuple):
            return self._answer(Response(fault[0], fault[1], fault[2]))
        if isinstance(fault, int):
            return self._answer(Response(fault))
        answer = self._work(path, parts.query, body, size)
        if fault == "lost":
            answer.whole_body()
            return self._cut()
        return self._answer(answer, cut=fault == "half")

    def _work(self, path: str, query: str, body: io.BytesIO, size: int) -> Response:
        if not path.startswith(self.server.prefix):
            return Response(404, {}, b"<html>nothing here</html>")
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(
            self.command,
            unquote(path.removeprefix(self.server.prefix)),
            parse_qsl(query, keep_blank_values=True),
            headers,
            body,
            size,
            request_id="test",
        )
        if self.server.authenticator is not None and "authorization" in headers:
            try:
                asked_by = self.server.authenticator.authenticate(headers["authorization"])
                request = replace(request, principal=asked_by)
            except CloudtrackError as error:
                return api_error(error).response()
        return self.server.app(request)

    def _answer(self, answer: Response, *, cut: bool = False) -> None:
        body = answer.whole_body()
        self.send_response_only(answer.status)
        self.send_header("Date", self.date_time_string())
        for name, value in answer.headers.items():
            if name.lower() != "content-length":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        if cut:
            self._cut()

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = do_HEAD = _serve  # noqa: N815 - http.server's names

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def api_server(app: App, **options: Any) -> Iterator[ApiServer]:
    """A running server."""
    server = ApiServer(app, **options)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
