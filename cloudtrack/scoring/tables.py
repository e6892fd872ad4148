"""Tables from a request: by rows, by records, in CSV or Parquet.

Each column gets the type that the signature has for it; Parquet brings its own types.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cloudtrack.api.errors import ApiError
from cloudtrack.models.schema import SCALARS, ColSpec, Schema
from cloudtrack.scoring.columns import NUMPY_TYPES, cast_column
from cloudtrack.scoring.tensors import tensors_of_table

_SPLIT_KEYS = {"columns", "data", "index"}


def from_split(content: Any, schema: Schema | None) -> Any:
    """A table from ``{"columns": [...], "data": [[...]]}``. Raises ApiError."""
    if not isinstance(content, dict) or "data" not in content or not set(content) <= _SPLIT_KEYS:
        raise ApiError("BAD_REQUEST", 'dataframe_split takes {"columns": [...], "data": [[...], ...]}')
    return _typed(_frame(content["data"], columns=content.get("columns"), index=content.get("index")), schema)


def from_records(content: Any, schema: Schema | None) -> Any:
    """A table from a list of objects. Raises ApiError."""
    if not isinstance(content, list):
        raise ApiError("BAD_REQUEST", "dataframe_records takes a list of objects")
    return _typed(_frame(content), schema)


def from_csv(text: str, schema: Schema | None) -> Any:
    """A table from CSV with a line of names. Raises ApiError."""
    import pandas

    if schema is not None and schema.is_tensor:
        raise ApiError("BAD_REQUEST", "the model takes arrays, which CSV does not hold: send JSON with inputs")
    named = [spec for spec in schema or () if isinstance(spec, ColSpec) and spec.name]
    types = {spec.name: NUMPY_TYPES.get(spec.kind.name, "object") for spec in named}
    frame = _checked(lambda: pandas.read_csv(io.StringIO(text), dtype=types), "the body is no table in CSV")
    if not named:
        return _typed(frame, schema)
    return _cast(frame, [spec for spec in named if spec.kind.name not in (*NUMPY_TYPES, "string")])


def from_parquet(body: bytes) -> Any:
    """A table from a file in Parquet, with the types that it has there. Raises ApiError."""
    import pandas

    return _checked(lambda: pandas.read_parquet(io.BytesIO(body)), "the body is no table in Parquet")


def frame_of_columns(columns: dict[str, Any] | list[Any], schema: Schema, *, binary_as_text: bool) -> Any:
    """A table from lists by name or from records, cast by a schema of columns. Raises ApiError."""
    named = [spec for spec in schema if isinstance(spec, ColSpec) and spec.name]
    return _cast(_frame(columns), named, binary_as_text=binary_as_text)


def frame_by_position(rows: list[Any], schema: Schema) -> Any:
    """A table of rows, or of the values of its only column, cast by a schema without names. Raises ApiError."""
    specs = [spec for spec in schema if isinstance(spec, ColSpec)]
    is_one_cell = len(specs) == 1 and specs[0].kind.name not in SCALARS
    return _cast(*_by_position(_frame([[row] for row in rows] if is_one_cell else rows), specs), binary_as_text=True)


def _typed(frame: Any, schema: Schema | None) -> Any:
    if schema is None:
        return frame
    if schema.is_tensor:
        return tensors_of_table(frame, schema)
    specs = [spec for spec in schema if isinstance(spec, ColSpec)]
    return _cast(frame, specs) if schema.input_names() else _cast(*_by_position(frame, specs))


def _by_position(frame: Any, specs: list[ColSpec]) -> tuple[Any, list[ColSpec]]:
    """The first columns, and the specs of a schema without names under the names of these."""
    names = list(frame.columns)
    if len(names) < len(specs):
        raise ApiError("INVALID_PARAMETER_VALUE", f"there are {len(names)} columns; the model takes {len(specs)}")
    named = [replace(spec, name=name) for spec, name in zip(specs, names, strict=False)]
    return frame[names[: len(specs)]].copy(), named


def _cast(frame: Any, specs: list[ColSpec], *, binary_as_text: bool = False) -> Any:
    for spec in specs:
        if spec.name in frame.columns:
            column = frame[spec.name]
            if not hasattr(column, "to_frame"):
                raise ApiError("INVALID_PARAMETER_VALUE", f"the column {spec.name!r} is there more than once")
            frame[spec.name] = cast_column(column, spec, binary_as_text=binary_as_text)
    return frame


def _frame(data: Any, **more: Any) -> Any:
    import pandas

    return _checked(lambda: pandas.DataFrame(data, **more), "the data makes no table")


def _checked(make: Callable[[], Any], what: str) -> Any:
    """What is made. pandas raises errors of many kinds for data that it cannot take."""
    try:
        return make()
    except Exception as error:
        reason = str(error).strip().partition("\n")[0][:200]
        raise ApiError("BAD_REQUEST", f"{what}: {reason}") from error
