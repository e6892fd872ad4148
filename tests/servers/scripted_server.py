"""A small S3 server in memory whose answers a test can spoil: errors before the work, or instead of the answer."""

from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit


class ScriptedServer(ThreadingHTTPServer):
    """Takes the next entry of ``script`` for each request of a verb in ``verbs``.

    An entry is a status and a code (answered, nothing done), ``"reset"`` (nothing done, connection cut),
    ``"lost"`` (done, connection cut), ``"cut"`` (half of the body is sent) or None (all is well).
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, bytes] = {}
        self.script: list[Any] = []
        self.verbs = {"PUT"}
        self.ignored_headers: set[str] = set()
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ScriptedServer

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = unquote(urlsplit(self.path).path)
        with self.server.lock:
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.server.requests.append((self.command, self.path, headers))
            step = None
            if self.command in self.server.verbs and self.server.script:
                step = self.server.script.pop(0)
            if step == "reset":
                return self._cut()
            if isinstance(step, tuple):
                return self._error(*step)
            answer = self._work(path, body, headers)
            if step == "lost":
                return self._cut()
        return self._answer(*answer, cut=step == "cut")

    def _work(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes, dict[str, str]]:
        objects = self.server.objects
        there = objects.get(path)
        honoured = {name: value for name, value in headers.items() if name not in self.server.ignored_headers}
        if self.command == "PUT":
            if "if-none-match" in honoured and there is not None:
                return 412, _xml("PreconditionFailed"), {}
            if "if-match" in honoured and (there is None or honoured["if-match"] != _etag(there)):
                return 412, _xml("PreconditionFailed"), {}
            objects[path] = _unchunked(body, headers)
            return 200, b"", {"ETag": _etag(objects[path])}
        if self.command == "DELETE":
            objects.pop(path, None)
            return 204, b"", {}
        if there is None:
            return 404, _xml("NoSuchKey"), {}
        if "if-match" in honoured and honoured["if-match"] != _etag(there):
            return 412, _xml("PreconditionFailed"), {}
        extra = {"ETag": _etag(there), "Last-Modified": "Tue, 24 Nov 2026 10:00:00 GMT"}
        if "range" in headers:
            first, _, last = headers["range"].removeprefix("bytes=").partition("-")
            part = there[int(first) : int(last) + 1]
            extra["Content-Range"] = f"bytes {first}-{int(first) + len(part) - 1}/{len(there)}"
            return 206, part, extra
        return 200, there, extra

    def _answer(self, status: int, content: bytes, headers: dict[str, str], *, cut: bool = False) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content[: len(content) // 2] if cut else content)
        if cut:
            self._cut()

    def _error(self, status: int, code: str) -> None:
        self._answer(status, _xml(code), {"Content-Type": "application/xml"})

    def _cut(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _serve  # noqa: N815 - http.server's names

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def _etag(body: bytes) -> str:
    return f'"{hashlib.md5(body).hexdigest()}"'


def _xml(code: str) -> bytes:
    return f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>scripted</Message></Error>'.encode()


def _unchunked(body: bytes, headers: dict[str, str]) -> bytes:
    """The payload of a body in AWS's chunked encoding, which signs or sums each chunk."""
    if (
        "aws-chunked" not in headers.get("content-encoding", "")
        and "streaming" not in headers.get("x-amz-content-sha256", "").lower()
    ):
        return body
    payload = b""
    while body:
        head, _, body = body.partition(b"\r\n")
        size = int(head.partition(b";")[0], 16)
        if size == 0:
            break
        payload, body = payload + body[:size], body[size + 2 :]
    return payload


@contextmanager
def scripted_server() -> Iterator[ScriptedServer]:
    """A running server."""
    server = ScriptedServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
