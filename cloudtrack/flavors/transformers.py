"""Pipelines of Hugging Face transformers. Names and arguments as in ``mlflow.transformers``; source:
https://mlflow.org/docs/latest/api_reference/python_api/mlflow.transformers.html.

The model is stored below ``model``, with its weights as safetensors, and what goes with it below ``components``.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any, Unpack

from cloudtrack.autologging.transformers import Callback as Callback
from cloudtrack.autologging.transformers import autolog as autolog
from cloudtrack.errors import InvalidInput
from cloudtrack.fluent.models import LogArguments, load_from, log
from cloudtrack.models.default_environment import default_environment
from cloudtrack.models.environment import pinned
from cloudtrack.models.frameworks import framework
from cloudtrack.models.loading import flavor_entry, inside, load_flavor
from cloudtrack.models.model_file import Model, ModelInfo
from cloudtrack.models.saving import SaveArguments, Written, save
from cloudtrack.models.trust import require_trust, trusting

FLAVOR = "transformers"
_MODULES = {"transformers", "tokenizers", "safetensors", "torch", "numpy", "pandas"}
_default_requirements, _default_conda_env = default_environment(_MODULES)
_MODEL = "model"
_COMPONENTS = "components"
_COMPONENT_CLASSES = {
    "tokenizer": "AutoTokenizer",
    "feature_extractor": "AutoFeatureExtractor",
    "image_processor": "AutoImageProcessor",
    "processor": "AutoProcessor",
}


def get_default_pip_requirements(model: Any) -> list[str]:
    """What models of transformers need, in the versions that are installed here; the same for all of them."""
    del model
    return _default_requirements()


def get_default_conda_env(model: Any) -> dict[str, Any]:
    """The same as an environment of conda."""
    del model
    return _default_conda_env()


def save_model(
    transformers_model: Any,
    path: str | PathLike[str],
    *,
    task: str | None = None,
    **arguments: Unpack[SaveArguments],
) -> Model:
    """Save a pipeline into the new folder ``path``; the content of its ``MLmodel``.

    A dictionary of ``model``, ``tokenizer`` and so on becomes the pipeline of ``task``.
    """
    transformers = framework("transformers", extra="transformers")
    pipeline = _pipeline(transformers, transformers_model, task)

    def write(folder: Path) -> Written:
        pipeline.model.save_pretrained(folder / _MODEL)
        parts = {name: part for name in _COMPONENT_CLASSES if (part := getattr(pipeline, name, None)) is not None}
        for name, part in parts.items():
            part.save_pretrained(folder / _COMPONENTS / name)
        flavor = {
            "components": list(parts),
            "instance_type": type(pipeline).__name__,
            "model_binary": _MODEL,
            "pipeline_model_type": type(pipeline.model).__name__,
            "source_model_name": source_name(pipeline.model),
            "task": pipeline.task,
            "torch_dtype": str(pipeline.model.dtype),
            "transformers_version": transformers.__version__,
            **{f"{name}_type": type(part).__name__ for name, part in parts.items()},
        }
        pyfunc = {"loader_module": "mlflow.transformers", "python_version": platform.python_version()}
        return Written({"python_function": pyfunc, FLAVOR: flavor}, pinned(_MODULES))

    return save(path, write, **arguments)


def log_model(
    transformers_model: Any,
    artifact_path: str | None = None,
    *,
    task: str | None = None,
    **arguments: Unpack[LogArguments],
) -> ModelInfo:
    """Log a pipeline to the active run, and register it where a name is given."""
    return log(partial(save_model, transformers_model, task=task), artifact_path, arguments)


def load_model(
    model_uri: str,
    dst_path: str | PathLike[str] | None = None,
    *,
    return_type: str = "pipeline",
    device: str | int | None = None,
    trust: bool | None = None,
) -> Any:
    """The pipeline behind a URI or in a local folder, on ``device`` where it is given.

    ``return_type`` is ``pipeline``, or ``components`` for a dictionary of its task, model, tokenizer and so on.

    ``trust``: it may run code that it brings (docs/model-safety.md). Raises PermissionDenied where it would, and is not
    trusted.
    """
    if return_type not in ("pipeline", "components"):
        raise InvalidInput(f"return_type is {return_type!r}; it is 'pipeline' or 'components'")
    with trusting(trust):
        pipeline = load_from(str(model_uri), dst_path, partial(load_flavor, flavor=FLAVOR))
    if device is not None:
        pipeline.device = framework("torch", extra="transformers").device(device)
        pipeline.model.to(pipeline.device)
    if return_type == "pipeline":
        return pipeline
    parts = {name: part for name in _COMPONENT_CLASSES if (part := getattr(pipeline, name, None)) is not None}
    return {"task": pipeline.task, "dtype": pipeline.model.dtype, "model": pipeline.model, **parts}


def load_saved(folder: Path, entry: dict[str, Any]) -> Any:
    """The pipeline in a model folder; ``entry`` is this flavor's."""
    transformers = framework("transformers", extra="transformers")
    torch = framework("torch", extra="transformers")
    if "model_binary" not in entry:
        raise InvalidInput(
            f"the model in {folder} has no weights, only the name {entry.get('source_model_name')!r}: save it again "
            "with MLflow's save_pretrained=True"
        )
    weights = inside(folder, entry["model_binary"])
    kind, options = _model_class(transformers, weights, str(entry.get("pipeline_model_type")))
    dtype = getattr(torch, str(entry.get("torch_dtype")).removeprefix("torch."), None)
    model = kind.from_pretrained(weights, dtype=dtype, local_files_only=True, **options)
    parts = {
        name: _component_class(transformers, entry, name).from_pretrained(
            inside(folder, Path(_COMPONENTS) / name), local_files_only=True
        )
        for name in entry.get("components", [])
        if name in _COMPONENT_CLASSES
    }
    return transformers.pipeline(task=entry.get("task"), model=model, **parts)


