"""What runs are found by."""

from __future__ import annotations

from collections.abc import Sequence

from cloudtrack.search.fields import Types
from cloudtrack.search.filters import Query, parse_filter, parse_order

RUNS: Types = {
    "attributes": {
        "run_id": str,
        "run_name": str,
        "status": str,
        "user_id": str,
        "start_time": float,
        "end_time": float,
        "created": "start_time",
        "Created": "start_time",
        "run name": "run_name",
        "Run name": "run_name",
    },
    "metrics": float,
    "params": str,
    "tags": str,
    "datasets": {"name": str, "digest": str, "context": str},
}
_ORDERS: Types = {kind: types for kind, types in RUNS.items() if kind != "datasets"}
"""A run has many datasets, or none: they are no order."""


def parse_run_query(filter_string: str | None, order_by: Sequence[str] | None) -> Query:
    """A filter and an order. Raises InvalidInput for what it cannot read."""
    return Query(parse_filter(filter_string, RUNS), parse_order(order_by, _ORDERS))
