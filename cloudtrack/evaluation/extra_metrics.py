"""Computing metrics of one's own: each gets the arguments that it names, after those that it builds on."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cloudtrack.errors import CloudtrackError, InvalidInput
from cloudtrack.evaluation.metric import EvaluationMetric, MetricValue, value_of

_OLD_FORM = 2
"""So many arguments has a function of a DataFrame and a dictionary of numbers."""


@dataclass
class Arguments:
    """What metrics may be computed of."""

    predictions: Any
    targets: Any
    """A Series, or None."""
    eval_df: Any
    columns: Mapping[str, Any]
    """Series of the data and of what the model gave, by name."""
    built_in: Mapping[str, float]
    config: Mapping[str, Any] = field(default_factory=dict)
    """What the caller gave as ``evaluator_config``."""
    col_mapping: Mapping[str, Any] = field(default_factory=dict)
    done: dict[str, MetricValue | None] = field(default_factory=dict)
    """Metrics of one's own that are computed."""

    def by_name(self) -> dict[str, Any]:
        """All of it."""
        known = {name: MetricValue(aggregate_results={name: value}) for name, value in self.built_in.items()}
        found = {**known, **self.config, **self.done, **self.columns}
        found |= {"predictions": self.predictions, "metrics": known | self.done}
        if self.targets is not None:
            found["targets"] = self.targets
        mapped = {
            name: found.get(meant, meant) if isinstance(meant, str) else meant
            for name, meant in self.col_mapping.items()
        }
        return found | mapped


def compute_extra_metrics(metrics: Sequence[EvaluationMetric], given: Arguments) -> dict[str, MetricValue]:
    """The values of metrics, by name, in the order in which they are given; without those that have none.

    Raises InvalidInput that names the metric which lacks an argument, fails, or gives what is no metric.
    """
    waiting = list(metrics)
    while waiting:
        ready = [metric for metric in waiting if not _lacking(metric, given, waiting)]
        if not ready:
            raise InvalidInput("; ".join(_complaint(metric, given, waiting) for metric in waiting))
        for metric in ready:
            given.done[metric.name] = _compute(metric, given)
        waiting = [metric for metric in waiting if metric not in ready]
    values = {metric.name: given.done[metric.name] for metric in metrics}
    return {name: value for name, value in values.items() if value is not None}


def _is_of_old_form(metric: EvaluationMetric, known: Mapping[str, Any]) -> bool:
    """``f(eval_df, builtin_metrics)``, whatever it calls them."""
    names = list(metric.arguments)
    return len(names) == _OLD_FORM and (names[0] == "eval_df" or not any(name in known for name in names))


def _lacking(metric: EvaluationMetric, given: Arguments, waiting: Sequence[EvaluationMetric]) -> list[str]:
    known = given.by_name()
    if _is_of_old_form(metric, {**known, **dict.fromkeys(other.name for other in waiting)}):
        return []
    names = {other.name for other in waiting}
    return [
        name
        for name, parameter in metric.arguments.items()
        if name not in known and (parameter.default is inspect.Parameter.empty or name in names)
    ]


def _complaint(metric: EvaluationMetric, given: Arguments, waiting: Sequence[EvaluationMetric]) -> str:
    lacking = _lacking(metric, given, waiting)
    columns = ", ".join(repr(name) for name in given.columns)
    if "targets" in lacking and given.targets is None:
        return f"metric {metric.name!r} takes targets: name their column, or give an array"
    names = ", ".join(map(repr, lacking))
    return (
        f"metric {metric.name!r} takes {names}, which no column and no other metric gives: name one of the columns "
        f"{columns} in evaluator_config={{'col_mapping': {{{lacking[0]!r}: ...}}}}"
    )


def _compute(metric: EvaluationMetric, given: Arguments) -> MetricValue | None:
    known = given.by_name()
    try:
        if _is_of_old_form(metric, known):
            found = metric.eval_fn(given.eval_df.copy(), dict(given.built_in))
        else:
            found = _call(metric, known)
    except CloudtrackError:
        raise
    except Exception as error:
        raise InvalidInput(f"metric {metric.name!r} failed: {type(error).__name__}: {error}") from error
    value = value_of(metric, found)
    rows = len(given.predictions)
    if value is not None and value.scores is not None and len(value.scores) != rows:
        raise InvalidInput(f"metric {metric.name!r} gives {len(value.scores)} scores for {rows} rows")
    return value


def _call(metric: EvaluationMetric, known: Mapping[str, Any]) -> Any:
    args, kwargs = [], {}
    for name, parameter in metric.arguments.items():
        if parameter.kind is parameter.KEYWORD_ONLY:
            if name in known:
                kwargs[name] = known[name]
        else:
            args.append(known.get(name, parameter.default))
    return metric.eval_fn(*args, **kwargs)
