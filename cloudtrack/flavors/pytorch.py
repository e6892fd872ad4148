"""PyTorch models. Names and arguments as in ``mlflow.pytorch``; source:
https://mlflow.org/docs/latest/api_reference/python_api/mlflow.pytorch.html.

A model is stored as ``data/model.pt2``, the program that ``torch.export`` traced with the input example, or as
``data/model.pth``, a pickle of the module. Both are looked at before torch reads them, which unpickles and evaluates
parts of either.
"""

from __future__ import annotations

import copy
import platform
import zipfile
from functools import partial
from os import PathLike
from pathlib import Path
from types import ModuleType
from typing import Any, Unpack

from cloudtrack.autologging.lightning import autolog as autolog
from cloudtrack.errors import InvalidInput
from cloudtrack.fluent.models import LogArguments, load_from, log
from cloudtrack.models.default_environment import default_environment
from cloudtrack.models.environment import modules_in_pickle, pinned
from cloudtrack.models.frameworks import framework
from cloudtrack.models.loading import inside, load_flavor
from cloudtrack.models.model_file import Model, ModelInfo
from cloudtrack.models.pickles import load_pickle
from cloudtrack.models.saving import SaveArguments, Written, save
from cloudtrack.models.trust import require_trust, trusting

FLAVOR = "pytorch"
SERIALIZATION_FORMAT_PICKLE = "pickle"
SERIALIZATION_FORMAT_PT2 = "pt2"
_DATA = "data"
_PICKLE = "model.pth"
_EXPORTED = "model.pt2"
_PICKLE_MODULE_FILE = "pickle_module_info.txt"
_PICKLE_MODULE = "mlflow.pytorch.pickle_module"
"""MLflow's name for cloudpickle."""
_MODULES = {"torch", "numpy", "pandas"}
get_default_pip_requirements, get_default_conda_env = default_environment(_MODULES)


def save_model(
    pytorch_model: Any,
    path: str | PathLike[str],
    *,
    pickle_module: ModuleType | None = None,
    serialization_format: str = SERIALIZATION_FORMAT_PT2,
    **arguments: Unpack[SaveArguments],
) -> Model:
    """Save a ``torch.nn.Module`` into the new folder ``path``; the content of its ``MLmodel``.

    ``serialization_format`` is ``pt2``, which needs ``input_example``: an array or tensor, or a tuple of them, whose
    first dimension is free; or ``pickle``, by ``pickle_module`` or cloudpickle. A scripted module needs ``pickle``.
    """
    torch = framework("torch", extra="pytorch")
    if not isinstance(pytorch_model, torch.nn.Module):
        raise InvalidInput(f"the model is a {type(pytorch_model).__name__}; it is a torch.nn.Module")
    if serialization_format not in (SERIALIZATION_FORMAT_PT2, SERIALIZATION_FORMAT_PICKLE):
        raise InvalidInput(f"serialization_format is {serialization_format!r}; it is 'pt2' or 'pickle'")
    program = None
    if serialization_format == SERIALIZATION_FORMAT_PT2:
        program = _export(torch, pytorch_model, arguments.get("input_example"))
    pickle_name = pickle_module.__name__ if pickle_module else _PICKLE_MODULE

    def write(folder: Path) -> Written:
        data = folder / _DATA
        data.mkdir()
        modules = set(_MODULES)
        if program is not None:
            torch.export.save(program, data / _EXPORTED)
        else:
            if isinstance(pytorch_model, torch.jit.ScriptModule):
                torch.jit.save(pytorch_model, data / _PICKLE)
            else:
                pickler = pickle_module or framework("cloudpickle", extra="pytorch")
                torch.save(pytorch_model, data / _PICKLE, pickle_module=pickler)
            (data / _PICKLE_MODULE_FILE).write_text(pickle_name, encoding="utf-8")
            modules |= {"cloudpickle"} | _modules(data / _PICKLE)
        pyfunc = {
            "config": {"device": None},
            "data": _DATA,
            "loader_module": "mlflow.pytorch",
            "pickle_module_name": pickle_name,
            "python_version": platform.python_version(),
        }
        flavor = {"model_data": _DATA, "pytorch_version": str(torch.__version__)}
        return Written({"python_function": pyfunc, FLAVOR: flavor}, pinned(modules))

    return save(path, write, **arguments)


def log_model(
    pytorch_model: Any,
    artifact_path: str | None = None,
    *,
    pickle_module: ModuleType | None = None,
    serialization_format: str = SERIALIZATION_FORMAT_PT2,
    **arguments: Unpack[LogArguments],
) -> ModelInfo:
    """Log a model to the active run, and register it where a name is given."""
    save_here = partial(
        save_model, pytorch_model, pickle_module=pickle_module, serialization_format=serialization_format
    )
    return log(save_here, artifact_path, arguments)


