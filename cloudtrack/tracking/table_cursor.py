"""What a reader of a run table keeps, so that the next table has only what changed: opaque text, for a URL."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from cloudtrack.index.state import State

_MOST_MARKS = 300
"""Runs without one are sent again when anything changed; those that are running get one first."""
_MOST_CHARACTERS = 6_000
_MOST_BYTES = 100_000


@dataclass(frozen=True)
class TableCursor:
    """The question, the columns that were sent, and the state of the experiments' indexes."""

    question: str
    columns: Sequence[str]
    primary: Sequence[str]
    parts: Sequence[str]
    marks: Sequence[str]

    def text(self) -> str:
        """As a reader gets it; nothing where a URL could not carry it: then the whole table is sent again."""
        packed = zlib.compress(json.dumps([*asdict(self).values()], separators=(",", ":")).encode())
        text = base64.urlsafe_b64encode(packed).decode()
        return text if len(text) <= _MOST_CHARACTERS else ""


def cursor_of(question: str, columns: Sequence[str], primary: Sequence[str], state: State) -> TableCursor:
    """The cursor of a table of this state."""
    marks = sorted(state.marks, key=lambda mark: mark.settled)[:_MOST_MARKS]
    return TableCursor(question, columns, primary, [*state.parts], [mark.text for mark in marks])


def read_cursor(text: str, question: str) -> TableCursor | None:
    """The cursor in a text; None for one that is of another question, or none of ours."""
    if not 0 < len(text) <= _MOST_CHARACTERS:
        return None
    try:
        unpacker = zlib.decompressobj()
        asked, *lists = json.loads(unpacker.decompress(base64.urlsafe_b64decode(text), _MOST_BYTES))
        cursor = TableCursor(asked, *lists)
    except (ValueError, TypeError, zlib.error, binascii.Error):
        return None
    is_ours = all(isinstance(one, list) and all(isinstance(word, str) for word in one) for one in lists)
    return cursor if unpacker.eof and is_ours and asked == question else None
