"""A long metric in few rows, for a chart: what is left out is counted, and no spike is lost. Pure.

Two methods, over finite values in order of x; where there are few enough, all of them are taken:

- minmax: buckets of one width in x, each with its first, last, least and greatest value. The first point is
  a bucket of its own, so that the rows begin and end where the points do.
- lttb: points as they are, those that make the largest triangles. Source: S. Steinarsson, *Downsampling
  Time Series for Visual Representation*, 2013, https://skemman.is/handle/1946/15343.

NaN and infinities are in no row: how many there are is said, and where, at most one place a bucket.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy import float64, int64, intp
    from numpy.typing import NDArray

FEWEST_ROWS = 3
"""The first point, the last, and what is between them."""


class Method(StrEnum):
    """How points are left out."""

    MINMAX = "minmax"
    LTTB = "lttb"


@dataclass(frozen=True, slots=True, eq=False)
class Buckets:
    """What is in each row's bucket besides its last point: so many points, and the values of three of them."""

    first: NDArray[float64]
    min: NDArray[float64]
    max: NDArray[float64]
    count: NDArray[int64]


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Points that no line can show."""

    count: int
    x: NDArray[int64]


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Rows in order of x. ``buckets`` is None where each row is a point; ``raw`` counts all points there were."""

    raw: int
    x: NDArray[int64]
    last: NDArray[float64]
    buckets: Buckets | None
    nan: Places
    infinite: Places
    negative_infinite: Places

    @property
    def is_exact(self) -> bool:
        """Whether nothing was left out."""
        places = (self.nan, self.infinite, self.negative_infinite)
        return len(self.x) + sum(len(place.x) for place in places) == self.raw


def sample(x: NDArray[int64], value: NDArray[float64], rows: int, method: Method = Method.MINMAX) -> Sample:
    """Points in order of x, in at most so many rows."""
    import numpy

    finite = numpy.isfinite(value)
    line_x, line = (x, value) if bool(finite.all()) else (x[finite], value[finite])
    buckets = None
    if len(line_x) > rows and method is Method.LTTB:
        chosen = lttb(line_x, line, rows)
        line_x, line = line_x[chosen], line[chosen]
    elif len(line_x) > rows:
        line_x, line, buckets = minmax(line_x, line, rows)
    return Sample(
        raw=len(x),
        x=line_x,
        last=line,
        buckets=buckets,
        nan=_places(x[numpy.isnan(value)], rows),
        infinite=_places(x[value == math.inf], rows),
        negative_infinite=_places(x[value == -math.inf], rows),
    )


def minmax(x: NDArray[int64], value: NDArray[float64], rows: int) -> tuple[NDArray[int64], NDArray[float64], Buckets]:
    """Of each bucket the last x and the last value, and the rest; empty buckets are no rows. More points than rows."""
    import numpy

    starts = numpy.concatenate([[0], 1 + _starts(x[1:], rows - 1)])
    ends = numpy.append(starts[1:], len(x)) - 1
    buckets = Buckets(
        first=value[starts],
        min=numpy.minimum.reduceat(value, starts),
        max=numpy.maximum.reduceat(value, starts),
        count=ends - starts + 1,
    )
    return x[ends], value[ends], buckets


def lttb(x: NDArray[int64], value: NDArray[float64], rows: int) -> NDArray[intp]:
    """Which points to take, in order, the first and the last among them. More points than rows, at least three."""
    import numpy

    across, up = _scaled(x.astype(numpy.float64)), _scaled(value)
    bounds = numpy.linspace(1, len(x) - 1, rows - 1).astype(numpy.intp)
    sizes = numpy.diff(bounds)
    mean_across = numpy.append(numpy.add.reduceat(across[:-1], bounds[:-1]) / sizes, across[-1])
    mean_up = numpy.append(numpy.add.reduceat(up[:-1], bounds[:-1]) / sizes, up[-1])
    chosen = numpy.zeros(rows, dtype=numpy.intp)
    chosen[-1] = len(x) - 1
    before = 0
    for row, (start, end) in enumerate(zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True), start=1):
        run, rise = across[before] - mean_across[row], mean_up[row] - up[before]
        areas = numpy.abs(run * (up[start:end] - up[before]) - (across[before] - across[start:end]) * rise)
        chosen[row] = before = start + int(areas.argmax())
    return chosen


def _places(x: NDArray[int64], rows: int) -> Places:
    return Places(len(x), x if len(x) <= rows else x[_starts(x, rows)])


def _starts(x: NDArray[int64], buckets: int) -> NDArray[intp]:
    """Where each of so many buckets of one width begins that is not empty."""
    import numpy

    number = numpy.minimum(_scaled(x.astype(numpy.float64)) * buckets, buckets - 1).astype(numpy.intp)
    return numpy.flatnonzero(numpy.diff(number, prepend=-1))


def _scaled(values: NDArray[float64]) -> NDArray[float64]:
    """From 0 to 1; halved first, as the largest floats lie further apart than a float can say."""
    halves = values / 2
    low, width = halves.min(), halves.max() - halves.min()
    scaled: NDArray[float64] = (halves - low) / width if width > 0 else halves * 0
    return scaled
