"""Folding points into summaries."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudtrack.tracking.documents import Points
from cloudtrack.tracking.points import combine, group, summarize

finite = st.floats(allow_nan=False, allow_infinity=False, width=32)
points = st.lists(
    st.tuples(finite | st.sampled_from([math.nan, math.inf, -math.inf]), st.integers(-5, 5), st.integers(0, 5)),
    min_size=1,
    max_size=30,
)


def _columns(rows: list[tuple[float, int, int]]) -> Points:
    return group([("m", value, step, timestamp) for value, step, timestamp in rows])["m"]


def _same(left: float, right: float) -> bool:
    return left == right or (math.isnan(left) and math.isnan(right)) or left == pytest.approx(right, rel=1e-9, abs=1e-9)


@given(points)
def test_a_summary_says_what_a_plain_look_at_the_points_says(rows: list[tuple[float, int, int]]) -> None:
    summary = summarize(_columns(rows))
    numbers = [value for value, _, _ in rows if not math.isnan(value)]
    last = max(rows, key=lambda row: (row[1], row[2], not math.isnan(row[0]), 0.0 if math.isnan(row[0]) else row[0]))
    assert _same(summary.value, last[0])
    assert (summary.step, summary.timestamp) == last[1:]
    assert summary.count == len(rows)
    assert _same(summary.min, min(numbers, default=math.nan))
    assert _same(summary.max, max(numbers, default=math.nan))
    if numbers:
        assert summary.min_step == next(step for value, step, _ in rows if value == summary.min)


@given(points, points)
def test_two_summaries_combine_to_that_of_all_points(
    first: list[tuple[float, int, int]], second: list[tuple[float, int, int]]
) -> None:
    both = combine(summarize(_columns(first)), summarize(_columns(second)))
    whole = summarize(_columns(first + second))
    assert (both.count, both.nan_count, both.step, both.timestamp) == (
        whole.count,
        whole.nan_count,
        whole.step,
        whole.timestamp,
    )
    for name in ("value", "min", "max"):
        assert _same(getattr(both, name), getattr(whole, name))
    assert (both.min_step, both.max_step) == (whole.min_step, whole.max_step)
    if math.isfinite(whole.mean) and abs(whole.mean) < 1e30:
        assert both.mean == pytest.approx(whole.mean, rel=1e-6, abs=1e-3 * max(1.0, abs(whole.max), abs(whole.min)))
