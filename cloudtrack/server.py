"""The application on a local port: the same one that the Lambda handlers serve, behind uvicorn.

Bodies and files are streamed in bounded memory; each request is answered in a thread of a pool.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from typing import BinaryIO, TypeVar, cast
from urllib.parse import parse_qsl, unquote_to_bytes

from cloudtrack import clock, ids
from cloudtrack.access.access import Access
from cloudtrack.access.authentication import Authenticator
from cloudtrack.access.opening import open_authenticator
from cloudtrack.access.principal import Principal
from cloudtrack.api.app import App
from cloudtrack.api.compression import compressed
from cloudtrack.api.errors import ApiError, api_error
from cloudtrack.api.gate import Gate, local_hosts, secured
from cloudtrack.api.message import Request, Response
from cloudtrack.api.settings import ArtifactRoute, Settings
from cloudtrack.client import Client
from cloudtrack.errors import CloudtrackError, InvalidInput
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
from cloudtrack.http.listening import is_local, listen, log_to_stderr, told_options
from cloudtrack.registry.deliverer import Deliverer
from cloudtrack.registry.deliveries import Deliveries
from cloudtrack.ui import building

A = TypeVar("A")
R = TypeVar("R")

DEFAULT_PORT = 5000
_THREADS = 64
_IN_MEMORY_BYTES = 1 << 20
"""A larger body waits in a temporary file."""
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
        return is_local(self.host)

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
    options.checked()
    if building.has_sources() and not building.is_fresh():
        _log.warning("the web page is not what its sources are: python -m cloudtrack.ui build")
    listen(
        lambda: create(options),
        "cloudtrack.server:from_environment",
        asdict(options),
        host=options.host,
        port=options.port,
        workers=workers,
    )


def from_environment() -> Server:
    """The server of one worker process."""
    told = told_options()
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
    if options.access_log:
        log_to_stderr(_log)
    deliveries = Deliveries(client.store, client.feed, client.webhooks, allow_private=not options.auth)
    deliverer = Deliverer(client.webhooks, deliveries)
    client.on_commit.append(lambda _name, _event: deliverer.poke())
    return Server(app, Gate(hosts), authenticator, deliverer)


class Server:
    """An ASGI application around ``App``."""

    def __init__(
        self, app: App, gate: Gate, authenticator: Authenticator | None = None, deliverer: Deliverer | None = None
    ) -> None:
        self._app = app
        self._gate = gate
        self._authenticator = authenticator
        self._deliverer = deliverer
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="cloudtrack-server")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection's request, or the server's start and end."""
        if scope["type"] == "lifespan":
            await live(receive, send, self._start, self._stop)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)

    def _start(self) -> None:
        if self._deliverer is not None:
            self._deliverer.start()

    def _stop(self) -> None:
        self._threads.shutdown()
        if self._deliverer is not None:
            self._deliverer.stop()
        self._app.client.close()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = clock.monotonic()
        headers = headers_of(scope)
        request_id = ids.new_commit_id()
        with tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as body:
            response = secured(await self._answer(scope, receive, headers, request_id, cast(BinaryIO, body)))
            sent = await self._send(response, send, head=scope["method"] == "HEAD", request_id=request_id)
        _log.info(
            '%s "%s %s" %d %d %.1fms %s',
            client_of(scope),
            scope["method"],
            printable_path(scope),
            response.status,
            sent,
            (clock.monotonic() - started) * 1000,
            request_id,
        )

    async def _answer(
        self, scope: Scope, receive: Receive, headers: dict[str, str], request_id: str, body: BinaryIO
    ) -> Response:
        try:
            path = _decoded_path(scope)
            self._gate.check(scope["method"], headers, path)
            principal = await self._principal(headers.get("authorization"))
            asked = Request(
                scope["method"],
                path,
                parse_qsl(scope["query_string"].decode("ascii", "replace"), keep_blank_values=True),
                headers,
                body,
                0,
                f"{scope['scheme']}://{headers.get('host', '')}",
                principal,
                request_id,
            )
            size = 0
            if principal is not None or self._authenticator is None:  # nobody else's bytes are kept
                limit = self._app.body_limit(scope["method"], path)
                if limit is None and (refusal := await self._in_thread(self._app.refusal, asked)):
                    return refusal  # without keeping a file, however large, of somebody who may not send it
                size = await read_body(receive, headers, body.write, limit=limit, too_large=lambda: _too_large(limit))
            body.seek(0)
        except ApiError as error:
            return error.response()
        except CloudtrackError as error:
            return api_error(error).response()
        except Disconnected:
            return Response(499)
        return await self._in_thread(self._respond, replace(asked, body_bytes=size))

    def _respond(self, request: Request) -> Response:
        return compressed(self._app(request), request)

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
        start = {"type": "http.response.start", "status": response.status, "headers": raw_headers(headers)}
        await send(start)
        sent = 0
        loop = asyncio.get_running_loop()
        while not head and (chunk := await loop.run_in_executor(self._threads, next, body, b"")):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            sent += len(chunk)
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        return sent


def _too_large(limit: int | None) -> ApiError:
    return ApiError("INVALID_PARAMETER_VALUE", f"the body is larger than {limit} bytes; send it in parts", status=413)


def _decoded_path(scope: Scope) -> str:
    """The path, percent-decoded once. Raises ApiError where it is not UTF-8."""
    try:
        return unquote_to_bytes(scope["raw_path"]).decode()
    except UnicodeDecodeError as error:
        raise ApiError("INVALID_PARAMETER_VALUE", "the path is not valid UTF-8") from error
