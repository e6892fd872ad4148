"""A model as a function: one way to predict, whatever framework made it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cloudtrack.models.enforcement import enforce_input, enforce_params
from cloudtrack.models.loading import Predictor, load_predictor
from cloudtrack.models.model_config import ModelConfig, override_model_config
from cloudtrack.models.model_file import Model


class PyFuncModel:
    """A loaded model. ``predict`` holds its input against the signature first."""

    def __init__(self, predictor: Predictor, metadata: Model) -> None:
        self._predictor = predictor
        self.metadata = metadata

    def predict(self, data: Any, params: Mapping[str, Any] | None = None) -> Any:
        """Predictions for a DataFrame, arrays, or what the model takes.

        Without a signature data and params reach the model as they are. Raises InvalidInput naming the column, value,
        array or param that does not fit the signature.
        """
        signature = self.metadata.signature
        checks_itself = self.metadata.is_signature_from_type_hint
        if signature is not None and signature.inputs is not None and not checks_itself:
            data = enforce_input(data, signature.inputs)
        return self._predictor.predict(data, enforce_params(params, signature))

    @property
    def model_config(self) -> dict[str, Any]:
        """The settings in force of a model that was saved with some."""
        return dict(self.metadata.flavors.get("python_function", {}).get("config") or {})

    def unwrap_python_model(self) -> Any:
        """The object behind it: a PythonModel, or the framework's own model."""
        return getattr(self._predictor, "model", self._predictor)

    get_raw_model = unwrap_python_model

    def __repr__(self) -> str:
        loader = self.metadata.flavors.get("python_function", {}).get("loader_module", "")
        return f"<PyFuncModel loader={loader} run_id={self.metadata.run_id}>"


def load_local(folder: str | Path, model_config: ModelConfig | None = None) -> PyFuncModel:
    """A model folder as a function. Raises NotFound, CorruptData, InvalidInput, MissingDependency."""
    path = Path(folder)
    model = Model.load(path)
    if model_config is not None:
        override_model_config(model, model_config)
    return PyFuncModel(load_predictor(model, path), model)
