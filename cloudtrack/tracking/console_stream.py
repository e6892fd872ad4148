"""What one process printed, as a stream of bytes in pieces: its name, and how it is told."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from cloudtrack import clock, ids
from cloudtrack.errors import InvalidInput
from cloudtrack.storage.quoting import quote_name, unquote_name

STREAM_BYTES = 64 << 20
"""A stream ends here; its last line says so."""
MOST_SEGMENT_BYTES = 1 << 20
"""The largest segment that is taken."""
_MOST_NAME = 64
_STREAM = re.compile(r"(\d{13})-([0-9a-f]{12})-([A-Za-z0-9%~_.-]{1,200})")


@dataclass(frozen=True, slots=True)
class StreamId:
    """The name of a stream's folder, and what it says."""

    text: str
    started_ms: int
    unique: str
    """12 hexadecimal digits, which no other stream of the run has."""
    name: str
    """For people, such as ``host:1234``."""


@dataclass(frozen=True, slots=True)
class ConsoleStream:
    """A stream as the store has it."""

    id: str
    name: str
    started_ms: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class ConsolePiece:
    """Bytes of one stream, from ``offset``; a character in UTF-8 is never cut."""

    stream: str
    name: str
    offset: int
    body: bytes


@dataclass(frozen=True, slots=True)
class ConsolePage:
    """Pieces in the order in which they were stored, and where to go on."""

    pieces: Sequence[ConsolePiece] = field(default_factory=list)
    cursor: str = ""
    """Where reading goes on in the same direction; backwards it is empty at the beginning."""
    end: str = ""
    """Of a page that was read backwards from the end: where reading what comes later begins."""
    streams: Sequence[ConsoleStream] = field(default_factory=list)
    """Of such a page: all that there are."""


def new_stream(name: str) -> str:
    """The id of a new stream; ``name`` is for people and cut where it is long."""
    return f"{clock.now_ms():013d}-{ids.new_stream_id()}-{quote_name(name[:_MOST_NAME] or 'console')}"


def parse_stream(text: str) -> StreamId | None:
    """What a stream's id says; None where it is none."""
    match = _STREAM.fullmatch(text)
    if match is None:
        return None
    return StreamId(text, int(match[1]), match[2], unquote_name(match[3]) or match[3])


def check_stream(text: str) -> str:
    """The id itself. Raises InvalidInput where it is none."""
    if parse_stream(text) is None:
        raise InvalidInput(
            f"{text[:80]!r} is no stream of a console log: it is <start in ms, 13 digits>-<12 hex digits>-<name>"
        )
    return text
