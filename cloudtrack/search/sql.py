"""Expressions as SQL that finds the same, truth by truth: NULL is unknown. Pure.

A column is an expression that the caller gives, NULL where a row lacks it. Values are parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

from cloudtrack.search.expression import NULL_OPERATORS, And, Comparison, Expression, Not, Or
from cloudtrack.search.likeness import lowered
from cloudtrack.search.summaries import summary_key

Column = Callable[[str, str], "tuple[str, type]"]
"""From an entity kind and a key to an SQL expression and its type: str or float, or a list of these for many."""
Condition = tuple[str, list[Any]]
"""An SQL condition and its parameters."""

_COMPARED = {"=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def condition(expression: Expression, column: Column) -> Condition:
    """An SQL condition, in parentheses where it needs them, and its parameters."""
    match expression:
        case Comparison():
            return _comparison(expression, *read_column(column, expression.kind, expression.key))
        case And(parts):
            return _joined(parts, "AND", "TRUE", column)
        case Or(parts):
            return _joined(parts, "OR", "FALSE", column)
        case Not(part):
            text, parameters = condition(part, column)
            return f"(NOT {text})", parameters
        case _:
            raise TypeError(f"no SQL for {expression!r}")


def read_column(column: Column, kind: str, key: str) -> tuple[str, type]:
    """The SQL expression of ``kind.key``, or of the summary that it names where a row has no such key; and its type."""
    expression, its_type = column(kind, key)
    summary = summary_key(kind, key)
    return (f"coalesce({expression}, {column(kind, summary)[0]})" if summary else expression), its_type


def _joined(parts: tuple[Expression, ...], word: str, of_nothing: str, column: Column) -> Condition:
    texts, parameters = [], []
    for part in parts:
        text, values = condition(part, column)
        texts.append(text)
        parameters += values
    return f"({f' {word} '.join(texts)})" if texts else of_nothing, parameters


def _comparison(comparison: Comparison, expression: str, its_type: type) -> Condition:
    operator = comparison.operator
    many = get_args(its_type)
    if not many:
        if operator in NULL_OPERATORS:
            return f"({expression} {operator})", []
        return _single(operator, expression, comparison.value, its_type)
    if operator in NULL_OPERATORS:
        return f"(coalesce(len({expression}), 0) {'=' if operator == 'IS NULL' else '>'} 0)", []
    text, values = _single(operator, "one", comparison.value, many[0])
    return f"(CASE WHEN len({expression}) > 0 THEN len(list_filter({expression}, lambda one: {text})) > 0 END)", values


def _single(operator: str, expression: str, value: Any, its_type: type) -> Condition:
    if operator.startswith("NOT "):
        text, values = _single(operator.removeprefix("NOT "), expression, value, its_type)
        return f"(NOT {text})", values
    if operator == "IN":
        return f"({expression} IN ({', '.join('?' * len(value))}))", list(value)
    if operator == "BETWEEN":
        return f"({expression} BETWEEN ? AND ?)", list(value)
    if operator == "LIKE":
        return f"({expression} LIKE ?)", [value]
    if operator == "ILIKE":
        return f"(lower({expression}) LIKE ?)", [lowered(value)]
    if operator == "RLIKE":
        return f"regexp_matches({expression}, ?)", [value]
    compared = f"({expression} {_COMPARED[operator]} ?)"
    if its_type is float and operator in (">", ">="):
        # For SQL, NaN is greater than all numbers; for us it is neither greater nor less.
        return f"({compared} AND NOT isnan({expression}))", [value]
    return compared, [value]
