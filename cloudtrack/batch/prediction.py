"""Predictions for every row of a file, in a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cloudtrack.batch.table_files import TableFormat, open_writer, read_tables
from cloudtrack.errors import InvalidInput
from cloudtrack.models.frameworks import framework
from cloudtrack.models.pyfunc import PyFuncModel
from cloudtrack.models.schema import ColSpec, TensorSpec
from cloudtrack.storage.places import reading, writing

PREDICTION = "prediction"
DEFAULT_ROWS = 10_000
_CSV_TYPES = {"string": "str", "boolean": "bool", "double": "float64", "float": "float32", "long": "int64"}


def predict_file(
    model: PyFuncModel,
    source: str,
    target: str,
    *,
    source_format: str | None = None,
    target_format: str | None = None,
    rows_at_once: int = DEFAULT_ROWS,
    keep: Sequence[str] = (),
    params: Mapping[str, Any] | None = None,
    moved: Callable[[int], None] | None = None,
) -> int:
    """Predict for each row of ``source`` and write ``target``, in the same order; the number of rows.

    Both are paths or URLs of fsspec; formats are told by their endings (``TableFormat``). ``rows_at_once`` bounds the
    memory. The columns ``keep`` of the input go before the predictions, ``*`` are all. ``target`` is there whole or
    not at all. Raises NotFound, InvalidInput, CorruptData.
    """
    if rows_at_once < 1:
        raise InvalidInput(f"rows_at_once is {rows_at_once}; it is at least 1")
    kind, wanted = TableFormat.of(source, source_format), TableFormat.of(target, target_format)
    _check_params(model, params or {})
    total = 0
    with reading(source, moved) as stream, writing(target) as out:
        writer = open_writer(out, wanted)
        for table in read_tables(stream, kind, rows_at_once, _csv_types(model)):
            predictions = as_table(model.predict(_as_input(table, model), params), len(table))
            writer.write(with_kept(table, predictions, keep))
            total += len(table)
        writer.close()
    return total


def _check_params(model: PyFuncModel, params: Mapping[str, Any]) -> None:
    """Raises InvalidInput for one that the model does not take: over a whole file, it is a mistake."""
    signature = model.metadata.signature
    known = [spec.name for spec in signature.params or ()] if signature is not None else list(params)
    unknown = [name for name in params if name not in known]
    if unknown:
        raise InvalidInput(f"the model takes no param {unknown[0]!r}; its signature has {', '.join(known) or 'none'}")


def _as_input(table: Any, model: PyFuncModel) -> Any:
    """A table, or the arrays that a signature of arrays has; files do not say how wide numbers are."""
    signature = model.metadata.signature
    inputs = signature.inputs if signature is not None and signature.inputs is not None else ()
    floats = [spec for spec in inputs if isinstance(spec, TensorSpec) and spec.dtype.startswith("float")]
    try:
        if floats and floats[0].name is None:
            return table.to_numpy(dtype=floats[0].dtype) if len(floats[0].shape) == 2 else table
        flat = [spec for spec in floats if len(spec.shape) == 1 and spec.name in table.columns]
        return table.astype({spec.name: spec.dtype for spec in flat})
    except (TypeError, ValueError):
        return table  # no numbers: the model says what it takes


def as_table(predictions: Any, rows: int) -> Any:
    """Predictions as a DataFrame of so many rows. Raises InvalidInput where there are more or fewer."""
    pandas = framework("pandas", extra="pandas")
    if isinstance(predictions, pandas.DataFrame):
        table = predictions.reset_index(drop=True)
        table.columns = [str(name) for name in table.columns]
    elif isinstance(predictions, Mapping):
        table = pandas.DataFrame({str(name): _column(values) for name, values in predictions.items()})
    elif getattr(predictions, "ndim", 1) == 2:
        plain = predictions.toarray() if hasattr(predictions, "toarray") else predictions
        table = pandas.DataFrame({f"{PREDICTION}_{number}": plain[:, number] for number in range(plain.shape[1])})
    else:
        table = pandas.DataFrame({PREDICTION: _column(predictions)})
    if len(table) != rows:
        raise InvalidInput(f"the model gave {len(table)} predictions for {rows} rows; a file needs one for each")
    return table


def _column(values: Any) -> Any:
    return list(values) if getattr(values, "ndim", 1) > 1 else getattr(values, "to_numpy", lambda: values)()


def with_kept(table: Any, predictions: Any, keep: Sequence[str]) -> Any:
    """The columns ``keep`` of a table, then its predictions. Raises InvalidInput for one that is missing or in both."""
    if not keep:
        return predictions
    pandas = framework("pandas", extra="pandas")
    names = list(table.columns) if "*" in keep else list(keep)
    missing = [name for name in names if name not in table.columns]
    if missing:
        there = ", ".join(map(str, table.columns))
        raise InvalidInput(f"the input has no column {missing[0]!r} to keep; it has {there}")
    taken = [name for name in names if name in predictions.columns]
    if taken:
        raise InvalidInput(f"the column {taken[0]!r} is in the input and among the predictions; keep others")
    return pandas.concat([table[names].reset_index(drop=True), predictions], axis=1)


def _csv_types(model: PyFuncModel) -> dict[str, str]:
    """How a csv file's columns are read, so that no part of it is taken for another type than the rest."""
    signature = model.metadata.signature
    specs = signature.inputs if signature is not None and signature.inputs is not None else ()
    return {
        str(spec.name): _CSV_TYPES[spec.kind.name]
        for spec in specs
        if isinstance(spec, ColSpec) and spec.name and spec.kind.name in _CSV_TYPES and _reads(spec)
    }


def _reads(spec: ColSpec) -> bool:
    """Whether numpy's type can hold what may be missing."""
    return spec.required or spec.kind.name in ("string", "double", "float")
