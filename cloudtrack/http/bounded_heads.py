"""HTTP by httptools, which by itself takes a request's head of any length, and waits for it for ever.

``h11``, which reads requests where httptools is not installed, has a limit of its own.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LONGEST_HEAD_BYTES = 64 << 10
"""Of a request's first line and headers; what arrives at once may be more by as much."""
HEAD_TIMEOUT_S = 60


class BoundedHeads(HttpToolsProtocol):
    """One connection. It ends where the head of a request is too long, or does not come."""

    _head_bytes: int | None = None
    """Of a head that has begun and is not whole."""
    _too_late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_more()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        self._head_bytes = 0
        self._wait()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._head_bytes = None
        self._wait_no_more()
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        has_begun = self._head_bytes is not None
        super().data_received(data)
        if has_begun and self._head_bytes is not None:
            self._head_bytes += len(data)
            if self._head_bytes > LONGEST_HEAD_BYTES and not self.transport.is_closing():
                self.send_400_response(f"The head of a request has at most {LONGEST_HEAD_BYTES} bytes.")

    def _wait(self) -> None:
        self._wait_no_more()
        self._too_late = self.loop.call_later(HEAD_TIMEOUT_S, self.transport.close)

    def _wait_no_more(self) -> None:
        if self._too_late is not None:
            self._too_late.cancel()
            self._too_late = None
