"""API Gateway on this machine: the template's routes and the real handlers; it remembers no login."""

from __future__ import annotations

import base64
import importlib
import json
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

import pytest

from cloudtrack.storage.opening import open_store
from tests.handlers.guarded_store import guarded
from tests.infra.iam import bucket_statements, role_statements
from tests.infra.routing import Route, routes_for, written_routes
from tests.infra.stack import Stack, read_template

Handler = Callable[[Mapping[str, Any], Any], dict[str, Any]]
Answer = tuple[int, dict[str, str], bytes]

_TEXT = ("text/", "application/json")


class LocalGateway:
    """The API of a template over one store; each function may do to the store what its role may."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, store_url: str) -> None:
        template = read_template()
        self._stack = Stack(template)
        self._routes = written_routes(template)
        self._monkeypatch = monkeypatch
        self._monkeypatch.setenv("CLOUDTRACK_URI", store_url)
        self._functions: dict[str, Handler] = {}
        self.asked: list[tuple[str, str]] = []
        """Route and function of each request that reached one."""

    def send(self, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Answer:
        """The answer to one request; ``target`` is path and query as on the wire."""
        path, _, query = target.partition("?")
        lowered = {name.lower(): value for name, value in (headers or {}).items()}
        (route,) = routes_for(self._routes, method, unquote(path))
        event = event_of(route, method, path, query, lowered, body)
        if not route.is_open:
            if not lowered.get("authorization"):
                return _refusal(401, "Unauthorized")
            said = self._function("AuthorizerFunction")(event, None)
            if not said["isAuthorized"]:
                return _refusal(403, "Forbidden")
            event["requestContext"]["authorizer"] = {"lambda": said["context"]}
        self.asked.append((route.key, route.function))
        result = self._function(route.function)(event, None)
        text = result["body"]
        return (
            result["statusCode"],
            result["headers"],
            base64.b64decode(text) if result["isBase64Encoded"] else text.encode(),
        )

    @contextmanager
    def served(self) -> Iterator[str]:
        """The URL of a server that sends everything here."""
        gateway = self

        class Requests(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, headers, answer = gateway.send(self.command, self.path, dict(self.headers), body)
                self.send_response_only(status)
                for name, value in {**headers, "content-length": str(len(answer))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_PUT = do_POST = do_DELETE = do_PATCH = _serve  # noqa: N815 - http.server's names

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Requests)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def _function(self, name: str) -> Handler:
        """A fresh start of a function, with the rights of its role."""
        if name not in self._functions:
            role = self._stack.resources[name]["Properties"]["Role"].removesuffix(".Arn")
            bucket = bucket_statements(self._stack)
            module, _, attribute = self._stack.resources[name]["Properties"]["Handler"].rpartition(".")

            def open_guarded(url: str, **options: Any) -> Any:
                return guarded(open_store(url, **options), role_statements(self._stack, role), bucket)

            with self._monkeypatch.context() as patch:
                patch.setattr("cloudtrack.client.open_store", open_guarded)
                loaded = importlib.reload(importlib.import_module(module))
            if hasattr(loaded, "open_store"):  # the authorizer opens it when it is first asked
                self._monkeypatch.setattr(loaded, "open_store", open_guarded)
            self._functions[name] = getattr(loaded, attribute)
        return self._functions[name]


def event_of(
    route: Route, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
) -> dict[str, Any]:
    """A request as API Gateway hands it to a function: path decoded, query not, bodies that are no text in base64."""
    is_text = headers.get("content-type", "").startswith(_TEXT) and _is_unicode(body)
    return {
        "version": "2.0",
        "routeKey": route.key,
        "rawPath": unquote(path),
        "rawQueryString": query,
        "headers": dict(headers),
        "requestContext": {
            "http": {"method": method, "path": unquote(path)},
            "domainName": "abc123.execute-api.eu-central-1.amazonaws.com",
            "stage": "$default",
            "requestId": uuid.uuid4().hex,
        },
        **({"body": body.decode() if is_text else base64.b64encode(body).decode()} if body else {}),
        "isBase64Encoded": bool(body) and not is_text,
    }


def _is_unicode(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _refusal(status: int, message: str) -> Answer:
    return status, {"content-type": "application/json"}, json.dumps({"message": message}).encode()
