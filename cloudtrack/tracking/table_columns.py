"""Columns of a table as they travel: numbers with six digits, texts by a dictionary, times by their differences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

DIGITS = 6
"""Significant ones; the run itself has all."""
LONGEST_TEXT = 1000
"""A longer one is cut, and ends in an ellipsis."""
_LARGEST, _SMALLEST = 1e15, 1e-15
"""Between these a power of ten is exact, and so is the product that is rounded."""

Message = dict[str, Any]


def numbers(values: Any) -> Message:
    """``{"numbers": [...]}``: null where there is none; NaN and infinities are texts in JSON."""
    import numpy

    rounded = significant(numpy.ma.getdata(values).astype(numpy.float64))
    return {"numbers": _with_none(rounded, values)}


def texts(values: Any) -> Message:
    """``{"dict": [...], "codes": [...]}``: each text once, and -1 where there is none."""
    places: dict[Any, int] = {}
    codes = [-1 if value is None else places.setdefault(value, len(places)) for value in values.tolist()]
    return {"dict": [cut(text) for text in places], "codes": codes}


def presence(values: Any) -> Message:
    """As a text that is ``true`` where there is one."""
    return {"dict": [True], "codes": [0 if there else -1 for there in values.tolist()]}


def times(values: Any) -> Message:
    """``{"base": ms, "deltas": [...]}``: each time less the one before it, the first less the base; null for none."""
    base: int | None = None
    before = 0
    deltas: list[int | None] = []
    for value in values.tolist():
        if value is None:
            deltas.append(None)
            continue
        if base is None:
            base = before = value
        deltas.append(value - before)
        before = value
    return {"base": base, "deltas": deltas}


def significant(values: NDArray[float64]) -> NDArray[float64]:
    """Numbers rounded to so many significant digits; their shortest decimal form has no more."""
    import numpy

    size = numpy.abs(values)
    usual = (size < _LARGEST) & (size > _SMALLEST)
    exponents = numpy.floor(numpy.log10(size, where=usual, out=numpy.zeros_like(size))).astype(numpy.int64)
    power = DIGITS - 1 - exponents
    scale = numpy.array([float(f"1e{number}") for number in range(23)])[numpy.abs(power)]
    safe = numpy.where(usual, values, 0.0)
    rounded = numpy.where(power >= 0, numpy.rint(safe * scale) / scale, numpy.rint(safe / scale) * scale)
    odd = ~usual & numpy.isfinite(values) & (values != 0)
    result: NDArray[float64] = numpy.where(usual, rounded, values)
    result[odd] = [float(f"{value:.{DIGITS}g}") for value in values[odd].tolist()]
    return result


def significant_number(value: float) -> float:
    """One number rounded as those of a column are."""
    return float(f"{value:.{DIGITS}g}")


def _with_none(values: NDArray[float64], masked: Any) -> Sequence[float | None]:
    import numpy

    found: list[float | None] = values.tolist()
    for place in numpy.flatnonzero(numpy.ma.getmaskarray(masked)).tolist():
        found[place] = None
    return found


def cut(text: str) -> str:
    """A text as it travels in a table."""
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}\N{HORIZONTAL ELLIPSIS}"
