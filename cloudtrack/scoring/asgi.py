"""The scoring application behind ASGI: bodies are bounded, predictions run in threads, each has a time limit."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from cloudtrack import clock
from cloudtrack.api.errors import ApiError
from cloudtrack.api.gate import Gate, secured
from cloudtrack.api.message import Request, Response
from cloudtrack.http.asgi import (
    Disconnected,
    Receive,
    Scope,
    Send,
    client_of,
    headers_of,
    live,
    printable_path,
    raw_headers,
    read_body,
)
from cloudtrack.scoring.app import INVOCATIONS, MAX_BODY_BYTES, ScoringApp, too_large

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
            await live(receive, send, self._start, self._end)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)

    def _end(self) -> None:
        self._stop()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = clock.monotonic()
        headers = headers_of(scope)
        try:
            self._gate.check(scope["method"], headers)
            body = io.BytesIO()
            await read_body(receive, headers, body.write, limit=MAX_BODY_BYTES, too_large=too_large)
            body.seek(0)
            response = await self._answer(Request(scope["method"], scope["path"], [], headers, body))
        except ApiError as error:
            response = error.response()
        except Disconnected:
            return
        await _send(secured(response), send, with_body=scope["method"] != "HEAD")
        took_ms = (clock.monotonic() - started) * 1000
        who, what = client_of(scope), printable_path(scope)
        _log.info('%s "%s %s" %d %.1fms', who, scope["method"], what, response.status, took_ms)

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


async def _send(response: Response, send: Send, *, with_body: bool) -> None:
    body = response.whole_body()
    headers = {**response.headers, "content-length": str(len(body))}
    await send({"type": "http.response.start", "status": response.status, "headers": raw_headers(headers)})
    await send({"type": "http.response.body", "body": body if with_body else b""})
