"""Keras 3 models. Names and arguments as in ``mlflow.keras``; source:
https://mlflow.org/docs/latest/api_reference/python_api/mlflow.keras.html.

A model is stored as ``data/model.keras``, which Keras reads in its safe mode, or exported for TensorFlow.
"""

from __future__ import annotations

import os
import platform
import zipfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Unpack

from cloudtrack.autologging.keras import Callback as Callback
from cloudtrack.autologging.keras import MLflowCallback as MLflowCallback
from cloudtrack.autologging.keras import autolog as autolog
from cloudtrack.errors import InvalidInput
from cloudtrack.fluent.models import LogArguments, load_from, log
from cloudtrack.models.default_environment import default_environment
from cloudtrack.models.environment import pinned
from cloudtrack.models.frameworks import framework
from cloudtrack.models.loading import flavor_entry, inside, load_flavor
from cloudtrack.models.model_file import Model, ModelInfo
from cloudtrack.models.saving import SaveArguments, Written, save
from cloudtrack.models.trust import is_trusted, require_trust, trusting

FLAVOR = "keras"
_MODULES = {"keras", "numpy", "pandas"}
get_default_pip_requirements, get_default_conda_env = default_environment(_MODULES)
_DATA = "data"
_ARCHIVE = "model.keras"
_EXPORTED = "model"
_KERAS_MODULE_FILE = "keras_module.txt"


def save_model(
    model: Any,
    path: str | os.PathLike[str],
    *,
    save_exported_model: bool = False,
    save_model_kwargs: Mapping[str, Any] | None = None,
    **arguments: Unpack[SaveArguments],
) -> Model:
    """Save a ``keras.Model`` into the new folder ``path``; the content of its ``MLmodel``.

    ``save_exported_model`` stores what predicts, as a SavedModel of TensorFlow, and not the model itself.
    ``save_model_kwargs`` are of ``keras.Model.save``, or of ``export``.
    """
    keras = framework("keras", extra="keras")
    if not isinstance(model, keras.Model):
        raise InvalidInput(f"the model is a {type(model).__name__}; it is a keras.Model")

    def write(folder: Path) -> Written:
        data = folder / _DATA
        data.mkdir()
        (data / _KERAS_MODULE_FILE).write_text("keras", encoding="utf-8")
        if save_exported_model:
            model.export(data / _EXPORTED, **{"verbose": False, **(save_model_kwargs or {})})
        else:
            model.save(data / _ARCHIVE, **(save_model_kwargs or {}))
        backend = keras.backend.backend()
        flavor = {
            "data": _DATA,
            "keras_backend": backend,
            "keras_version": keras.__version__,
            "save_exported_model": save_exported_model,
        }
        pyfunc = {"loader_module": "mlflow.keras", "python_version": platform.python_version()}
        return Written({"python_function": pyfunc, FLAVOR: flavor}, pinned({*_MODULES, backend}))

    return save(path, write, **arguments)


def log_model(
    model: Any,
    artifact_path: str | None = None,
    *,
    save_exported_model: bool = False,
    save_model_kwargs: Mapping[str, Any] | None = None,
    **arguments: Unpack[LogArguments],
) -> ModelInfo:
    """Log a model to the active run, and register it where a name is given."""
    save_here = partial(save_model, model, save_exported_model=save_exported_model, save_model_kwargs=save_model_kwargs)
    return log(save_here, artifact_path, arguments)


def load_model(
    model_uri: str,
    dst_path: str | os.PathLike[str] | None = None,
    *,
    custom_objects: Mapping[str, Any] | None = None,
    trust: bool | None = None,
) -> Any:
    """The ``keras.Model`` behind a URI or in a local folder, or what TensorFlow loads of an exported one.

    ``custom_objects`` are classes and functions of one's own, by the names under which the model has them.

    ``trust``: it may run code that it brings (docs/model-safety.md). Raises PermissionDenied where it would, and is not
    trusted.
    """
    keras = framework("keras", extra="keras")
    with trusting(trust), keras.saving.custom_object_scope(custom_objects or {}):
        return load_from(str(model_uri), dst_path, partial(load_flavor, flavor=FLAVOR))


def load_saved(folder: Path, entry: dict[str, Any]) -> Any:
    """The model in a model folder; ``entry`` is this flavor's."""
    data = inside(folder, entry.get("data", _DATA))
    if entry.get("save_exported_model"):
        return load_graph(data / _EXPORTED)
    return load_archive(data / _ARCHIVE)


def load_predictor(folder: Path, entry: dict[str, Any]) -> KerasPredictor:  # noqa: ARG001 - it names no file
    """The model for prediction."""
    return KerasPredictor(load_saved(folder, flavor_entry(Model.load(folder), FLAVOR, folder)))


def load_archive(path: Path) -> Any:
    """The Keras model in a file. Raises PermissionDenied for one with code in it, where that is not trusted."""
    keras = framework("keras", extra="keras")
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if any(b'"Lambda"' in archive.read(name) for name in archive.namelist() if name == "config.json"):
                require_trust(path, "has a Lambda layer, whose code it would run")
    return keras.saving.load_model(path, safe_mode=not is_trusted())


def load_graph(folder: Path) -> Any:
    """The SavedModel of TensorFlow in a folder. Raises PermissionDenied where it is not trusted."""
    tensorflow = framework("tensorflow", extra="tensorflow")
    require_trust(folder, "is a TensorFlow program, which can read and write files")
    return tensorflow.saved_model.load(str(folder))


class KerasPredictor:
    """A Keras model, or what was exported of one."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:  # noqa: ARG002 - Keras takes none
        """A table for a table; for an array, a dictionary of arrays or a list of them what the model gives."""
        import numpy
        import pandas

        if isinstance(data, pandas.DataFrame):
            return pandas.DataFrame(self._predict(data.to_numpy()), index=data.index)
        if not isinstance(data, numpy.ndarray | dict | list | tuple):
            raise InvalidInput(
                f"a Keras model takes a pandas.DataFrame, a numpy.ndarray, or a dictionary or list of arrays, "
                f"not {type(data).__name__}"
            )
        return self._predict(data)

    def _predict(self, data: Any) -> Any:
        if hasattr(self.model, "predict"):
            return self.model.predict(data, verbose=0)
        nest = framework("tensorflow", extra="tensorflow").nest
        return nest.map_structure(lambda tensor: tensor.numpy(), self.model.serve(data))
