"""Choosing and ordering experiments."""

from __future__ import annotations

from typing import Any

from cloudtrack.entities.experiment import Experiment
from cloudtrack.search.filters import parse_filter, parse_order

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
    comparisons = parse_filter(filter_string, _KINDS, "attributes")
    chosen = [
        item
        for item in experiments
        if all(comparison.holds(lambda k, key, e=item: _value(e, k, key)) for comparison in comparisons)
    ]
    for order in reversed(parse_order(order_by, _KINDS, "attributes")):
        chosen.sort(key=lambda item, o=order: _value(item, o.kind, o.key), reverse=order.descending)
    return chosen


def _value(experiment: Experiment, kind: str, key: str) -> Any:
    if kind == "tags":
        return experiment.tags.get(key)
    value = getattr(experiment, key, None)
    return float(value) if isinstance(value, int) else value
