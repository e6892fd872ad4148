"""XGBoost models: boosters and the estimators of its scikit-learn interface. Names and arguments as in
``mlflow.xgboost``; source: https://mlflow.org/docs/latest/api_reference/python_api/mlflow.xgboost.html.

A model is stored in a format of XGBoost's own, which runs no code when it is loaded.
"""

from __future__ import annotations

import os
import platform
from functools import partial
from pathlib import Path
from typing import Any, Unpack

from cloudtrack.autologging.xgboost import autolog as autolog
from cloudtrack.errors import CorruptData, InvalidInput
from cloudtrack.fluent.models import LogArguments, load_from, log
from cloudtrack.models.default_environment import default_environment
from cloudtrack.models.environment import pinned
from cloudtrack.models.frameworks import framework
from cloudtrack.models.loading import flavor_entry, inside, load_flavor
from cloudtrack.models.model_file import Model, ModelInfo
from cloudtrack.models.saving import SaveArguments, Written, save

FLAVOR = "xgboost"
_FORMATS = ("ubj", "json")
_MODULES = {"xgboost", "numpy", "scipy", "pandas"}
get_default_pip_requirements, get_default_conda_env = default_environment(_MODULES)
_OLD_FILE = "model.xgb"
"""MLflow up to 1.22 named no file and no class: it held boosters only."""


def save_model(
    xgb_model: Any,
    path: str | os.PathLike[str],
    *,
    model_format: str = "ubj",
    **arguments: Unpack[SaveArguments],
) -> Model:
    """Save a Booster or an estimator into the new folder ``path``; the content of its ``MLmodel``.

    ``model_format`` is ``ubj`` or ``json``.
    """
    xgboost = framework("xgboost", extra="xgboost")
    if _kind(type(xgb_model).__name__) is not type(xgb_model):
        raise InvalidInput(f"the model is a {type(xgb_model).__name__}; it is a Booster or estimator of xgboost's own")
    if isinstance(xgb_model, xgboost.XGBModel) and not xgb_model.__sklearn_is_fitted__():
        raise InvalidInput(f"the {type(xgb_model).__name__} is not fitted: fit it first")
    if model_format not in _FORMATS:
        raise InvalidInput(f"model_format is {model_format!r}; it is {' or '.join(map(repr, _FORMATS))}")
    file = f"model.{model_format}"

    def write(folder: Path) -> Written:
        xgb_model.save_model(folder / file)
        flavor = {
            "data": file,
            "model_class": f"{type(xgb_model).__module__}.{type(xgb_model).__qualname__}",
            "model_format": model_format,
            "xgb_version": xgboost.__version__,
        }
        pyfunc = {"data": file, "loader_module": "mlflow.xgboost", "python_version": platform.python_version()}
        modules = _MODULES if isinstance(xgb_model, xgboost.Booster) else _MODULES | {"sklearn"}
        return Written({"python_function": pyfunc, FLAVOR: flavor}, pinned(modules))

    return save(path, write, **arguments)


def log_model(
    xgb_model: Any,
    artifact_path: str | None = None,
    *,
    model_format: str = "ubj",
    **arguments: Unpack[LogArguments],
) -> ModelInfo:
    """Log a model to the active run, and register it where a name is given."""
    return log(partial(save_model, xgb_model, model_format=model_format), artifact_path, arguments)


def load_model(model_uri: str, dst_path: str | os.PathLike[str] | None = None) -> Any:
    """The Booster or estimator behind a URI or in a local folder."""
    return load_from(str(model_uri), dst_path, partial(load_flavor, flavor=FLAVOR))


def load_saved(folder: Path, entry: dict[str, Any]) -> Any:
    """The Booster or estimator in a model folder; ``entry`` is this flavor's."""
    xgboost = framework("xgboost", extra="xgboost")
    path = inside(folder, entry.get("data", _OLD_FILE))
    name = str(entry.get("model_class", "Booster"))
    kind = _kind(name.rpartition(".")[2])
    if kind is None:
        raise InvalidInput(f"the model in {folder} is of the class {name!r}, which XGBoost lacks")
    model = kind()
    try:
        model.load_model(path)
    except xgboost.core.XGBoostError as error:
        raise CorruptData(f"{path.name} holds no XGBoost model: {str(error).splitlines()[0]}") from error
    return model


def load_predictor(folder: Path, entry: dict[str, Any]) -> XgboostPredictor:  # noqa: ARG001 - it names no class
    """The model for prediction."""
    return XgboostPredictor(load_saved(folder, flavor_entry(Model.load(folder), FLAVOR, folder)))


class XgboostPredictor:
    """A Booster or estimator behind ``predict``."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """What the model gives for a table or array; ``params`` are arguments of its own ``predict``."""
        xgboost = framework("xgboost", extra="xgboost")
        rows = xgboost.DMatrix(data) if isinstance(self.model, xgboost.Booster) else data
        return self.model.predict(rows, **(params or {}))


def _kind(name: str) -> Any:
    """XGBoost's class of this name, None where it has none."""
    xgboost = framework("xgboost", extra="xgboost")
    kind = getattr(xgboost, name, None)
    return kind if isinstance(kind, type) and issubclass(kind, xgboost.Booster | xgboost.XGBModel) else None
