"""Making less of what a process printed: progress bars that were overwritten, and values that are secret."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cloudtrack.tracking.source import says_secret

_SHORTEST_SECRET = 8
"""Characters: a shorter value would be found everywhere."""
_HIDDEN = b"***"


def folded(data: bytes, *, after_line: bool) -> bytes:
    """Without what a ``\\r`` let be overwritten. Not ``after_line``, the first line overwrites what came before."""
    if b"\r" not in data:
        return data
    lines = data.split(b"\n")
    seen = [_last_state(line) if b"\r" in line else line for line in lines]
    if not after_line and seen[0] != lines[0]:
        seen[0] = b"\r" + seen[0]
    return b"\n".join(seen)


def _last_state(line: bytes) -> bytes:
    shown = line.rstrip(b"\r")
    return shown.rpartition(b"\r")[2] + line[len(shown) :]


def cut_utf8(data: bytes) -> int:
    """How many bytes at the end are the beginning of a character in UTF-8, whose rest is to come: 0 to 3."""
    for back in range(1, min(3, len(data)) + 1):
        byte = data[-back]
        if byte & 0xC0 != 0x80:
            length = 4 if byte >= 0xF0 else 3 if byte >= 0xE0 else 2 if byte >= 0xC2 else 1
            return back if length > back and byte < 0xF5 else 0
    return 0


class SecretMask:
    """Puts ``***`` where the value of a variable whose name says secret was printed. Best effort: who prints it in
    pieces, or encoded, is not helped."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """``environment`` has the variables."""
        values = {
            value.encode(errors="surrogateescape")
            for name, value in environment.items()
            if says_secret(name) and len(value) >= _SHORTEST_SECRET
        }
        self._values = sorted(values, key=len, reverse=True)
        self._pattern = re.compile(b"|".join(map(re.escape, self._values))) if values else None

    def hide(self, data: bytes) -> bytes:
        """The data with the values hidden."""
        return self._pattern.sub(_HIDDEN, data) if self._pattern else data

    def begun(self, data: bytes) -> int:
        """How many bytes at the end may be the beginning of a value whose rest is to come."""
        longest = 0
        for value in self._values:
            for length in range(min(len(value) - 1, len(data)), longest, -1):
                if data.endswith(value[:length]):
                    longest = length
                    break
        return longest
