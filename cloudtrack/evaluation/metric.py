"""Metrics of one's own: a function of predictions and targets, with a name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cloudtrack.errors import InvalidInput


@dataclass
class MetricValue:
    """What a metric is: of each row, and of all."""

    scores: Sequence[Any] | None = None
    justifications: Sequence[str] | None = None
    aggregate_results: Mapping[str, float] | None = None
    """Mean, variance and 90th percentile of numbers as scores, where nothing else is given."""

    def __post_init__(self) -> None:
        if self.aggregate_results is None and self.scores is not None:
            self.aggregate_results = _aggregates(self.scores)


@dataclass(frozen=True)
class EvaluationMetric:
    """A function that computes a metric, and what is known of it."""

    eval_fn: Callable[..., Any]
    name: str
    greater_is_better: bool
    long_name: str | None = None
    version: str | None = None
    metric_details: str | None = None
    metric_metadata: Mapping[str, Any] | None = None

    @property
    def arguments(self) -> dict[str, inspect.Parameter]:
        """What the function takes, by name."""
        spread = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
        taken = inspect.signature(self.eval_fn).parameters
        return {name: parameter for name, parameter in taken.items() if parameter.kind not in spread}


def make_metric(
    *,
    eval_fn: Callable[..., Any],
    greater_is_better: bool,
    name: str | None = None,
    long_name: str | None = None,
    version: str | None = None,
    metric_details: str | None = None,
    metric_metadata: Mapping[str, Any] | None = None,
    genai_metric_args: Any = None,
) -> EvaluationMetric:
    """A metric for ``extra_metrics`` of ``evaluate``; its name is the function's, unless one is given.

    ``eval_fn`` takes any of ``predictions`` and ``targets``, pandas Series; ``metrics``, a MetricValue for each name of
    those computed before; columns of the data and of what the model gives, by name; other metrics of one's own; and
    what ``evaluator_config`` has under the argument's name. Or it is of MLflow's older form: two arguments, a DataFrame
    ``eval_df`` with the columns ``prediction`` and ``target``, and numbers by name. It gives a number or a MetricValue;
    None is no metric. Raises InvalidInput for a lambda without a name.
    """
    if genai_metric_args is not None:
        raise InvalidInput("genai_metric_args is of metrics that ask language models, which are not here")
    found = name or getattr(eval_fn, "__name__", "")
    if not found or found == "<lambda>":
        raise InvalidInput("a metric of a function that has no name takes one: make_metric(name=...)")
    return EvaluationMetric(
        eval_fn, found, greater_is_better, long_name or found, version, metric_details, metric_metadata
    )


def value_of(metric: EvaluationMetric, found: Any) -> MetricValue | None:
    """What a metric's function gave, as a MetricValue. Raises InvalidInput for what is none."""
    if found is None or isinstance(found, MetricValue):
        return found
    if isinstance(found, int | float) or getattr(found, "shape", None) == ():
        return MetricValue(aggregate_results={metric.name: float(found)})
    raise InvalidInput(
        f"metric {metric.name!r} gives a {type(found).__name__}; it gives a number, or MetricValue(scores=...) of rows"
    )


def names_of(metric: str, value: MetricValue) -> dict[str, float]:
    """The metrics that a run gets: ``name``, or ``name/aggregate``."""
    return {
        key if key == metric else f"{metric}/{key}": float(number)
        for key, number in (value.aggregate_results or {}).items()
    }


def _aggregates(scores: Sequence[Any]) -> dict[str, float] | None:
    import numpy

    if not len(scores) or not all(isinstance(score, int | float) for score in scores):
        return None
    array = numpy.asarray(scores, dtype=float)
    return {
        "mean": float(array.mean()),
        "variance": float(array.var()),
        "p90": float(numpy.percentile(array, 90)),
    }
