"""A model as a function: one way to predict, whatever framework made it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cloudtrack.models.enforcement import enforce_input, enforce_params
from cloudtrack.models.loading import Predictor, load_predictor
from cloudtrack.models.model_file import Model


class PyFuncModel:
    """A loaded model. ``predict`` holds its input against the signature first."""

    def __init__(self, predictor: Predictor, metadata: Model) -> None:
        self._predictor = predictor
        self.metadata = metadata

    def predict(self, data: Any, params: Mapping[str, Any] | None = None) -> Any:
        """Predictions for a DataFrame, arrays, or what the model takes.

        Raises InvalidInput naming the column, array or param that does not fit the signature.
        """
        signature = self.metadata.signature
        given = dict(params or {})
        if signature is not None:
            if signature.inputs is not None:
                data = enforce_input(data, signature.inputs)
            given = enforce_params(params, signature)
        return self._predictor.predict(data, given)

    def unwrap_python_model(self) -> Any:
        """The object behind it: a PythonModel, or the framework's own model."""
        return getattr(self._predictor, "model", self._predictor)

    get_raw_model = unwrap_python_model

    def __repr__(self) -> str:
        loader = self.metadata.flavors.get("python_function", {}).get("loader_module", "")
        return f"<PyFuncModel loader={loader} run_id={self.metadata.run_id}>"


def load_local(folder: str | Path) -> PyFuncModel:
    """A model folder as a function. Raises NotFound, CorruptData, InvalidInput, MissingDependency."""
    path = Path(folder)
    model = Model.load(path)
    return PyFuncModel(load_predictor(model, path), model)
