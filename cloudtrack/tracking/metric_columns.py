"""The points of one metric as numpy columns: a million of them are three arrays, and no Python objects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cloudtrack.entities.run import Metric
from cloudtrack.tracking.documents import Points

if TYPE_CHECKING:
    from numpy import bool_, float64, int64, intp
    from numpy.typing import NDArray

    Chosen = slice | Sequence[int] | NDArray[intp] | NDArray[bool_]


@dataclass(frozen=True, slots=True, eq=False)
class MetricColumns:
    """Step, timestamp (ms) and value of each point; the three are of equal length."""

    step: NDArray[int64]
    timestamp: NDArray[int64]
    value: NDArray[float64]

    def __len__(self) -> int:
        return len(self.step)

    @classmethod
    def of(cls, points: Points) -> MetricColumns:
        """The points of a document."""
        import numpy

        return cls(
            numpy.array(points.step, dtype=numpy.int64),
            numpy.array(points.timestamp, dtype=numpy.int64),
            numpy.array(points.value, dtype=numpy.float64),
        )

    def take(self, chosen: Chosen) -> MetricColumns:
        """Some of the points."""
        return MetricColumns(self.step[chosen], self.timestamp[chosen], self.value[chosen])

    def followed_by(self, other: MetricColumns) -> MetricColumns:
        """These points and then the others'."""
        import numpy

        if not len(other):
            return self
        return MetricColumns(
            numpy.concatenate([self.step, other.step]),
            numpy.concatenate([self.timestamp, other.timestamp]),
            numpy.concatenate([self.value, other.value]),
        )

    def by_step(self) -> MetricColumns:
        """By step, time and value, NaN after all numbers; equal points once, the first of them."""
        import numpy

        if bool((self.step[1:] > self.step[:-1]).all()):  # as nearly every metric is
            return self
        columns = self.take(numpy.lexsort((self.timestamp, self.step)))
        if not columns._repeats().any():
            return columns
        columns = self.take(numpy.lexsort((self.value, self.timestamp, self.step)))
        value, nan = columns.value, numpy.isnan(columns.value)
        again = columns._repeats() & ((value[1:] == value[:-1]) | (nan[1:] & nan[:-1]))
        return columns.take(numpy.concatenate([[True], ~again]))

    def by_time(self) -> MetricColumns:
        """By time; those of one millisecond stay in their order."""
        import numpy

        return self.take(numpy.argsort(self.timestamp, kind="stable"))

    def between(self, first_step: int, last_step: int) -> MetricColumns:
        """Of points that are ordered by step those from the first step to the last, both included."""
        import numpy

        start = numpy.searchsorted(self.step, first_step, side="left")
        return self.take(slice(int(start), int(numpy.searchsorted(self.step, last_step, side="right"))))

    def points(self, run_id: str, key: str) -> Iterator[Metric]:
        """One after another, as callers know them."""
        rows = zip(self.value.tolist(), self.timestamp.tolist(), self.step.tolist(), strict=True)
        return (Metric(key, value, timestamp, step, run_id=run_id) for value, timestamp, step in rows)

    def _repeats(self) -> NDArray[bool_]:
        """Of each point but the first: whether it has the step and the time of the one before it."""
        same: NDArray[bool_] = (self.step[1:] == self.step[:-1]) & (self.timestamp[1:] == self.timestamp[:-1])
        return same
