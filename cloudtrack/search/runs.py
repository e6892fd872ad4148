"""Choosing and ordering runs."""

from __future__ import annotations

from typing import Any

from cloudtrack.entities.run import Run
from cloudtrack.search.filters import parse_query, select

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
    newest_first = sorted(runs, key=lambda run: (-(run.info.start_time or 0), run.info.run_id))
    return select(newest_first, _value, parse_query(filter_string, order_by, _KINDS))


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
