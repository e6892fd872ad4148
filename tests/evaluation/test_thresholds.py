"""Metrics are held against thresholds and baselines."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cloudtrack as ct
from cloudtrack.errors import InvalidInput, StateError
from cloudtrack.evaluation.thresholds import ModelValidationFailedException
from cloudtrack.exceptions import MlflowException
from cloudtrack.models import EvaluationResult, MetricThreshold

DECIMALS = st.decimals(-10, 10, places=2).map(float)


def _result(**metrics: float) -> EvaluationResult:
    return EvaluationResult(metrics, {})


def _passes(threshold: MetricThreshold, value: float, before: float | None = None) -> bool:
    baseline = None if before is None else _result(m=before)
    try:
        ct.validate_evaluation_results({"m": threshold}, _result(m=value), baseline)
    except ModelValidationFailedException:
        return False
    return True


def test_each_metric_that_fails_is_named() -> None:
    asked = {
        "f1": MetricThreshold(threshold=0.9, greater_is_better=True),
        "loss": MetricThreshold(min_absolute_change=0.1, greater_is_better=False),
        "auc": MetricThreshold(threshold=0.5, greater_is_better=True),
        "mae": MetricThreshold(threshold=1, min_relative_change=0.05, greater_is_better=False),
        "lost": MetricThreshold(threshold=1, greater_is_better=False),
    }
    with pytest.raises(ModelValidationFailedException) as failed:
        ct.validate_evaluation_results(asked, _result(f1=0.8, loss=0.5, auc=0.9, mae=0.99), _result(loss=0.55, mae=1.0))
    assert str(failed.value) == (
        "the model is not good enough: f1 is 0.8, and must be at least 0.9; loss is 0.5 beside 0.55 of the baseline, "
        "and must be less by at least 0.1; mae is 0.99 beside 1.0 of the baseline, and must be less by at least 5% of "
        "it; lost is not among the metrics of the candidate"
    )
    assert isinstance(failed.value, MlflowException | StateError)
    assert (failed.value.error_code, failed.value.get_http_status_code()) == ("BAD_REQUEST", 400)


@given(DECIMALS, DECIMALS, st.booleans())
def test_a_threshold_itself_is_good_enough(threshold: float, value: float, greater: bool) -> None:
    asked = MetricThreshold(threshold=threshold, greater_is_better=greater)
    assert _passes(asked, value) == (value >= threshold if greater else value <= threshold)


@given(DECIMALS, DECIMALS, st.integers(1, 300), st.booleans())
def test_changes_are_decimal(before: float, value: float, hundredths: int, greater: bool) -> None:
    asked = MetricThreshold(min_absolute_change=hundredths / 100, greater_is_better=greater)
    better = Fraction(str(value)) - Fraction(str(before)) if greater else Fraction(str(before)) - Fraction(str(value))
    assert _passes(asked, value, before) == (better >= Fraction(hundredths, 100))


@given(DECIMALS, DECIMALS, st.integers(0, 100), st.booleans())
def test_shares_are_of_the_magnitude(before: float, value: float, percent: int, greater: bool) -> None:
    asked = MetricThreshold(min_relative_change=percent / 100, greater_is_better=greater)
    better = Fraction(str(value)) - Fraction(str(before)) if greater else Fraction(str(before)) - Fraction(str(value))
    wanted = better > 0 if before == 0 else better >= abs(Fraction(str(before))) * Fraction(percent, 100)
    assert _passes(asked, value, before) == wanted


@pytest.mark.parametrize("asked", [{"threshold": 0.0}, {"min_absolute_change": 0.1}, {"min_relative_change": 0.1}])
@pytest.mark.parametrize("greater", [True, False])
def test_nan_is_never_good_enough(asked: dict[str, Any], greater: bool) -> None:
    threshold = MetricThreshold(**asked, greater_is_better=greater)
    assert not _passes(threshold, float("nan"), 1.0)


def test_a_change_needs_a_baseline() -> None:
    asked = MetricThreshold(min_absolute_change=0.1, greater_is_better=True)
    with pytest.raises(ModelValidationFailedException, match="m is not among the metrics of the baseline"):
        ct.validate_evaluation_results({"m": asked}, _result(m=1.0))


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"threshold": 1}, "greater_is_better"),
        ({"greater_is_better": True}, "asks for"),
        ({"threshold": "high", "greater_is_better": True}, "'high'; it is a number"),
        ({"threshold": float("nan"), "greater_is_better": True}, "nan; it is a number"),
        ({"min_absolute_change": 0, "greater_is_better": True}, "greater than 0"),
        ({"min_relative_change": 5, "greater_is_better": True}, "from 0 to 1"),
    ],
)
def test_a_threshold_that_makes_no_sense_is_refused(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        MetricThreshold(**asked)


def test_thresholds_are_by_name() -> None:
    with pytest.raises(InvalidInput, match="dictionary of names"):
        ct.validate_evaluation_results({"m": 0.5}, _result(m=1.0))  # type: ignore[dict-item]
