"""Classes and functions of one's own as models, stored with cloudpickle."""

from __future__ import annotations

import inspect
import os
import platform
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Unpack

from cloudtrack.errors import InvalidInput, NotFound
from cloudtrack.flavors.hinted_signature import hinted_signature
from cloudtrack.flavors.own_code import own_code
from cloudtrack.flavors.type_hints import with_typed_input
from cloudtrack.fluent.models import LogArguments, log
from cloudtrack.models.environment import modules_in_pickle, pinned
from cloudtrack.models.frameworks import framework
from cloudtrack.models.from_code import run_model_code
from cloudtrack.models.loading import inside
from cloudtrack.models.model_config import ModelConfig, read_model_config
from cloudtrack.models.model_file import Model, ModelInfo
from cloudtrack.models.pickles import load_pickle
from cloudtrack.models.saving import SaveArguments, Written, save
from cloudtrack.models.signature import ModelSignature
from cloudtrack.models.trust import require_trust

FLAVOR = "python_function"
CODE_LOADER = "mlflow.pyfunc.loaders.code_model"
_MODEL_FILE = "python_model.pkl"
_ARTIFACTS = "artifacts"


@dataclass(frozen=True)
class PythonModelContext:
    """What a PythonModel is given: local paths of its artifacts, by name; and its settings."""

    artifacts: Mapping[str, str] = field(default_factory=dict)
    model_config: Mapping[str, Any] = field(default_factory=dict)


