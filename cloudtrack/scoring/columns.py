"""A column of a request in the type of the signature, as MLflow's scoring server casts it.

Numbers are converted as numpy converts them, also from text, and fractions of integers are cut off; what does not fit
its type, and text for a boolean, is refused, where MLflow lets the one wrap around and makes the other true.
Source: https://mlflow.org/docs/latest/ml/model/signatures and the answers of an MLflow 3.17 server.
"""

from __future__ import annotations

import base64
from typing import Any

from cloudtrack.api.errors import ApiError
from cloudtrack.models.schema import ColSpec, ColumnType

NUMPY_TYPES = {"boolean": "bool", "integer": "int32", "long": "int64", "float": "float32", "double": "float64"}
_INTEGERS = ("integer", "long")
_NESTED = ("array", "object", "map")


def cast_column(column: Any, spec: ColSpec, *, binary_as_text: bool = False) -> Any:
    """The column as the signature has it; ``binary_as_text`` for forms whose text is the bytes, not their base64.

    Raises ApiError: BAD_REQUEST where a value cannot be converted.
    """
    kind = spec.kind
    try:
        if kind.name in NUMPY_TYPES:
            return _cast_numbers(column, kind.name)
        if kind.name == "datetime":
            return _cast_moments(column)
        if kind.name == "binary":
            return _objects([_bytes(value, as_text=binary_as_text) for value in column], column)
        if kind.name in _NESTED:
            values = [None if value is None and not spec.required else cast_value(value, kind) for value in column]
            return _objects([_array(value) for value in values] if binary_as_text else values, column)
    except (TypeError, ValueError, OverflowError) as error:
        reason = str(error).partition("\n")[0][:200]
        raise ApiError("BAD_REQUEST", f"the column {spec.name!r} takes {kind.name}: {reason}") from error
    return column


def cast_value(value: Any, kind: ColumnType) -> Any:
    """A value inside a list or an object, by its type. Raises ValueError, TypeError."""
    import numpy

    if kind.name == "array" and kind.items is not None:
        if not isinstance(value, list):
            raise ValueError(f"{value!r:.80} is no list")
        items = kind.items
        if items.name in NUMPY_TYPES or items.name == "string":
            return numpy.array(value, dtype=NUMPY_TYPES.get(items.name, "str")).tolist()
        return [cast_value(item, items) for item in value]
    if kind.name == "map" and kind.items is not None:
        return {key: cast_value(item, kind.items) for key, item in _checked_object(value).items()}
    if kind.name == "object":
        return _cast_object(_checked_object(value), kind)
    if kind.name in NUMPY_TYPES:
        return numpy.array(value, dtype=NUMPY_TYPES[kind.name])[()]
    if kind.name == "datetime":
        return numpy.datetime64(value)
    return _bytes(value, as_text=False) if kind.name == "binary" else value


def _cast_object(value: dict[str, Any], kind: ColumnType) -> dict[str, Any]:
    known = {name: (part, required) for name, part, required in kind.properties}
    missing = [name for name, (_, required) in known.items() if required and name not in value]
    if missing:
        raise ValueError(f"the property {missing[0]!r} is missing")
    unknown = [name for name in value if name not in known]
    if unknown:
        raise ValueError(f"there is no property {unknown[0][:80]!r}")
    return {
        name: None if item is None and not known[name][1] else cast_value(item, known[name][0])
        for name, item in value.items()
    }


def _cast_numbers(column: Any, name: str) -> Any:
    if name == "boolean" and any(isinstance(value, str) for value in column):
        raise ValueError("text is neither true nor false")
    if name in _INTEGERS:
        return _cast_integers(column, NUMPY_TYPES[name])
    return column.astype(NUMPY_TYPES[name])


def _cast_integers(column: Any, target: str) -> Any:
    import numpy

    limits = numpy.iinfo(target)
    numbers = column if column.dtype.kind in "iuf" else column.astype("int64")
    if len(numbers) and not numbers.isna().any():
        lowest, highest = int(numbers.min()), int(numbers.max())
        if lowest < limits.min or highest > limits.max:
            raise ValueError(f"there is a number beyond {limits.min} to {limits.max}")
    return numbers.astype(target)


def _cast_moments(column: Any) -> Any:
    import pandas

    moments = pandas.to_datetime(column)
    if getattr(moments.dt, "tz", None) is not None:
        raise ApiError(
            "INVALID_PARAMETER_VALUE", f"the column {column.name!r} has a time zone; send moments in UTC without one"
        )
    return moments.astype("datetime64[ns]")


def _bytes(value: Any, *, as_text: bool) -> bytes:
    if not isinstance(value, str):
        raise TypeError(f"a {type(value).__name__} is no text in base64")
    return value.encode() if as_text else base64.decodebytes(value.encode())


def _checked_object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{value!r:.80} is no object")
    return value


def _array(value: Any) -> Any:
    import numpy

    return numpy.array(value) if isinstance(value, list) else value


def _objects(values: list[Any], like: Any) -> Any:
    import pandas

    return pandas.Series(values, index=like.index, name=like.name, dtype="object")
