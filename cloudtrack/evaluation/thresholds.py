"""What metrics must be, in themselves and beside those of another model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from math import isnan
from numbers import Real
from typing import Any

from cloudtrack.errors import InvalidInput
from cloudtrack.errors import InvalidInput as MetricThresholdClassException
from cloudtrack.errors import ThresholdMissed as ModelValidationFailedException
from cloudtrack.evaluation.result import EvaluationResult

_LEAST = Decimal("1e-10")
"""By so much is a metric better than a baseline of 0, of which no share can be told."""


class MetricThreshold:
    """What a metric must be: a value, and how much better than a baseline, absolutely and as a share of its magnitude.

    ``greater_is_better`` says which way is better, and must be given.
    """

    def __init__(
        self,
        threshold: float | None = None,
        min_absolute_change: float | None = None,
        min_relative_change: float | None = None,
        greater_is_better: bool | None = None,
    ) -> None:
        """Raises InvalidInput for what cannot be, and where nothing is asked for."""
        if not isinstance(greater_is_better, bool):
            raise InvalidInput("a MetricThreshold takes greater_is_better, True or False")
        if threshold is None and min_absolute_change is None and min_relative_change is None:
            raise InvalidInput("a MetricThreshold asks for a threshold, min_absolute_change or min_relative_change")
        for name, value in (("threshold", threshold), ("min_absolute_change", min_absolute_change)):
            if value is not None and (isinstance(value, bool) or not isinstance(value, Real) or isnan(value)):
                raise InvalidInput(f"{name} is {value!r}; it is a number")
        if min_absolute_change is not None and min_absolute_change <= 0:
            raise InvalidInput(f"min_absolute_change is {min_absolute_change!r}; it is greater than 0")
        if min_relative_change is not None and not (
            isinstance(min_relative_change, float) and 0 <= min_relative_change <= 1
        ):
            raise InvalidInput(f"min_relative_change is {min_relative_change!r}; it is a float from 0 to 1")
        self._threshold = threshold
        self._min_absolute_change = min_absolute_change
        self._min_relative_change = min_relative_change
        self._greater_is_better = greater_is_better

    @property
    def threshold(self) -> float | None:
        """What it must be at least; at most where less is better."""
        return self._threshold

    @property
    def min_absolute_change(self) -> float | None:
        """By how much it must be better than the baseline's."""
        return self._min_absolute_change

    @property
    def min_relative_change(self) -> float | None:
        """The same as a share of the baseline's magnitude."""
        return self._min_relative_change

    @property
    def greater_is_better(self) -> bool:
        """Which way is better."""
        return self._greater_is_better

    def __str__(self) -> str:
        asked = {"threshold": self.threshold, "min_absolute_change": self.min_absolute_change}
        asked["min_relative_change"] = self.min_relative_change
        said = ", ".join(f"{name}={value}" for name, value in asked.items() if value is not None)
        return f"MetricThreshold({said}, greater_is_better={self.greater_is_better})"

    __repr__ = __str__


def validate_evaluation_results(
    validation_thresholds: Mapping[str, MetricThreshold],
    candidate_result: EvaluationResult,
    baseline_result: EvaluationResult | None = None,
) -> None:
    """Hold the metrics of a model against thresholds, and against those of a baseline where they ask for a change.

    Raises ModelValidationFailedException, which says of each metric that is not what it must be, or not there, what it
    is and what it must be. NaN is never good enough.
    """
    if not isinstance(validation_thresholds, Mapping) or not all(
        isinstance(name, str) and isinstance(threshold, MetricThreshold)
        for name, threshold in validation_thresholds.items()
    ):
        raise InvalidInput("validation_thresholds is a dictionary of names of metrics and a MetricThreshold for each")
    baseline = {} if baseline_result is None else baseline_result.metrics
    failures = [
        failure
        for name, threshold in validation_thresholds.items()
        for failure in _failures(name, threshold, candidate_result.metrics, baseline)
    ]
    if failures:
        raise ModelValidationFailedException("the model is not good enough: " + "; ".join(failures))


def _failures(
    name: str, asked: MetricThreshold, candidate: Mapping[str, Any], baseline: Mapping[str, Any]
) -> Iterator[str]:
    """What is wrong with one metric."""
    if name not in candidate:
        yield f"{name} is not among the metrics of the candidate"
        return
    value, sign = _decimal(candidate[name]), 1 if asked.greater_is_better else -1
    word = "at least" if asked.greater_is_better else "at most"
    if asked.threshold is not None and not _reaches(value, _decimal(asked.threshold), sign):
        yield f"{name} is {candidate[name]}, and must be {word} {asked.threshold}"
    if asked.min_absolute_change is None and asked.min_relative_change is None:
        return
    if name not in baseline:
        yield f"{name} is not among the metrics of the baseline, which it must be better than"
        return
    before = _decimal(baseline[name])
    for least, kind in _changes(asked, before):
        if not _reaches(value, before + sign * least, sign):
            yield f"{name} is {candidate[name]} beside {baseline[name]} of the baseline, and must be {kind}"


def _changes(asked: MetricThreshold, before: Decimal) -> Iterator[tuple[Decimal, str]]:
    word = "greater" if asked.greater_is_better else "less"
    if asked.min_absolute_change is not None:
        yield _decimal(asked.min_absolute_change), f"{word} by at least {asked.min_absolute_change}"
    if asked.min_relative_change is not None:
        share = _decimal(asked.min_relative_change)
        kind = f"{word} by at least {share:%} of it" if before else f"{word} than 0"
        yield (share * abs(before) if before else _LEAST), kind


def _reaches(value: Decimal, bound: Decimal, sign: int) -> bool:
    if value.is_nan() or bound.is_nan():
        return False
    return value >= bound if sign > 0 else value <= bound


def _decimal(value: Any) -> Decimal:
    """As it is written, so that 0.3 is 0.1 more than 0.2."""
    return Decimal(repr(float(value)))


__all__ = [
    "MetricThreshold",
    "MetricThresholdClassException",
    "ModelValidationFailedException",
    "validate_evaluation_results",
]
