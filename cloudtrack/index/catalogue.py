"""What columns the rows of a relation have: how many values, how many different ones, and from where to where.

Columns that a part has of its own are counted as columns. The rare ones, of which there may be many thousands, are
looked at as pairs of name and value, whatever their number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from cloudtrack.index import engine
from cloudtrack.index.columns import NUMBER, WHOLE
from cloudtrack.index.relation import Relation
from cloudtrack.index.row import REST
from cloudtrack.search.expression import Expression

_COLUMNS_AT_ONCE = 100
_SHOWN_KINDS = ("attributes", "params", "metrics", "tags")
_FACTS = 6


@dataclass(frozen=True, slots=True)
class Facts:
    """What there is to know of one column: ``least`` and ``most`` where all its values are numbers, NaN aside;
    ``only`` where all its values are one text.
    """

    name: str
    count: int
    distinct: int
    is_number: bool
    least: float | None = None
    most: float | None = None
    only: str | None = None


def is_shown(column: str) -> bool:
    """Whether a catalogue has it: summaries are those of every metric, and datasets are lists."""
    kind, _, key = column.partition(".")
    return kind in _SHOWN_KINDS and not (kind == "metrics" and "@" in key)


def count_rows(relation: Relation, expression: Expression) -> int:
    """How many rows meet the expression."""
    text, parameters = relation.select([], expression)
    found: int = engine.fetch(f"SELECT count(*) FROM ({text})", parameters)[0][0]  # noqa: S608 - made of quoted names
    return found


def catalogue(relation: Relation, expression: Expression) -> list[Facts]:
    """The columns that rows which meet the expression have, by name."""
    own = sorted(filter(is_shown, relation.own))
    found = [*_of_columns(relation, expression, own), *_of_pairs(relation, expression)]
    return sorted((facts for facts in found if facts.count), key=lambda facts: facts.name)


def _of_columns(relation: Relation, expression: Expression, names: Sequence[str]) -> Iterator[Facts]:
    remaining = iter(names)
    while some := list(islice(remaining, _COLUMNS_AT_ONCE)):
        text, parameters = relation.select(some, expression)
        shown = ", ".join(_counted(f"c{number}", relation.schema.type_of(name)) for number, name in enumerate(some))
        (row,) = engine.fetch(f"SELECT {shown} FROM ({text})", parameters)  # noqa: S608 - made of quoted names
        for number, name in enumerate(some):
            yield _facts(name, *row[_FACTS * number : _FACTS * (number + 1)])


def _of_pairs(relation: Relation, expression: Expression) -> Iterator[Facts]:
    if not relation.columns > relation.own:
        return
    text, parameters = relation.select([], expression, f"unnest(map_entries({REST})) AS pair")
    counted = _counted("value", "")
    query = f"SELECT key, {counted} FROM (SELECT pair.key AS key, pair.value AS value FROM ({text})) "  # noqa: S608
    query += "WHERE NOT (starts_with(key, 'metrics.') AND contains(key, '@')) GROUP BY key"
    for name, *numbers in engine.fetch(query, parameters):
        if name not in relation.own and is_shown(name):
            yield _facts(name, *numbers)


def _counted(value: str, kind: str) -> str:
    number = value if kind in (NUMBER, WHOLE) else f"TRY_CAST({value} AS DOUBLE)"
    plain = f"FILTER (NOT isnan({number}))" if kind != WHOLE else ""
    bounds = f"min({number}) {plain}, max({number}) {plain}"
    return f"count({value}), count(DISTINCT {value}), count({number}), {bounds}, any_value({value})"


def _facts(
    name: str, count: int, distinct: int, numbers: int, least: float | None, most: float | None, any_value: object
) -> Facts:
    is_number = numbers == count
    only = any_value if distinct == 1 and isinstance(any_value, str) else None
    return Facts(name, count, distinct, is_number, least if is_number else None, most if is_number else None, only)
