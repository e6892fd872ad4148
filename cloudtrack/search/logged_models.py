"""Choosing and ordering logged models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from cloudtrack.entities.logged_model import LoggedModel
from cloudtrack.entities.run import Metric
from cloudtrack.search.expression import EVERYTHING
from cloudtrack.search.fields import Types
from cloudtrack.search.filters import Order, Query, check_order_length, parse_filter, parse_order
from cloudtrack.search.selection import select

LOGGED_MODELS: Types = {
    "attributes": {
        "name": str,
        "model_id": str,
        "model_type": str,
        "source_run_id": str,
        "experiment_id": str,
        "status": str,
        "creation_timestamp": float,
        "creation_timestamp_ms": "creation_timestamp",
        "creation_time": "creation_timestamp",
        "last_updated_timestamp": float,
        "last_updated_timestamp_ms": "last_updated_timestamp",
    },
    "metrics": float,
    "params": str,
    "tags": str,
}


@dataclass(frozen=True)
class OnDataset:
    """Metrics on a dataset: by its name, and its digest where one is given."""

    name: str
    digest: str = ""

    def has(self, metric: Metric) -> bool:
        """Whether the metric is on this dataset."""
        return metric.dataset_name == self.name and self.digest in ("", metric.dataset_digest)


@dataclass(frozen=True)
class Term:
    """One term of an order; ``dataset`` is for metrics."""

    field_name: str
    ascending: bool = True
    dataset: OnDataset | None = None


def parse_logged_model_query(filter_string: str | None, order_by: Sequence[Term]) -> Query:
    """A filter, and an order whatever the datasets. Raises InvalidInput for what it cannot read."""
    check_order_length(order_by)
    return Query(parse_filter(filter_string, LOGGED_MODELS), [_order(term) for term in order_by])


def select_on_datasets(
    models: Sequence[LoggedModel], filter_string: str | None, order_by: Sequence[Term], datasets: Sequence[OnDataset]
) -> list[LoggedModel]:
    """The models that meet the filter, ordered, otherwise as they were. Raises InvalidInput.

    With ``datasets``, only models with a metric on one of them, and only such metrics are compared.
    """
    query = parse_logged_model_query(filter_string, order_by)
    on_them = [model for model in models if not datasets or _metrics(model, datasets)]
    chosen = select(on_them, partial(_value, datasets=datasets), Query(query.expression, []))
    for term, order in reversed(list(zip(order_by, query.orders, strict=True))):
        on_one = [term.dataset] if term.dataset else []
        chosen = select(chosen, partial(_value, datasets=on_one), Query(EVERYTHING, [order]))
    return chosen


def _order(term: Term) -> Order:
    order = parse_order([f"{term.field_name} ASC"], LOGGED_MODELS)[0]
    return Order(order.kind, order.key, descending=not term.ascending)


def _metrics(model: LoggedModel, datasets: Sequence[OnDataset]) -> list[Metric]:
    return [metric for metric in model.metrics if not datasets or any(dataset.has(metric) for dataset in datasets)]


def _value(model: LoggedModel, kind: str, key: str, *, datasets: Sequence[OnDataset]) -> Any:
    if kind == "metrics":
        points = [metric for metric in _metrics(model, datasets) if metric.key == key]
        points.sort(key=lambda metric: (metric.step, metric.timestamp))
        return tuple(float(point.value) for point in points)
    if kind in ("params", "tags"):
        return getattr(model, kind).get(key)
    value = getattr(model, key, None)
    return float(value) if isinstance(value, int) else value
