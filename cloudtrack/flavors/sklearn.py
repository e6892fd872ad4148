"""scikit-learn models. Names and arguments as in ``mlflow.sklearn``; source:
https://mlflow.org/docs/latest/api_reference/python_api/mlflow.sklearn.html.

A model is stored with cloudpickle or pickle as ``model.pkl``, or with skops as ``model.skops``. A pickle that would
run code of its own is loaded only where its origin is trusted, and so is a file with types that skops does not know.
"""

from __future__ import annotations

import os
import pickle
import platform
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Unpack

from cloudtrack.autologging.sklearn import autolog as autolog
from cloudtrack.errors import InvalidInput, MissingDependency
from cloudtrack.fluent.models import LogArguments, load_from, log
from cloudtrack.models.default_environment import default_environment
from cloudtrack.models.environment import modules_in_pickle, pinned
from cloudtrack.models.frameworks import framework
from cloudtrack.models.loading import inside, load_flavor
from cloudtrack.models.model_file import Model, ModelInfo
from cloudtrack.models.pickles import load_pickle
from cloudtrack.models.saving import SaveArguments, Written, save
from cloudtrack.models.trust import require_trust, trusting

FLAVOR = "sklearn"
_MODULES = {"sklearn", "numpy", "scipy"}
get_default_pip_requirements, get_default_conda_env = default_environment(_MODULES)
SERIALIZATION_FORMAT_PICKLE = "pickle"
SERIALIZATION_FORMAT_CLOUDPICKLE = "cloudpickle"
SERIALIZATION_FORMAT_SKOPS = "skops"
_MODEL_FILE = "model.pkl"
_SKOPS_FILE = "model.skops"


def save_model(
    sk_model: Any,
    path: str | os.PathLike[str],
    *,
    serialization_format: str = SERIALIZATION_FORMAT_CLOUDPICKLE,
    pyfunc_predict_fn: str = "predict",
    skops_trusted_types: Sequence[str] | None = None,
    **arguments: Unpack[SaveArguments],
) -> Model:
    """Save a model into the new folder ``path``; the content of its ``MLmodel``.

    ``serialization_format`` is ``cloudpickle``, ``pickle`` or ``skops``. ``skops_trusted_types`` tells MLflow what else
    it may make when it loads a model of skops; here that takes the trust of who loads it.
    """
    sklearn = framework("sklearn", extra="sklearn")
    in_skops = serialization_format == SERIALIZATION_FORMAT_SKOPS
    if skops_trusted_types and not in_skops:
        raise InvalidInput('skops_trusted_types is for serialization_format="skops"')
    file = _SKOPS_FILE if in_skops else _MODEL_FILE
    dumped = _dumps(sk_model, serialization_format)

    def write(folder: Path) -> Written:
        (folder / file).write_bytes(dumped)
        modules = _MODULES | (set() if in_skops else modules_in_pickle(dumped))
        if serialization_format in (SERIALIZATION_FORMAT_CLOUDPICKLE, SERIALIZATION_FORMAT_SKOPS):
            modules.add(serialization_format)
        if hasattr(arguments.get("input_example"), "columns"):
            modules.add("pandas")
        flavor: dict[str, Any] = {
            "pickled_model": file,
            "serialization_format": serialization_format,
            "sklearn_version": sklearn.__version__,
        }
        if in_skops:
            flavor["skops_trusted_types"] = list(skops_trusted_types or ())
        pyfunc = {
            "loader_module": "mlflow.sklearn",
            "model_path": file,
            "predict_fn": pyfunc_predict_fn,
            "python_version": platform.python_version(),
        }
        return Written({"python_function": pyfunc, FLAVOR: flavor}, pinned(modules))

    return save(path, write, **arguments)


def log_model(
    sk_model: Any,
    artifact_path: str | None = None,
    *,
    serialization_format: str = SERIALIZATION_FORMAT_CLOUDPICKLE,
    pyfunc_predict_fn: str = "predict",
    skops_trusted_types: Sequence[str] | None = None,
    **arguments: Unpack[LogArguments],
) -> ModelInfo:
    """Log a model to the active run, and register it where a name is given."""
    save_here = partial(
        save_model,
        sk_model,
        serialization_format=serialization_format,
        pyfunc_predict_fn=pyfunc_predict_fn,
        skops_trusted_types=skops_trusted_types,
    )
    return log(save_here, artifact_path, arguments)


def load_model(model_uri: str, dst_path: str | os.PathLike[str] | None = None, *, trust: bool | None = None) -> Any:
    """The estimator behind a URI or in a local folder.

    ``trust``: it may run code that it brings (docs/model-safety.md). Raises PermissionDenied where it would, and is not
    trusted.
    """
    with trusting(trust):
        return load_from(str(model_uri), dst_path, partial(load_flavor, flavor=FLAVOR))


def load_saved(folder: Path, entry: dict[str, Any]) -> Any:
    """The estimator in a model folder; ``entry`` is this flavor's, or that of ``python_function``."""
    framework("sklearn", extra="sklearn")
    file = entry.get("pickled_model") or entry.get("model_path") or _MODEL_FILE
    path = inside(folder, file)
    if path.suffix == ".skops":
        return _load_skops(path)
    return load_pickle(path)


def load_predictor(folder: Path, entry: dict[str, Any]) -> SklearnPredictor:
    """The estimator for prediction."""
    return SklearnPredictor(load_saved(folder, entry), str(entry.get("predict_fn", "predict")))


class SklearnPredictor:
    """An estimator behind one of its own methods."""

    def __init__(self, model: Any, method: str) -> None:
        if not hasattr(model, method):
            raise InvalidInput(f"the model is a {type(model).__name__}, which has no method {method!r}")
        self.model = model
        self._method = method

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """What the estimator's method gives."""
        return getattr(self.model, self._method)(data, **(params or {}))


def _dumps(model: Any, serialization_format: str) -> bytes:
    if serialization_format == SERIALIZATION_FORMAT_PICKLE:
        return pickle.dumps(model)
    if serialization_format == SERIALIZATION_FORMAT_SKOPS:
        in_skops: bytes = _skops_io().dumps(model)
        return in_skops
    if serialization_format != SERIALIZATION_FORMAT_CLOUDPICKLE:
        known = (SERIALIZATION_FORMAT_CLOUDPICKLE, SERIALIZATION_FORMAT_PICKLE, SERIALIZATION_FORMAT_SKOPS)
        raise InvalidInput(f"serialization_format is {serialization_format!r}; it is {' or '.join(map(repr, known))}")
    pickled: bytes = framework("cloudpickle", extra="sklearn").dumps(model)
    return pickled


def _load_skops(path: Path) -> Any:
    """What ``MLmodel`` says of trusted types counts for nothing: a model cannot vouch for itself."""
    io = _skops_io()
    unknown = io.get_untrusted_types(file=path)
    if unknown:
        require_trust(path, f"holds types that skops does not know: {', '.join(unknown[:3])}")
    return io.load(path, trusted=unknown)


def _skops_io() -> Any:
    try:
        from skops import io
    except ImportError as error:
        raise MissingDependency("this model needs skops: pip install skops") from error
    return io
