"""Holding data against a signature before a model sees it.

Missing columns and values of another type are refused, naming the column; extra columns are left out;
integers widen to long, float and double, and float to double, where nothing is lost. Source:
https://mlflow.org/docs/latest/ml/model/signatures#signature-enforcement.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cloudtrack.errors import InvalidInput
from cloudtrack.models.schema import ColSpec, Schema, TensorSpec
from cloudtrack.models.signature import ModelSignature, ParamSpec

_NUMPY_NAMES = {
    "boolean": "bool",
    "integer": "int32",
    "long": "int64",
    "float": "float32",
    "double": "float64",
}


def enforce_input(data: Any, schema: Schema) -> Any:
    """The data as the schema describes it. Raises InvalidInput naming the first column that does not fit."""
    if schema.is_tensor:
        return _enforce_tensors(data, schema)
    if not any(isinstance(spec, ColSpec) and spec.name for spec in schema):
        return data
    return _enforce_columns(data, schema)


def enforce_params(params: Mapping[str, Any] | None, signature: ModelSignature) -> dict[str, Any]:
    """All params of the signature, with defaults where none is given. Raises InvalidInput for an unknown one."""
    known = {spec.name: spec for spec in signature.params or ()}
    given = dict(params or {})
    unknown = [name for name in given if name not in known]
    if unknown:
        names = ", ".join(known) or "none"
        raise InvalidInput(f"the model takes no param {unknown[0]!r}; its signature has {names}")
    return {name: _param_value(spec, given.get(name, spec.default)) for name, spec in known.items()}


def _enforce_columns(data: Any, schema: Schema) -> Any:
    import pandas

    if isinstance(data, Mapping):
        is_row = not any(isinstance(value, list | tuple) or hasattr(value, "__array__") for value in data.values())
        data = pandas.DataFrame([data] if is_row else dict(data))
    elif isinstance(data, list):
        data = pandas.DataFrame(data)
    elif isinstance(data, pandas.Series):
        data = data.to_frame()
    elif hasattr(data, "__array__") and not hasattr(data, "columns"):
        data = _frame_of_array(data, schema)
    if not isinstance(data, pandas.DataFrame):
        raise InvalidInput(f"the model takes a table with columns, not a {type(data).__name__}")
    columns = {}
    for spec in schema:
        if not isinstance(spec, ColSpec):
            continue
        if spec.name not in data.columns:
            if spec.required:
                raise InvalidInput(f"the column {spec.name!r} is missing; the model takes {schema.input_names()}")
            continue
        original = data[spec.name]
        columns[spec.name] = (_enforce_column(original, spec), original)
    if all(column is original for column, original in columns.values()):
        # As it came: a copy in another memory order would move sums by a last digit.
        return data if list(data.columns) == list(columns) else data[list(columns)]
    return pandas.DataFrame({name: column for name, (column, _) in columns.items()}, index=data.index)


def _frame_of_array(array: Any, schema: Schema) -> Any:
    import pandas

    names = schema.input_names()
    if len(array.shape) != 2 or array.shape[1] != len(names):
        raise InvalidInput(
            f"the array has the shape {tuple(array.shape)}; the model takes {len(names)} columns: {names}"
        )
    return pandas.DataFrame(array, columns=names)


def _enforce_column(series: Any, spec: ColSpec) -> Any:
    wanted = spec.kind.name
    target = _NUMPY_NAMES.get(wanted)
    if series.isna().any():
        if spec.required and wanted not in ("double", "float"):
            raise InvalidInput(f"the column {spec.name!r} has missing values; it is required and of type {wanted}")
        if wanted in ("boolean", "integer", "long"):
            return series
    if target is None:
        return _enforce_other(series, spec, wanted)
    source = str(series.dtype).lower()
    if source == target:
        return series
    values = series.dropna()
    if source in ("object", "str", "string"):
        fits = all(_is_number(value, wanted) for value in values)
    else:
        fits = _widens(source, target)
    if not fits:
        raise InvalidInput(f"the column {spec.name!r} is of type {source}; the model takes {wanted}, without loss")
    return series.astype(target)


def _enforce_other(series: Any, spec: ColSpec, wanted: str) -> Any:
    values = series.dropna()
    if wanted == "string" and not all(isinstance(value, str) for value in values):
        raise InvalidInput(f"the column {spec.name!r} is of type {series.dtype}; the model takes string")
    if wanted == "binary" and not all(isinstance(value, bytes | bytearray) for value in values):
        raise InvalidInput(f"the column {spec.name!r} is of type {series.dtype}; the model takes binary")
    if wanted == "datetime" and not str(series.dtype).startswith("datetime64"):
        import pandas

        try:
            return pandas.to_datetime(series)
        except (TypeError, ValueError) as error:
            raise InvalidInput(f"the column {spec.name!r} cannot be read as datetime") from error
    return series


def _is_number(value: Any, wanted: str) -> bool:
    if wanted == "boolean" or isinstance(value, bool):
        return isinstance(value, bool) and wanted == "boolean"
    return isinstance(value, int) or (isinstance(value, float) and wanted in ("float", "double"))


def _widens(source: str, target: str) -> bool:
    import numpy

    if source == "bool":
        return False
    try:
        return bool(numpy.can_cast(numpy.dtype(source), numpy.dtype(target), casting="safe")) or (
            target == "float64" and numpy.dtype(source).kind in "iu"
        )
    except TypeError:
        return False


def _enforce_tensors(data: Any, schema: Schema) -> Any:
    import numpy

    specs = [spec for spec in schema if isinstance(spec, TensorSpec)]
    if specs[0].name is None:
        if hasattr(data, "toarray"):
            return data
        return _enforce_tensor(data.to_numpy() if hasattr(data, "to_numpy") else numpy.asarray(data), specs[0])
    if hasattr(data, "columns"):
        data = {name: data[name].to_numpy() for name in data.columns}
    if not isinstance(data, Mapping):
        raise InvalidInput(f"the model takes a dictionary of arrays: {schema.input_names()}")
    missing = [spec.name for spec in specs if spec.name not in data]
    if missing:
        raise InvalidInput(f"the array {missing[0]!r} is missing; the model takes {schema.input_names()}")
    return {spec.name: _enforce_tensor(numpy.asarray(data[spec.name]), spec) for spec in specs}


def _enforce_tensor(array: Any, spec: TensorSpec) -> Any:
    import numpy

    label = f"the array {spec.name!r}" if spec.name else "the array"
    wrong = len(array.shape) != len(spec.shape) or any(
        want not in (-1, got) for want, got in zip(spec.shape, array.shape, strict=True)
    )
    if wrong:
        raise InvalidInput(f"{label} has the shape {tuple(array.shape)}; the model takes {spec.shape}")
    if spec.dtype in ("str", "bytes", "object") or str(array.dtype) == spec.dtype:
        return array
    if array.dtype.kind == "O" or not numpy.can_cast(array.dtype, numpy.dtype(spec.dtype), casting="same_kind"):
        raise InvalidInput(f"{label} is of type {array.dtype}; the model takes {spec.dtype}")
    return array.astype(spec.dtype)


def _param_value(spec: ParamSpec, value: Any) -> Any:
    if spec.shape is not None:
        if not isinstance(value, list | tuple):
            raise InvalidInput(f"the param {spec.name!r} takes a list of {spec.dtype}")
        return [_scalar(spec, item) for item in value]
    return _scalar(spec, value)


def _scalar(spec: ParamSpec, value: Any) -> Any:
    accepted: dict[str, tuple[type, ...]] = {
        "boolean": (bool,),
        "integer": (int,),
        "long": (int,),
        "float": (int, float),
        "double": (int, float),
        "string": (str,),
    }
    types = accepted.get(spec.dtype)
    if value is None or types is None:
        return value
    if not isinstance(value, types) or (isinstance(value, bool) and spec.dtype != "boolean"):
        raise InvalidInput(f"the param {spec.name!r} is {value!r}; it takes {spec.dtype}")
    number: Any = value
    return float(number) if spec.dtype in ("float", "double") else value
