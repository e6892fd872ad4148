"""The simple filter: comparisons joined by AND, as MLflow writes them.

    metrics.loss < 0.1 AND params.model = 'tree' AND tags."my tag" LIKE 'a%' AND attributes.status IN ('FINISHED')

Source of the grammar: https://mlflow.org/docs/latest/search-runs.html. A run that lacks a key does not
match a comparison of it. NaN matches nothing but ``!=``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import Any, TypeVar

from cloudtrack.errors import InvalidInput

T = TypeVar("T")
Lookup = Callable[[str, str], Any]
"""From an entity kind ("params") and a key to the value compared, or None where it is missing."""

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<word>[A-Za-z_][\w.\-/]*)
      | (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
      | (?P<string>'(?:[^'\\]|\\.)*')
      | (?P<quoted>"[^"]*"|`[^`]*`)
      | (?P<operator><=|>=|!=|=|<|>)
      | (?P<mark>[(),])
    )""",
    re.VERBOSE,
)
_WORD_OPERATORS = ("LIKE", "ILIKE", "IN", "NOT", "IS")


@dataclass(frozen=True)
class Comparison:
    """One condition: ``kind.key operator value``."""

    kind: str
    key: str
    operator: str
    value: Any

    def holds(self, lookup: Lookup) -> bool:
        """Whether the thing behind ``lookup`` meets the condition."""
        found = lookup(self.kind, self.key)
        if self.operator in ("IS NULL", "IS NOT NULL"):
            return (found is None) == (self.operator == "IS NULL")
        if found is None:
            return False
        if isinstance(found, str) != isinstance(self.value, str) and self.operator not in ("IN", "NOT IN"):
            wanted = "text in single quotes" if isinstance(found, str) else "a number"
            raise InvalidInput(f"{self.kind}.{self.key} is compared with {self.value!r}; it takes {wanted}")
        return bool(_OPERATORS[self.operator](found, self.value))


@dataclass(frozen=True)
class Order:
    """One term of an order: ``kind.key`` and its direction."""

    kind: str
    key: str
    descending: bool


@dataclass(frozen=True)
class Query:
    """What to choose, and in which order."""

    comparisons: list[Comparison]
    orders: list[Order]


def parse_query(filter_string: str | None, order_by: list[str] | None, kinds: dict[str, str]) -> Query:
    """A filter and an order. ``kinds`` maps spellings of entity kinds to one word each; without a kind, a key
    is an attribute. Raises InvalidInput with the column of what is not understood.
    """
    return Query(parse_filter(filter_string, kinds), parse_order(order_by, kinds))


def parse_filter(text: str | None, kinds: dict[str, str]) -> list[Comparison]:
    """The comparisons of a filter."""
    reader = _Reader(text or "")
    comparisons: list[Comparison] = []
    while not reader.at_end():
        if comparisons:
            reader.expect_word("AND")
        comparisons.append(_comparison(reader, kinds))
    return comparisons


def parse_order(terms: list[str] | None, kinds: dict[str, str]) -> list[Order]:
    """The terms of an order, such as ``metrics.loss DESC``."""
    orders = []
    for term in terms or []:
        reader = _Reader(term)
        kind, key = _identifier(reader, kinds)
        direction = reader.take()[1].upper() if not reader.at_end() else "ASC"
        if direction not in ("ASC", "DESC") or not reader.at_end():
            raise InvalidInput(f"cannot read the order {term!r}: write it like 'metrics.loss DESC'")
        orders.append(Order(kind, key, direction == "DESC"))
    return orders


def select(items: Sequence[T], value_of: Callable[[T, str, str], Any], query: Query) -> list[T]:
    """The items that meet the query's filter, in its order; equal ones stay as they were.

    Numbers and text come first, then NaN, then items that lack the key, whatever the direction.
    """
    chosen = [item for item in items if all(c.holds(partial(value_of, item)) for c in query.comparisons)]
    for order in reversed(query.orders):
        values = [(item, value_of(item, order.kind, order.key)) for item in chosen]
        missing = [item for item, value in values if value is None]
        nan = [item for item, value in values if _is_nan(value)]
        plain = [pair for pair in values if pair[1] is not None and not _is_nan(pair[1])]
        plain.sort(key=itemgetter(1), reverse=order.descending)
        chosen = [item for item, _ in plain] + nan + missing
    return chosen


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


