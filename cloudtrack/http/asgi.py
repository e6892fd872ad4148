"""The words of ASGI: what a connection says, and a body that is bounded. Source: https://asgi.readthedocs.io/."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

_ONE_LINE = bytes.maketrans(b"\r\n\0", b"   ")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Disconnected(Exception):
    """The client has gone."""


async def live(receive: Receive, send: Send, start: Callable[[], None], stop: Callable[[], None]) -> None:
    """The server's start and end."""
    while True:
        message = await receive()
        ends = message["type"] == "lifespan.shutdown"
        (stop if ends else start)()
        await send({"type": f"{message['type']}.complete"})
        if ends:
            return


def headers_of(scope: Scope) -> dict[str, str]:
    """Headers by name; one that is sent twice is a list, and then no name of this server."""
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


def raw_headers(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    """Headers as they are sent; a value cannot end its line, as one server of ASGI checks and another does not."""
    return [
        (name.encode("latin-1"), value.encode("latin-1", "replace").translate(_ONE_LINE))
        for name, value in headers.items()
    ]


async def read_body(
    receive: Receive,
    headers: dict[str, str],
    write: Callable[[bytes], object],
    *,
    limit: int | None,
    too_large: Callable[[], Exception],
) -> int:
    """Give the body to ``write``; its size in bytes.

    Raises Disconnected, and ``too_large()`` as soon as the body is known to be over the limit.
    """
    declared = headers.get("content-length", "0")
    size = 0
    while True:
        if limit is not None and (size > limit or (declared.isdecimal() and int(declared) > limit)):
            raise too_large()
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        chunk = message.get("body", b"")
        size += len(chunk)
        write(chunk)
        if not message.get("more_body"):
            return size


def client_of(scope: Scope) -> str:
    """The address of who asks, for the log."""
    return scope["client"][0] if scope.get("client") else "-"


def printable_path(scope: Scope) -> str:
    """The path for the log: without a query, and without control characters."""
    path: bytes = scope["raw_path"]
    return path.decode("ascii", "backslashreplace")[:300]