class PythonModel:
    """Base class of models written in Python. Only ``predict`` must be there, with or without ``context``."""

    predict_type_hints = SimpleNamespace(input=None, output=None)
    """MLflow asks every model for these, to convert data before it calls ``predict``, which converts them itself."""

    def __init_subclass__(cls, **arguments: Any) -> None:
        """``predict`` of a class is given its data in the types that its hints name (see ``type_hints``)."""
        super().__init_subclass__(**arguments)
        if "predict" in vars(cls):
            cls.predict = with_typed_input(cls.predict)  # type: ignore[method-assign]

    def load_context(self, context: PythonModelContext) -> None:
        """Called once when the model is loaded."""

    def predict(self, context: PythonModelContext, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        """Predictions for ``model_input``."""
        raise NotImplementedError(f"{type(self).__name__} does not say how to predict")


class FunctionModel(PythonModel):
    """A function of the model's input as a model."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = with_typed_input(function)

    def predict(self, context: PythonModelContext, model_input: Any, params: dict[str, Any] | None = None) -> Any:  # noqa: ARG002 - a function takes neither
        """What the function gives."""
        return self.function(model_input)


def save_model(
    path: str | os.PathLike[str],
    *,
    python_model: PythonModel | Callable[[Any], Any] | str | os.PathLike[str] | None = None,
    artifacts: Mapping[str, str | os.PathLike[str]] | None = None,
    model_config: ModelConfig | None = None,
    infer_code_paths: bool = False,
    **arguments: Unpack[SaveArguments],
) -> Model:
    """Save a PythonModel, or a function of one argument, into the new folder ``path``; or a file of Python that makes
    one and hands it to ``cloudtrack.models.set_model``: the code is kept then, and no pickle.

    ``artifacts`` are local files or folders, copied into the model under their names here. ``model_config``, a
    dictionary or a YAML file, is what the model finds as ``context.model_config``. ``infer_code_paths`` copies into the
    model what it needs of the modules in the working folder (see ``own_code``), in the place of ``code_paths``.
    """
    if infer_code_paths and arguments.get("code_paths"):
        raise InvalidInput("give code_paths or infer_code_paths, not both")
    config = read_model_config(model_config) if model_config is not None else None
    pickled, code = b"", None
    if isinstance(python_model, str | os.PathLike):
        code = Path(python_model)
        model = _model_of_code(code, config)
    else:
        model = _as_model(python_model)
        pickled = _cloudpickle().dumps(model)
    if infer_code_paths:
        arguments["code_paths"] = own_code(modules_in_pickle(pickled) if code is None else (), code)

    def write(folder: Path) -> Written:
        if code is not None:
            shutil.copy2(code, folder / code.name)
            entry: dict[str, Any] = {"loader_module": CODE_LOADER, "model_code_path": code.name}
        else:
            (folder / _MODEL_FILE).write_bytes(pickled)
            entry = {"loader_module": "mlflow.pyfunc.model", "python_model": _MODEL_FILE}
        entry |= {
            "cloudpickle_version": _cloudpickle().__version__,
            "python_version": platform.python_version(),
        }
        if config is not None:
            entry["config"] = config
        if artifacts:
            entry["artifacts"] = {name: _copy_artifact(folder, name, source) for name, source in artifacts.items()}
        needed = modules_in_pickle(pickled) if code is None else set()
        return Written({FLAVOR: entry}, pinned(needed | {"cloudpickle"}), _hinted(model))

    return save(path, write, **arguments)


def log_model(
    artifact_path: str | None = None,
    *,
    python_model: PythonModel | Callable[[Any], Any] | str | os.PathLike[str] | None = None,
    artifacts: Mapping[str, str | os.PathLike[str]] | None = None,
    model_config: ModelConfig | None = None,
    infer_code_paths: bool = False,
    **arguments: Unpack[LogArguments],
) -> ModelInfo:
    """Log a PythonModel, a function or a file that makes one, and register it where a name is given."""
    save_here = partial(
        save_model,
        python_model=python_model,
        artifacts=artifacts,
        model_config=model_config,
        infer_code_paths=infer_code_paths,
    )
    return log(save_here, artifact_path, arguments)


def load_saved(folder: Path, entry: dict[str, Any]) -> Any:
    """The object that was saved."""
    if code := entry.get("model_code_path"):  # MLflow writes where the file was when it was logged
        path = inside(folder, Path(str(code)).name)
        require_trust(path, "is code that makes the model, which would be run")
        return _as_model(run_model_code(path, entry.get("config")))
    _cloudpickle()
    return load_pickle(inside(folder, entry.get("python_model", _MODEL_FILE)))


def load_predictor(folder: Path, entry: dict[str, Any]) -> PythonPredictor:
    """The object for prediction, its context loaded."""
    artifacts = {
        name: str(inside(folder, info["path"]).resolve()) for name, info in (entry.get("artifacts") or {}).items()
    }
    return PythonPredictor(load_saved(folder, entry), PythonModelContext(artifacts, entry.get("config") or {}))


class PythonPredictor:
    """A PythonModel or a function, with its context."""

    def __init__(self, model: Any, context: PythonModelContext) -> None:
        self.model = model
        self._context = context
        self._names = list(inspect.signature(model.predict).parameters)
        if hasattr(model, "load_context"):
            model.load_context(context)

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """What the object gives for the data."""
        takes_context = "context" in self._names or (len(self._names) > 1 and self._names[1] != "params")
        given = (self._context, data) if takes_context else (data,)
        if "params" in self._names:
            return self.model.predict(*given, params=params)
        return self.model.predict(*given)


def _as_model(python_model: Any) -> Any:
    """Raises InvalidInput for what cannot predict."""
    if not (hasattr(python_model, "predict") or callable(python_model)):
        raise InvalidInput(
            "python_model is a PythonModel, a function of the model's input, or a file that hands one to set_model"
        )
    return python_model if hasattr(python_model, "predict") else FunctionModel(python_model)


def _hinted(model: Any) -> ModelSignature | None:
    """From type hints; of a model that holds its input against them, as a class that is no PythonModel does not."""
    if not isinstance(model, PythonModel):
        return None
    return hinted_signature(model.function if isinstance(model, FunctionModel) else model.predict)


def _model_of_code(path: Path, config: Mapping[str, Any] | None) -> Any:
    """What a file makes: it is run, so that what is wrong with it is known when the model is logged."""
    if not path.is_file():
        raise NotFound(f"there is no file {str(path)!r} to log as the code of a model")
    return _as_model(run_model_code(path, config))


def _copy_artifact(folder: Path, name: str, source: str | os.PathLike[str]) -> dict[str, str]:
    origin = Path(source)
    if not origin.exists():
        raise NotFound(f"there is no file {str(origin)!r} for the artifact {name!r}")
    target = folder / _ARTIFACTS / name / origin.name
    inside(folder, target.relative_to(folder))
    target.parent.mkdir(parents=True, exist_ok=True)
    if origin.is_dir():
        shutil.copytree(origin, target)
    else:
        shutil.copy2(origin, target)
    return {"path": target.relative_to(folder).as_posix(), "uri": origin.name}


def _cloudpickle() -> Any:
    return framework("cloudpickle", extra="sklearn")
