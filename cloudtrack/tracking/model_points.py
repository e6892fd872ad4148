"""Metrics of logged models on their way: in the frames of a run's writer, and from there to the models.

A model keeps the last point of each metric and dataset, so what comes twice, or too late, changes nothing.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from cloudtrack.entities.run import Metric
from cloudtrack.errors import InvalidInput, NotFound, PermissionDenied
from cloudtrack.storage.parallel import map_in_order

_log = logging.getLogger(__name__)


class ModelPoint(NamedTuple):
    """A point that a run logs to a logged model. ``timestamp`` is in ms."""

    model_id: str
    key: str
    value: float
    step: int
    timestamp: int
    dataset_name: str | None = None
    dataset_digest: str | None = None

    def as_plain(self) -> tuple[Any, ...]:
        """What JSON can hold: numbers that it has no form for are text."""
        if math.isfinite(self.value):
            return self
        return self._replace(value="NaN" if math.isnan(self.value) else "Infinity" if self.value > 0 else "-Infinity")  # type: ignore[arg-type]


def last_of_each(points: Iterable[ModelPoint]) -> list[ModelPoint]:
    """Of each model, metric and dataset the point that the model would keep."""
    last: dict[tuple[str | None, ...], ModelPoint] = {}
    for point in points:
        which = (point.model_id, point.key, point.dataset_name, point.dataset_digest)
        there = last.get(which)
        if there is None or (point.step, point.timestamp) >= (there.step, there.timestamp):
            last[which] = point
    return list(last.values())


def by_model(metrics: Iterable[Metric]) -> dict[str, list[Metric]]:
    """The metrics that name a logged model, by its id."""
    found: dict[str, list[Metric]] = {}
    for metric in metrics:
        if metric.model_id:
            found.setdefault(metric.model_id, []).append(metric)
    return found


class ModelDelivery:
    """Brings points to their models: one commit for each model that has some."""

    def __init__(self, log_metrics: Callable[[str, Sequence[Metric]], object]) -> None:
        """``log_metrics`` is that of the logged models, in a store or behind a server."""
        self._log_metrics = log_metrics
        self._refused: set[str] = set()

    def deliver(self, run_id: str, points: Iterable[ModelPoint]) -> None:
        """Raises Unavailable. One warning says of a model that it is not there, or not ours to change."""
        metrics = [
            Metric(key, value, timestamp, step, model_id, dataset_name, dataset_digest, run_id)
            for model_id, key, value, step, timestamp, dataset_name, dataset_digest in last_of_each(points)
        ]
        map_in_order(lambda item: self._deliver_to(*item), by_model(metrics).items())

    def _deliver_to(self, model_id: str, metrics: Sequence[Metric]) -> None:
        try:
            self._log_metrics(model_id, metrics)
        except (InvalidInput, NotFound, PermissionDenied) as error:
            if model_id not in self._refused:
                self._refused.add(model_id)
                _log.warning("metrics of logged model %s are kept on the run alone: %s", model_id, error)
