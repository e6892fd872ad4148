"""Reading the opcodes of a pickle and their arguments, byte by byte, within their frames."""

from __future__ import annotations

import re

from cloudtrack.models.pickle_values import Data, Refused

_MAX_LINE = 1 << 20


class PickleReader:
    """A position in ``data``, from ``start`` on. What goes across an end is refused."""

    def __init__(self, data: Data, start: int) -> None:
        self._data, self._start, self._at, self._end = data, start, start, len(data)
        self._frame_end, self._op_at = 0, start

    def _refused(self, what: str) -> Refused:
        return Refused(f"{what} (byte {self._op_at})")

    def _byte(self) -> int:
        self._op_at = self._at
        if self._at >= self._end:
            raise self._refused("ends in the middle of a pickle")
        self._at += 1
        return self._data[self._at - 1]

    def _skip(self, size: int) -> int:
        """Where ``size`` bytes of argument begin. No argument goes across the end of a frame."""
        begin, self._at = self._at, self._at + size
        if self._at > self._end:
            raise self._refused("ends in the middle of a pickle")
        if begin < self._frame_end < self._at:
            raise self._refused("has an argument across two frames")
        return begin

    def _take(self, size: int) -> bytes:
        begin = self._skip(size)
        return self._data[begin : self._at]

    def _line(self) -> bytes:
        end = self._data.find(b"\n", self._at)
        if end < 0 or end - self._at > _MAX_LINE:
            raise self._refused("has a line without an end")
        return self._take(end + 1 - self._at)[:-1]

    def _ascii_line(self) -> str:
        try:
            return self._line().decode("ascii")
        except UnicodeDecodeError:
            raise self._refused("imports a name that is not plain ASCII") from None

    def _index_line(self) -> int:
        line = self._line()
        if not re.fullmatch(rb"0|[1-9][0-9]{0,9}", line):
            raise self._refused("has an index that is no number")
        return int(line)

    def _frame(self) -> None:
        if self._op_at < self._frame_end:
            raise self._refused("begins a frame within a frame")
        size = int.from_bytes(self._take(8), "little")
        if size > self._end - self._at:
            raise self._refused("ends in the middle of a pickle")
        self._frame_end = self._at + size
