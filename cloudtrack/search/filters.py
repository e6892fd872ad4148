"""Filters and orders as users write them, read and checked. Pure.

    metrics.loss.min < 0.1 AND (params.model = 'tree' OR tags."my tag" LIKE 'a%') AND NOT status IN ('FAILED')

The grammar is MLflow's, https://mlflow.org/docs/latest/search-runs.html, and more: docs/search.md has all of it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cloudtrack.errors import InvalidInput
from cloudtrack.search.expression import EVERYTHING, NULL_OPERATORS, And, Comparison, Expression, Not, Or
from cloudtrack.search.fields import Field, Types, find_field
from cloudtrack.search.grammar import Start, did_you_mean, parse, refusal, respelled, shown
from cloudtrack.search.patterns import Pattern

MAX_DEPTH = 50
MAX_COMPARISONS = 500
MAX_PATTERNS = 20
MAX_ORDER_TERMS = 50
_LIST_OPERATORS = ("IN", "NOT IN", "BETWEEN", "NOT BETWEEN")
_OPERATORS_OF: dict[type, tuple[str, ...]] = {
    str: ("=", "!=", *(f"{no}{name}" for name in ("LIKE", "ILIKE", "RLIKE", "IN") for no in ("", "NOT "))),
    float: ("=", "!=", "<", "<=", ">", ">=", "BETWEEN", "NOT BETWEEN"),
}
_VALUES = ("NUMBER", "SINGLE", "DOUBLE", "BACKTICKS", "WORD")


@dataclass(frozen=True)
class Order:
    """One term of an order: ``kind.key`` and its direction."""

    kind: str
    key: str
    descending: bool


@dataclass(frozen=True)
class Query:
    """What to choose, and in which order."""

    expression: Expression
    orders: list[Order]


def parse_query(filter_string: str | None, order_by: Sequence[str] | None, types: Types) -> Query:
    """A filter and an order. Without a kind, a key is an attribute.

    Raises InvalidInput with the place of what is not understood, or the names there are.
    """
    return Query(parse_filter(filter_string, types), parse_order(order_by, types))


def parse_filter(text: str | None, types: Types) -> Expression:
    """What a filter says; everything meets an empty one. Raises InvalidInput."""
    if not text or text.isspace():
        return EVERYTHING
    return _Reader("filter", text, types).expression(parse("filter", text).children[0], 0)


def parse_order(terms: Sequence[str] | None, types: Types) -> list[Order]:
    """The terms of an order, such as ``metrics.loss DESC``. Raises InvalidInput."""
    check_order_length(terms or ())
    orders = []
    for term in terms or ():
        name, *direction = parse("order", term).children
        field = _Reader("order", term, types).field(name)
        orders.append(Order(field.kind, field.key, bool(direction) and direction[0].type == "DESC"))
    return orders


def check_order_length(terms: Sequence[object]) -> None:
    """Raises InvalidInput for an order that nobody can mean: each term sorts everything once more."""
    if len(terms) > MAX_ORDER_TERMS:
        raise InvalidInput(f"the order has {len(terms)} terms; at most {MAX_ORDER_TERMS} are read")


class _Reader:
    """Reads the tree of one text."""

    def __init__(self, start: Start, text: str, types: Types) -> None:
        self._start = start
        self._text = text
        self._types = types
        self._comparisons = self._patterns = 0

    def expression(self, node: Any, depth: int) -> Expression:
        """What a part of the tree says."""
        if depth > MAX_DEPTH:
            raise InvalidInput(f"the filter has AND, OR and NOT more than {MAX_DEPTH} deep in each other")
        if node.data == "comparison":
            return self._comparison(node)
        if node.data == "not":
            return Not(self.expression(node.children[-1], depth + 1))
        parts = tuple(self.expression(child, depth + 1) for child in _flat(node))
        return And(parts) if node.data == "all" else Or(parts)

    def field(self, name: Any) -> Field:
        """The field that is named."""
        *kinds, key = name.children
        if kinds:
            spelled, key = kinds[0].rstrip().removesuffix(".").strip('`"'), _text(key)
        elif key.type == "WORD":
            spelled, dot, rest = key.partition(".")
            spelled, key = (spelled, rest) if dot else ("", key)
        else:
            spelled, key = "", _text(key)
        try:
            return find_field(self._types, spelled, str(key))
        except InvalidInput as error:
            raise self._refusal(name.children[0], error.message) from error

    def _comparison(self, node: Any) -> Comparison:
        self._comparisons += 1
        if self._comparisons > MAX_COMPARISONS:
            raise InvalidInput(f"the filter has more than {MAX_COMPARISONS} comparisons")
        name, *tokens = node.children
        field = self.field(name)
        values = [token for token in tokens if token.type in _VALUES]
        operator = " ".join(token.upper() for token in tokens if token.type not in _VALUES)
        self._check_operator(field, operator, tokens[0])
        if operator in NULL_OPERATORS:
            return Comparison(field.kind, field.key, operator)
        read = tuple(self._value(field, token) for token in values)
        if operator.endswith("RLIKE"):
            self._check_pattern(str(read[0]), values[0])
        return Comparison(field.kind, field.key, operator, read if operator in _LIST_OPERATORS else read[0])

    def _check_operator(self, field: Field, operator: str, token: Any) -> None:
        allowed = (*_OPERATORS_OF[field.type], *NULL_OPERATORS)
        if operator in allowed:
            return
        if token.type == "COMPARATOR" and operator not in _OPERATORS_OF[float]:
            hint = did_you_mean(respelled(operator, []))
            raise self._refusal(token, f"expected an operator, found {shown(operator)}{hint}")
        raise self._refusal(token, f"{field} cannot be compared by {operator}; it takes {', '.join(allowed)}")

    def _value(self, field: Field, token: Any) -> float | str:
        if token.type in ("WORD", "BACKTICKS"):
            raise self._refusal(token, f"expected a number or text in quotes, found {shown(token)} without them")
        value = float(token) if token.type == "NUMBER" else _text(token)
        if not isinstance(value, field.type):
            mismatch = "text, not numbers: use quotes" if field.type is str else "numbers, not text"
            raise self._refusal(token, f"{field} is compared with {mismatch}")
        if isinstance(value, float) and math.isnan(value):
            raise self._refusal(token, f"nothing is equal to NaN; NOT {field} <= inf finds what is NaN")
        return value

    def _check_pattern(self, pattern: str, token: Any) -> None:
        self._patterns += 1
        if self._patterns > MAX_PATTERNS:
            raise InvalidInput(f"the filter has more than {MAX_PATTERNS} comparisons by RLIKE")
        try:
            Pattern(pattern)
        except InvalidInput as error:
            raise self._refusal(token, error.message) from error

    def _refusal(self, token: Any, message: str) -> InvalidInput:
        return refusal(self._start, self._text, token.start_pos, message)


def _flat(node: Any) -> Iterator[Any]:
    """The parts of an AND, or of an OR, and those of its kind in parentheses within it."""
    waiting = [node]
    while waiting:
        part = waiting.pop()
        if part.data == node.data:
            waiting += reversed(part.children)
        else:
            yield part


def _text(token: Any) -> str:
    r"""What is in the quotes. Within them the quote itself is written twice or, in single ones, as \'."""
    quote, inside = token[0], token[1:-1]
    return re.sub(r"\\'|''", "'", inside) if quote == "'" else str(inside.replace(quote * 2, quote))
