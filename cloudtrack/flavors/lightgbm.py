"""LightGBM models: boosters and the estimators of its scikit-learn interface. Names and arguments as in
``mlflow.lightgbm``; source: https://mlflow.org/docs/latest/api_reference/python_api/mlflow.lightgbm.html.

A booster is stored in LightGBM's own format, an estimator with skops: neither runs code when it is loaded.
Estimators that were stored as pickles are read too.
"""

from __future__ import annotations

import os
import pickle
import platform
import zipfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Unpack

from cloudtrack.autologging.lightgbm import autolog as autolog
from cloudtrack.errors import CorruptData, InvalidInput
from cloudtrack.fluent.models import LogArguments, load_from, log
from cloudtrack.models.default_environment import default_environment
from cloudtrack.models.environment import pinned
from cloudtrack.models.frameworks import framework
from cloudtrack.models.loading import inside, load_flavor
from cloudtrack.models.model_file import Model, ModelInfo
from cloudtrack.models.pickles import load_pickle
from cloudtrack.models.saving import SaveArguments, Written, save
from cloudtrack.models.trust import require_trust

FLAVOR = "lightgbm"
_BOOSTER_FILE = "model.lgb"
_ESTIMATOR_FILES = {"skops": "model.skops", "cloudpickle": "model.pkl", "pickle": "model.pkl"}
_MODULES = {"lightgbm", "numpy", "scipy"}
get_default_pip_requirements, get_default_conda_env = default_environment(_MODULES)
_TYPES = (
    "collections.OrderedDict",
    "lightgbm.basic.Booster",
    "lightgbm.sklearn.LGBMClassifier",
    "lightgbm.sklearn.LGBMRegressor",
)
"""Those that MLflow lets skops make. They hold a booster's text and settings, and run nothing."""
_RANKER = "lightgbm.sklearn.LGBMRanker"


def save_model(
    lgb_model: Any,
    path: str | os.PathLike[str],
    *,
    serialization_format: str = "skops",
    skops_trusted_types: Sequence[str] | None = None,
    **arguments: Unpack[SaveArguments],
) -> Model:
    """Save a Booster or an estimator into the new folder ``path``; the content of its ``MLmodel``.

    ``serialization_format`` of an estimator is ``skops``, ``cloudpickle`` or ``pickle``. ``skops_trusted_types`` tells
    MLflow what else it may make when it loads the model; here that takes the trust of who loads it.
    """
    lightgbm = framework("lightgbm", extra="lightgbm")
    if not isinstance(lgb_model, lightgbm.Booster | lightgbm.LGBMModel):
        raise InvalidInput(f"the model is a {type(lgb_model).__name__}; it is a lightgbm.Booster or lightgbm.LGBMModel")
    if serialization_format not in _ESTIMATOR_FILES:
        known = ", ".join(map(repr, _ESTIMATOR_FILES))
        raise InvalidInput(f"serialization_format is {serialization_format!r}; it is one of {known}")
    is_booster = isinstance(lgb_model, lightgbm.Booster)
    file = _BOOSTER_FILE if is_booster else _ESTIMATOR_FILES[serialization_format]

    def write(folder: Path) -> Written:
        model_class = f"{type(lgb_model).__module__}.{type(lgb_model).__qualname__}"
        modules = set(_MODULES)
        if is_booster:
            lgb_model.save_model(folder / file)
        else:
            modules |= {"sklearn"} | _dump(lgb_model, folder / file, serialization_format)
        flavor = {
            "data": file,
            "lgb_version": lightgbm.__version__,
            "model_class": model_class,
            "serialization_format": serialization_format,
        }
        if serialization_format == "skops":
            own = [_RANKER] if model_class == _RANKER else []
            flavor["skops_trusted_types"] = list(dict.fromkeys([*_TYPES, *own, *(skops_trusted_types or ())]))
        pyfunc = {"data": file, "loader_module": "mlflow.lightgbm", "python_version": platform.python_version()}
        return Written({"python_function": pyfunc, FLAVOR: flavor}, pinned(modules))

    return save(path, write, **arguments)


def log_model(
    lgb_model: Any,
    artifact_path: str | None = None,
    *,
    serialization_format: str = "skops",
    skops_trusted_types: Sequence[str] | None = None,
    **arguments: Unpack[LogArguments],
) -> ModelInfo:
    """Log a model to the active run, and register it where a name is given."""
    save_here = partial(
        save_model,
        lgb_model,
        serialization_format=serialization_format,
        skops_trusted_types=skops_trusted_types,
    )
    return log(save_here, artifact_path, arguments)


def load_model(model_uri: str, dst_path: str | os.PathLike[str] | None = None) -> Any:
    """The Booster or estimator behind a URI or in a local folder."""
    return load_from(str(model_uri), dst_path, partial(load_flavor, flavor=FLAVOR))


def load_saved(folder: Path, entry: dict[str, Any]) -> Any:
    """The Booster or estimator in a model folder; ``entry`` is this flavor's, or that of ``python_function``."""
    lightgbm = framework("lightgbm", extra="lightgbm")
    path = inside(folder, entry.get("data", _BOOSTER_FILE))
    if path.suffix == ".skops":
        return _load_skops(path)
    if path.suffix == ".pkl":
        return load_pickle(path)
    try:
        return lightgbm.Booster(model_file=path)
    except lightgbm.basic.LightGBMError as error:
        raise CorruptData(f"{path.name} holds no LightGBM model: {error}") from error


def load_predictor(folder: Path, entry: dict[str, Any]) -> LightgbmPredictor:
    """The model for prediction."""
    return LightgbmPredictor(load_saved(folder, entry))


class LightgbmPredictor:
    """A Booster or estimator behind ``predict``."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:  # noqa: ARG002 - MLflow passes none
        """What the model's ``predict`` gives for a table or array."""
        return self.model.predict(data)


def _dump(model: Any, path: Path, serialization_format: str) -> set[str]:
    """Write an estimator; the modules that reading it takes."""
    if serialization_format == "skops":
        framework("skops.io", extra="lightgbm").dump(model, path)
        return {"skops"}
    if serialization_format == "cloudpickle":
        path.write_bytes(framework("cloudpickle", extra="lightgbm").dumps(model))
        return {"cloudpickle"}
    path.write_bytes(pickle.dumps(model))
    return set()


def _load_skops(path: Path) -> Any:
    """What the file names beyond LightGBM's own types, it says of itself: that takes trust."""
    io = framework("skops.io", extra="lightgbm")
    try:
        others = sorted(set(io.get_untrusted_types(file=path)) - {*_TYPES, _RANKER})
    except zipfile.BadZipFile as error:
        raise CorruptData(f"{path.name} holds no model of skops: {error}") from error
    if others:
        require_trust(path, f"would make objects of the types {', '.join(others)}")
    return io.load(path, trusted=[*_TYPES, _RANKER, *others])
