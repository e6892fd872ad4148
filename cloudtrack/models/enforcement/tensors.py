"""Arrays in the shape and type of the signature. Types widen where no value changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cloudtrack.errors import InvalidInput
from cloudtrack.models.enforcement.widening import widens
from cloudtrack.models.schema import TensorSpec


def enforce_tensors(data: Any, specs: list[TensorSpec]) -> Any:
    """One array for a tensor without a name, else a dictionary of arrays by name; extra ones are left out.

    Takes arrays, sparse matrices, nested lists, and tables: a table is one array, or its columns are arrays by name.
    Raises InvalidInput.
    """
    if specs[0].name is None:
        return _enforce_tensor(_array(data, specs[0]), specs[0])
    names = [spec.name for spec in specs]
    if hasattr(data, "columns"):
        _check_names(list(data.columns), names)
        data = {name: _stacked(data[name]) for name in names}
    elif len(specs) == 1 and not isinstance(data, Mapping):
        data = {names[0]: data}
    if not isinstance(data, Mapping):
        raise InvalidInput(f"the model takes a dictionary of arrays, not a {type(data).__name__}: {names}")
    _check_names(list(data), names)
    return {spec.name: _enforce_tensor(_array(data[spec.name], spec), spec) for spec in specs}


def _check_names(found: list[Any], names: list[str | None]) -> None:
    missing = [name for name in names if name not in found]
    if missing:
        raise InvalidInput(f"the array {missing[0]!r} is missing; the model takes {names}, and got {found[:50]}")
    twice = [name for name in names if found.count(name) > 1]
    if twice:
        raise InvalidInput(f"the column {twice[0]!r} is there more than once; rename or drop the others")


def _array(data: Any, spec: TensorSpec) -> Any:
    """An array, or a sparse matrix, which stays one."""
    import numpy

    if hasattr(data, "toarray") or isinstance(data, numpy.ndarray):
        return data
    if hasattr(data, "columns") and hasattr(data, "to_numpy"):
        if len(data.columns) == 1 and len(spec.shape) != 2:
            return _stacked(data[data.columns[0]])
        return data.to_numpy()
    if data is None or isinstance(data, Mapping):
        raise InvalidInput(f"{_label(spec)} is a {type(data).__name__}; give a numpy array of {spec.dtype}")
    try:
        return data.to_numpy() if hasattr(data, "to_numpy") else numpy.asarray(data)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"{_label(spec)} is ragged: {error}; give lists of the same lengths") from error


def _stacked(column: Any) -> Any:
    """A column's array; of a column of lists or arrays one with their dimensions too."""
    import numpy

    array = column.to_numpy()
    if array.dtype.kind == "O" and len(array) and isinstance(array[0], list | tuple | numpy.ndarray):
        try:
            return numpy.stack([numpy.asarray(value) for value in array])
        except (TypeError, ValueError) as error:
            raise InvalidInput(f"the column {column.name!r} is ragged: {error}; give arrays of one shape") from error
    return array


def _enforce_tensor(array: Any, spec: TensorSpec) -> Any:
    import numpy

    shape = tuple(array.shape)
    if len(shape) != len(spec.shape) or any(want not in (-1, got) for want, got in zip(spec.shape, shape, strict=True)):
        raise InvalidInput(
            f"{_label(spec)} has the shape {shape}; the model takes {spec.shape}, where -1 is any length"
        )
    if spec.dtype == "object":
        return array
    if spec.dtype in ("str", "bytes"):
        if array.dtype.kind != ("U" if spec.dtype == "str" else "S"):
            raise _unfit(array, spec)
        return array
    target = numpy.dtype(spec.dtype)
    if array.dtype == target:
        return array
    if not widens(array.dtype, target, array):
        raise _unfit(array, spec)
    return array.astype(target)


def _unfit(array: Any, spec: TensorSpec) -> InvalidInput:
    return InvalidInput(
        f"{_label(spec)} is of type {array.dtype}; the model takes {spec.dtype}, without loss: "
        f"convert it with astype({spec.dtype!r}) if that is meant"
    )


def _label(spec: TensorSpec) -> str:
    return f"the array {spec.name!r}" if spec.name else "the array"
