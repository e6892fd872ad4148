"""Tables from what people give for one: rows, columns by name, arrays, single values."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Any

from cloudtrack.errors import InvalidInput
from cloudtrack.models.schema import ColSpec, ColumnType

_LISTS = (list, tuple)
_NESTED = ("array", "object", "map")
_SINGLE = (str, bytes, bool, int, float, datetime.date)


def as_frame(data: Any, specs: list[ColSpec]) -> Any:
    """A DataFrame; one that is given is given back itself.

    By name: a Series, a dictionary of values (one row) or of columns, a list of dictionaries, an array with as many
    columns as there are specs. By position also lists, and for a single column a plain value. Raises InvalidInput.
    """
    import pandas

    if isinstance(data, pandas.DataFrame):
        return data
    if isinstance(data, pandas.Series):
        return data.to_frame()
    names = [spec.name for spec in specs]
    is_named = names[0] is not None
    if isinstance(data, Mapping):
        if not is_named and specs[0].kind.name in ("object", "map"):
            return _frame_of_cells([data])
        return _frame_of_mapping(data, names if is_named else list(data), specs)
    if isinstance(data, list) and (not is_named or all(isinstance(row, Mapping) for row in data)):
        if not is_named and len(specs) == 1 and specs[0].kind.name in _NESTED:
            return _frame_of_cells(data)
        return _made(lambda: pandas.DataFrame(data))
    if getattr(data, "shape", ()) and hasattr(data, "dtype") and hasattr(data, "__array__"):
        return _frame_of_array(data, names)
    if not is_named and len(specs) == 1 and (isinstance(data, _SINGLE) or getattr(data, "shape", None) == ()):
        return pandas.DataFrame(_repeated(data, 1))
    how = "call its to_pandas()" if hasattr(data, "to_pandas") else "give a DataFrame, or a list of dictionaries"
    raise InvalidInput(f"the model takes a table with {_columns(names)}, not a {type(data).__name__}; {how}")


def _frame_of_array(array: Any, names: list[str | None]) -> Any:
    import pandas

    if array.dtype.names:
        return _made(lambda: pandas.DataFrame(array))
    if names[0] is None and len(array.shape) <= 2:
        return pandas.DataFrame(array)
    if len(array.shape) != 2 or array.shape[1] != len(names):
        raise InvalidInput(f"the array has the shape {tuple(array.shape)}; the model takes {_columns(names)}")
    return pandas.DataFrame(array, columns=names)


def _frame_of_cells(cells: list[Any]) -> Any:
    import pandas

    return pandas.DataFrame({0: pandas.Series(cells, dtype="object")})


def _frame_of_mapping(data: Mapping[Any, Any], names: list[Any], specs: list[ColSpec]) -> Any:
    """One row, or as many as the values have that are lists of what the signature takes."""
    import pandas

    given = [(name, data[name], spec.kind) for name, spec in zip(names, specs, strict=False) if name in data]
    if any(isinstance(value, pandas.Series) for _, value, _ in given):
        return _made(lambda: pandas.DataFrame({name: value for name, value, _ in given}))
    lengths = {name: len(value) for name, value, kind in given if _is_column(value, kind)}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name!r} has {length}" for name, length in lengths.items())
        raise InvalidInput(f"the columns have different numbers of rows: {told}; give each the same")
    rows = next(iter(lengths.values()), 1)
    columns = {
        name: _column(value, kind) if name in lengths else _repeated(value, rows, kind) for name, value, kind in given
    }
    return pandas.DataFrame(columns)


def _is_column(value: Any, kind: ColumnType) -> bool:
    """Whether the value is many cells: whether it has more levels of lists than a cell of this type."""
    levels = 0
    part: ColumnType | None = kind
    while part is not None and part.name == "array":
        levels, part = levels + 1, part.items
    return _depth(value) > levels


def _depth(value: Any) -> int:
    """Levels of lists, as the first items have them."""
    if isinstance(value, _LISTS):
        return 1 + (_depth(value[0]) if value else 0)
    return len(value.shape) if hasattr(value, "__array__") and hasattr(value, "shape") else 0


def _column(values: Any, kind: ColumnType) -> Any:
    import pandas

    if kind.name in _NESTED:
        return pandas.Series(list(values), dtype="object")
    is_flat = _depth(values) == 1
    return pandas.Series(values if is_flat else list(values), dtype=None if is_flat else "object")


def _repeated(value: Any, rows: int, kind: ColumnType | None = None) -> Any:
    """A column of the same cell. A numpy scalar keeps its type."""
    import numpy
    import pandas

    if isinstance(value, numpy.generic):
        return pandas.Series(numpy.array([value] * rows))
    is_nested = kind is not None and (kind.name in _NESTED or isinstance(value, Mapping))
    return pandas.Series([value] * rows, dtype="object" if is_nested else None)


def _made(make: Callable[[], Any]) -> Any:
    try:
        return make()
    except (TypeError, ValueError) as error:
        reason = str(error).partition("\n")[0][:200]
        raise InvalidInput(f"the data makes no table: {reason}; give a DataFrame") from error


def _columns(names: list[str | None]) -> str:
    return f"the columns {names}" if names[0] is not None else f"{len(names)} columns without names"
