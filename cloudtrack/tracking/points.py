"""Folding metric points into a run's document: summaries and inline columns. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable

from cloudtrack.tracking.documents import Points, RunDocument, Summary

INLINE_POINTS = 2000
"""A run keeps up to this many points in its document (about 64 KiB), and spills them beyond."""

Point = tuple[str, float, int, int]
"""key, value, step, timestamp in ms."""

Columns = dict[str, Points]
"""Points by metric key."""


def group(points: Iterable[Point]) -> Columns:
    """Points in order of arrival, as columns by key."""
    columns: Columns = {}
    for key, value, step, timestamp in points:
        column = columns.get(key)
        if column is None:
            column = columns[key] = Points.model_construct(step=[], timestamp=[], value=[])
        column.step.append(step)
        column.timestamp.append(timestamp)
        column.value.append(value)
    return columns


def count(columns: Columns) -> int:
    """The number of points."""
    return sum(len(column.value) for column in columns.values())


def fold(document: RunDocument, columns: Columns) -> None:
    """Add points to a document: inline, and to the summaries."""
    for key, new in columns.items():
        if not new.value:
            continue
        there = document.points.get(key)
        if there is None:
            document.points[key] = Points(step=list(new.step), timestamp=list(new.timestamp), value=list(new.value))
        else:
            there.step.extend(new.step)
            there.timestamp.extend(new.timestamp)
            there.value.extend(new.value)
        summary = summarize(new)
        before = document.metrics.get(key)
        document.metrics[key] = combine(before, summary) if before else summary


def summarize(column: Points) -> Summary:
    """The summary of at least one point."""
    values, steps, timestamps = column.value, column.step, column.timestamp
    newest = max(steps)
    at_newest = (
        [i for i, step in enumerate(steps) if step == newest] if steps.count(newest) > 1 else [steps.index(newest)]
    )
    last = max(at_newest, key=lambda i: _order(newest, timestamps[i], values[i]))
    numbers = values if not any(map(math.isnan, values)) else [value for value in values if not math.isnan(value)]
    low = min(numbers, default=math.nan)
    high = max(numbers, default=math.nan)
    return Summary.model_construct(
        value=values[last],
        step=steps[last],
        timestamp=timestamps[last],
        min=low,
        min_step=_first_step(column, low),
        max=high,
        max_step=_first_step(column, high),
        mean=_mean(numbers),
        count=len(values),
        nan_count=len(values) - len(numbers),
    )


def combine(old: Summary, new: Summary) -> Summary:
    """The summary of both sets of points, ``old`` having been logged first."""
    last = max(old, new, key=lambda summary: _order(summary.step, summary.timestamp, summary.value))
    low = new if math.isnan(old.min) or new.min < old.min else old
    high = new if math.isnan(old.max) or new.max > old.max else old
    old_numbers, new_numbers = old.count - old.nan_count, new.count - new.nan_count
    if not old_numbers or not new_numbers:
        mean = new.mean if new_numbers else old.mean
    else:
        share = new_numbers / (old_numbers + new_numbers)
        mean = old.mean * (1 - share) + new.mean * share
    return Summary(
        value=last.value,
        step=last.step,
        timestamp=last.timestamp,
        min=low.min,
        min_step=low.min_step,
        max=high.max,
        max_step=high.max_step,
        mean=mean,
        count=old.count + new.count,
        nan_count=old.nan_count + new.nan_count,
    )


def _order(step: int, timestamp: int, value: float) -> tuple[int, int, bool, float]:
    """The last point is the greatest (step, timestamp, value); NaN counts as the smallest value."""
    nan = math.isnan(value)
    return (step, timestamp, not nan, 0.0 if nan else value)


def _first_step(column: Points, value: float) -> int:
    return column.step[column.value.index(value)] if not math.isnan(value) else 0


def _mean(numbers: list[float]) -> float:
    if not numbers:
        return math.nan
    try:
        return math.fsum(numbers) / len(numbers)
    except (OverflowError, ValueError):  # infinities of both signs, or a sum beyond the largest float
        return sum(numbers) / len(numbers)
