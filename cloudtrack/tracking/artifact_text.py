"""A page of a text file, read by range: never the whole file."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from cloudtrack.storage.object_store import ObjectStore

MOST_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class TextPage:
    """Some text, and where the next page begins; ``next`` is None at the end. Offsets and sizes are in bytes."""

    text: str
    offset: int
    next: int | None
    size: int
    is_binary: bool
    """Whether there is a NUL byte in the page: then the text means little."""


def read_text(store: ObjectStore, key: str, offset: int, limit: int = MOST_BYTES) -> TextPage:
    """UTF-8 from an offset, with replacement characters; a character that the page would cut is the next page's.

    One request, at most ``MOST_BYTES``. Raises ObjectNotFound.
    """
    asked = max(4, min(limit, MOST_BYTES))
    reading = store.read(key, start=max(0, offset), length=asked)
    body = b"".join(reading.chunks)
    end = offset + len(body)
    is_last = end >= reading.size_bytes
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text = decoder.decode(body, final=is_last)
    end -= len(decoder.getstate()[0])
    return TextPage(text, offset, None if is_last else end, reading.size_bytes, b"\0" in body)
