"""What a policy of the registry asks about a version: its metrics, and what its ``MLmodel`` says.

Of pickles the file tells this much, and the model's other files are not read. Loading needs no pickle where each flavor
is known to do without one, no flavor names ``pickle`` or ``cloudpickle`` as its format, and no file in ``file_digests``
is named as one. A ``python_function`` of its own (``mlflow.pyfunc.model``) is a pickle or code; ``code`` is code that
would be imported. Where ``MLmodel`` does not list its files, as that of other tools, it cannot be told.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import PurePosixPath

from cloudtrack.entities.version_facts import Measured, ModelFileFacts
from cloudtrack.errors import CorruptData, InvalidInput, NotFound
from cloudtrack.models.digests import digest_of
from cloudtrack.models.finding import ModelFinder
from cloudtrack.models.model_file import FILE_NAME, Model

_WITHOUT_PICKLES = frozenset(
    "onnx sklearn xgboost lightgbm catboost pytorch prophet spacy keras tensorflow transformers "
    "sentence_transformers".split()
)
"""Flavors that have a form without pickles; which it is, the names of the files say."""
_PICKLED_FILES = frozenset(".pkl .pickle .cloudpickle .joblib .dill .pth .pt .bin .ckpt".split())
_PICKLED_FORMATS = ("pickle", "cloudpickle")


class ModelEvidence:
    """Facts about the models that a client finds."""

    def __init__(self, finder: ModelFinder) -> None:
        self._finder = finder

    def metrics(self, run_id: str | None, model_id: str | None, keys: Collection[str]) -> dict[str, Measured]:
        """The last value of each of these metrics: of the logged model where it has it, or else of the run.

        A logged model's is its last point by step and time, whatever the dataset. What is not there is left out.
        """
        found: dict[str, Measured] = {}
        if run_id:
            found |= self._of_run(run_id, keys)
        if model_id:
            found |= self._of_model(model_id, keys)
        return found

    def model_file(self, source: str, digest: str | None) -> ModelFileFacts:
        """What the ``MLmodel`` of a version says; a problem where it is not there, or not the one registered."""
        try:
            model = self._finder.read_model_file(source)
        except (NotFound, InvalidInput, CorruptData) as error:
            return ModelFileFacts(problem=f"{FILE_NAME} cannot be read: {error.message}")
        if digest is not None and digest_of(model) != digest:
            return ModelFileFacts(problem=f"{FILE_NAME} is not the one that was registered")
        return ModelFileFacts(
            signature=model.signature is not None,
            input_example=model.saved_input_example_info is not None,
            pickles=tuple(dict.fromkeys(_pickles(model))),
        )

    def _of_run(self, run_id: str, keys: Collection[str]) -> dict[str, Measured]:
        try:
            metrics = self._finder.runs.get(run_id).data.metrics
        except (NotFound, InvalidInput):
            return {}
        return {key: Measured(metrics[key], f"run {run_id}") for key in keys if key in metrics}

    def _of_model(self, model_id: str, keys: Collection[str]) -> dict[str, Measured]:
        try:
            points = self._finder.logged_models.get(model_id).metrics
        except (NotFound, InvalidInput):
            return {}
        in_order = sorted(points, key=lambda point: (point.step, point.timestamp))
        return {point.key: Measured(point.value, f"logged model {model_id}") for point in in_order if point.key in keys}


def _pickles(model: Model) -> Iterator[str]:
    for name, entry in sorted(model.flavors.items()):
        if entry.get("code"):
            yield f"brings code in {entry['code']}/"
        if entry.get("serialization_format") in _PICKLED_FORMATS:
            yield f"{name} is saved as {entry['serialization_format']}"
        if name == "python_function":
            loader = str(entry.get("loader_module", ""))
            if loader.removeprefix("mlflow.") not in _WITHOUT_PICKLES:
                yield f"python_function is loaded by {loader or 'nothing known'}"
        elif name not in _WITHOUT_PICKLES:
            yield f"the flavor {name} may unpickle"
    if model.file_digests is None:
        yield f"{FILE_NAME} does not list its files"
    for path in sorted(model.file_digests or ()):
        if PurePosixPath(path).suffix.lower() in _PICKLED_FILES:
            yield f"{path} is a pickle by its name"
