"""What was printed and is not stored yet, and how it becomes segments. Pure: no clock, no thread, no store."""

from __future__ import annotations

from cloudtrack.tracking.console_stream import STREAM_BYTES
from cloudtrack.tracking.console_text import SecretMask, cut_utf8, folded

SEGMENT_BYTES = 256 << 10
"""A segment is at most so large, and so much makes one at once."""
MEMORY_BYTES = 8 << 20
"""More is not kept while the store is away."""
_OLDEST_KEPT = 1 << 20
_NEWEST_KEPT = 4 << 20
_END = b"[cloudtrack: this log ends here, at %d MiB; the rest is left out]\n" % (STREAM_BYTES >> 20)


class ConsoleBuffer:
    """The bytes of one stream, from what is written to what is to be stored."""

    def __init__(self, mask: SecretMask) -> None:
        self._mask = mask
        self._oldest = b""
        self._left_out = 0
        """Bytes between the oldest that are kept and the newest."""
        self._newest = bytearray()
        self._after_line = True
        """Whether what comes before the newest ends with a line."""
        self._settle_at = SEGMENT_BYTES
        self._held = 0
        self._offset = 0
        self._is_ended = False

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to store."""
        return not self._newest and not self._oldest

    @property
    def is_full(self) -> bool:
        """Whether there is enough for a segment."""
        return self.size_bytes >= SEGMENT_BYTES

    @property
    def size_bytes(self) -> int:
        """How much is waiting."""
        return len(self._newest) + len(self._oldest)

    def write(self, data: bytes) -> None:
        """Add what was printed."""
        if self._is_ended:
            return
        self._newest += data
        if len(self._newest) >= self._settle_at:
            self._settle()
            if self.size_bytes > MEMORY_BYTES:
                self._leave_out()
            self._settle_at = min(max(SEGMENT_BYTES, 2 * len(self._newest)), MEMORY_BYTES - len(self._oldest))

    def take(self, *, is_last: bool = False) -> tuple[int, bytes] | None:
        """The next segment and its offset; None where there is nothing for one. What is taken is not kept here.

        The beginning of a character, or of a secret, at the very end waits once for its rest, but not where it
        ``is_last``.
        """
        body = self._next(is_last=is_last)
        if not body:
            return None
        if self._offset + len(body) > STREAM_BYTES - len(_END) - 1:
            body = body[: _whole(body, STREAM_BYTES - len(_END) - 1 - self._offset)]
            body += (b"" if body.endswith(b"\n") else b"\n") + _END
            self._newest.clear()
            self._oldest, self._is_ended = b"", True
        offset, self._offset = self._offset, self._offset + len(body)
        return offset, body

    def _next(self, *, is_last: bool) -> bytes:
        if self._oldest:
            size = _whole(self._oldest, SEGMENT_BYTES)
            body, self._oldest = self._oldest[:size], self._oldest[size:]
            if not self._oldest:
                self._newest[:0] = b"[cloudtrack: %d bytes are left out here]\n" % self._left_out
                self._left_out = 0
            return body
        self._settle()
        self._settle_at = SEGMENT_BYTES
        newest = bytes(self._newest)
        held = 0 if is_last else max(cut_utf8(newest), self._mask.begun(newest))
        if held and held == self._held == len(newest):
            held = 0  # its rest did not come
        self._held = held
        size = len(newest) - held
        if size > SEGMENT_BYTES:
            size = _whole(newest, SEGMENT_BYTES)
        body = newest[:size]
        del self._newest[:size]
        if body:
            self._after_line = body.endswith(b"\n")
        return body

    def _settle(self) -> None:
        """Make less of what waits: this can be done again and again."""
        self._newest[:] = self._mask.hide(folded(bytes(self._newest), after_line=self._after_line))

    def _leave_out(self) -> None:
        """Keep the oldest and the newest of what waits."""
        newest = bytes(self._newest)
        if not self._oldest:
            size = _whole(newest, _OLDEST_KEPT)
            self._oldest, newest = newest[:size], newest[size:]
            if not self._oldest.endswith(b"\n"):
                self._oldest += b"\n"
        begin = max(0, len(newest) - _NEWEST_KEPT)
        line = newest.find(b"\n", begin) + 1
        begin = line or begin
        self._left_out += begin
        self._newest[:] = newest[begin:]
        self._after_line = True


def _whole(data: bytes, most: int) -> int:
    """How much to take of the beginning, up to ``most``: whole lines, or whole characters where a line is longer."""
    if len(data) <= most:
        return len(data)
    line = data.rfind(b"\n", 0, most) + 1
    return line or most - cut_utf8(data[:most])
