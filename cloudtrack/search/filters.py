"""The simple filter: comparisons joined by AND, as MLflow writes them.

    metrics.loss < 0.1 AND params.model = 'tree' AND tags."my tag" LIKE 'a%' AND attributes.status IN ('FINISHED')

Source of the grammar: https://mlflow.org/docs/latest/search-runs.html. Text is compared with = != LIKE ILIKE
IN and NOT IN, a number with = != < <= > >=, and both with IS NULL and IS NOT NULL. What lacks a key does not
match a comparison of it; NaN matches nothing but ``!=``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from operator import itemgetter
from typing import Any, TypeVar

from cloudtrack.errors import InvalidInput

T = TypeVar("T")
Lookup = Callable[[str, str], Any]
"""From an entity kind ("params") and a key to the value compared, or None where it is missing; a tuple has many values,
of which one must do."""
Types = Mapping[str, type | Mapping[str, type]]
"""What can be searched: from an entity kind to the type of all its values, or to the types of the keys there are."""

MAX_FILTER_LENGTH = 64 << 10
MAX_ORDER_TERMS = 50

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
_END = re.compile(r"\s*\Z")
_NULL_OPERATORS = ("IS NULL", "IS NOT NULL")
_LIST_OPERATORS = ("IN", "NOT IN")
_OPERATORS_OF: dict[type, tuple[str, ...]] = {
    str: ("=", "!=", "LIKE", "ILIKE", *_LIST_OPERATORS, *_NULL_OPERATORS),
    float: ("=", "!=", "<", "<=", ">", ">=", *_NULL_OPERATORS),
}
_KINDS = {
    "metric": "metrics",
    "metrics": "metrics",
    "param": "params",
    "params": "params",
    "parameter": "params",
    "parameters": "params",
    "tag": "tags",
    "tags": "tags",
    "attr": "attributes",
    "attribute": "attributes",
    "attributes": "attributes",
    "run": "attributes",
    "dataset": "datasets",
    "datasets": "datasets",
}
"""The spellings of entity kinds."""


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
        values = found if isinstance(found, tuple) else () if found is None else (found,)
        if self.operator in _NULL_OPERATORS:
            return (not values) == (self.operator == "IS NULL")
        return any(_OPERATORS[self.operator](value, self.value) for value in values)


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


def parse_query(filter_string: str | None, order_by: list[str] | None, types: Types) -> Query:
    """A filter and an order. Without a kind, a key is an attribute.

    Raises InvalidInput with the column of what is not understood, or the names there are.
    """
    return Query(parse_filter(filter_string, types), parse_order(order_by, types))


def parse_filter(text: str | None, types: Types) -> list[Comparison]:
    """The comparisons of a filter."""
    reader = _Reader(text or "")
    comparisons: list[Comparison] = []
    while not reader.at_end():
        if comparisons:
            reader.expect_word("AND")
        comparisons.append(_comparison(reader, types))
    return comparisons


def parse_order(terms: list[str] | None, types: Types) -> list[Order]:
    """The terms of an order, such as ``metrics.loss DESC``."""
    check_order_length(terms or [])
    orders = []
    for term in terms or []:
        reader = _Reader(term)
        kind, key = _identifier(reader, types)
        direction = reader.take()[1].upper() if not reader.at_end() else "ASC"
        if direction not in ("ASC", "DESC") or not reader.at_end():
            raise InvalidInput(f"cannot read the order {term[:100]!r}: write it like 'metrics.loss DESC'")
        orders.append(Order(kind, key, direction == "DESC"))
    return orders


def check_order_length(terms: Sequence[object]) -> None:
    """Raises InvalidInput for an order that nobody can mean: each term sorts everything once more."""
    if len(terms) > MAX_ORDER_TERMS:
        raise InvalidInput(f"the order has {len(terms)} terms; at most {MAX_ORDER_TERMS} are read")


def known_type(types: Types, kind: str, key: str) -> type:
    """The type of a key. Raises InvalidInput for one that there is not, with the names there are."""
    of_kind = types.get(kind)
    if of_kind is None:
        raise InvalidInput(f"cannot search by {kind!r}: use one of {', '.join(types)}")
    if isinstance(of_kind, type):
        return of_kind
    if key not in of_kind:
        raise InvalidInput(f"there is no {key[:60]!r} among the {kind} to search by: use one of {', '.join(of_kind)}")
    return of_kind[key]


def select(items: Sequence[T], value_of: Callable[[T, str, str], Any], query: Query) -> list[T]:
    """The items that meet the query's filter, in its order; equal ones stay as they were.

    Numbers and text come first, then NaN, then items that lack the key, whatever the direction. Of many values
    the last counts.
    """
    chosen = [item for item in items if all(c.holds(partial(value_of, item)) for c in query.comparisons)]
    for order in reversed(query.orders):
        values = [(item, _last(value_of(item, order.kind, order.key))) for item in chosen]
        missing = [item for item, value in values if value is None]
        nan = [item for item, value in values if _is_nan(value)]
        plain = [pair for pair in values if pair[1] is not None and not _is_nan(pair[1])]
        plain.sort(key=itemgetter(1), reverse=order.descending)
        chosen = [item for item, _ in plain] + nan + missing
    return chosen


def _last(value: Any) -> Any:
    if isinstance(value, tuple):
        return value[-1] if value else None
    return value


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


class _Reader:
    """The tokens of a text, one after another."""

    def __init__(self, text: str) -> None:
        if len(text) > MAX_FILTER_LENGTH:
            raise InvalidInput(f"the filter has {len(text)} characters; at most {MAX_FILTER_LENGTH} are read")
        self._text = text
        self._position = 0

    def at_end(self) -> bool:
        return _END.match(self._text, self._position) is not None

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
        rest = self._text[self._position : self._position + 100].strip()
        found = f"{rest[:30]!r}" if rest else "the end"
        return InvalidInput(f"cannot read the filter at column {column}: expected {expected}, found {found}")


def _comparison(reader: _Reader, types: Types) -> Comparison:
    kind, key = _identifier(reader, types)
    kept = known_type(types, kind, key)
    operator = _operator(reader)
    if operator not in _OPERATORS_OF[kept]:
        allowed = " ".join(_OPERATORS_OF[kept])
        raise InvalidInput(f"{kind}.{key} cannot be compared by {operator}; it takes {allowed}")
    if operator in _NULL_OPERATORS:
        return Comparison(kind, key, operator, None)
    value = _value_list(reader) if operator in _LIST_OPERATORS else _value(reader)
    if not all(isinstance(item, kept) for item in (value if isinstance(value, list) else [value])):
        wanted = "text in single quotes" if kept is str else "a number"
        raise InvalidInput(f"{kind}.{key} is compared with {str(value)[:60]!r}; it takes {wanted}")
    return Comparison(kind, key, operator, value)


def _identifier(reader: _Reader, types: Types) -> tuple[str, str]:
    form, text = reader.take()
    if form == "quoted":
        kind, key = "attributes", text[1:-1]
    elif form == "word":
        spelled, dot, key = text.partition(".")
        kind = _KINDS.get(spelled.lower(), spelled) if dot else "attributes"
        key = key if dot else text
        if dot and not key:
            form, quoted = reader.take()
            if form != "quoted":
                raise reader.error("a key in double quotes or backticks")
            key = quoted[1:-1]
    else:
        raise reader.error("a name such as metrics.loss")
    known_type(types, kind, key)
    return kind, key


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
    """Whether a text is like a pattern, in which % is any text and _ any character.

    Each piece between two % is taken as early as it occurs, so that no pattern makes this slow.
    """
    first, *others = _pieces(pattern, flags)
    start = first.match(found)
    if start is None or not others:
        return start is not None and start.end() == len(found)
    position = start.end()
    for part in others[:-1]:
        piece = part.search(found, position)
        if piece is None:
            return False
        position = piece.end()
    rest = len(found) - len(pattern.rpartition("%")[2])
    return rest >= position and others[-1].fullmatch(found, rest) is not None


@lru_cache(64)
def _pieces(pattern: str, flags: int) -> tuple[re.Pattern[str], ...]:
    """What stands between the %."""
    parts = ("".join("." if char == "_" else re.escape(char) for char in part) for part in pattern.split("%"))
    return tuple(re.compile(part, flags | re.DOTALL) for part in parts)


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
