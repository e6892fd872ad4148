"""LIKE and ILIKE: % is any text, _ any character, and no character escapes another. Pure."""

from __future__ import annotations

import re
from functools import lru_cache


def is_like(text: str, pattern: str) -> bool:
    """Whether a text is like a pattern.

    Each piece between two % is taken as early as it occurs, so that no pattern makes this slow.
    """
    start, middle, end, end_length = _pieces(pattern)
    first = start.match(text)
    if first is None or end is None:
        return first is not None and first.end() == len(text)
    position = first.end()
    for piece in middle:
        found = piece.search(text, position)
        if found is None:
            return False
        position = found.end()
    rest = len(text) - end_length
    return rest >= position and end.fullmatch(text, rest) is not None


def is_like_in_any_case(text: str, pattern: str) -> bool:
    """Whether a text is like a pattern where upper and lower case are one."""
    return is_like(lowered(text), lowered(pattern))


def lowered(text: str) -> str:
    """The text in lower case, character by character, as SQL does it: it stays as long as it is."""
    return text.lower() if text.isascii() else "".join(char.lower()[0] for char in text)


@lru_cache(maxsize=256)
def _pieces(pattern: str) -> tuple[re.Pattern[str], list[re.Pattern[str]], re.Pattern[str] | None, int]:
    """What a text begins with, has in the middle, and ends in, and how long that is; no end without a %."""
    pieces = pattern.split("%")
    first, *others = (
        re.compile("".join("." if char == "_" else re.escape(char) for char in piece), re.DOTALL) for piece in pieces
    )
    return first, others[:-1], others[-1] if others else None, len(pieces[-1])
