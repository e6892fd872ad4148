"""Sampling: few rows for a chart, in which nothing of importance is lost."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cloudtrack.tracking.sampling import FEWEST_ROWS, Method, Sample, lttb, sample

MAX = 2**63 - 1
ANY_VALUE = st.floats(width=64)
STEPS = st.integers(-MAX - 1, MAX) | st.integers(-20, 20)
POINTS = st.lists(st.tuples(STEPS, ANY_VALUE), max_size=200)
FINITE = st.lists(st.tuples(STEPS, st.floats(allow_nan=False, allow_infinity=False)), max_size=200)
ROWS = st.integers(FEWEST_ROWS, 40)
METHODS = st.sampled_from(Method)

Points = list[tuple[int, float]]


def taken(points: Points, rows: int, method: Method = Method.MINMAX) -> Sample:
    return sample(*columns(points), rows, method)


def columns(points: Points) -> tuple[numpy.ndarray, numpy.ndarray]:
    ordered = sorted(points, key=lambda point: point[0])
    return (
        numpy.array([x for x, _ in ordered], dtype=numpy.int64),
        numpy.array([value for _, value in ordered], dtype=numpy.float64),
    )


@settings(deadline=None)
@given(POINTS, ROWS, METHODS)
def test_there_are_at_most_so_many_rows_in_order(points: Points, rows: int, method: Method) -> None:
    found = taken(points, rows, method)
    assert len(found.x) == len(found.last) <= rows
    assert found.x.tolist() == sorted(found.x.tolist())
    assert all(len(places.x) <= rows for places in (found.nan, found.infinite, found.negative_infinite))


@settings(deadline=None)
@given(FINITE, ROWS, METHODS)
def test_few_points_are_taken_as_they_are(points: Points, rows: int, method: Method) -> None:
    points = points[:rows]
    found = taken(points, rows, method)
    x, value = columns(points)
    assert found.is_exact
    assert found.buckets is None
    assert (found.x.tolist(), found.last.tolist()) == (x.tolist(), value.tolist())


@settings(deadline=None)
@given(FINITE.filter(len), ROWS, METHODS)
def test_the_first_point_and_the_last_are_kept(points: Points, rows: int, method: Method) -> None:
    found = taken(points, rows, method)
    x, value = columns(points)
    assert (found.x[0], found.last[0]) == (x[0], value[0])
    assert (found.x[-1], found.last[-1]) == (x[-1], value[-1])


@settings(deadline=None)
@given(FINITE.filter(len), ROWS)
@example([(step, 1.7e308 if step == 77 else -1.7e308) for step in range(200)], 10)
def test_spikes_survive_in_buckets(points: Points, rows: int) -> None:
    found = taken(points, rows)
    values = [value for _, value in points]
    least, greatest = (found.last, found.last) if found.buckets is None else (found.buckets.min, found.buckets.max)
    assert (least.min(), greatest.max()) == (min(values), max(values))


@settings(deadline=None)
@given(FINITE, ROWS)
def test_each_bucket_says_what_is_in_it(points: Points, rows: int) -> None:
    found = taken(points, rows)
    x, value = columns(points)
    assert found.is_exact == (len(points) <= rows)
    if found.buckets is None:
        return
    assert found.buckets.count.sum() == found.raw == len(points)
    assert found.buckets.count.min() > 0
    start = 0
    for row, count in enumerate(found.buckets.count.tolist()):
        inside = slice(start, start + count)
        start += count
        assert found.x[row] == x[inside][-1]
        assert found.last[row] == value[inside][-1]
        assert found.buckets.first[row] == value[inside][0]
        assert found.buckets.min[row] == value[inside].min()
        assert found.buckets.max[row] == value[inside].max()


@settings(deadline=None)
@given(POINTS, ROWS, METHODS)
def test_what_no_line_can_show_is_counted_and_placed(points: Points, rows: int, method: Method) -> None:
    found = taken(points, rows, method)
    assert found.raw == len(points)
    assert numpy.isfinite(found.last).all()
    kinds = {
        "nan": (found.nan, [x for x, value in points if math.isnan(value)]),
        "inf": (found.infinite, [x for x, value in points if value == math.inf]),
        "-inf": (found.negative_infinite, [x for x, value in points if value == -math.inf]),
    }
    for name, (places, expected) in kinds.items():
        assert places.count == len(expected), name
        assert set(places.x.tolist()) <= set(expected), name
        assert len(expected) > rows or places.x.tolist() == sorted(expected), name
        assert bool(len(places.x)) == bool(expected), name


@settings(deadline=None)
@given(FINITE.filter(lambda points: len(points) > FEWEST_ROWS))
def test_lttb_takes_each_point_once_and_in_order(points: Points) -> None:
    for rows in range(FEWEST_ROWS, min(len(points), 40)):
        chosen = lttb(*columns(points), rows).tolist()
        assert len(chosen) == rows
        assert chosen == sorted(set(chosen))
        assert (chosen[0], chosen[-1]) == (0, len(points) - 1)


def test_lttb_takes_the_largest_triangles_as_a_plain_loop_finds_them() -> None:
    random = numpy.random.default_rng(7)
    x = numpy.cumsum(random.integers(1, 9, 1000))
    value = numpy.cumsum(random.normal(size=1000))
    for rows in (3, 4, 10, 333, 998, 999):
        assert lttb(x, value, rows).tolist() == plain_lttb(x.tolist(), value.tolist(), rows)


def plain_lttb(x: list[int], value: list[float], rows: int) -> list[int]:
    """Point by point, as the method is told."""
    bounds = [int(bound) for bound in numpy.linspace(1, len(x) - 1, rows - 1)]
    buckets = [range(start, end) for start, end in pairwise(bounds)]
    chosen = [0]
    for bucket, following in zip(buckets, [*buckets[1:], range(len(x) - 1, len(x))], strict=True):
        mean_x = sum(x[i] for i in following) / len(following)
        mean = sum(value[i] for i in following) / len(following)
        before = chosen[-1]
        areas = {
            i: abs((x[before] - mean_x) * (value[i] - value[before]) - (x[before] - x[i]) * (mean - value[before]))
            for i in bucket
        }
        chosen.append(max(areas, key=lambda i: areas[i]))
    return [*chosen, len(x) - 1]


def test_a_single_spike_in_a_million_points_survives_at_500_rows() -> None:
    value = numpy.zeros(1_000_000)
    value[654_321] = 1.0
    for method in Method:
        found = sample(numpy.arange(1_000_000), value, 500, method)
        highest = found.last.max() if found.buckets is None else found.buckets.max.max()
        assert highest == 1.0, method
        assert len(found.x) <= 500
        assert not found.is_exact


def test_buckets_are_of_one_width_and_empty_ones_are_left_out() -> None:
    found = taken([(x, 1.0) for x in [*range(100), *range(900, 1000)]], 11)
    assert found.buckets is not None
    assert found.x.tolist() == [0, 99, 999]
    assert found.buckets.count.tolist() == [1, 99, 100]
