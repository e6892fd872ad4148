"""What comes as ``instances`` (a list of examples) and as ``inputs`` (whatever the model takes)."""

from __future__ import annotations

from typing import Any

from cloudtrack.api.errors import ApiError
from cloudtrack.models.schema import ColSpec, Schema, TensorSpec
from cloudtrack.scoring.tables import frame_by_position, frame_of_columns
from cloudtrack.scoring.tensors import make_array, make_arrays

_NO_NAMES = "the model takes columns without names: send a list of values or rows, or dataframe_split"


def from_instances(content: Any, schema: Schema | None) -> Any:
    """Objects become arrays by name, anything else one array. Raises ApiError."""
    if schema is not None and not schema.is_tensor and not schema.input_names():
        return _table(content, schema)
    if isinstance(content, list) and content and isinstance(content[0], dict):
        content = _by_name(content)
        if schema is not None and schema.is_tensor and not schema.input_names():
            raise ApiError("INVALID_PARAMETER_VALUE", "the model takes one array without a name")
    elif content == [] and schema is None:
        return content
    return _read(content, schema)


def from_inputs(content: Any, schema: Schema | None) -> Any:
    """An object becomes arrays by name, a list of objects such a list, anything else one array. Raises ApiError."""
    if isinstance(content, list) and all(isinstance(item, dict) for item in content) and _takes_objects(schema):
        if schema is not None and content:
            return frame_of_columns(content, schema, binary_as_text=True)
        return [make_arrays(item, None) for item in content]
    return _read(content, schema)


def from_bare(content: dict[str, Any], schema: Schema | None) -> Any:
    """A body that is the input itself: one row of a table, else as it came. Raises ApiError."""
    if schema is None or schema.is_tensor:
        return content
    names = schema.input_names()
    row = {name: value for name, value in content.items() if name in names}
    return frame_of_columns([row], schema, binary_as_text=True)


def _takes_objects(schema: Schema | None) -> bool:
    return schema is None or bool(schema.input_names() and not schema.is_tensor)


def _read(content: Any, schema: Schema | None) -> Any:
    if schema is not None and not schema.is_tensor:
        return _table(content, schema)
    if isinstance(content, dict) and (schema is None or schema.input_names()):
        return make_arrays(content, schema)
    spec = next(iter(schema), None) if schema is not None else None
    return make_array(content, spec.dtype if isinstance(spec, TensorSpec) and spec.name is None else None)


def _table(content: Any, schema: Schema) -> Any:
    names = schema.input_names()
    if not names and not isinstance(content, dict):
        return frame_by_position(content if isinstance(content, list) else [content], schema)
    if not isinstance(content, dict):
        code = "BAD_REQUEST" if isinstance(content, str) else "INVALID_PARAMETER_VALUE"
        raise ApiError(code, f"the model takes columns by name: {names}")
    if not names:
        raise ApiError("BAD_REQUEST", _NO_NAMES)
    if _is_one_row(content, schema):
        return frame_of_columns([content], schema, binary_as_text=True)
    lengths = {len(value) for value in content.values() if isinstance(value, list)}
    if len(lengths) > 1:
        raise ApiError("INVALID_PARAMETER_VALUE", "the lists of the columns have different lengths")
    return frame_of_columns(content, schema, binary_as_text=True)


def _is_one_row(content: dict[str, Any], schema: Schema) -> bool:
    kinds = {spec.name: spec.kind.name for spec in schema if isinstance(spec, ColSpec)}
    for name, value in content.items():
        if isinstance(value, list) and (kinds.get(name) != "array" or (value and isinstance(value[0], list))):
            return False
    return True


def _by_name(examples: list[Any]) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {}
    for example in examples:
        if not isinstance(example, dict):
            raise ApiError("BAD_REQUEST", "the instances are objects and other things; send one kind")
        for name, value in example.items():
            columns.setdefault(name, []).append(value)
    if len({len(values) for values in columns.values()}) > 1:
        raise ApiError("BAD_REQUEST", "the instances have different keys")
    return columns
