"""LIKE and ILIKE: % is any text, _ any character, and no character escapes another. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable


def like(pattern: str) -> Callable[[str], bool]:
    """Whether a text is like the pattern.

    Each piece between two % is taken as early as it occurs, so that no pattern makes this slow.
    """
    pieces = pattern.split("%")
    first, *others = (
        re.compile("".join("." if char == "_" else re.escape(char) for char in piece), re.DOTALL) for piece in pieces
    )
    if not others:
        return lambda text: first.fullmatch(text) is not None

    def is_like(text: str) -> bool:
        found = first.match(text)
        for piece in others[:-1]:
            found = found and piece.search(text, found.end())
        rest = len(text) - len(pieces[-1])
        return found is not None and rest >= found.end() and others[-1].fullmatch(text, rest) is not None

    return is_like


def like_in_any_case(pattern: str) -> Callable[[str], bool]:
    """Whether a text is like the pattern where upper and lower case are one."""
    is_like = like(lowered(pattern))
    return lambda text: is_like(lowered(text))


def lowered(text: str) -> str:
    """The text in lower case, character by character, as SQL does it: it stays as long as it is."""
    return text.lower() if text.isascii() else "".join(char.lower()[0] for char in text)
