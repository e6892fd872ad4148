"""Arrays of a request in the type that the signature has for them; their shapes are held when the model predicts."""

from __future__ import annotations

from typing import Any

from cloudtrack.api.errors import ApiError
from cloudtrack.models.schema import Schema, TensorSpec


def make_array(value: Any, dtype: str | None = None) -> Any:
    """An array as numpy reads nested lists. Raises ApiError where the lists are ragged or a value does not fit."""
    import numpy

    if dtype is not None and (value is None or isinstance(value, dict)):
        raise ApiError("BAD_REQUEST", f"the array takes nested lists of {dtype}")
    try:
        return numpy.array(value, dtype=None if dtype is None else numpy.dtype(dtype))
    except (TypeError, ValueError, OverflowError) as error:
        reason = str(error).partition("\n")[0][:200]
        raise ApiError("BAD_REQUEST", f"these lists make no array: {reason}") from error


def make_arrays(values: dict[str, Any], schema: Schema | None) -> dict[str, Any]:
    """Arrays by name; those that the schema does not name as they come."""
    types = {spec.name: spec.dtype for spec in schema or () if isinstance(spec, TensorSpec)}
    return {name: make_array(value, types.get(name)) for name, value in values.items()}


def tensors_of_table(frame: Any, schema: Schema) -> Any:
    """The columns of a table as the arrays that the schema names; the table where it names none."""
    if not schema.input_names():
        return frame
    return make_arrays({str(name): frame[name].tolist() for name in frame.columns}, schema)
