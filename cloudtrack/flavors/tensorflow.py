"""TensorFlow models: Keras models, and modules as SavedModels. Names and arguments as in ``mlflow.tensorflow``; source:
https://mlflow.org/docs/latest/api_reference/python_api/mlflow.tensorflow.html.

A Keras model is stored as ``data/model.keras``, which Keras reads in its safe mode, a ``tf.Module`` in ``tf2model``.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Unpack

from cloudtrack.autologging.keras import autolog as autolog
from cloudtrack.errors import InvalidInput
from cloudtrack.flavors.keras import KerasPredictor, load_archive, load_graph
from cloudtrack.fluent.models import LogArguments, load_from, log
from cloudtrack.models.default_environment import default_environment
from cloudtrack.models.environment import pinned
from cloudtrack.models.frameworks import framework
from cloudtrack.models.loading import flavor_entry, inside, load_flavor
from cloudtrack.models.model_file import Model, ModelInfo
from cloudtrack.models.pickles import load_pickle
from cloudtrack.models.saving import SaveArguments, Written, save
from cloudtrack.models.trust import trusting

FLAVOR = "tensorflow"
_MODULES = {"tensorflow", "numpy", "pandas"}
get_default_pip_requirements, get_default_conda_env = default_environment(_MODULES)
_KERAS = "keras"
_MODULE = "tf2-module"
_DATA = "data"
_ARCHIVE = "model.keras"
_HDF5 = "model.h5"
_CUSTOM_OBJECTS = "custom_objects.cloudpickle"
_SAVED_MODEL = "tf2model"
_PYFUNC = {"loader_module": "mlflow.tensorflow", "python_version": platform.python_version()}


def save_model(
    model: Any,
    path: str | os.PathLike[str],
    *,
    custom_objects: Mapping[str, Any] | None = None,
    saved_model_kwargs: Mapping[str, Any] | None = None,
    keras_model_kwargs: Mapping[str, Any] | None = None,
    **arguments: Unpack[SaveArguments],
) -> Model:
    """Save a Keras model or a ``tf.Module`` into the new folder ``path``; the content of its ``MLmodel``.

    ``custom_objects`` are the Keras model's own classes and functions, stored with cloudpickle. The other options are
    of ``tf.saved_model.save``, for a module, and of ``keras.Model.save``.
    """
    tensorflow = framework("tensorflow", extra="tensorflow")
    keras = framework("keras", extra="tensorflow")
    is_keras = isinstance(model, keras.Model)
    if not is_keras and not isinstance(model, tensorflow.Module):
        raise InvalidInput(f"the model is a {type(model).__name__}; it is a keras.Model or a tf.Module")
    modules = _MODULES

    def write_keras(folder: Path) -> Written:
        data = folder / _DATA
        data.mkdir()
        (data / "keras_module.txt").write_text("tensorflow.keras", encoding="utf-8")
        (data / "save_format.txt").write_text("tf", encoding="utf-8")
        model.save(data / _ARCHIVE, **(keras_model_kwargs or {}))
        if custom_objects:
            pickled = framework("cloudpickle", extra="tensorflow").dumps(dict(custom_objects))
            (data / _CUSTOM_OBJECTS).write_bytes(pickled)
        flavor = {
            "data": _DATA,
            "keras_version": tensorflow.__version__,  # so MLflow, for the Keras that TensorFlow brings
            "model_type": _KERAS,
            "save_format": "tf",
        }
        pyfunc = {"data": _DATA, **_PYFUNC}
        return Written(
            {"python_function": pyfunc, FLAVOR: flavor},
            pinned(modules | {"keras"} | ({"cloudpickle"} if custom_objects else set())),
        )

    def write_module(folder: Path) -> Written:
        tensorflow.saved_model.save(model, str(folder / _SAVED_MODEL), **(saved_model_kwargs or {}))
        flavor = {"model_type": _MODULE, "saved_model_dir": _SAVED_MODEL}
        return Written({"python_function": {**_PYFUNC}, FLAVOR: flavor}, pinned(modules))

    return save(path, write_keras if is_keras else write_module, **arguments)


def log_model(
    model: Any,
    artifact_path: str | None = None,
    *,
    custom_objects: Mapping[str, Any] | None = None,
    saved_model_kwargs: Mapping[str, Any] | None = None,
    keras_model_kwargs: Mapping[str, Any] | None = None,
    **arguments: Unpack[LogArguments],
) -> ModelInfo:
    """Log a model to the active run, and register it where a name is given."""
    save_here = partial(
        save_model,
        model,
        custom_objects=custom_objects,
        saved_model_kwargs=saved_model_kwargs,
        keras_model_kwargs=keras_model_kwargs,
    )
    return log(save_here, artifact_path, arguments)


def load_model(model_uri: str, dst_path: str | os.PathLike[str] | None = None, *, trust: bool | None = None) -> Any:
    """The Keras model behind a URI or in a local folder, or what TensorFlow loads of a module.

    ``trust``: it may run code that it brings (docs/model-safety.md). Raises PermissionDenied where it would, and is not
    trusted.
    """
    with trusting(trust):
        return load_from(str(model_uri), dst_path, partial(load_flavor, flavor=FLAVOR))


def load_saved(folder: Path, entry: dict[str, Any]) -> Any:
    """The model in a model folder; ``entry`` is this flavor's."""
    if entry.get("model_type") == _MODULE:
        return load_graph(inside(folder, entry.get("saved_model_dir", _SAVED_MODEL)))
    data = inside(folder, entry.get("data", _DATA))
    file = next((data / name for name in (_ARCHIVE, _HDF5) if (data / name).is_file()), None)
    if file is None:
        raise InvalidInput(f"the model in {folder} has no file {_ARCHIVE}: Keras 3 reads no model of an older Keras")
    if not (data / _CUSTOM_OBJECTS).is_file():
        return load_archive(file)
    keras = framework("keras", extra="tensorflow")
    framework("cloudpickle", extra="tensorflow")
    with keras.saving.custom_object_scope(load_pickle(data / _CUSTOM_OBJECTS)):
        return load_archive(file)


def load_predictor(folder: Path, entry: dict[str, Any]) -> KerasPredictor | ModulePredictor:  # noqa: ARG001 - no files
    """The model for prediction."""
    flavor = flavor_entry(Model.load(folder), FLAVOR, folder)
    model = load_saved(folder, flavor)
    return ModulePredictor(model) if flavor.get("model_type") == _MODULE else KerasPredictor(model)


class ModulePredictor:
    """A module that is called with one tensor."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:  # noqa: ARG002 - a module has none
        """Arrays for an array or list of numbers, in the structure of what the module gives."""
        import numpy

        tensorflow = framework("tensorflow", extra="tensorflow")
        if not isinstance(data, numpy.ndarray | list):
            raise InvalidInput(f"a TensorFlow module takes a numpy.ndarray or a list, not {type(data).__name__}")
        output = self.model(tensorflow.convert_to_tensor(data))
        return tensorflow.nest.map_structure(lambda tensor: tensor.numpy(), output)
