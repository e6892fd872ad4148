"""Spark ML models. Names and arguments as in ``mlflow.spark``; source:
https://mlflow.org/docs/latest/api_reference/python_api/mlflow.spark.html.

A model is stored by Spark itself, as a pipeline below ``sparkml``: Spark must be able to write to the local disk.
"""

from __future__ import annotations

import os
import platform
from functools import partial
from pathlib import Path
from typing import Any, Unpack

from cloudtrack.autologging.spark import autolog as autolog
from cloudtrack.errors import InvalidInput
from cloudtrack.fluent.models import LogArguments, load_from, log
from cloudtrack.models.default_environment import default_environment
from cloudtrack.models.environment import pinned
from cloudtrack.models.frameworks import framework
from cloudtrack.models.loading import inside, load_flavor
from cloudtrack.models.model_file import Model, ModelInfo
from cloudtrack.models.saving import SaveArguments, Written, save
from cloudtrack.models.trust import trusting

FLAVOR = "spark"
_DATA = "sparkml"
_MODULES = {"pyspark", "numpy", "pandas"}
get_default_pip_requirements, get_default_conda_env = default_environment(_MODULES)


def save_model(spark_model: Any, path: str | os.PathLike[str], **arguments: Unpack[SaveArguments]) -> Model:
    """Save a fitted model or transformer into the new folder ``path``; the content of its ``MLmodel``.

    What is no PipelineModel becomes one of a single stage.
    """
    pyspark = framework("pyspark", extra="spark")
    pipeline = _pipeline(spark_model)

    def write(folder: Path) -> Written:
        pipeline.save((folder / _DATA).resolve().as_uri())
        flavor = {
            "model_class": f"{type(pipeline).__module__}.{type(pipeline).__qualname__}",
            "model_data": _DATA,
            "pyspark_version": pyspark.__version__,
        }
        pyfunc = {"data": _DATA, "loader_module": "mlflow.spark", "python_version": platform.python_version()}
        return Written({"python_function": pyfunc, FLAVOR: flavor}, pinned(_MODULES))

    return save(path, write, **arguments)


def log_model(spark_model: Any, artifact_path: str | None = None, **arguments: Unpack[LogArguments]) -> ModelInfo:
    """Log a model to the active run, and register it where a name is given."""
    return log(partial(save_model, spark_model), artifact_path, arguments)


def load_model(model_uri: str, dst_path: str | os.PathLike[str] | None = None, *, trust: bool | None = None) -> Any:
    """The PipelineModel behind a URI or in a local folder, in the Spark session of this process.

    ``trust``: it may run code that it brings (docs/model-safety.md). Raises PermissionDenied where it would, and is not
    trusted.
    """
    with trusting(trust):
        return load_from(str(model_uri), dst_path, partial(load_flavor, flavor=FLAVOR))


def load_saved(folder: Path, entry: dict[str, Any]) -> Any:
    """The PipelineModel in a model folder; ``entry`` is this flavor's, or that of ``python_function``."""
    ml = framework("pyspark.ml", extra="spark")
    _session()
    data = inside(folder, entry.get("model_data") or entry.get("data") or _DATA)
    return ml.PipelineModel.load(data.resolve().as_uri())


def load_predictor(folder: Path, entry: dict[str, Any]) -> SparkPredictor:
    """The model for prediction."""
    return SparkPredictor(load_saved(folder, entry))


class SparkPredictor:
    """A pipeline, and the column that its last stage adds."""

    def __init__(self, model: Any) -> None:
        self.model = model
        last = model.stages[-1]
        column = next((name for name in ("predictionCol", "outputCol") if last.hasParam(name)), None)
        if column is None:
            raise InvalidInput(f"the last stage is a {type(last).__name__}, which adds no column of predictions")
        self._column = last.getOrDefault(column)

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> list[Any]:  # noqa: ARG002 - a pipeline has none
        """The predictions for a pandas.DataFrame, or for a list of rows that are dictionaries."""
        rows = self.model.transform(_session().createDataFrame(data)).select(self._column).collect()
        return [row[0] for row in rows]


def _pipeline(model: Any) -> Any:
    ml = framework("pyspark.ml", extra="spark")
    util = framework("pyspark.ml.util", extra="spark")
    if not (isinstance(model, ml.Transformer) and isinstance(model, util.MLWritable)):
        raise InvalidInput(
            f"the model is a {type(model).__name__}; it is a fitted pyspark.ml.Model or Transformer with a writer"
        )
    return model if isinstance(model, ml.PipelineModel) else ml.PipelineModel([model])


def _session() -> Any:
    """The session of this process, or a new one on this machine."""
    sql = framework("pyspark.sql", extra="spark")
    return sql.SparkSession.getActiveSession() or sql.SparkSession.builder.master("local[*]").getOrCreate()
