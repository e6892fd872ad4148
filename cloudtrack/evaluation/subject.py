"""What is evaluated: a model, a function, or predictions that the data have already."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cloudtrack.autologging.sklearn_metrics import score_of
from cloudtrack.errors import InvalidInput, NotFound, Unavailable
from cloudtrack.evaluation.rows import Rows
from cloudtrack.flavors.pyfunc import PyFuncModel, PythonModel, load_model
from cloudtrack.fluent.logged_models import get_logged_model
from cloudtrack.models.enforcement import enforce_input

OUTPUT_COLUMN = "outputs"
"""What MLflow calls predictions in tables, where the caller has no name for them."""


@dataclass(frozen=True)
class Predictions:
    """What was predicted for each row."""

    values: Any
    """An array of one dimension."""
    table: Any = None
    """A DataFrame, where the model gave one."""
    probabilities: Any = None
    """An array of rows by ``classes``, where the model gives probabilities."""
    classes: Any = None
    """The classes that the model knows, an array; None where nothing says so."""


@dataclass(frozen=True)
class Subject:
    """What predicts."""

    predict: Callable[[Any], Any] | None = None
    """None where the data have the predictions."""
    model: PyFuncModel | None = None
    model_id: str | None = None
    """Of the logged model that the metrics are of."""

    def predictions(self, rows: Rows, column: str | None, *, is_classifier: bool) -> Predictions:
        """Of each row; ``column`` names the one of several that a model gives. Raises InvalidInput."""
        if self.predict is None:
            return Predictions(rows.predictions)
        given = self.predict(rows.features)
        values = _one_column(given, column, len(rows))
        table = given.reset_index(drop=True) if hasattr(given, "columns") else None
        estimator = self._estimator()
        if estimator is None:
            return Predictions(values, table)
        features = self._enforced(rows.features)
        probabilities, classes = None, None
        if is_classifier and callable(getattr(estimator, "predict_proba", None)):
            probabilities, classes = estimator.predict_proba(features), getattr(estimator, "classes_", None)
            if classes is None or getattr(probabilities, "shape", ()) != (len(rows), len(classes)):
                probabilities = classes = None
        return Predictions(values, table, probabilities, classes)

    def score(self, rows: Rows, weights: Any) -> float | None:
        """What the ``score`` of a model of scikit-learn says; None of any other."""
        estimator = self._estimator()
        is_sklearn = self.model is not None and "sklearn" in self.model.metadata.flavors
        if not is_sklearn or not callable(getattr(estimator, "score", None)):
            return None
        return score_of(estimator, self._enforced(rows.features), rows.targets, weights)

    def _estimator(self) -> Any:
        """The framework's own model, which may say more than ``predict``; None of functions and PythonModels."""
        raw = None if self.model is None else self.model.get_raw_model()
        return None if isinstance(raw, PythonModel) else raw

    def _enforced(self, features: Any) -> Any:
        signature = self.model.metadata.signature if self.model is not None else None
        return features if signature is None or signature.inputs is None else enforce_input(features, signature.inputs)


def subject_of(
    model: Any,
    predictions: str | None,
    model_config: Any,
    inference_params: Mapping[str, Any] | None,
    model_id: str | None,
) -> Subject:
    """What predicts: a model's URI or folder, a loaded model, a function of the data; None of a model is the data."""
    is_uri = isinstance(model, str)
    if model_config is not None and not is_uri:
        raise InvalidInput("model_config is for a model that is loaded here: give its URI as model")
    if model is None:
        if predictions is None:
            raise InvalidInput("evaluate takes a model, or predictions= with the name of the column that has them")
        _refuse_params(inference_params)
        return Subject(model_id=model_id)
    if is_uri:
        if model.startswith("endpoints:"):
            raise InvalidInput(f"{model!r} is an endpoint; give a model, or a function that calls the endpoint")
        model = load_model(model, model_config=model_config)
    if isinstance(model, PyFuncModel):
        params = dict(inference_params) if inference_params else None
        loaded = model
        return Subject(lambda data: loaded.predict(data, params), model, model_id or _logged_as(model))
    if not callable(model):
        raise InvalidInput(
            f"model is a {type(model).__name__}; it is a model's URI, what pyfunc.load_model gives, or a function"
        )
    _refuse_params(inference_params)
    return Subject(model, model_id=model_id)


def _logged_as(model: PyFuncModel) -> str | None:
    """The id of the logged model, where the store in force has it: a folder may come from anywhere."""
    model_id = model.metadata.model_id
    if model_id is not None:
        try:
            get_logged_model(model_id)
        except NotFound:
            return None
        except Unavailable:  # it is told later, where it has none
            return model_id
    return model_id


def _refuse_params(inference_params: Mapping[str, Any] | None) -> None:
    if inference_params:
        raise InvalidInput("inference_params are for models with a signature: a function takes them itself")


def _one_column(given: Any, column: str | None, rows: int) -> Any:
    """One prediction for each row, as an array."""
    import numpy

    if hasattr(given, "columns"):
        if column is not None and column in given.columns:
            given = given[column]
        elif given.shape[1] != 1:
            names = ", ".join(repr(name) for name in given.columns)
            raise InvalidInput(f"the model gives the columns {names}: name the one to evaluate with predictions=")
    values = given.to_numpy() if hasattr(given, "to_numpy") else numpy.asarray(given)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.shape != (rows,):
        raise InvalidInput(
            f"the model gives predictions of the shape {values.shape}; one for each of {rows} rows is evaluated"
        )
    return values
