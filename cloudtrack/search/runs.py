"""Choosing and ordering runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cloudtrack.search.filters import Query, Types, parse_filter, parse_order

_TYPES: Types = {
    "attributes": {
        "run_id": str,
        "run_name": str,
        "status": str,
        "user_id": str,
        "start_time": float,
        "end_time": float,
        "created": float,
        "Created": float,
        "run name": str,
        "Run name": str,
    },
    "metrics": float,
    "params": str,
    "tags": str,
    "datasets": {"name": str, "digest": str, "context": str},
}
_ORDERS: Types = {kind: types for kind, types in _TYPES.items() if kind != "datasets"}
"""A run has many datasets, or none: they are no order."""
_ATTRIBUTE_NAMES = {"Created": "start_time", "created": "start_time", "run name": "run_name", "Run name": "run_name"}


def parse_run_query(filter_string: str | None, order_by: Sequence[str] | None) -> Query:
    """A filter and an order, with one name for each attribute. Raises InvalidInput for what it cannot read."""
    comparisons = [replace(item, key=_attribute(item.kind, item.key)) for item in parse_filter(filter_string, _TYPES)]
    orders = [replace(item, key=_attribute(item.kind, item.key)) for item in parse_order(list(order_by or ()), _ORDERS)]
    return Query(comparisons, orders)


def is_number(kind: str, key: str) -> bool:
    """Whether runs are ordered by this as by a number."""
    types = _TYPES[kind]
    return (types if isinstance(types, type) else types[key]) is float


def _attribute(kind: str, key: str) -> str:
    return _ATTRIBUTE_NAMES.get(key, key) if kind == "attributes" else key
