"""The scoring application behind ASGI: bodies are bounded, predictions run in threads, each has a time limit."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from cloudtrack import clock
from cloudtrack.api.errors import ApiError
from cloudtrack.api.gate import Gate, secured
from cloudtrack.api.message import Request, Response
from cloudtrack.scoring.app import INVOCATIONS, MAX_BODY_BYTES, ScoringApp, too_large

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_THREADS = 16
"""So many predictions run at once in a process; more wait."""
_log = logging.getLogger("cloudtrack.scoring")


class ScoringServer:
    """An ASGI application around ``ScoringApp``. ``start`` and ``stop`` are called when the server does."""

    def __init__(
        self,
        app: ScoringApp,
        gate: Gate,
        *,
        timeout_s: float,
        start: Callable[[], None] = lambda: None,
        stop: Callable[[], None] = lambda: None,
    ) -> None:
        self._app = app
        self._gate = gate
        self._timeout_s = timeout_s
        self._start = start
        self._stop = stop
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="cloudtrack-scoring")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the server's start and end."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            ends = message["type"] == "lifespan.shutdown"
            (self._stop if ends else self._start)()
            await send({"type": f"{message['type']}.complete"})
            if ends:
                self._threads.shutdown(wait=False, cancel_futures=True)
                return

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = clock.monotonic()
        headers = _headers(scope)
        try:
            self._gate.check(scope["method"], headers)
            body = await _read_body(receive, headers)
            response = await self._answer(Request(scope["method"], scope["path"], [], headers, io.BytesIO(body)))
        except ApiError as error:
            response = error.response()
        except _Disconnected:
            return
        await _send(secured(response), send, with_body=scope["method"] != "HEAD")
        path = scope["raw_path"].decode("ascii", "backslashreplace")[:100]
        took_ms = (clock.monotonic() - started) * 1000
        _log.info('%s "%s %s" %d %.1fms', _client(scope), scope["method"], path, response.status, took_ms)

    async def _answer(self, request: Request) -> Response:
        if request.path != INVOCATIONS or request.method != "POST":
            return self._app(request)  # at once: a probe does not wait for predictions
        work = asyncio.get_running_loop().run_in_executor(self._threads, self._app, request)
        try:
            return await asyncio.wait_for(work, self._timeout_s)
        except TimeoutError as error:
            raise ApiError(
                "TEMPORARILY_UNAVAILABLE", f"the prediction took longer than {self._timeout_s:g} s", status=504
            ) from error


def _headers(scope: Scope) -> dict[str, str]:
    """Headers by name; one that is sent twice is a list, and then no name of this server."""
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


class _Disconnected(Exception):
    """The client has gone."""


async def _read_body(receive: Receive, headers: dict[str, str]) -> bytes:
    """Raises ApiError (413) as soon as the body is known to be too large."""
    declared = headers.get("content-length", "0")
    body = bytearray()
    while True:
        if len(body) > MAX_BODY_BYTES or (declared.isdecimal() and int(declared) > MAX_BODY_BYTES):
            raise too_large()
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Disconnected
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)


async def _send(response: Response, send: Send, *, with_body: bool) -> None:
    body = response.whole_body()
    headers = {**response.headers, "content-length": str(len(body))}
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": response.status, "headers": raw})
    await send({"type": "http.response.body", "body": body if with_body else b""})


def _client(scope: Scope) -> str:
    return scope["client"][0] if scope.get("client") else "-"
