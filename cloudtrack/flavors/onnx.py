"""ONNX graphs. Names and arguments as in ``mlflow.onnx``; source:
https://mlflow.org/docs/latest/api_reference/python_api/mlflow.onnx.html.

A graph is stored in ONNX's own format, which runs no code when it is loaded. onnxruntime predicts.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Unpack

from cloudtrack.errors import CorruptData, InvalidInput
from cloudtrack.fluent.models import LogArguments, load_from, log
from cloudtrack.models.default_environment import default_environment
from cloudtrack.models.environment import pinned
from cloudtrack.models.frameworks import framework
from cloudtrack.models.loading import flavor_entry, inside, load_flavor
from cloudtrack.models.model_file import Model, ModelInfo
from cloudtrack.models.saving import SaveArguments, Written, save
from cloudtrack.models.trust import require_trust

FLAVOR = "onnx"
_MODULES = {"onnx", "onnxruntime", "numpy"}
get_default_pip_requirements, get_default_conda_env = default_environment(_MODULES)
_MODEL_FILE = "model.onnx"
_WEIGHTS_FILE = "model.onnx.data"
_PROVIDERS = ("CUDAExecutionProvider", "CPUExecutionProvider")
_NUMPY_NAMES = {"float": "float32", "double": "float64"}
"""Where ONNX's name of a type is not numpy's."""

Provider = str | Sequence[Any]
"""An execution provider of onnxruntime: its name, or its name and its options."""


def save_model(
    onnx_model: Any,
    path: str | os.PathLike[str],
    *,
    onnx_execution_providers: Sequence[Provider] | None = None,
    onnx_session_options: Mapping[str, Any] | None = None,
    save_as_external_data: bool = True,
    **arguments: Unpack[SaveArguments],
) -> Model:
    """Save a ModelProto into the new folder ``path``; the content of its ``MLmodel``.

    ``onnx_execution_providers`` are those of onnxruntime that predict, the first that is there. By default CUDA, then
    the CPU. ``onnx_session_options`` are ``intra_op_num_threads``, ``inter_op_num_threads``, ``execution_mode``
    (``sequential`` or ``parallel``), ``graph_optimization_level`` and ``extra_session_config``.
    ``save_as_external_data`` puts large weights into a file of their own; without, a graph is at most 2 GiB.
    """
    onnx = framework("onnx", extra="onnx")
    if not isinstance(onnx_model, onnx.ModelProto):
        raise InvalidInput(f"the model is a {type(onnx_model).__name__}; it is an onnx.ModelProto")
    providers = [_provider(given) for given in onnx_execution_providers or _PROVIDERS]
    session_options(onnx_session_options or {})

    def write(folder: Path) -> Written:
        file = str(folder / _MODEL_FILE)
        if save_as_external_data:
            copy = onnx.ModelProto()
            copy.CopyFrom(onnx_model)  # onnx takes the weights out of what it saves
            onnx.save_model(copy, file, save_as_external_data=True, location=_WEIGHTS_FILE)
        else:
            onnx.save_model(onnx_model, file)
        try:
            onnx.checker.check_model(file)
        except onnx.checker.ValidationError as error:
            raise InvalidInput(f"the model is no valid ONNX graph: {error}") from error
        flavor = {"data": _MODEL_FILE, "onnx_version": onnx.__version__, "providers": providers}
        if onnx_session_options:
            flavor["onnx_session_options"] = dict(onnx_session_options)
        pyfunc = {"data": _MODEL_FILE, "loader_module": "mlflow.onnx", "python_version": platform.python_version()}
        return Written({"python_function": pyfunc, FLAVOR: flavor}, pinned(_MODULES))

    return save(path, write, **arguments)


def log_model(
    onnx_model: Any,
    artifact_path: str | None = None,
    *,
    onnx_execution_providers: Sequence[Provider] | None = None,
    onnx_session_options: Mapping[str, Any] | None = None,
    save_as_external_data: bool = True,
    **arguments: Unpack[LogArguments],
) -> ModelInfo:
    """Log a model to the active run, and register it where a name is given."""
    save_here = partial(
        save_model,
        onnx_model,
        onnx_execution_providers=onnx_execution_providers,
        onnx_session_options=onnx_session_options,
        save_as_external_data=save_as_external_data,
    )
    return log(save_here, artifact_path, arguments)


def load_model(model_uri: str, dst_path: str | os.PathLike[str] | None = None) -> Any:
    """The ModelProto behind a URI or in a local folder."""
    return load_from(str(model_uri), dst_path, partial(load_flavor, flavor=FLAVOR))


def load_saved(folder: Path, entry: dict[str, Any]) -> Any:
    """The ModelProto in a model folder, with its weights; ``entry`` is this flavor's."""
    path = inside(folder, entry.get("data", _MODEL_FILE))
    malformed = framework("google.protobuf.message", extra="onnx").DecodeError
    try:
        return framework("onnx", extra="onnx").load(str(path))
    except malformed as error:
        raise CorruptData(f"{path.name} holds no ONNX graph: {error}") from error


