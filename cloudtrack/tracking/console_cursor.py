"""A place in the console log of a run: for each stream the next byte, and how many segments are before it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from cloudtrack.errors import InvalidInput

_ENTRY = re.compile(r"([0-9a-f]{12})([0-9a-f]{1,12})\.([0-9a-f]{1,8})")


class Place(NamedTuple):
    """In one stream."""

    offset: int
    segments: int
    """Before the offset: says which way of looking for more costs less."""


Places = Mapping[str, Place]
"""By the unique part of a stream's id. A stream that is not named is at its beginning."""


def write_cursor(places: Places) -> str:
    """The places as text; the same for the same places."""
    return "-".join(f"{stream}{place.offset:x}.{place.segments:x}" for stream, place in sorted(places.items()))


def read_cursor(text: str) -> dict[str, Place]:
    """The places that a cursor stands for. Raises InvalidInput."""
    if not text:
        return {}
    matches = [_ENTRY.fullmatch(entry) for entry in text.split("-")]
    if not all(matches):
        raise InvalidInput("this is no cursor of a console log: take the one that came with a page, or none")
    return {match[1]: Place(int(match[2], 16), int(match[3], 16)) for match in matches if match}
