"""Choosing and ordering experiments."""

from __future__ import annotations

from typing import Any

from cloudtrack.entities.experiment import Experiment
from cloudtrack.search.filters import parse_query, select

_KINDS = {
    "tag": "tags",
    "tags": "tags",
    "attr": "attributes",
    "attribute": "attributes",
    "attributes": "attributes",
}


def select_experiments(
    experiments: list[Experiment], filter_string: str | None, order_by: list[str] | None
) -> list[Experiment]:
    """The experiments that meet the filter, ordered. Raises InvalidInput for a filter it cannot read."""
    return select(experiments, _value, parse_query(filter_string, order_by, _KINDS))


def _value(experiment: Experiment, kind: str, key: str) -> Any:
    if kind == "tags":
        return experiment.tags.get(key)
    value = getattr(experiment, key, None)
    return float(value) if isinstance(value, int) else value
