"""Values of strangers: what is not of the kind that it must be is an error that names it."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from cloudtrack.entities.names import MAX_INT64, MAX_KEY_LENGTH
from cloudtrack.errors import CorruptData

MOST_TEXT_BYTES = 4 << 20
_NOT_IN_KEYS = re.compile(r"[^/\w.\- :]")


def text(value: Any, what: str) -> str:
    """Text; None is empty. Raises CorruptData."""
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return str(value)
    if not isinstance(value, str):
        raise CorruptData(f"{what} is a {type(value).__name__}, not text")
    if len(value) > MOST_TEXT_BYTES:
        raise CorruptData(f"{what} has {len(value)} characters; at most {MOST_TEXT_BYTES} are taken")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise CorruptData(f"{what} is not valid Unicode") from error
    return value


def whole(value: Any, what: str) -> int:
    """A whole number of 64 bits, from a number or its text. Raises CorruptData."""
    try:
        is_fraction = isinstance(value, float) and not value.is_integer()
        if is_fraction or isinstance(value, bool) or not isinstance(value, int | str | float):
            raise ValueError("no whole number")
        number = int(value)
    except (ValueError, OverflowError) as error:
        raise CorruptData(f"{what} is {str(value)[:40]!r}, not a whole number") from error
    if not -MAX_INT64 - 1 <= number <= MAX_INT64:
        raise CorruptData(f"{what} does not fit into 64 bits")
    return number


def time_ms(value: Any, what: str) -> int | None:
    """Milliseconds since the epoch; None for none. Raises CorruptData."""
    if value is None or value == "":
        return None
    number = whole(value, what)
    if number < 0:
        raise CorruptData(f"{what} is before 1970")
    return number


def decimal(value: Any, what: str) -> float:
    """A number as a float, from a number or its text. Raises CorruptData."""
    try:
        if not isinstance(value, int | float | str):
            raise ValueError("no number")
        return float(value)
    except (ValueError, OverflowError) as error:
        raise CorruptData(f"{what} is {str(value)[:40]!r}, not a number") from error


def key_of(name: str) -> str:
    """A name as a key of a metric or param: characters that keys cannot have become ``_``."""
    return "/".join(part or "_" for part in _NOT_IN_KEYS.sub("_", name)[:MAX_KEY_LENGTH].split("/")) or "_"


def digits_of(*parts: str) -> str:
    """The id of an experiment, always the same for the same parts."""
    return str(10**17 + int(_digest(parts), 16) % (9 * 10**17))


def hexadecimal_of(*parts: str) -> str:
    """The id of a run, always the same for the same parts."""
    return _digest(parts)[:32]


def _digest(parts: tuple[str, ...]) -> str:
    return hashlib.sha256("\n".join(parts).encode(errors="replace")).hexdigest()
