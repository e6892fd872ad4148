"""Choosing among things that are here, and ordering them. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from operator import itemgetter
from typing import Any, TypeVar

from cloudtrack.search.filters import Query
from cloudtrack.search.summaries import look_up

T = TypeVar("T")


def select(items: Sequence[T], value_of: Callable[[T, str, str], Any], query: Query) -> list[T]:
    """The items that meet the query's filter, in its order; equal ones stay as they were.

    Numbers and text come first, then NaN, then items that lack the key, whatever the direction. Of many values
    the last counts.
    """
    chosen = [item for item in items if query.expression.holds(partial(value_of, item))]
    for order in reversed(query.orders):
        values = [(item, _last(look_up(partial(value_of, item), order.kind, order.key))) for item in chosen]
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
