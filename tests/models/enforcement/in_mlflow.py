"""Run by MLflow's interpreter: what its models are handed in each case, as JSON in the file that is named."""

from __future__ import annotations

import json
import logging
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import mlflow
from mlflow.models import ModelSignature

from tests.models.enforcement.case import Case
from tests.models.enforcement.corpus import CORPUS
from tests.models.enforcement.describing import describe


class Echo(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
    """Says what it was handed."""

    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]
        """The words. Without hints of types: MLflow would take them for a schema."""
        return {"data": describe(model_input), "params": describe(params)}


def outcome(case: Case, folder: Path) -> Any:
    """What the model saw, or the name of the error."""
    signature = None if case.inputs is None and case.params is None else ModelSignature.from_dict(case.signature)
    mlflow.pyfunc.save_model(folder, python_model=Echo(), signature=signature, pip_requirements=["pandas"])
    model = mlflow.pyfunc.load_model(str(folder))
    return case.ask(model.predict)


def main(file: Path) -> None:
    """Write the outcomes."""
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, case in enumerate(CORPUS):
            try:
                found[case.name] = outcome(case, Path(folder) / str(number))
            except Exception as error:
                found[case.name] = {"refused": type(error).__name__}
    file.write_text(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
