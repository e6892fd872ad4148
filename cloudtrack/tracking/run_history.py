"""The points of one run's metrics, in its document and in its segments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from cloudtrack.errors import ObjectNotFound
from cloudtrack.tracking.documents import Points, RunDocument
from cloudtrack.tracking.metric_columns import MetricColumns
from cloudtrack.tracking.segments import Segments

T = TypeVar("T")

_MOST_POINTS = 500_000
"""Read at once where several metrics are asked for; bounds the memory."""


class RunHistory:
    """What a run's metrics were from the first point to the last that its document has."""

    def __init__(self, document: RunDocument, segments: Segments, look_again: Callable[[], RunDocument]) -> None:
        """``look_again`` reads the run's document anew."""
        self._document = document
        self._segments = segments
        self._look_again = look_again

    def columns(self, keys: Sequence[str]) -> Iterator[tuple[str, MetricColumns]]:
        """Each metric's points, by step, time and value, equal points once; none of a metric that the run has not."""
        for some in self._batches(keys):
            yield from self._certainly(partial(self._read, some)).items()

    def first_timestamp(self) -> int:
        """When the run's first point was logged, in ms; 0 where there is none."""
        return self._certainly(self._read_first_timestamp)

    def _read(self, keys: Sequence[str], document: RunDocument) -> dict[str, MetricColumns]:
        spilled = [key for key in keys if _spilled(document, key)]
        found = self._segments.read(document.run_id, document.segments, spilled) if spilled else {}
        inline = {key: MetricColumns.of(document.points.get(key, Points())) for key in keys}
        return {key: (found[key].followed_by(inline[key]) if key in found else inline[key]).by_step() for key in keys}

    def _read_first_timestamp(self, document: RunDocument) -> int:
        times = [time for points in document.points.values() for time in points.timestamp]
        if document.segments:
            times.append(self._segments.first_timestamp(document.run_id, document.segments))
        return min(times, default=0)

    def _certainly(self, read: Callable[[RunDocument], T]) -> T:
        """What is read. A file merged away meanwhile means: look at the run again."""
        while True:
            try:
                return read(self._document)
            except ObjectNotFound:
                newer = self._look_again()
                if newer.version == self._document.version:
                    raise
                self._document = newer

    def _batches(self, keys: Sequence[str]) -> Iterator[list[str]]:
        batch: list[str] = []
        points = 0
        for key in keys:
            spilled = _spilled(self._document, key)
            if batch and points + spilled > _MOST_POINTS:
                yield batch
                batch, points = [], 0
            batch.append(key)
            points += spilled
        if batch:
            yield batch


def _spilled(document: RunDocument, key: str) -> int:
    """How many of a metric's points are in segments."""
    summary = document.metrics.get(key)
    return summary.count - len(document.points.get(key, Points()).value) if summary else 0
