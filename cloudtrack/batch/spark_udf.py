"""A model as a function of Spark's columns.

Names and arguments as in ``mlflow.pyfunc.spark_udf``; source:
https://mlflow.org/docs/latest/api_reference/python_api/mlflow.pyfunc.html#mlflow.pyfunc.spark_udf.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from cloudtrack import ids
from cloudtrack.batch.prediction import as_table
from cloudtrack.errors import InvalidInput
from cloudtrack.models.frameworks import framework
from cloudtrack.models.model_file import Model
from cloudtrack.models.pyfunc import PyFuncModel, load_local
from cloudtrack.models.schema import ColSpec
from cloudtrack.models.temporary_folders import keep_while
from cloudtrack.models.trust import trusting

_TYPES = {
    "boolean": "boolean",
    "integer": "int",
    "long": "bigint",
    "float": "float",
    "double": "double",
    "string": "string",
}


def make_spark_udf(
    spark: Any,
    folder: Path,
    *,
    result_type: Any = None,
    params: Mapping[str, Any] | None = None,
    trust: bool | None = None,
) -> Callable[..., Any]:
    """A pandas UDF of the model in a folder, which is sent to the workers.

    It is called with the columns of the signature in their order, or with one struct that has them by name.
    ``result_type`` is Spark's, such as ``"double"`` or ``"array<double>"``; without it that of the signature's only
    output, and else ``double``. Of several outputs the first that there is counts. Raises InvalidInput.
    """
    functions = framework("pyspark.sql.functions", extra="spark")
    model = Model.load(folder)
    names = _input_names(model)
    wanted = result_type or _output_type(model)
    kind = str(getattr(wanted, "simpleString", lambda: wanted)())
    archive = _send(spark, folder)
    given = dict(params or {})

    def predict(batches: Iterator[tuple[Any, ...]]) -> Iterator[Any]:
        loaded = _loaded(archive, trust)
        for columns in batches:
            table = _table(columns, names)
            yield _series(loaded.predict(table, given), len(table), kind)

    made: Callable[..., Any] = functions.pandas_udf(predict, wanted, functionType=functions.PandasUDFType.SCALAR_ITER)
    return made


def _send(spark: Any, folder: Path) -> str:
    """Give the model to the workers, who may fetch it as long as the context lives; the name of its archive."""
    aside = tempfile.mkdtemp(prefix="cloudtrack-udf-")
    keep_while(spark.sparkContext, aside)
    path = shutil.make_archive(os.path.join(aside, f"model-{ids.new_commit_id()}"), "zip", folder)
    spark.sparkContext.addArchive(path)
    return Path(path).name


@cache
def _loaded(archive: str, trust: bool | None) -> PyFuncModel:
    """The model, loaded once by each worker process from where Spark has unpacked it."""
    folder = framework("pyspark", extra="spark").SparkFiles.get(archive)
    with trusting(trust):
        return load_local(folder)


def _table(columns: Any, names: list[str]) -> Any:
    """A DataFrame of columns that came one by one, or as one struct."""
    pandas = framework("pandas", extra="pandas")
    found = columns if isinstance(columns, tuple) else (columns,)
    if len(found) == 1 and isinstance(found[0], pandas.DataFrame):
        return found[0]
    if names and len(names) < len(found):
        raise InvalidInput(f"the model takes {len(names)} columns ({', '.join(names)}), and got {len(found)}")
    labels = names[: len(found)] if names else [str(number) for number in range(len(found))]
    return pandas.DataFrame(dict(zip(labels, found, strict=True)))


def _series(predictions: Any, rows: int, kind: str) -> Any:
    table = as_table(predictions, rows)
    if not kind.startswith("array"):
        first = table.iloc[:, 0]
        return first.map(str) if kind == "string" else first
    pandas = framework("pandas", extra="pandas")
    if table.shape[1] == 1:
        return table.iloc[:, 0]
    return pandas.Series(table.to_numpy().tolist())


def _input_names(model: Model) -> list[str]:
    inputs = model.signature.inputs if model.signature else None
    return inputs.input_names() if inputs else []


def _output_type(model: Model) -> str:
    outputs = model.signature.outputs if model.signature else None
    if outputs is None or len(outputs) != 1:
        return "double"
    (spec,) = outputs
    if isinstance(spec, ColSpec):
        return _TYPES.get(spec.kind.name, "double")
    kind = "bigint" if spec.dtype.startswith(("int", "uint")) else "string" if spec.dtype == "str" else "double"
    return kind if len(spec.shape) == 1 else f"array<{kind}>"
