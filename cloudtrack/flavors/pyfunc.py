"""Models as Python functions: loading any model, and saving classes and functions of one's own.

Names and arguments as in ``mlflow.pyfunc``; source:
https://mlflow.org/docs/latest/api_reference/python_api/mlflow.pyfunc.html.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cloudtrack.errors import InvalidInput
from cloudtrack.flavors.python_function import PythonModel, PythonModelContext, log_model, save_model
from cloudtrack.fluent import session
from cloudtrack.fluent.models import load_from, local_model
from cloudtrack.models.default_environment import default_environment
from cloudtrack.models.model_config import ModelConfig
from cloudtrack.models.pyfunc import PyFuncModel, load_local
from cloudtrack.models.trust import trusting

if TYPE_CHECKING:
    from cloudtrack.batch.predictor import BatchPredictor

get_default_pip_requirements, get_default_conda_env = default_environment({"cloudpickle"})


def load_model(
    model_uri: str,
    suppress_warnings: bool = False,  # noqa: ARG001 - MLflow's argument; there are none
    dst_path: str | os.PathLike[str] | None = None,
    model_config: ModelConfig | None = None,
    *,
    trust: bool | None = None,
) -> PyFuncModel:
    """The model behind a URI or in a local folder, ready to predict.

    ``runs:/<run id>/<path>``, ``models:/<name>/<version>``, ``models:/<name>/<stage>``,
    ``models:/<name>@<alias>``, ``models:/<name>/latest``, or a path.

    ``model_config``, a dictionary or a YAML file, overrides settings that the model was saved with.
    ``trust``: the model may run code that it brings, as every PythonModel does (docs/model-safety.md). Raises
    PermissionDenied where it would, and is not trusted.
    """
    load = partial(load_local, model_config=model_config)
    with trusting(trust):
        return load_from(str(model_uri), dst_path, load, reader=PyFuncModel.unwrap_python_model)


def get_model_dependencies(model_uri: str, format: str = "pip") -> str:
    """A local copy of the list of what a model needs: ``requirements.txt`` (``pip``) or ``conda.yaml`` (``conda``)."""
    files = {"pip": "requirements.txt", "conda": "conda.yaml"}
    if format not in files:
        raise InvalidInput(f"format is {format!r}; it is 'pip' or 'conda'")
    target = Path(tempfile.mkdtemp(prefix="cloudtrack-")) / files[format]
    with local_model(str(model_uri)) as folder:
        shutil.copy2(folder / target.name, target)
    return str(target)


def spark_udf(
    spark: Any,
    model_uri: str,
    result_type: Any = None,
    params: Mapping[str, Any] | None = None,
    *,
    trust: bool | None = None,
) -> Callable[..., Any]:
    """The model behind a URI or in a local folder as a function of Spark's columns (see ``batch.spark_udf``)."""
    from cloudtrack.batch.spark_udf import make_spark_udf

    with local_model(str(model_uri)) as folder:
        return make_spark_udf(spark, folder, result_type=result_type, params=params, trust=trust)


def batch_predictor(
    model_uri: str,
    params: Mapping[str, Any] | None = None,
    *,
    keep: Sequence[str] = (),
    trust: bool | None = None,
) -> BatchPredictor:
    """The model behind a URI or in a folder that all workers see, as a function of Ray's or Dask's tables.

    ``keep`` are columns of the input that go before the predictions. See ``batch.predictor``.
    """
    from cloudtrack.batch.predictor import BatchPredictor

    return BatchPredictor(str(model_uri), session.get_tracking_uri(), params=params, keep=tuple(keep), trust=trust)


__all__ = [
    "PyFuncModel",
    "PythonModel",
    "PythonModelContext",
    "batch_predictor",
    "get_default_conda_env",
    "get_default_pip_requirements",
    "get_model_dependencies",
    "load_model",
    "log_model",
    "save_model",
    "spark_udf",
]
