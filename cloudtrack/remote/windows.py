"""A part of a file as something to send, counted on the way."""

from __future__ import annotations

import io
import threading
from typing import BinaryIO

from cloudtrack.errors import InvalidInput
from cloudtrack.storage.streaming import Progress


class Moved:
    """Reports progress, also where a transfer starts again: nothing is reported twice."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._moved = 0
        self._reported = 0

    def restart(self) -> None:
        """The transfer begins at its beginning."""
        self._moved = 0

    def __call__(self, count: int) -> None:
        self._moved += count
        if self._moved > self._reported and self._progress:
            self._progress(self._moved - self._reported)
        self._reported = max(self._moved, self._reported)


class Together:
    """Adds the progress of several transfers that run at once."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._lock = threading.Lock()

    def __call__(self, count: int) -> None:
        with self._lock:
            self._progress(count)


class Window(io.RawIOBase):
    """``size`` bytes of a stream from ``start``, to be read once."""

    def __init__(self, stream: BinaryIO, start: int, size: int, moved: Moved) -> None:
        super().__init__()
        self._stream = stream
        self._left = size
        self._moved = moved
        moved.restart()
        stream.seek(start)

    def read(self, count: int = -1) -> bytes:
        """Up to ``count`` bytes; none at the end. Raises InvalidInput where the stream ends too soon."""
        wanted = self._left if count < 0 else min(count, self._left)
        found = self._stream.read(wanted) if wanted else b""
        if wanted and not found:
            raise InvalidInput(f"the file ends {self._left} bytes too soon: it was changed while it was sent")
        self._left -= len(found)
        self._moved(len(found))
        return found


def remaining_bytes(stream: BinaryIO) -> int:
    """From where the stream stands to its end."""
    position = stream.tell()
    end = stream.seek(0, 2)
    stream.seek(position)
    return end - position
