"""A point of a history, to be kept elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cloudtrack.errors import InvalidInput

_ANCHOR = re.compile(r"([1-9]\d{0,11}):([0-9a-f]{64})")


@dataclass(frozen=True)
class Anchor:
    """A point of a history, to be kept elsewhere: what comes before it cannot be changed or cut off unnoticed."""

    number: int
    """Of an event."""
    event_hash: str
    """SHA-256 of the event's bytes, which names the one before it."""

    def __str__(self) -> str:
        return f"{self.number}:{self.event_hash}"

    @classmethod
    def parse(cls, text: str) -> Anchor:
        """Raises InvalidInput."""
        match = _ANCHOR.fullmatch(text.strip())
        if match is None:
            raise InvalidInput(
                f"{text[:100]!r} is no anchor: <number>:<64 hexadecimal digits>, as `registry anchor` prints"
            )
        return cls(int(match[1]), match[2])
