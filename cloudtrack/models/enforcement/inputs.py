"""The input of a model: a table by name or by position, or arrays."""

from __future__ import annotations

from typing import Any

from cloudtrack.errors import InvalidInput
from cloudtrack.models.enforcement.columns import enforce_column
from cloudtrack.models.enforcement.frames import as_frame
from cloudtrack.models.enforcement.tensors import enforce_tensors
from cloudtrack.models.enforcement.widening import NUMPY_TYPES
from cloudtrack.models.schema import ColSpec, Schema, TensorSpec


def enforce_input(data: Any, schema: Schema) -> Any:
    """The data as the schema describes it: a DataFrame, an array, or a dictionary of arrays.

    A DataFrame that fits is given back itself. Extra columns are left out, and the order is the schema's. Raises
    InvalidInput naming the first column, value or array that does not fit.
    """
    if schema.is_tensor:
        return enforce_tensors(data, [spec for spec in schema if isinstance(spec, TensorSpec)])
    specs = [spec for spec in schema if isinstance(spec, ColSpec)]
    if not specs:
        return data
    frame = as_frame(data, specs)
    found = _by_name(frame, specs) if specs[0].name is not None else _by_position(frame, specs)
    return _enforce_columns(frame, found)


def _by_name(frame: Any, specs: list[ColSpec]) -> list[tuple[int, ColSpec]]:
    """Where the columns are that there are."""
    names = list(frame.columns)
    places = {name: place for place, name in enumerate(names)}
    wanted = {spec.name for spec in specs}
    if len(places) < len(names):
        twice = next((name for name in names if name in wanted and names.count(name) > 1), None)
        if twice is not None:
            raise InvalidInput(f"the column {twice!r} is there more than once; rename or drop the others")
    missing = next((spec.name for spec in specs if spec.required and spec.name not in places), None)
    if missing is not None:
        raise InvalidInput(
            f"the column {missing!r} is missing; the model takes {[spec.name for spec in specs]}, and got {names[:50]}"
        )
    return [(places[spec.name], spec) for spec in specs if spec.name in places]


def _by_position(frame: Any, specs: list[ColSpec]) -> list[tuple[int, ColSpec]]:
    width = len(frame.columns)
    if width < len(specs):
        raise InvalidInput(f"there are {width} columns; the model takes {len(specs)}, by their position")
    return list(enumerate(specs))


def _enforce_columns(frame: Any, found: list[tuple[int, ColSpec]]) -> Any:
    dtypes = list(frame.dtypes)
    changed = {}
    for place, spec in found:
        numpy_type = NUMPY_TYPES.get(spec.kind.name)
        if numpy_type is not None and dtypes[place] == numpy_type:
            continue
        column = frame.iloc[:, place]
        label = repr(spec.name) if spec.name is not None else f"number {place}"
        enforced = enforce_column(column, spec, label)
        if enforced is not column:
            changed[place] = enforced
    places = [place for place, _ in found]
    if not changed:
        # As it came: a copy in another memory order would move sums by a last digit.
        return frame if places == list(range(len(dtypes))) else frame.iloc[:, places]
    return _rebuilt(frame, places, changed)


def _rebuilt(frame: Any, places: list[int], changed: dict[int, Any]) -> Any:
    import pandas

    columns = [changed[place] if place in changed else frame.iloc[:, place] for place in places]
    made = pandas.DataFrame(dict(enumerate(columns)), index=frame.index)
    made.columns = frame.columns[places]
    return made
