"""Choosing and ordering experiments."""

from __future__ import annotations

from typing import Any

from cloudtrack.entities.experiment import Experiment
from cloudtrack.search.fields import Types
from cloudtrack.search.filters import parse_query
from cloudtrack.search.selection import select

_TYPES: Types = {
    "attributes": {"name": str, "experiment_id": str, "creation_time": float, "last_update_time": float},
    "tags": str,
}


def select_experiments(
    experiments: list[Experiment], filter_string: str | None, order_by: list[str] | None
) -> list[Experiment]:
    """The experiments that meet the filter, ordered. Raises InvalidInput for a filter it cannot read."""
    return select(experiments, _value, parse_query(filter_string, order_by, _TYPES))


def _value(experiment: Experiment, kind: str, key: str) -> Any:
    if kind == "tags":
        return experiment.tags.get(key)
    value = getattr(experiment, key, None)
    return float(value) if isinstance(value, int) else value
