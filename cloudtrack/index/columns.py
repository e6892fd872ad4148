"""Columns: their types, which of them a part has of its own, and how SQL names them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cloudtrack.index.row import ID, REST, VERSION, Row

NUMBER = "DOUBLE"
WHOLE = "BIGINT"
TEXT = "VARCHAR"
TEXTS = "VARCHAR[]"
NUMBERS = "DOUBLE[]"
MOST_COLUMNS = 1000
"""A part has at most so many columns; 12,000 metrics would make every file slow, so the rare ones share one."""
_SMALLEST_SHARE = 0.005
"""A column that fewer rows have goes into the shared one, unless the part is small."""
_FEW_COLUMNS = 100
"""So many columns are no burden, however rare they are."""


@dataclass(frozen=True)
class Schema:
    """The types of a collection's columns: of some attributes, and by kind of all others."""

    attributes: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(
        default_factory=lambda: {
            "metrics": NUMBER,
            "params": TEXT,
            "tags": TEXT,
            "datasets": TEXTS,
            "models": TEXTS,
            "attributes": TEXT,
        }
    )

    def type_of(self, column: str) -> str:
        """The SQL type of a column."""
        return self.attributes.get(column) or self.kinds[column.partition(".")[0]]


def common_columns(counts: Mapping[str, int], rows: int) -> list[str]:
    """The columns that a part gets of its own, most frequent first.

    SQL tells names apart by more than case: of two that differ by case alone the rarer is none of them.
    """
    chosen: dict[str, str] = {}
    for column, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        if len(chosen) >= MOST_COLUMNS or (len(chosen) >= _FEW_COLUMNS and count < rows * _SMALLEST_SHARE):
            break
        chosen.setdefault(column.casefold(), column)
    return list(chosen.values())


def count_columns(rows: Iterable[Row]) -> Counter[str]:
    """How many rows have each column."""
    counts: Counter[str] = Counter()
    for row in rows:
        counts.update(column for column, value in row.values.items() if value is not None)
    return counts


@dataclass(frozen=True)
class PartColumns:
    """The columns that one part has of its own."""

    schema: Schema
    own: frozenset[str]

    def sql(self, column: str) -> str:
        """The expression that reads a column in this part; NULL where no row has it."""
        kind = self.schema.type_of(column)
        if column in self.own:
            return quoted(column)
        shared = f"{REST}[{literal(column)}]"
        return f"TRY_CAST({shared} AS {kind})" if kind != TEXT else shared


def quoted(name: str) -> str:
    """A column's name in SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text in SQL."""
    return "'" + text.replace("'", "''") + "'"


FIXED = {ID: TEXT, VERSION: WHOLE, REST: f"MAP({TEXT}, {TEXT})"}
"""The columns that every part has."""
