"""What a collection is made of."""

from __future__ import annotations

from dataclasses import dataclass, field

Value = str | float | int | list[str] | list[float] | None

REST = "rest"
"""The column of what is too rare for a column of its own: a map from column names to text."""
ID = "id"
VERSION = "version"


@dataclass(frozen=True)
class Row:
    """What can be searched, by the column's name, and the text that it is shown from.

    Columns are named ``<kind>.<key>``, as filters name them: ``attributes.status``, ``params.depth``,
    ``metrics.loss``, and ``metrics.loss@min`` for a summary. Those of metrics, and attributes that are numbers, are
    numbers. The row of a run has the run's id; a document with many rows names each of them for ever.
    """

    id: str
    version: int
    values: dict[str, Value] = field(default_factory=dict)
    text: str = ""


def gone(row_id: str, version: int) -> Row:
    """In place of a row that is no more: without a value, so that a search for anything at all passes it over.

    It stays in the parts, or a compaction that read the row before it went could put it back.
    """
    return Row(row_id, version)
