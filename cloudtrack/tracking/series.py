"""One metric of one run as a chart draws it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from cloudtrack.tracking.metric_columns import MetricColumns
from cloudtrack.tracking.sampling import Method, Sample, sample

if TYPE_CHECKING:
    from numpy import int64
    from numpy.typing import NDArray


class Axis(StrEnum):
    """What x is."""

    STEP = "step"
    TIME = "time"
    """ms since the epoch."""
    RELATIVE = "relative"
    """ms since the run's first point, of whichever metric."""


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """The rows of one metric of one run; none where the run does not have it."""

    run_id: str
    key: str
    sample: Sample


@dataclass(frozen=True, slots=True)
class View:
    """What of a metric is shown: x from ``start`` to ``end``, both included, in at most so many rows."""

    axis: Axis
    start: int
    end: int
    rows: int
    method: Method

    def of(self, points: MetricColumns, began: int) -> Sample:
        """Points in order of step as this view shows them; the run's first point was at ``began``."""
        import numpy

        x, value = self._x(points, began), points.value
        if not bool((x[1:] >= x[:-1]).all()):
            order = numpy.argsort(x, kind="stable")
            x, value = x[order], value[order]
        shown = slice(numpy.searchsorted(x, self.start, side="left"), numpy.searchsorted(x, self.end, side="right"))
        return sample(x[shown], value[shown], self.rows, self.method)

    def _x(self, points: MetricColumns, began: int) -> NDArray[int64]:
        if self.axis is Axis.STEP:
            return points.step
        return points.timestamp if self.axis is Axis.TIME else points.timestamp - began
