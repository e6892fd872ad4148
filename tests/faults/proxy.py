"""An HTTP proxy that spoils requests, each as its seed and its number say: the same seed, the same faults.

It speaks HTTP/1.1 with connections that stay open, forwards bytes as they are, and counts what it did by kind. Requests
are numbered as they come: a client that asks one thing after the other meets the same faults every time.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

KINDS = (
    "throttled",  # 503 SlowDown, nothing done
    "error 500",  # nothing done
    "error 503",  # nothing done
    "error after",  # done, and answered with 500
    "reset before",  # the connection is cut, nothing done
    "reset after",  # done, and the connection is cut
    "cut request",  # half of the body arrives, and then nothing
    "cut answer",  # half of the answer's body, and then nothing
    "slow answer",  # the body comes in drops
    "stale",  # answered, and then the connection is closed without a word
    "partition",  # nobody is reached for some requests
)
_LONG_PARTITION = 50
"""Requests; longer than any client tries."""
_PARTITIONS = (6, 6, 6, 6, _LONG_PARTITION)
_DROPS = 8
_DROP_PAUSE_S = 0.01
_CHUNK = 1 << 16


@dataclass(frozen=True)
class Plan:
    """Which fault a request has: by ``seed`` and its number, so many of a hundred."""

    seed: int
    percent: float = 12.0
    kinds: tuple[str, ...] = KINDS

    def fault(self, number: int) -> str:
        """The kind; empty for none."""
        for before in range(min(number, _LONG_PARTITION - 1) + 1):
            kind, requests = _drawn(self, number - before)
            if kind == "partition" and before < requests:
                return "partition"
        return _drawn(self, number)[0]


@lru_cache(maxsize=4 * _LONG_PARTITION)
def _drawn(plan: Plan, number: int) -> tuple[str, int]:
    """What begins with a request, and for how many."""
    chance = random.Random(f"{plan.seed}/{number}")
    if chance.random() * 100 >= plan.percent:
        return "", 1
    kind = chance.choices(plan.kinds, [0.15 if kind == "partition" else 1 for kind in plan.kinds])[0]
    return kind, chance.choice(_PARTITIONS) if kind == "partition" else 1


class FaultProxy:
    """Forwards to ``target``; runs on a thread of its own."""

    def __init__(self, target: str, plan: Plan) -> None:
        self.plan = plan
        self.counts: Counter[str] = Counter()
        """Faults that were injected, by kind."""
        self.requests = 0
        self.is_on = True
        """Whether anything is spoiled."""
        parts = urlsplit(target)
        self._target = (parts.hostname, parts.port)
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.port = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listen."""
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """Close everything."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 20))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            self._loop.run_until_complete(asyncio.sleep(0.01))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a client, and one to the server behind it."""
        upstream: _Upstream | None = None
        try:
            while (head := await _read_head(reader)) is not None:
                fault = self._next_fault()
                upstream = upstream or _Upstream(*await asyncio.open_connection(*self._target))
                if not await self._forward(head, fault, reader, writer, upstream):
                    break
        except (OSError, EOFError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass  # one of the two went away: so does the other
        finally:
            for end in (writer, upstream.writer if upstream else None):
                if end is not None:
                    end.close()

    def _next_fault(self) -> str:
        number = self.requests
        self.requests += 1
        return self.plan.fault(number) if self.is_on else ""

    async def _forward(
        self,
        head: _Head,
        fault: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        upstream: _Upstream,
    ) -> bool:
        """Whether the connection lives on."""
        if fault in ("reset before", "partition"):
            self.counts[fault] += 1
            _reset(writer)
            return False
        if head.expects:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await _read_body(reader, head)
        if fault == "cut request" and not body:
            fault = "stale"
        if fault in ("throttled", "error 500", "error 503"):
            self.counts[fault] += 1
            writer.write(_error(fault, head))
            await writer.drain()
            return True
        if fault == "cut request":
            self.counts[fault] += 1
            upstream.writer.write(head.raw + body[: len(body) // 2])
            await upstream.writer.drain()
            upstream.writer.close()
            _reset(writer)
            return False
        answer, content = await upstream.ask(head, body)
        if fault == "cut answer" and len(content) < 2:
            fault = "reset after"
        if fault:
            self.counts[fault] += 1
        if fault == "reset after":
            _reset(writer)
            return False
        if fault == "error after":
            writer.write(_error("error 500", head))
            await writer.drain()
            return True
        await _answer(writer, answer.raw, content, fault)
        if fault == "stale":
            await asyncio.sleep(0.002)
            return False
        return fault != "cut answer" and not answer.closes


@dataclass
class _Upstream:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, head: _Head, body: bytes) -> tuple[_Head, bytes]:
        self.writer.write(head.raw + body)
        await self.writer.drain()
        while (answer := await _read_head(self.reader)) is not None:
            if not answer.first.split(b" ")[1].startswith(b"1"):
                has_body = not head.first.startswith(b"HEAD") and answer.first.split(b" ")[1] not in (b"204", b"304")
                return answer, await _read_body(self.reader, answer, to_end=True) if has_body else b""
        raise EOFError


@dataclass(frozen=True)
class _Head:
    """First line and headers, as they came."""

    raw: bytes

    @property
    def first(self) -> bytes:
        return self.raw.partition(b"\r\n")[0]

    def value(self, name: bytes) -> bytes:
        for line in self.raw.split(b"\r\n")[1:]:
            key, _, value = line.partition(b":")
            if key.strip().lower() == name:
                return value.strip().lower()
        return b""

    @property
    def expects(self) -> bool:
        return self.value(b"expect") == b"100-continue"

    @property
    def closes(self) -> bool:
        return self.value(b"connection") == b"close"


async def _read_head(reader: asyncio.StreamReader) -> _Head | None:
    try:
        return _Head(await reader.readuntil(b"\r\n\r\n"))
    except asyncio.IncompleteReadError:
        return None


async def _read_body(reader: asyncio.StreamReader, head: _Head, *, to_end: bool = False) -> bytes:
    """The body as it is on the wire."""
    if head.value(b"transfer-encoding") == b"chunked":
        chunks: list[bytes] = []
        while True:
            size = await reader.readuntil(b"\r\n")
            length = int(size.partition(b";")[0], 16)
            chunks += [size, await reader.readexactly(length + 2)] if length else [size, await _trailers(reader)]
            if not length:
                return b"".join(chunks)
    if length := head.value(b"content-length"):
        return await reader.readexactly(int(length))
    return await reader.read(-1) if to_end and head.closes else b""


async def _trailers(reader: asyncio.StreamReader) -> bytes:
    lines = [await reader.readuntil(b"\r\n")]
    while lines[-1] != b"\r\n":
        lines.append(await reader.readuntil(b"\r\n"))
    return b"".join(lines)


async def _answer(writer: asyncio.StreamWriter, head: bytes, content: bytes, fault: str) -> None:
    writer.write(head)
    if fault == "cut answer":
        writer.write(content[: len(content) // 2])
        await writer.drain()
        return
    step = max(1, len(content) // _DROPS) if fault == "slow answer" else _CHUNK
    for start in range(0, len(content), step):
        writer.write(content[start : start + step])
        await writer.drain()
        if fault == "slow answer":
            await asyncio.sleep(_DROP_PAUSE_S)
    await writer.drain()


def _error(fault: str, head: _Head) -> bytes:
    status, code = {
        "throttled": (b"503 Slow Down", b"SlowDown"),
        "error 503": (b"503 Service Unavailable", b"ServiceUnavailable"),
    }.get(fault, (b"500 Internal Server Error", b"InternalError"))
    body = b"<?xml version='1.0'?><Error><Code>%s</Code><Message>%s</Message></Error>" % (code, code)
    text = b"HTTP/1.1 %s\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n\r\n" % (status, len(body))
    return text if head.first.startswith(b"HEAD") else text + body


def _reset(writer: asyncio.StreamWriter) -> None:
    """Cut the connection so that the other end hears of it as an error."""
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@contextmanager
def fault_proxy(target: str, plan: Plan) -> Iterator[FaultProxy]:
    """A running proxy."""
    proxy = FaultProxy(target, plan)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()
