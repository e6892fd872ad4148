"""From example data to a signature."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from cloudtrack.errors import InvalidInput
from cloudtrack.models.schema import ColSpec, ColumnType, Schema, TensorSpec
from cloudtrack.models.signature import ModelSignature, ParamSpec

_BY_NUMPY_NAME = {
    "bool": "boolean",
    "int8": "integer",
    "int16": "integer",
    "int32": "integer",
    "uint8": "integer",
    "uint16": "integer",
    "uint32": "long",
    "int64": "long",
    "float16": "float",
    "float32": "float",
    "float64": "double",
}
_ANY = ColumnType("any")


def infer_signature(
    model_input: Any = None, model_output: Any = None, params: Mapping[str, Any] | None = None
) -> ModelSignature:
    """The signature of a model that takes and gives data like this.

    Takes a DataFrame or Series, a numpy array (its first dimension may have any length), a dictionary
    of arrays or of plain values, a list of dictionaries or of plain values, or one plain value.
    """
    return ModelSignature(
        inputs=None if model_input is None else infer_schema(model_input),
        outputs=None if model_output is None else infer_schema(model_output),
        params=None if not params else tuple(_param(name, value) for name, value in params.items()),
    )


def infer_schema(data: Any) -> Schema:
    """Raises InvalidInput for data of a kind that no signature describes."""
    kind = type(data).__module__.partition(".")[0]
    if kind == "pandas" and hasattr(data, "columns"):
        return Schema(tuple(_column(data[name], str(name)) for name in data.columns))
    if kind == "pandas":
        return Schema((_column(data, None if data.name is None else str(data.name)),))
    if hasattr(data, "toarray") and hasattr(data, "shape"):  # a scipy sparse matrix
        return Schema((TensorSpec(str(data.data.dtype), (-1, *data.shape[1:])),))
    if hasattr(data, "__array__") and getattr(data, "shape", ()) != ():
        return Schema((_tensor(data, None),))
    if isinstance(data, Mapping):
        if data and all(hasattr(value, "__array__") for value in data.values()):
            return Schema(tuple(_tensor(value, str(name)) for name, value in data.items()))
        return Schema(tuple(ColSpec(_type_of(value), str(name)) for name, value in data.items()))
    if isinstance(data, list) and data and all(isinstance(row, Mapping) for row in data):
        return _rows_schema(data)
    if isinstance(data, list):
        return Schema((ColSpec(_common_type(data)),))
    return Schema((ColSpec(_type_of(data)),))


def _tensor(array: Any, name: str | None) -> TensorSpec:
    if not hasattr(array.dtype, "kind"):  # a tensor of torch, TensorFlow ..., whose types have names of their own
        import numpy

        array = numpy.asarray(array)
    dtype = array.dtype
    text = "str" if dtype.kind == "U" else "bytes" if dtype.kind == "S" else str(dtype)
    return TensorSpec(text, (-1, *array.shape[1:]), name)


def _column(series: Any, name: str | None) -> ColSpec:
    present = series.dropna()
    required = len(present) == len(series)
    dtype = str(series.dtype)
    if dtype.startswith("datetime64"):
        return ColSpec(ColumnType("datetime"), name, required)
    if dtype.lower() in _BY_NUMPY_NAME and dtype != "object":
        return ColSpec(ColumnType(_BY_NUMPY_NAME[dtype.lower()]), name, required)
    if dtype in ("string", "str"):
        return ColSpec(ColumnType("string"), name, required)
    return ColSpec(_common_type(present.tolist()), name, required)


def _rows_schema(rows: list[Mapping[str, Any]]) -> Schema:
    names = list(dict.fromkeys(name for row in rows for name in row))
    specs = []
    for name in names:
        present = [row[name] for row in rows if row.get(name) is not None]
        specs.append(ColSpec(_common_type(present), name, len(present) == len(rows)))
    return Schema(tuple(specs))


def _common_type(values: list[Any]) -> ColumnType:
    kinds = list(dict.fromkeys(_type_of(value) for value in values if value is not None))
    if len(kinds) == 1:
        return kinds[0]
    if not kinds:
        return _ANY
    if all(kind.name == "object" for kind in kinds):
        return _merged_object(kinds)
    if {kind.name for kind in kinds} == {"long", "double"}:
        return ColumnType("double")
    raise InvalidInput(f"a column holds values of several types ({', '.join(map(str, kinds))}); a signature needs one")


def _merged_object(kinds: list[ColumnType]) -> ColumnType:
    parts: dict[str, tuple[ColumnType, bool]] = {}
    for kind in kinds:
        for name, part, required in kind.properties:
            known = parts.get(name)
            parts[name] = (part, required and (known is None or known[1]))
    everywhere = set.intersection(*({name for name, _, _ in kind.properties} for kind in kinds))
    properties = ((name, part, required and name in everywhere) for name, (part, required) in sorted(parts.items()))
    return ColumnType("object", properties=tuple(properties))


def _type_of(value: Any) -> ColumnType:
    if value is None:
        return _ANY
    dtype = getattr(value, "dtype", None)
    if dtype is not None and getattr(value, "shape", None) == () and str(dtype) in _BY_NUMPY_NAME:
        return ColumnType(_BY_NUMPY_NAME[str(dtype)])
    for python_type, name in (
        (bool, "boolean"),
        (int, "long"),
        (float, "double"),
        (str, "string"),
        (bytes | bytearray, "binary"),
        (datetime.date, "datetime"),
    ):
        if isinstance(value, python_type):
            return ColumnType(name)
    if isinstance(value, Mapping):
        parts = [(str(key), _type_of(part), part is not None) for key, part in sorted(value.items())]
        return ColumnType("object", properties=tuple(parts))
    if isinstance(value, list | tuple) or hasattr(value, "tolist"):
        items = value if isinstance(value, list | tuple) else value.tolist()
        return ColumnType("array", items=_common_type(list(items)))
    raise InvalidInput(f"a signature does not describe values of the type {type(value).__name__}")


def _param(name: str, value: Any) -> ParamSpec:
    """A list's items are scalars; moments are kept as text, as MLflow keeps them."""
    plain = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(plain, list | tuple):
        items = list(value)
        return ParamSpec(name, _common_type(items).name, [_kept(item) for item in plain], (-1,))
    kind = _type_of(value)
    return ParamSpec(name, kind if kind.name == "object" else kind.name, _kept(plain))


def _kept(default: Any) -> Any:
    return default.isoformat() if isinstance(default, datetime.date) else default
