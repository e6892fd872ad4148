"""The metric points of two versions of one run, where both were changed: what one has and the other lacks.

Readers take equal points of a metric once (see ``metric_columns``), so two sets of points are one by union.
"""

from __future__ import annotations

import math

from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.tracking.documents import RunDocument
from cloudtrack.tracking.points import Columns, Point, group
from cloudtrack.tracking.run_history import RunHistory
from cloudtrack.tracking.segments import Segments

MOST_POINTS = 500_000
"""A run with more is not compared point by point; bounds the memory."""

_Points = dict[str, set[tuple[int, int, float | None]]]


class TooManyPoints(Exception):
    """They are not compared."""


def lacking(mine: RunDocument, my_store: ObjectStore, theirs: RunDocument, their_store: ObjectStore) -> Columns:
    """The points that ``theirs`` has and ``mine`` lacks. No request where both have the same files.

    Raises TooManyPoints, and ObjectNotFound where a file was merged away meanwhile.
    """
    if theirs.segments == mine.segments:
        there, here = _inline(theirs), _inline(mine)
    else:
        there, here = _all(theirs, their_store), _all(mine, my_store)
    new: list[Point] = []
    for key, points in there.items():
        lacked = points - here.get(key, set())
        new += (
            (key, math.nan if value is None else value, step, time) for step, time, value in sorted(lacked, key=_order)
        )
    return group(new)


def _inline(document: RunDocument) -> _Points:
    return {
        key: {_point(*point) for point in zip(points.step, points.timestamp, points.value, strict=True)}
        for key, points in document.points.items()
    }


def _all(document: RunDocument, store: ObjectStore) -> _Points:
    if sum(summary.count for summary in document.metrics.values()) > MOST_POINTS:
        raise TooManyPoints
    history = RunHistory(document, Segments(store), lambda: document)
    return {
        key: {
            _point(*point)
            for point in zip(columns.step.tolist(), columns.timestamp.tolist(), columns.value.tolist(), strict=True)
        }
        for key, columns in history.columns(list(document.metrics))
    }


def _point(step: int, timestamp: int, value: float) -> tuple[int, int, float | None]:
    return step, timestamp, None if math.isnan(value) else value


def _order(point: tuple[int, int, float | None]) -> tuple[int, int, bool, float]:
    step, timestamp, value = point
    return step, timestamp, value is not None, value or 0.0
