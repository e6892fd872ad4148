"""Choosing and ordering runs."""

from __future__ import annotations

import math
from typing import Any

from cloudtrack.entities.run import Run
from cloudtrack.search.filters import Order, parse_filter, parse_order

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
_ATTRIBUTE_NAMES = {"Created": "start_time", "created": "start_time", "run name": "run_name", "Run name": "run_name"}


def select_runs(runs: list[Run], filter_string: str | None, order_by: list[str] | None) -> list[Run]:
    """The runs that meet the filter, ordered; then newest first. Raises InvalidInput for a filter it cannot read."""
    comparisons = parse_filter(filter_string, _KINDS, "attributes")
    orders = parse_order(order_by, _KINDS, "attributes")
    chosen = [
        run
        for run in runs
        if all(comparison.holds(lambda k, key, r=run: _value(r, k, key)) for comparison in comparisons)
    ]
    chosen.sort(key=lambda run: (-(run.info.start_time or 0), run.info.run_id))
    for order in reversed(orders):
        chosen = _sorted(chosen, order)
    return chosen


def _sorted(runs: list[Run], order: Order) -> list[Run]:
    """By one term: numbers and text first, then NaN, then runs that lack the key; whatever the direction."""
    values = [(run, _value(run, order.kind, order.key)) for run in runs]
    missing = [run for run, value in values if value is None]
    nan = [run for run, value in values if isinstance(value, float) and math.isnan(value)]
    plain = [pair for pair in values if pair[1] is not None and pair[1] == pair[1]]
    plain.sort(key=lambda pair: pair[1], reverse=order.descending)
    return [run for run, _ in plain] + nan + missing


def _value(run: Run, kind: str, key: str) -> Any:
    if kind == "metrics":
        value = run.data.metrics.get(key)
        return None if value is None else float(value)
    if kind == "params":
        return run.data.params.get(key)
    if kind == "tags":
        return run.data.tags.get(key)
    if kind == "datasets":
        return _dataset_value(run, key)
    value = getattr(run.info, _ATTRIBUTE_NAMES.get(key, key), None)
    return float(value) if isinstance(value, int) else value


def _dataset_value(run: Run, key: str) -> Any:
    for use in run.inputs.dataset_inputs:
        if key == "context":
            return next((tag.value for tag in use.tags if tag.key == "mlflow.data.context"), None)
        return getattr(use.dataset, key, None)
    return None
