"""CatBoost models. Names and arguments as in ``mlflow.catboost``; source:
https://mlflow.org/docs/latest/api_reference/python_api/mlflow.catboost.html.

A model is stored in a format of CatBoost's own, which runs no code when it is loaded.
"""

from __future__ import annotations

import os
import platform
from functools import partial
from pathlib import Path
from typing import Any, Unpack

from cloudtrack.autologging.catboost import autolog as autolog
from cloudtrack.errors import CorruptData, InvalidInput
from cloudtrack.fluent.models import LogArguments, load_from, log
from cloudtrack.models.default_environment import default_environment
from cloudtrack.models.environment import pinned
from cloudtrack.models.frameworks import framework
from cloudtrack.models.loading import flavor_entry, inside, load_flavor
from cloudtrack.models.model_file import Model, ModelInfo
from cloudtrack.models.saving import SaveArguments, Written, save

FLAVOR = "catboost"
_MODULES = {"catboost", "numpy", "pandas", "scipy"}
get_default_pip_requirements, get_default_conda_env = default_environment(_MODULES)
_MODEL_FILE = "model.cb"
_FORMATS = ("cbm", "json")
"""Those that CatBoost both writes and reads."""


def save_model(
    cb_model: Any,
    path: str | os.PathLike[str],
    *,
    format: str = "cbm",
    **arguments: Unpack[SaveArguments],
) -> Model:
    """Save a trained CatBoost, CatBoostClassifier, -Regressor or -Ranker into the new folder ``path``; the content
    of its ``MLmodel``.

    ``format`` is ``cbm`` or ``json``.
    """
    catboost = framework("catboost", extra="catboost")
    if _kind(type(cb_model).__name__) is not type(cb_model):
        raise InvalidInput(f"the model is a {type(cb_model).__name__}; it is one of catboost's own classes")
    if not cb_model.is_fitted():
        raise InvalidInput(f"the {type(cb_model).__name__} is not trained: fit it first")
    if format not in _FORMATS:
        raise InvalidInput(f"format is {format!r}; it is {' or '.join(map(repr, _FORMATS))}")

    def write(folder: Path) -> Written:
        cb_model.save_model(str(folder / _MODEL_FILE), format=format)
        flavor = {
            "catboost_version": catboost.__version__,
            "data": _MODEL_FILE,
            "model_type": type(cb_model).__name__,
            "save_format": format,
        }
        pyfunc = {"data": _MODEL_FILE, "loader_module": "mlflow.catboost", "python_version": platform.python_version()}
        return Written({"python_function": pyfunc, FLAVOR: flavor}, pinned(_MODULES))

    return save(path, write, **arguments)


def log_model(
    cb_model: Any,
    artifact_path: str | None = None,
    *,
    format: str = "cbm",
    **arguments: Unpack[LogArguments],
) -> ModelInfo:
    """Log a model to the active run, and register it where a name is given."""
    return log(partial(save_model, cb_model, format=format), artifact_path, arguments)


def load_model(model_uri: str, dst_path: str | os.PathLike[str] | None = None) -> Any:
    """The model behind a URI or in a local folder."""
    return load_from(str(model_uri), dst_path, partial(load_flavor, flavor=FLAVOR))


def load_saved(folder: Path, entry: dict[str, Any]) -> Any:
    """The model in a model folder; ``entry`` is this flavor's."""
    name = str(entry.get("model_type", "CatBoost"))
    kind = _kind(name)
    if kind is None:
        raise InvalidInput(f"the model in {folder} is of the type {name!r}, which CatBoost lacks")
    path = inside(folder, entry.get("data", _MODEL_FILE))
    try:
        return kind().load_model(str(path), entry.get("save_format", "cbm"))
    except framework("catboost", extra="catboost").CatBoostError as error:
        raise CorruptData(f"{path.name} holds no CatBoost model: {error}") from error


def load_predictor(folder: Path, entry: dict[str, Any]) -> CatboostPredictor:  # noqa: ARG001 - it names no type
    """The model for prediction."""
    return CatboostPredictor(load_saved(folder, flavor_entry(Model.load(folder), FLAVOR, folder)))


class CatboostPredictor:
    """A model behind ``predict``."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:  # noqa: ARG002 - MLflow passes none
        """What the model's ``predict`` gives for a table or array."""
        return self.model.predict(data)


def _kind(name: str) -> Any:
    """CatBoost's class of this name, None where it has none."""
    catboost = framework("catboost", extra="catboost")
    kind = getattr(catboost, name, None)
    return kind if isinstance(kind, type) and issubclass(kind, catboost.CatBoost) else None
