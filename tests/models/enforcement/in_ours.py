"""What our models are handed in each case."""

from __future__ import annotations

from typing import Any

from cloudtrack.errors import InvalidInput
from cloudtrack.flavors.python_function import PythonModelContext, PythonPredictor
from cloudtrack.models.model_file import Model
from cloudtrack.models.pyfunc import PyFuncModel
from cloudtrack.models.signature import ModelSignature
from tests.models.enforcement.case import Case
from tests.models.enforcement.corpus import CORPUS
from tests.models.enforcement.describing import describe


class Echo:
    """Says what it was handed."""

    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
        return {"data": describe(model_input), "params": describe(params)}


def loaded(python_model: Any, signature: ModelSignature | None) -> PyFuncModel:
    """A model as one that was saved and loaded."""
    metadata = Model.new()
    metadata.signature = signature
    return PyFuncModel(PythonPredictor(python_model, PythonModelContext()), metadata)


def signature_of(case: Case) -> ModelSignature | None:
    """The signature, read as it stands in ``MLmodel``."""
    return None if case.inputs is None and case.params is None else ModelSignature.from_dict(case.signature)


def outcomes() -> dict[str, Any]:
    """What the model saw, or that it was refused; any other error is raised."""
    return {case.name: _outcome(case) for case in CORPUS}


def _outcome(case: Case) -> Any:
    try:
        return case.ask(loaded(Echo(), signature_of(case)).predict)
    except InvalidInput:
        return {"refused": "InvalidInput"}
