"""Models of sentence-transformers, which give embeddings of texts. Names and arguments as in
``mlflow.sentence_transformers``; source:
https://mlflow.org/docs/latest/api_reference/python_api/mlflow.sentence_transformers.html.
"""

from __future__ import annotations

import json
import os
import platform
from functools import partial
from pathlib import Path
from typing import Any, Unpack

from cloudtrack.errors import InvalidInput
from cloudtrack.flavors.transformers import source_name, texts
from cloudtrack.fluent.models import LogArguments, load_from, log
from cloudtrack.models.default_environment import default_environment
from cloudtrack.models.environment import pinned
from cloudtrack.models.frameworks import framework
from cloudtrack.models.loading import inside, load_flavor
from cloudtrack.models.model_file import Model, ModelInfo
from cloudtrack.models.saving import SaveArguments, Written, save
from cloudtrack.models.trust import is_trusted, require_trust, trusting

FLAVOR = "sentence_transformers"
_DATA = "model.sentence_transformer"
_MODULES = {"sentence_transformers", "transformers", "tokenizers", "safetensors", "torch", "numpy", "pandas"}
get_default_pip_requirements, get_default_conda_env = default_environment(_MODULES)


def save_model(model: Any, path: str | os.PathLike[str], **arguments: Unpack[SaveArguments]) -> Model:
    """Save a SentenceTransformer into the new folder ``path``; the content of its ``MLmodel``."""
    library = framework("sentence_transformers", extra="sentence-transformers")
    if not isinstance(model, library.SentenceTransformer):
        raise InvalidInput(f"the model is a {type(model).__name__}; it is a sentence_transformers.SentenceTransformer")

    def write(folder: Path) -> Written:
        model.save(str(folder / _DATA))
        flavor = {"sentence_transformers_version": library.__version__}
        if (network := getattr(model[0], "auto_model", None)) is not None:
            flavor |= {"pipeline_model_type": type(network).__name__, "source_model_name": source_name(network)}
        pyfunc = {
            "data": _DATA,
            "loader_module": "mlflow.sentence_transformers",
            "python_version": platform.python_version(),
        }
        return Written({"python_function": pyfunc, FLAVOR: flavor}, pinned(_MODULES))

    return save(path, write, **arguments)


def log_model(model: Any, artifact_path: str | None = None, **arguments: Unpack[LogArguments]) -> ModelInfo:
    """Log a model to the active run, and register it where a name is given."""
    return log(partial(save_model, model), artifact_path, arguments)


def load_model(
    model_uri: str,
    dst_path: str | os.PathLike[str] | None = None,
    *,
    device: str | None = None,
    trust: bool | None = None,
) -> Any:
    """The SentenceTransformer behind a URI or in a local folder, on ``device`` where it is given.

    ``trust``: it may run code that it brings (docs/model-safety.md). Raises PermissionDenied where it would, and is not
    trusted.
    """
    with trusting(trust):
        model = load_from(str(model_uri), dst_path, partial(load_flavor, flavor=FLAVOR))
    return model.to(device) if device else model


def load_saved(folder: Path, entry: dict[str, Any]) -> Any:
    """The SentenceTransformer in a model folder; ``entry`` is this flavor's, or that of ``python_function``."""
    library = framework("sentence_transformers", extra="sentence-transformers")
    data = inside(folder, entry.get("data", _DATA))
    if _has_code(data):
        require_trust(data, "has modules of its own, whose code it would run")
    return library.SentenceTransformer(str(data), trust_remote_code=is_trusted(), local_files_only=True)


def load_predictor(folder: Path, entry: dict[str, Any]) -> SentencePredictor:
    """The model for prediction."""
    return SentencePredictor(load_saved(folder, entry))


class SentencePredictor:
    """A model behind ``encode``."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """An array of embeddings, a row for each text; ``params`` are arguments of ``encode``."""
        return self.model.encode(texts(data), **(params or {}))


def _has_code(data: Path) -> bool:
    """Whether a model names classes that are not the library's: it imports them, from the model's folder too."""
    modules = json.loads((data / "modules.json").read_text(encoding="utf-8"))
    return any(
        not str(module.get("type")).startswith("sentence_transformers.")
        or _has_auto_map(inside(data, module.get("path", "")) / "config.json")
        for module in modules
    )


def _has_auto_map(config: Path) -> bool:
    return config.is_file() and "auto_map" in json.loads(config.read_text(encoding="utf-8"))
