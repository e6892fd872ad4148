"""Comparisons as SQL, meaning the same as ``Comparison.holds``. Pure.

A column is an expression that the caller gives, NULL where a row lacks it. Values are parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cloudtrack.search.filters import Comparison

Column = Callable[[str, str], "tuple[str, type]"]
"""From an entity kind and a key to an SQL expression and its type: str, float, or list for many texts."""

_COMPARED = {"=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def condition(comparisons: list[Comparison], column: Column) -> tuple[str, list[Any]]:
    """An SQL condition and its parameters; TRUE where there is nothing to compare."""
    texts, parameters = [], []
    for comparison in comparisons:
        text, values = _comparison(comparison, *column(comparison.kind, comparison.key))
        texts.append(f"({text})")
        parameters += values
    return " AND ".join(texts) or "TRUE", parameters


def _comparison(comparison: Comparison, expression: str, kind: type) -> tuple[str, list[Any]]:
    operator = comparison.operator
    if kind is list:
        if operator in ("IS NULL", "IS NOT NULL"):
            return f"coalesce(len({expression}), 0) {'=' if operator == 'IS NULL' else '>'} 0", []
        text, values = _single(operator, "one", comparison.value, str)
        return f"len(list_filter({expression}, lambda one: {text})) > 0", values
    if operator in ("IS NULL", "IS NOT NULL"):
        return f"{expression} {operator}", []
    return _single(operator, expression, comparison.value, kind)


def _single(operator: str, expression: str, value: Any, kind: type) -> tuple[str, list[Any]]:
    if operator in ("IN", "NOT IN"):
        return f"{expression} {operator} ({', '.join('?' * len(value))})", list(value)
    if operator in ("LIKE", "ILIKE"):
        # No character escapes another, and % and _ are the only ones with a meaning.
        return f"{expression} {operator} ? ESCAPE ''", [value]
    compared = f"{expression} {_COMPARED[operator]} ?"
    if kind is not float:
        return compared, [value]
    # For SQL, NaN equals itself and is greater than all; for us it is none of that.
    if operator == "!=":
        return f"({compared} OR isnan({expression}))", [value]
    return f"({compared} AND NOT isnan({expression}))", [value]