def load_predictor(folder: Path, entry: dict[str, Any]) -> TransformersPredictor:  # noqa: ARG001 - it names no file
    """The pipeline for prediction."""
    return TransformersPredictor(load_saved(folder, flavor_entry(Model.load(folder), FLAVOR, folder)))


class TransformersPredictor:
    """A pipeline whose answers are those that MLflow gives for its task."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """Answers to a text, or to a list, array or table of one column of them; ``params`` are the pipeline's.

        A table of ``label`` and ``score`` for classified texts; a list of texts for generated ones, for words that
        fill a mask, and for the tokens' labels, joined by commas; an array of features for one text, and a list of
        them for many. A pipeline of another task gets the data as they are, and gives what it gives.
        """
        answer = _ANSWERS.get(self.model.task)
        if answer is None:
            return self.model(data, **(params or {}))
        return answer([self.model(text, **(params or {})) for text in texts(data)])


def texts(data: Any) -> list[str]:
    """The texts in a text, or in a list, array, dictionary or table of one column of them. Raises InvalidInput."""
    import pandas

    if isinstance(data, pandas.DataFrame | Mapping):
        if len(data.keys()) != 1:
            raise InvalidInput(f"the model takes one column of texts, not {', '.join(map(str, data.keys())) or 'none'}")
        data = next(iter(data.values())) if isinstance(data, Mapping) else data.iloc[:, 0]
    found = [data] if isinstance(data, str) else list(data)
    if not all(isinstance(text, str) for text in found):
        wrong = next(text for text in found if not isinstance(text, str))
        raise InvalidInput(f"the model takes texts, not {type(wrong).__name__}")
    return [str(text) for text in found]


def source_name(model: Any) -> str:
    """The name under which a hub has the model; empty where it came from a folder."""
    name = str(model.name_or_path)
    return "" if Path(name).is_absolute() or Path(name).exists() else name


def _pipeline(transformers: Any, model: Any, task: str | None) -> Any:
    if isinstance(model, Mapping):
        if not task or not isinstance(model.get("model"), transformers.PreTrainedModel):
            raise InvalidInput("a dictionary of components has a PreTrainedModel as its 'model', and needs task=")
        model = transformers.pipeline(task=task, **model)
    if not isinstance(model, transformers.Pipeline):
        raise InvalidInput(
            f"the model is a {type(model).__name__}; it is a transformers.Pipeline or a dictionary of its components"
        )
    return model


def _component_class(transformers: Any, entry: dict[str, Any], component: str) -> Any:
    kind = getattr(transformers, str(entry.get(f"{component}_type")), None)
    return kind if hasattr(kind, "from_pretrained") else getattr(transformers, _COMPONENT_CLASSES[component])


def _model_class(transformers: Any, weights: Path, name: str) -> tuple[Any, dict[str, Any]]:
    """The class of a model and what it needs to load; of one that brings its own code, where that is trusted."""
    own = json.loads((weights / "config.json").read_text(encoding="utf-8")).get("auto_map", {})
    if own:
        require_trust(weights, "brings Python code of its own, which it would run")
        auto = next((each for each in own if each.startswith("AutoModel")), "AutoModel")
        return getattr(transformers, auto), {"trust_remote_code": True}
    kind = getattr(transformers, name, None)
    if not hasattr(kind, "from_pretrained"):
        raise InvalidInput(
            f"the model is a {name}, which transformers {transformers.__version__} lacks: install the version that the "
            "model's requirements.txt names"
        )
    return kind, {}


def _table(answers: list[Any]) -> Any:
    import pandas

    return pandas.DataFrame([each for answer in answers for each in answer])


def _features(answers: list[Any]) -> Any:
    import numpy

    arrays = [numpy.array(answer[0]) for answer in answers]
    return arrays[0] if len(arrays) == 1 else arrays


def _labels(answers: list[Any]) -> list[str]:
    return [",".join(token.get("entity") or token["entity_group"] for token in answer) for answer in answers]


def _words(answers: list[Any]) -> list[str]:
    if any(isinstance(answer[0], list) for answer in answers):
        raise InvalidInput("a text has more than one mask; the function fills one in each text")
    return [answer[0]["token_str"] for answer in answers]


_ANSWERS = {
    "text-classification": _table,
    "token-classification": _labels,
    "fill-mask": _words,
    "text-generation": lambda answers: [answer[0]["generated_text"] for answer in answers],
    "feature-extraction": _features,
}
