"""Choosing and ordering runs."""

from __future__ import annotations

from typing import Any

from cloudtrack.entities.dataset import CONTEXT_TAG
from cloudtrack.entities.run import Run
from cloudtrack.search.filters import Query, Types, parse_filter, parse_order, select

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


def select_runs(runs: list[Run], filter_string: str | None, order_by: list[str] | None) -> list[Run]:
    """The runs that meet the filter, ordered; then newest first. Raises InvalidInput for a filter it cannot read."""
    newest_first = sorted(runs, key=lambda run: (-(run.info.start_time or 0), run.info.run_id))
    return select(newest_first, _value, Query(parse_filter(filter_string, _TYPES), parse_order(order_by, _ORDERS)))


def _value(run: Run, kind: str, key: str) -> Any:
    if kind == "metrics":
        value = run.data.metrics.get(key)
        return None if value is None else float(value)
    if kind == "params":
        return run.data.params.get(key)
    if kind == "tags":
        return run.data.tags.get(key)
    if kind == "datasets":
        return _dataset_values(run, key)
    value = getattr(run.info, _ATTRIBUTE_NAMES.get(key, key), None)
    return float(value) if isinstance(value, int) else value


def _dataset_values(run: Run, key: str) -> tuple[str, ...]:
    if key == "context":
        uses = run.inputs.dataset_inputs
        return tuple(tag.value for use in uses for tag in use.tags if tag.key == CONTEXT_TAG)
    return tuple(getattr(use.dataset, key) for use in run.inputs.dataset_inputs)
