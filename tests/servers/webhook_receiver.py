"""Who is told of events: a server that keeps what it gets, and answers as it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver:
    """``statuses`` are what it answers first, one after another; then it is ``status``."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        self.status = 200
        self.headers: dict[str, str] = {}
        self.body = b"thanks"
        self.silent = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((self.path, dict(self.headers), body))
                if receiver.silent.is_set():
                    receiver.silent.wait(5)
                    return
                self.send_response(receiver.statuses.pop(0) if receiver.statuses else receiver.status)
                for name, value in {"Content-Length": str(len(receiver.body)), **receiver.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(receiver.body)

            def log_message(self, *args: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hook?a=b"

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The bodies that came, in order."""
        return [json.loads(body) for _, _, body in self.got]

    @property
    def ids(self) -> list[str]:
        """The names of the messages that came, in order."""
        return [headers["X-MLflow-Delivery-Id"] for _, headers, _ in self.got]


@contextmanager
def running_receiver() -> Iterator[Receiver]:
    """A receiver, until it is no more needed."""
    found = Receiver()
    try:
        yield found
    finally:
        found.server.shutdown()
        found.server.server_close()
