"""Prophet models. Names and arguments as in ``mlflow.prophet``; source:
https://mlflow.org/docs/latest/api_reference/python_api/mlflow.prophet.html.

A model is stored as Prophet's own JSON, which runs no code when it is loaded.
"""

from __future__ import annotations

import json
import os
import platform
from functools import partial
from pathlib import Path
from typing import Any, Unpack

from cloudtrack.errors import CorruptData, InvalidInput
from cloudtrack.fluent.models import LogArguments, load_from, log
from cloudtrack.models.default_environment import default_environment
from cloudtrack.models.environment import pinned
from cloudtrack.models.frameworks import framework
from cloudtrack.models.loading import inside, load_flavor
from cloudtrack.models.model_file import Model, ModelInfo
from cloudtrack.models.saving import SaveArguments, Written, save

FLAVOR = "prophet"
_MODULES = {"prophet", "numpy", "pandas"}
get_default_pip_requirements, get_default_conda_env = default_environment(_MODULES)
_MODEL_FILE = "model.pr"


def save_model(pr_model: Any, path: str | os.PathLike[str], **arguments: Unpack[SaveArguments]) -> Model:
    """Save a fitted Prophet into the new folder ``path``; the content of its ``MLmodel``."""
    prophet = framework("prophet", extra="prophet")
    if not isinstance(pr_model, prophet.Prophet):
        raise InvalidInput(f"the model is a {type(pr_model).__name__}; it is a prophet.Prophet")
    if pr_model.history is None:
        raise InvalidInput("the Prophet is not fitted: fit it first")
    # The JSON text is the one string of another, as it is in MLflow's files.
    text = json.dumps(framework("prophet.serialize", extra="prophet").model_to_json(pr_model))

    def write(folder: Path) -> Written:
        (folder / _MODEL_FILE).write_text(text, encoding="utf-8")
        flavor = {
            "data": _MODEL_FILE,
            "model_type": type(pr_model).__name__,
            "prophet_version": prophet.__version__,
        }
        pyfunc = {"data": _MODEL_FILE, "loader_module": "mlflow.prophet", "python_version": platform.python_version()}
        return Written({"python_function": pyfunc, FLAVOR: flavor}, pinned(_MODULES))

    return save(path, write, **arguments)


def log_model(pr_model: Any, artifact_path: str | None = None, **arguments: Unpack[LogArguments]) -> ModelInfo:
    """Log a model to the active run, and register it where a name is given."""
    return log(partial(save_model, pr_model), artifact_path, arguments)


def load_model(model_uri: str, dst_path: str | os.PathLike[str] | None = None) -> Any:
    """The Prophet behind a URI or in a local folder."""
    return load_from(str(model_uri), dst_path, partial(load_flavor, flavor=FLAVOR))


def load_saved(folder: Path, entry: dict[str, Any]) -> Any:
    """The Prophet in a model folder; ``entry`` is this flavor's, or that of ``python_function``."""
    path = inside(folder, entry.get("data", _MODEL_FILE))
    read = framework("prophet.serialize", extra="prophet").model_from_json
    try:
        return read(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise CorruptData(f"{path.name} holds no Prophet: {type(error).__name__}: {error}") from error


def load_predictor(folder: Path, entry: dict[str, Any]) -> ProphetPredictor:
    """The Prophet for prediction."""
    return ProphetPredictor(load_saved(folder, entry))


class ProphetPredictor:
    """A Prophet behind ``predict``."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:  # noqa: ARG002 - MLflow passes none
        """The forecast for a table with the column ``ds``."""
        return self.model.predict(data)