def load_model(
    model_uri: str, dst_path: str | PathLike[str] | None = None, *, device: str | None = None, trust: bool | None = None
) -> Any:
    """The module behind a URI or in a local folder, on ``device`` where it is given.

    A module that was saved as ``pt2`` comes back as the traced program, not as its class.

    ``trust``: it may run code that it brings (docs/model-safety.md). Raises PermissionDenied where it would, and is not
    trusted.
    """
    with trusting(trust):
        model = load_from(str(model_uri), dst_path, partial(load_flavor, flavor=FLAVOR))
    return model.to(device) if device else model


def load_saved(folder: Path, entry: dict[str, Any]) -> Any:
    """The module in a model folder; ``entry`` is this flavor's, or that of ``python_function``."""
    torch = framework("torch", extra="pytorch")
    data = inside(folder, entry.get("model_data") or entry.get("data") or _DATA)
    exported, pickled = data / _EXPORTED, data / _PICKLE
    if exported.is_file():
        return load_pickle(exported, torch.export.load).module()
    place = None if torch.cuda.is_available() else "cpu"
    if _is_script(pickled):
        require_trust(pickled, "is a TorchScript program, which can write files")
        model = torch.jit.load(pickled, map_location=place)
    else:
        model = load_pickle(pickled, partial(torch.load, map_location=place, weights_only=False))
    model.eval()
    return model


def load_predictor(folder: Path, entry: dict[str, Any]) -> PytorchPredictor:
    """The module for prediction, on the device that the model's configuration names, or a GPU where there is one."""
    torch = framework("torch", extra="pytorch")
    device = (entry.get("config") or {}).get("device") or ("cuda" if torch.cuda.is_available() else "cpu")
    return PytorchPredictor(load_saved(folder, entry).to(device), device)


class PytorchPredictor:
    """A module of one input tensor and one output tensor."""

    def __init__(self, model: Any, device: str) -> None:
        self.model = model
        self._device = device

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:  # noqa: ARG002 - a module has none
        """A table for a table, whose values become float32, and an array for an array."""
        import numpy
        import pandas

        if isinstance(data, pandas.DataFrame):
            return pandas.DataFrame(self._predict(data.to_numpy(dtype="float32")), index=data.index)
        if not isinstance(data, numpy.ndarray):
            raise InvalidInput(
                f"a PyTorch model takes a pandas.DataFrame or a numpy.ndarray, not {type(data).__name__}"
            )
        return self._predict(data)

    def _predict(self, array: Any) -> Any:
        torch = framework("torch", extra="pytorch")
        with torch.no_grad():
            output = self.model(torch.tensor(array, device=self._device))
        if not isinstance(output, torch.Tensor):
            raise InvalidInput(f"the model gives a {type(output).__name__}; a function needs one that gives one tensor")
        return output.cpu().numpy()


def _export(torch: Any, model: Any, example: Any) -> Any:
    """The program behind a module, for any number of rows, as it is when it predicts."""
    if isinstance(model, torch.jit.ScriptModule):
        raise InvalidInput(
            "the model is a scripted module, which torch.export does not take: use serialization_format='pickle'"
        )
    given = example if isinstance(example, tuple | list) else [example]
    if not all(hasattr(one, "tolist") and hasattr(one, "ndim") and not hasattr(one, "index") for one in given):
        raise InvalidInput(
            "serialization_format='pt2' traces the model: give input_example, a numpy array or tensor or a tuple of "
            "them, or serialization_format='pickle'"
        )
    inputs = [torch.as_tensor(one) for one in given]
    if all(one.ndim and len(one) == 1 for one in inputs):
        inputs = [torch.cat([one, one]) for one in inputs]  # torch takes a dimension of 1 for a fixed one
    free = tuple({0: torch.export.Dim.AUTO} if one.ndim else None for one in inputs)
    return torch.export.export(copy.deepcopy(model).eval(), tuple(inputs), dynamic_shapes=free)


def _modules(pickled: Path) -> set[str]:
    with zipfile.ZipFile(pickled) as archive:
        pickles = [name for name in archive.namelist() if name.endswith("/data.pkl")]
        return set().union(*(modules_in_pickle(archive.read(name)) for name in pickles)) - {"__torch__"}


def _is_script(pickled: Path) -> bool:
    if not zipfile.is_zipfile(pickled):
        return False
    with zipfile.ZipFile(pickled) as archive:
        return any(name.endswith("/constants.pkl") for name in archive.namelist())