def load_predictor(folder: Path, entry: dict[str, Any]) -> OnnxPredictor:
    """A session of onnxruntime; ``entry`` names the file, the flavor's own the providers and options.

    Those that can name files to read, write or load as libraries take trust.
    """
    path = inside(folder, entry.get("data", _MODEL_FILE))
    own = flavor_entry(Model.load(folder), FLAVOR, folder)
    options = own.get("onnx_session_options") or {}
    providers = [_provider(given) for given in own.get("providers") or _PROVIDERS]
    if options.get("extra_session_config") or not all(isinstance(provider, str) for provider in providers):
        require_trust(path, "comes with settings of onnxruntime that can name files and libraries")
    onnxruntime = framework("onnxruntime", extra="onnx")
    there = onnxruntime.get_available_providers()
    usable = [given if isinstance(given, str) else tuple(given) for given in providers if _name(given) in there]
    state = framework("onnxruntime.capi.onnxruntime_pybind11_state", extra="onnx")
    try:
        session = onnxruntime.InferenceSession(
            str(path), sess_options=session_options(options), providers=usable or ["CPUExecutionProvider"]
        )
    except (state.InvalidProtobuf, state.InvalidGraph, state.InvalidArgument, state.NoSuchFile) as error:
        raise CorruptData(f"{path.name} holds no graph for onnxruntime: {error}") from error
    return OnnxPredictor(session)


class OnnxPredictor:
    """A session of onnxruntime behind ``predict``."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self._inputs = model.get_inputs()

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:  # noqa: ARG002 - MLflow passes none
        """The outputs by name: arrays for an array or a dictionary of arrays, a table for a table.

        Of a graph with one input a table is the matrix; with several, its columns are the inputs.
        """
        import numpy

        is_table = hasattr(data, "columns")
        if isinstance(data, Mapping) or (is_table and len(self._inputs) > 1):
            missing = [one.name for one in self._inputs if one.name not in data]
            if missing:
                known = ", ".join(one.name for one in self._inputs)
                raise InvalidInput(f"the input {missing[0]!r} is missing; the graph takes {known}")
            given = [numpy.asarray(data[one.name]) for one in self._inputs]
        elif not is_table and not isinstance(data, numpy.ndarray):
            raise InvalidInput(
                f"the graph takes an array, a dictionary of arrays or a table, not a {type(data).__name__}"
            )
        elif len(self._inputs) > 1:
            raise InvalidInput(f"the graph has {len(self._inputs)} inputs: give a dictionary of arrays")
        else:
            given = [numpy.asarray(data)]
        feeds = {one.name: _fitting(array, one) for one, array in zip(self._inputs, given, strict=True)}
        names = [one.name for one in self.model.get_outputs()]
        outputs = dict(zip(names, self.model.run(names, feeds), strict=True))
        return _table(outputs) if is_table else outputs


def session_options(given: Mapping[str, Any]) -> Any:
    """The options as onnxruntime's own object. Raises InvalidInput naming the one that it does not take."""
    onnxruntime = framework("onnxruntime", extra="onnx")
    modes = onnxruntime.ExecutionMode
    options = onnxruntime.SessionOptions()
    for name, value in given.items():
        try:
            match name:
                case "intra_op_num_threads" | "inter_op_num_threads":
                    setattr(options, name, value)
                case "execution_mode":
                    kinds = {"sequential": modes.ORT_SEQUENTIAL, "parallel": modes.ORT_PARALLEL}
                    options.execution_mode = kinds[value.lower()]
                case "graph_optimization_level":
                    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel(value)
                case "extra_session_config":
                    for key, setting in value.items():
                        options.add_session_config_entry(key, setting)
                case _:
                    raise InvalidInput(f"onnx_session_options has no option {name!r}")
        except (TypeError, KeyError, AttributeError) as error:
            raise InvalidInput(
                f"the option {name!r} of onnx_session_options is {value!r}, which it cannot be"
            ) from error
    return options


def _provider(given: Any) -> str | list[Any]:
    match given:
        case str():
            return given
        case [str() as name, Mapping() as options]:
            return [name, dict(options)]
    raise InvalidInput(f"an execution provider is {given!r}; it is a name, or a name and a dictionary of options")


def _name(provider: str | list[Any]) -> str:
    return provider if isinstance(provider, str) else str(provider[0])


def _fitting(array: Any, wanted: Any) -> Any:
    """The array in the type of an input, where it is of that kind; a column as a matrix of one column."""
    import numpy

    if array.ndim == 1 and len(wanted.shape) == 2 and wanted.shape[1] == 1:
        array = array.reshape(-1, 1)
    name = wanted.type.removeprefix("tensor(").removesuffix(")")
    if name == "string" or array.dtype.kind not in "biuf":
        return array
    dtype = numpy.dtype(_NUMPY_NAMES.get(name, name))
    return array.astype(dtype, copy=False) if numpy.can_cast(array.dtype, dtype, "same_kind") else array


def _table(outputs: Mapping[str, Any]) -> Any:
    pandas = framework("pandas", extra="onnx")
    columns = {name: values.reshape(-1) if hasattr(values, "reshape") else values for name, values in outputs.items()}
    if len({len(column) for column in columns.values()}) > 1:
        raise InvalidInput("the outputs are of different lengths, which is no table: give an array or a dictionary")
    return pandas.DataFrame(columns)
