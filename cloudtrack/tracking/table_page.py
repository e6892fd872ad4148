"""A page of a table: rows as columns, each of a kind that can be shown, and none too long to be sent."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import to_json

MOST_ROWS = 200
MOST_TEXT = 2_000_000
"""Of all cells of a page together, in characters; one row is always sent."""
LONGEST_CELL = 4000
"""Characters of a cell that are sent; fewer where a row has very many."""
_NUMBER = re.compile(r"[+-]?(0|[1-9]\d*)(\.\d*)?([eE][+-]?\d+)?")
_EXACT = 2**53
"""Whole numbers beyond are text: a browser would round them."""

STRING, NUMBER, BOOLEAN, JSON = "string", "number", "boolean", "json"


@dataclass(frozen=True, slots=True)
class TablePage:
    """Columns of one length. ``next`` is where the next page begins, as whoever read this page counts; None at the end.

    ``total`` is the number of all rows, None where it is not known without reading everything.
    """

    names: list[str]
    kinds: list[str]
    columns: list[list[Any]]
    total: int | None
    next: int | None
    size: int
    cut: int = 0
    """How many cells are not shown whole."""


@dataclass
class Rows:
    """Rows as they are read, each with the place after it; takes no more than a page has."""

    limit: int = MOST_ROWS
    rows: list[Sequence[Any]] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    cut: int = 0
    _text: int = 0

    def add(self, row: Iterable[Any], end: int) -> bool:
        """Whether there was room for it."""
        cells = list(row)
        longest = max(100, min(LONGEST_CELL, MOST_TEXT // max(1, len(cells))))
        shown = [_short(cell, longest) for cell in cells]
        size = sum(len(cell) if isinstance(cell, str) else 8 for cell in shown) + 8 * len(shown)
        if len(self.rows) >= min(self.limit, MOST_ROWS) or (self.rows and self._text + size > MOST_TEXT):
            return False
        self.cut += sum(1 for before, after in zip(cells, shown, strict=True) if before is not after)
        self._text += size
        self.rows.append(shown)
        self.ends.append(end)
        return True

    @property
    def width(self) -> int:
        """The most cells that a row has."""
        return max((len(row) for row in self.rows), default=0)

    def columns(self, width: int) -> list[list[Any]]:
        """The cells by column; None where a row is short."""
        return [[row[place] if place < len(row) else None for row in self.rows] for place in range(width)]


def as_read(texts: list[Any]) -> tuple[str, list[Any]]:
    """The kind of a column of texts, and its values: numbers where each is one, or empty."""
    if any(texts) and all(text in (None, "") or _is_number(text) for text in texts):
        return NUMBER, [None if text in (None, "") else _number(text) for text in texts]
    return STRING, texts


def kind_of(values: Iterable[Any]) -> str:
    """The kind of a column of values from JSON, after ``plain``."""
    there = [value for value in values if value is not None]
    if there and all(isinstance(value, bool) for value in there):
        return BOOLEAN
    if there and all(isinstance(value, int | float) and not isinstance(value, bool) for value in there):
        return NUMBER
    return STRING


def plain(value: Any) -> Any:
    """A value as one cell: nested ones as JSON, other objects as text."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return value if abs(value) <= _EXACT else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")
    if isinstance(value, dict | list | tuple):
        return to_json(value, fallback=str, inf_nan_mode="strings").decode(errors="replace")
    if isinstance(value, bytes | bytearray):
        return f"{len(value)} bytes"
    return str(value)


def _is_number(text: str) -> bool:
    if not _NUMBER.fullmatch(text):
        return False
    value = float(text)
    return math.isfinite(value) and (abs(value) <= _EXACT or not text.lstrip("+-").isdecimal())


def _number(text: str) -> float:
    return int(text) if text.lstrip("+-").isdecimal() else float(text)


def _short(cell: Any, longest: int) -> Any:
    return f"{cell[:longest]}…" if isinstance(cell, str) and len(cell) > longest else cell
