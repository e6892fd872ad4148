"""spaCy pipelines. Names and arguments as in ``mlflow.spacy``; source:
https://mlflow.org/docs/latest/api_reference/python_api/mlflow.spacy.html.

A pipeline is stored in spaCy's own folder format, which brings no code. Its configuration names functions of packages
that are installed.
"""

from __future__ import annotations

import os
import platform
from functools import partial
from pathlib import Path
from typing import Any, Unpack

from cloudtrack.errors import InvalidInput
from cloudtrack.fluent.models import LogArguments, load_from, log
from cloudtrack.models.default_environment import default_environment
from cloudtrack.models.environment import pinned
from cloudtrack.models.frameworks import framework
from cloudtrack.models.loading import inside, load_flavor
from cloudtrack.models.model_file import Model, ModelInfo
from cloudtrack.models.saving import SaveArguments, Written, save

FLAVOR = "spacy"
_MODULES = {"spacy", "numpy", "pandas"}
get_default_pip_requirements, get_default_conda_env = default_environment(_MODULES)
_MODEL_FOLDER = "model.spacy"


def save_model(spacy_model: Any, path: str | os.PathLike[str], **arguments: Unpack[SaveArguments]) -> Model:
    """Save a pipeline into the new folder ``path``; the content of its ``MLmodel``.

    Only a pipeline that categorizes texts is a Python function too.
    """
    spacy = framework("spacy", extra="spacy")
    if not isinstance(spacy_model, spacy.language.Language):
        raise InvalidInput(f"the model is a {type(spacy_model).__name__}; it is a spacy.Language")

    def write(folder: Path) -> Written:
        spacy_model.to_disk(folder / _MODEL_FOLDER)
        flavors: dict[str, dict[str, Any]] = {FLAVOR: {"data": _MODEL_FOLDER, "spacy_version": spacy.__version__}}
        if any(isinstance(pipe, spacy.pipeline.TextCategorizer) for _, pipe in spacy_model.pipeline):
            flavors["python_function"] = {
                "data": _MODEL_FOLDER,
                "loader_module": "mlflow.spacy",
                "python_version": platform.python_version(),
            }
        return Written(flavors, pinned(_MODULES))

    return save(path, write, **arguments)


def log_model(spacy_model: Any, artifact_path: str | None = None, **arguments: Unpack[LogArguments]) -> ModelInfo:
    """Log a model to the active run, and register it where a name is given."""
    return log(partial(save_model, spacy_model), artifact_path, arguments)


def load_model(model_uri: str, dst_path: str | os.PathLike[str] | None = None) -> Any:
    """The pipeline behind a URI or in a local folder."""
    return load_from(str(model_uri), dst_path, partial(load_flavor, flavor=FLAVOR))


def load_saved(folder: Path, entry: dict[str, Any]) -> Any:
    """The pipeline in a model folder; ``entry`` is this flavor's, or that of ``python_function``."""
    return framework("spacy", extra="spacy").load(inside(folder, entry.get("data", _MODEL_FOLDER)))


def load_predictor(folder: Path, entry: dict[str, Any]) -> SpacyPredictor:
    """The pipeline for prediction."""
    return SpacyPredictor(load_saved(folder, entry))


class SpacyPredictor:
    """A pipeline that categorizes texts."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:  # noqa: ARG002 - MLflow passes none
        """A table with the column ``predictions``: each category's score, for each text in a table's one column."""
        pandas = framework("pandas", extra="spacy")
        if not isinstance(data, pandas.DataFrame) or data.shape[1] != 1:
            raise InvalidInput("the model takes a table with one column, of texts")
        scores = [document.cats for document in self.model.pipe(data.iloc[:, 0])]
        return pandas.DataFrame({"predictions": scores}, index=data.index)
