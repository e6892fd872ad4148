"""statsmodels results. Names and arguments as in ``mlflow.statsmodels``; source:
https://mlflow.org/docs/latest/api_reference/python_api/mlflow.statsmodels.html.

A model is stored as the pickle that statsmodels makes of it. Loading a pickle runs what it contains: load only models
whose origin you trust.
"""

from __future__ import annotations

import os
import platform
from functools import partial
from pathlib import Path
from typing import Any, Unpack

from cloudtrack.autologging.statsmodels import autolog as autolog
from cloudtrack.errors import InvalidInput
from cloudtrack.fluent.models import LogArguments, load_from, log
from cloudtrack.models.default_environment import default_environment
from cloudtrack.models.environment import modules_in_pickle, pinned
from cloudtrack.models.frameworks import framework
from cloudtrack.models.loading import inside, load_flavor
from cloudtrack.models.model_file import Model, ModelInfo
from cloudtrack.models.pickles import load_pickle
from cloudtrack.models.saving import SaveArguments, Written, save

FLAVOR = "statsmodels"
_MODULES = {"statsmodels", "numpy", "scipy", "pandas"}
get_default_pip_requirements, get_default_conda_env = default_environment(_MODULES)
_MODEL_FILE = "model.statsmodels"


def save_model(
    statsmodels_model: Any,
    path: str | os.PathLike[str],
    *,
    remove_data: bool = False,
    **arguments: Unpack[SaveArguments],
) -> Model:
    """Save what ``fit`` gave into the new folder ``path``; the content of its ``MLmodel``.

    ``remove_data`` takes the training data out of the model, also out of the one in memory, as statsmodels does.
    """
    statsmodels = framework("statsmodels", extra="statsmodels")
    results = framework("statsmodels.base.model", extra="statsmodels").Results
    wrapper = framework("statsmodels.base.wrapper", extra="statsmodels").ResultsWrapper
    if not isinstance(statsmodels_model, results | wrapper) or not hasattr(statsmodels_model, "save"):
        raise InvalidInput(f"the model is a {type(statsmodels_model).__name__}; it is what a statsmodels fit() gives")

    def write(folder: Path) -> Written:
        file = folder / _MODEL_FILE
        statsmodels_model.save(str(file), remove_data=remove_data)
        modules = modules_in_pickle(file.read_bytes()) | _MODULES
        flavor = {"data": _MODEL_FILE, "statsmodels_version": statsmodels.__version__}
        pyfunc = {
            "data": _MODEL_FILE,
            "loader_module": "mlflow.statsmodels",
            "python_version": platform.python_version(),
        }
        return Written({"python_function": pyfunc, FLAVOR: flavor}, pinned(modules))

    return save(path, write, **arguments)


def log_model(
    statsmodels_model: Any,
    artifact_path: str | None = None,
    *,
    remove_data: bool = False,
    **arguments: Unpack[LogArguments],
) -> ModelInfo:
    """Log a model to the active run, and register it where a name is given."""
    return log(partial(save_model, statsmodels_model, remove_data=remove_data), artifact_path, arguments)


def load_model(model_uri: str, dst_path: str | os.PathLike[str] | None = None) -> Any:
    """The results behind a URI or in a local folder."""
    return load_from(str(model_uri), dst_path, partial(load_flavor, flavor=FLAVOR))


def load_saved(folder: Path, entry: dict[str, Any]) -> Any:
    """The results in a model folder; ``entry`` is this flavor's, or that of ``python_function``."""
    framework("statsmodels", extra="statsmodels")
    return load_pickle(inside(folder, entry.get("data", _MODEL_FILE)))


def load_predictor(folder: Path, entry: dict[str, Any]) -> StatsmodelsPredictor:
    """The results for prediction."""
    return StatsmodelsPredictor(load_saved(folder, entry))


class StatsmodelsPredictor:
    """Results behind ``predict``."""

    def __init__(self, model: Any) -> None:
        self.model = model
        series = framework("statsmodels.tsa.base.tsa_model", extra="statsmodels").TimeSeriesModel
        self._is_series = isinstance(model.model, series)

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:  # noqa: ARG002 - MLflow passes none
        """Predictions for a table; of a time series, those from ``start`` to ``end``, columns of a table of one row."""
        if not self._is_series:
            return self.model.predict(data)
        if len(data) != 1 or not {"start", "end"} <= set(getattr(data, "columns", ())):
            raise InvalidInput("the model is a time series: it takes a table of one row with the columns start and end")
        return self.model.predict(**{name: data[name].iloc[0] for name in ("start", "end")})
