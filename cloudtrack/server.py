"""The application on a local port: the same one that the Lambda handlers serve, behind uvicorn.

Bodies and files are streamed in bounded memory; each request is answered in a thread of a pool.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import tempfile
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from ipaddress import ip_address
from typing import Any, BinaryIO, TypeVar, cast
from urllib.parse import parse_qsl, unquote_to_bytes

from cloudtrack import clock, config, ids
from cloudtrack.access.access import Access
from cloudtrack.access.authentication import Authenticator
from cloudtrack.access.opening import open_authenticator
from cloudtrack.access.principal import Principal
from cloudtrack.api.app import App
from cloudtrack.api.errors import ApiError, api_error
from cloudtrack.api.gate import Gate, local_hosts, secured
from cloudtrack.api.message import Request, Response
from cloudtrack.api.settings import ArtifactRoute, Settings
from cloudtrack.client import Client
from cloudtrack.errors import CloudtrackError, InvalidInput

A = TypeVar("A")
R = TypeVar("R")
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

DEFAULT_PORT = 5000
_THREADS = 64
_IN_MEMORY_BYTES = 1 << 20
"""A larger body waits in a temporary file."""
_SHUTDOWN_S = 20
_log = logging.getLogger("cloudtrack.server")


@dataclass(frozen=True)
class ServerOptions:
    """How to serve: what ``cloudtrack server`` was told."""

    root: str
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    auth: bool = False
    artifacts: ArtifactRoute = ArtifactRoute.STREAM
    allowed_hosts: tuple[str, ...] = ()
    access_log: bool = True

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the server."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def checked(self) -> ServerOptions:
        """The options themselves. Raises InvalidInput for a server that everyone could use."""
        if not self.is_local and not self.auth:
            raise InvalidInput(
                f"a server on {self.host} can be reached from other machines: start it with --auth, and make tokens "
                "with `cloudtrack tokens create`; or leave --host out"
            )
        return self


def serve(options: ServerOptions, *, workers: int = 1) -> None:
    """Serve until SIGINT or SIGTERM; requests under way are finished."""
    import uvicorn

    options.checked()
    target: Any = "cloudtrack.server:from_environment"
    if workers == 1:
        target = create(options)
    else:
        os.environ[config.SERVER_OPTIONS] = json.dumps(asdict(options))
    uvicorn.run(
        target,
        factory=workers > 1,
        workers=workers,
        host=options.host,
        port=options.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_graceful_shutdown=_SHUTDOWN_S,
        h11_max_incomplete_event_size=64 << 10,
    )


def from_environment() -> Server:
    """The server of one worker process."""
    told = json.loads(config.server_options())
    told["artifacts"] = ArtifactRoute(told["artifacts"])
    told["allowed_hosts"] = tuple(told["allowed_hosts"])
    return create(ServerOptions(**told))


def create(options: ServerOptions) -> Server:
    """The server as an ASGI application."""
    client = Client(options.root)
    access = Access(client.store) if options.auth else None
    app = App(client, access=access, settings=Settings(artifacts=options.artifacts))
    hosts = frozenset(options.allowed_hosts)
    if options.is_local:
        hosts |= local_hosts(options.port)
    authenticator = open_authenticator(client.store) if options.auth else None
    if options.access_log and not _log.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        _log.addHandler(handler)
        _log.setLevel(logging.INFO)
        _log.propagate = False
    return Server(app, Gate(hosts), authenticator)


class Server:
    """An ASGI application around ``App``."""

    def __init__(self, app: App, gate: Gate, authenticator: Authenticator | None = None) -> None:
        self._app = app
        self._gate = gate
        self._authenticator = authenticator
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="cloudtrack-server")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection's request, or the server's start and end."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                self._threads.shutdown()
                self._app.client.close()
                return

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = clock.monotonic()
        headers = _headers(scope)
        request_id = ids.new_commit_id()
        with tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as body:
            response = secured(await self._answer(scope, receive, headers, request_id, cast(BinaryIO, body)))
            sent = await self._send(response, send, head=scope["method"] == "HEAD", request_id=request_id)
        _log.info(
            '%s "%s %s" %d %d %.1fms %s',
            _client(scope),
            scope["method"],
            _printable(scope["raw_path"]),
            response.status,
            sent,
            (clock.monotonic() - started) * 1000,
            request_id,
        )

    async def _answer(
        self, scope: Scope, receive: Receive, headers: dict[str, str], request_id: str, body: BinaryIO
    ) -> Response:
        try:
            self._gate.check(scope["method"], headers)
            path = _decoded_path(scope)
            principal = await self._principal(headers.get("authorization"))
            size = 0
            if principal is not None or self._authenticator is None:  # nobody else's bytes are kept
                size = await _read_body(receive, body, self._app.body_limit(scope["method"], path), headers)
            body.seek(0)
        except ApiError as error:
            return error.response()
        except CloudtrackError as error:
            return api_error(error).response()
        except _Disconnected:
            return Response(499)
        request = Request(
            scope["method"],
            path,
            parse_qsl(scope["query_string"].decode("ascii", "replace"), keep_blank_values=True),
            headers,
            body,
            size,
            f"{scope['scheme']}://{headers.get('host', '')}",
            principal,
            request_id,
        )
        return await self._in_thread(self._app, request)

    async def _in_thread(self, function: Callable[[A], R], argument: A) -> R:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, argument)

    async def _principal(self, authorization: str | None) -> Principal | None:
        """Who asks; None for nobody. Raises Unauthenticated for a credential that is not valid."""
        if self._authenticator is None or authorization is None:
            return None
        return await self._in_thread(self._authenticator.authenticate, authorization)

    async def _send(self, response: Response, send: Send, *, head: bool, request_id: str) -> int:
        headers = {**response.headers, "x-request-id": request_id}
        body = response.body
        if isinstance(body, bytes):
            headers["content-length"] = str(len(body))
            body = iter([body])
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": response.status, "headers": raw})
        sent = 0
        loop = asyncio.get_running_loop()
        while not head and (chunk := await loop.run_in_executor(self._threads, next, body, b"")):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            sent += len(chunk)
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        return sent


class _Disconnected(Exception):
    """The client has gone."""


async def _read_body(receive: Receive, body: BinaryIO, limit: int | None, headers: dict[str, str]) -> int:
    """Read the body into ``body``; its size. Raises ApiError (413) as soon as it is known to be too large."""
    declared = headers.get("content-length", "0")
    size = 0
    while True:
        if limit is not None and (size > limit or (declared.isdecimal() and int(declared) > limit)):
            raise ApiError(
                "INVALID_PARAMETER_VALUE", f"the body is larger than {limit} bytes; send it in parts", status=413
            )
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Disconnected
        chunk = message.get("body", b"")
        size += len(chunk)
        body.write(chunk)
        if not message.get("more_body"):
            return size


def _headers(scope: Scope) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        key = name.decode("latin-1")
        text = value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


def _decoded_path(scope: Scope) -> str:
    """The path, percent-decoded once. Raises ApiError where it is not UTF-8."""
    try:
        return unquote_to_bytes(scope["raw_path"]).decode()
    except UnicodeDecodeError as error:
        raise ApiError("INVALID_PARAMETER_VALUE", "the path is not valid UTF-8") from error


def _printable(raw_path: bytes) -> str:
    """A path for the log: without a query, and without control characters."""
    return raw_path.decode("ascii", "backslashreplace")[:300]


def _client(scope: Scope) -> str:
    return scope["client"][0] if scope.get("client") else "-"