class _Reader:
    """The tokens of a text, one after another."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0

    def at_end(self) -> bool:
        return not self._text[self._position :].strip()

    def take(self) -> tuple[str, str]:
        """The kind of the next token, and its text."""
        match = _TOKEN.match(self._text, self._position)
        if match is None or match.lastgroup is None:
            raise self.error("a name, an operator or a value")
        self._position = match.end()
        return match.lastgroup, match.group(match.lastgroup)

    def peek(self) -> str:
        match = _TOKEN.match(self._text, self._position)
        return match.group(match.lastgroup).upper() if match and match.lastgroup else ""

    def expect_word(self, word: str) -> None:
        if self.peek() != word:
            raise self.error(word)
        self.take()

    def error(self, expected: str) -> InvalidInput:
        column = self._position + 1
        rest = self._text[self._position :].strip()
        found = f"{rest[:30]!r}" if rest else "the end"
        return InvalidInput(f"cannot read the filter at column {column}: expected {expected}, found {found}")


def _comparison(reader: _Reader, kinds: dict[str, str]) -> Comparison:
    kind, key = _identifier(reader, kinds)
    operator = _operator(reader)
    if operator in ("IS NULL", "IS NOT NULL"):
        return Comparison(kind, key, operator, None)
    if operator in ("IN", "NOT IN"):
        return Comparison(kind, key, operator, _value_list(reader))
    return Comparison(kind, key, operator, _value(reader))


def _identifier(reader: _Reader, kinds: dict[str, str]) -> tuple[str, str]:
    form, text = reader.take()
    if form == "quoted":
        return "attributes", text[1:-1]
    if form != "word":
        raise reader.error("a name such as metrics.loss")
    kind, dot, key = text.partition(".")
    if not dot:
        return "attributes", text
    if kind.lower() not in kinds:
        raise InvalidInput(f"cannot filter by {kind!r}: use one of {', '.join(sorted(set(kinds.values())))}")
    if not key:
        form, quoted = reader.take()
        if form != "quoted":
            raise reader.error("a key in double quotes or backticks")
        key = quoted[1:-1]
    return kinds[kind.lower()], key


def _operator(reader: _Reader) -> str:
    form, text = reader.take()
    if form == "operator":
        return text
    word = text.upper()
    if form != "word" or word not in _WORD_OPERATORS:
        raise reader.error("an operator: = != < <= > >= LIKE ILIKE IN NOT IN IS NULL")
    if word == "NOT":
        reader.expect_word("IN")
        return "NOT IN"
    if word == "IS":
        negated = reader.peek() == "NOT"
        if negated:
            reader.take()
        reader.expect_word("NULL")
        return "IS NOT NULL" if negated else "IS NULL"
    return word


def _value(reader: _Reader) -> float | str:
    form, text = reader.take()
    if form == "number":
        return float(text)
    if form == "string":
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    if form == "quoted":
        return text[1:-1]
    if form == "word" and text.lower() in ("nan", "inf", "infinity"):
        return float(text)
    raise reader.error("a number or text in single quotes")


def _value_list(reader: _Reader) -> list[float | str]:
    reader.take() if reader.peek() == "(" else reader.expect_word("(")
    values = [_value(reader)]
    while reader.peek() == ",":
        reader.take()
        values.append(_value(reader))
    reader.expect_word(")")
    return values


def _like(found: str, pattern: str, flags: int = 0) -> bool:
    parts = (".*" if char == "%" else "." if char == "_" else re.escape(char) for char in pattern)
    return re.fullmatch("".join(parts), found, flags | re.DOTALL) is not None


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda found, value: found == value,
    "!=": lambda found, value: found != value,
    "<": lambda found, value: found < value,
    "<=": lambda found, value: found <= value,
    ">": lambda found, value: found > value,
    ">=": lambda found, value: found >= value,
    "IN": lambda found, values: found in values,
    "NOT IN": lambda found, values: found not in values,
    "LIKE": _like,
    "ILIKE": lambda found, pattern: _like(found, pattern, re.IGNORECASE),
}
