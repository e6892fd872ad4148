"""One column of a table in the type that the signature has for it.

By types: integers widen to larger ones, and floats to double. By values, where no value changes: whole numbers become
float and double, and text in ISO's form dates. Dates become ``datetime64[ns]``, as MLflow hands them to models.
"""

from __future__ import annotations

import datetime
from typing import Any

from cloudtrack.errors import InvalidInput
from cloudtrack.models.enforcement.values import enforce_value, is_missing
from cloudtrack.models.enforcement.widening import LIMITS, NUMPY_TYPES, widens
from cloudtrack.models.schema import ColSpec

_FLOATS = ("float", "double")
_NESTED = ("array", "object", "map")
_PYTHON_TYPES: dict[str, tuple[type, ...]] = {"string": (str,), "binary": (bytes, bytearray)}


def enforce_column(column: Any, spec: ColSpec, label: str) -> Any:
    """The Series in the type of the spec, itself where it fits; ``label`` names it in errors. Raises InvalidInput."""
    import numpy

    kind = spec.kind.name
    if kind == "any":
        return column
    if kind in _NESTED:
        return _enforce_nested(column, spec, label)
    without_gaps = "iubf" if kind in _FLOATS else "iub"  # numpy's kinds in which no value is missing, or NaN is one.
    if kind in NUMPY_TYPES and isinstance(column.dtype, numpy.dtype) and column.dtype.kind in without_gaps:
        return _widened(column, column, numpy.dtype(NUMPY_TYPES[kind]), kind, label)
    missing = column.isna().to_numpy()
    if missing.any() and spec.required and kind not in _FLOATS:
        raise InvalidInput(
            f"the column {label} has missing values, and is required and of type {kind}: fill them, or make it optional"
        )
    if kind == "datetime":
        return _enforce_moments(column, missing, label)
    if kind in _PYTHON_TYPES:
        return _enforce_texts(column, missing, kind, label)
    return _enforce_numbers(column, missing, kind, label)


def _enforce_nested(column: Any, spec: ColSpec, label: str) -> Any:
    import pandas

    name = label.strip("'\"") if spec.name is None else spec.name
    values = list(column)
    enforced: list[Any] = []
    for row, value in enumerate(values):
        if is_missing(value) and not spec.required:
            enforced.append(None)
            continue
        try:
            enforced.append(enforce_value(value, spec.kind, name))
        except InvalidInput as error:
            raise InvalidInput(f"in row {row}, {error}") from None
    if all(new is old for new, old in zip(enforced, values, strict=True)):
        return column
    return pandas.Series(enforced, index=column.index, name=column.name, dtype="object")


def _enforce_texts(column: Any, missing: Any, kind: str, label: str) -> Any:
    import pandas

    dtype = column.dtype
    if kind == "string" and isinstance(dtype, pandas.StringDtype):
        return column
    values = column.cat.categories if hasattr(column, "cat") else column[~missing]
    if not all(isinstance(value, _PYTHON_TYPES[kind]) for value in values):
        raise _unfit(column, kind, label, "convert it with astype(str)" if kind == "string" else "give bytes")
    return column


def _enforce_moments(column: Any, missing: Any, label: str) -> Any:
    import pandas

    if str(column.dtype) == "datetime64[ns]":
        return column
    is_text = False
    if column.dtype.kind != "M":
        values = column[~missing] if column.dtype.kind == "O" else [column.dtype]
        is_text = all(isinstance(value, str) for value in values)
        if not is_text and not all(_is_moment(value) for value in values):
            raise _unfit(column, "datetime", label, "convert it with pandas.to_datetime")
    try:
        moments = pandas.to_datetime(column, format="ISO8601" if is_text else None)
        if getattr(moments.dtype, "tz", None) is None:
            return moments.astype("datetime64[ns]")
    except (TypeError, ValueError, OverflowError) as error:
        reason = str(error).partition("\n")[0][:200]
        raise InvalidInput(f"the column {label} cannot be read as datetime: {reason}; give ISO's form") from error
    raise InvalidInput(
        f"the column {label} has a time zone, and the model takes moments without: "
        'convert it with .dt.tz_convert("UTC").dt.tz_localize(None)'
    )


def _is_moment(value: Any) -> bool:
    import numpy

    return isinstance(value, datetime.date | numpy.datetime64)


def _enforce_numbers(column: Any, missing: Any, kind: str, label: str) -> Any:
    import numpy
    import pandas

    target = numpy.dtype(NUMPY_TYPES[kind])
    if column.dtype == target:
        return column
    if isinstance(column.dtype, pandas.CategoricalDtype):
        if column.cat.categories.dtype == target:
            return column
        raise _unfit(column, kind, label, f"convert it with astype({target.name!r})")
    present = (column[~missing] if missing.any() else column).infer_objects()
    if not missing.any() or kind in _FLOATS:
        return _widened(column, present, target, kind, label)
    if len(present) and not (column.dtype == "float64" and _are_whole(present, kind)):
        _widened(present, present, target, kind, label)
    return column  # As it is: no numpy type of whole numbers and booleans has gaps.


def _widened(column: Any, present: Any, target: Any, kind: str, label: str) -> Any:
    """The column in numpy's type; ``present`` is what there is of it, missing values become NaN."""
    import numpy
    import pandas

    source = getattr(present.dtype, "subtype", getattr(present.dtype, "numpy_dtype", present.dtype))
    is_empty = column.dtype == object and len(present) == 0
    if not is_empty and not (isinstance(source, numpy.dtype) and widens(source, target, present)):
        raise _unfit(column, kind, label, f"convert it with astype({target.name!r})")
    gaps = {"na_value": float("nan")} if len(present) < len(column) else {}
    return pandas.Series(column.to_numpy(dtype=target, **gaps), index=column.index, name=column.name)


def _are_whole(present: Any, kind: str) -> bool:
    """Whether floats are what pandas makes of integers where some are missing."""
    if kind not in LIMITS:
        return False
    lowest, highest = LIMITS[kind]
    return bool(((present % 1 == 0) & (present >= lowest) & (present < highest + 1)).all())


def _unfit(column: Any, kind: str, label: str, how: str) -> InvalidInput:
    return InvalidInput(
        f"the column {label} is of type {column.dtype}; the model takes {kind}, without loss: {how} if that is meant"
    )
