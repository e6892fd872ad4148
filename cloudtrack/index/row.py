"""A document as the index has it."""

from __future__ import annotations

from dataclasses import dataclass, field

Value = str | float | int | list[str] | None

REST = "rest"
"""The column of what is too rare for a column of its own: a map from column names to text."""
ID = "id"
VERSION = "version"


@dataclass(frozen=True)
class Row:
    """One document: what can be searched by the column's name, and the text that it is shown from.

    Columns are named ``<kind>.<key>``, as filters name them: ``attributes.status``, ``params.depth``,
    ``metrics.loss``, ``metrics.loss.min``. Those of metrics, and attributes that are numbers, are numbers.
    """

    document_id: str
    version: int
    values: dict[str, Value] = field(default_factory=dict)
    text: str = ""
