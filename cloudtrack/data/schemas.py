"""The schema of a table in MLflow's types; what a signature has no type for is ``any``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cloudtrack.errors import InvalidInput
from cloudtrack.models.infer import infer_schema
from cloudtrack.models.schema import ColSpec, ColumnType, Schema

_ANY = ColumnType("any")


def schema_of_frame(frame: Any) -> Schema:
    """Of a pandas DataFrame."""
    if frame.columns.is_unique:
        try:
            return infer_schema(frame)
        except (InvalidInput, RecursionError):
            pass
    return Schema(tuple(_column_of_frame(frame, place) for place in range(frame.shape[1])))


def schema_of_arrow(schema: Any, nulls: Sequence[int]) -> Schema:
    """Of an Arrow schema, where ``nulls`` says how many values each column lacks."""
    specs = [
        ColSpec(arrow_column_type(column.type), column.name, missing == 0)
        for column, missing in zip(schema, nulls, strict=True)
    ]
    return Schema(tuple(specs))


def arrow_column_type(kind: Any) -> ColumnType:
    """MLflow's type for one of Arrow's."""
    import pyarrow

    types = pyarrow.types
    if isinstance(kind, pyarrow.BaseExtensionType):
        return arrow_column_type(kind.storage_type)
    if types.is_dictionary(kind) or types.is_run_end_encoded(kind):
        return arrow_column_type(kind.value_type)
    if types.is_map(kind):
        return ColumnType("map", items=arrow_column_type(kind.item_type))
    if types.is_struct(kind):
        parts = sorted((part.name, arrow_column_type(part.type), not part.nullable) for part in kind.fields)
        return ColumnType("object", properties=tuple(parts))
    if types.is_nested(kind) and hasattr(kind, "value_type"):
        return ColumnType("array", items=arrow_column_type(kind.value_type))
    return ColumnType(_scalar(kind)) if _scalar(kind) else _ANY


def _scalar(kind: Any) -> str:
    import pyarrow

    types = pyarrow.types
    if types.is_integer(kind):
        return "long" if kind.bit_width == 64 or str(kind) == "uint32" else "integer"
    if types.is_floating(kind):
        return "double" if kind.bit_width == 64 else "float"
    if types.is_timestamp(kind) or types.is_date(kind):
        return "datetime"
    if types.is_boolean(kind):
        return "boolean"
    name = str(kind).removeprefix("large_").removesuffix("_view").partition("[")[0]
    return {"string": "string", "binary": "binary", "fixed_size_binary": "binary"}.get(name, "")


def _column_of_frame(frame: Any, place: int) -> ColSpec:
    column = frame.iloc[:, place]
    try:
        return ColSpec(
            infer_schema(column.to_frame(str(frame.columns[place]))).inputs[0].kind,  # type: ignore[union-attr]
            str(frame.columns[place]),
            not column.isna().any(),
        )
    except (InvalidInput, RecursionError):
        return ColSpec(_ANY, str(frame.columns[place]), not column.isna().any())
