"""Verdicts name what differs first, and nothing less than equal is called identical."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudtrack.projects.verdict import Evidence, Outcome, compare

VALUES = st.floats(allow_nan=True, allow_infinity=True)
METRICS = st.dictionaries(
    st.sampled_from(["a", "b", "c"]), st.lists(st.tuples(st.integers(0, 5), VALUES), max_size=6), max_size=3
)


@given(METRICS)
def test_a_run_is_identical_to_itself(metrics: dict[str, list[tuple[int, float]]]) -> None:
    verdict = compare(Evidence(metrics, {"f": "1"}), Evidence(metrics, {"f": "1"}))
    assert verdict.outcome == Outcome.BIT_IDENTICAL
    assert (verdict.metric, verdict.step, verdict.differing_files) == ("", None, [])
    assert verdict.points == sum(len(points) for points in metrics.values())


@given(METRICS, METRICS)
def test_whatever_differs_is_not_called_bit_identical(
    before: dict[str, list[tuple[int, float]]], after: dict[str, list[tuple[int, float]]]
) -> None:
    def in_order(metrics: dict[str, list[tuple[int, float]]]) -> dict[str, list[tuple[int, str]]]:
        ordered = {key: sorted(points, key=lambda point: point[0]) for key, points in metrics.items() if points}
        return {key: [(step, str(value)) for step, value in points] for key, points in ordered.items()}

    is_same = in_order(before) == in_order(after)
    assert (compare(Evidence(before), Evidence(after)).outcome == Outcome.BIT_IDENTICAL) is is_same


def test_the_first_step_that_differs_is_named() -> None:
    before = {"loss": [(0, 1.0), (1, 0.5), (2, 0.25)], "accuracy": [(0, 0.1), (1, 0.2), (2, 0.3)]}
    after = {"loss": [(0, 1.0), (1, 0.5), (2, 0.26)], "accuracy": [(0, 0.1), (1, 0.21), (2, 0.3)]}
    verdict = compare(Evidence(before), Evidence(after))
    assert (verdict.outcome, verdict.metric, verdict.step) == (Outcome.DIVERGED, "accuracy", 1)
    assert str(verdict) == "diverged at step 1 of metric accuracy: 0.2 is now 0.21"


@pytest.mark.parametrize(
    ("after", "step", "expected", "found"),
    [([(0, 1.0)], 1, 2.0, None), ([(0, 1.0), (1, 2.0), (7, 3.0)], 7, None, 3.0), ([], 0, 1.0, None)],
)
def test_a_point_that_only_one_run_has_is_a_divergence(
    after: list[tuple[int, float]], step: int, expected: float | None, found: float | None
) -> None:
    verdict = compare(Evidence({"m": [(0, 1.0), (1, 2.0)]}), Evidence({"m": after} if after else {}))
    assert (verdict.outcome, verdict.step) == (Outcome.DIVERGED, step)
    assert (verdict.expected, verdict.found) == (expected, found)


@pytest.mark.parametrize(
    ("expected", "found", "outcome"),
    [
        (1.0, 1.0 + 1e-12, Outcome.WITHIN_TOLERANCE),
        (1.0, 1.0 + 1e-6, Outcome.DIVERGED),
        (0.0, 1e-300, Outcome.DIVERGED),
        (0.0, -0.0, Outcome.WITHIN_TOLERANCE),
        (math.nan, math.nan, Outcome.BIT_IDENTICAL),
        (math.nan, 1.0, Outcome.DIVERGED),
        (math.inf, math.inf, Outcome.BIT_IDENTICAL),
        (math.inf, 1.0, Outcome.DIVERGED),
        (1.0, math.inf, Outcome.DIVERGED),
    ],
)
def test_values_are_as_near_as_was_asked_for(expected: float, found: float, outcome: Outcome) -> None:
    assert compare(Evidence({"m": [(0, expected)]}), Evidence({"m": [(0, found)]})).outcome == outcome


def test_files_with_other_bytes_are_named() -> None:
    metrics = {"m": [(0, 1.0)]}
    verdict = compare(Evidence(metrics, {"a": "1", "b": "1"}), Evidence(metrics, {"a": "2", "c": "1"}))
    assert (verdict.outcome, verdict.differing_files) == (Outcome.WITHIN_TOLERANCE, ["a", "b", "c"])
    assert str(verdict).endswith("files with other bytes: a, b, c")


def test_metrics_of_the_machine_and_those_left_out_are_not_compared() -> None:
    before = Evidence({"m": [(0, 1.0)], "system/cpu": [(0, 3.0)], "time_s": [(0, 9.0)]})
    after = Evidence({"m": [(0, 1.0)], "system/cpu": [(0, 4.0)]})
    assert compare(before, after, ignored=["time_*"]).outcome == Outcome.BIT_IDENTICAL
    assert compare(before, after).metric == "time_s"
