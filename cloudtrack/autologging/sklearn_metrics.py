"""Metrics of scikit-learn's estimators: of the data they were fitted to, and those computed of predictions later."""

from __future__ import annotations

import inspect
import threading
import weakref
from collections.abc import Generator, Mapping
from typing import Any

from cloudtrack.autologging.callers import UNKNOWN_DATASET, name_in_program
from cloudtrack.autologging.datasets import describe
from cloudtrack.autologging.figures import draw_confusion_matrix, draw_precision_recall_curve, draw_roc_curve
from cloudtrack.autologging.patching import Call, guarded, patch, patch_function
from cloudtrack.autologging.session import Training, log_to_run
from cloudtrack.autologging.settings import settings_of
from cloudtrack.fluent import active_runs, artifacts, session
from cloudtrack.fluent.logging import input_of
from cloudtrack.tracking.runs import dataset_use

_NAME = "sklearn"
_PREDICTIONS = ("predict", "predict_proba", "predict_log_proba", "decision_function", "transform")


def training_metrics(logged: Training, estimator: Any, features: Any, targets: Any, weights: Any) -> dict[str, float]:
    """Metrics of the data that an estimator was fitted to, each ``training_<name>``; and pictures of a classifier."""
    from sklearn.base import is_classifier, is_regressor

    metrics: dict[str, float] = {}
    kwargs = {} if weights is None else {"sample_weight": weights}
    if targets is not None and hasattr(estimator, "predict"):
        with guarded("metrics of the training data"):
            if is_classifier(estimator):
                metrics.update(_of_classifier(logged, estimator, features, targets, kwargs))
            elif is_regressor(estimator):
                metrics.update(_of_regressor(estimator.predict(features), targets, kwargs))
    if targets is not None and hasattr(estimator, "score"):
        with guarded("the score of the training data"):
            metrics["training_score"] = score_of(estimator, features, targets, weights)
    return metrics


def score_of(estimator: Any, features: Any, targets: Any, weights: Any) -> float:
    """What the estimator's ``score`` says, weighted where it takes weights."""
    takes_weights = weights is not None and "sample_weight" in inspect.signature(estimator.score).parameters
    return float(estimator.score(features, targets, **({"sample_weight": weights} if takes_weights else {})))


def _of_regressor(predicted: Any, targets: Any, kwargs: dict[str, Any]) -> dict[str, float]:
    from sklearn import metrics

    squared = float(metrics.mean_squared_error(targets, predicted, **kwargs))
    return {
        "training_mean_squared_error": squared,
        "training_root_mean_squared_error": squared**0.5,
        "training_mean_absolute_error": float(metrics.mean_absolute_error(targets, predicted, **kwargs)),
        "training_r2_score": float(metrics.r2_score(targets, predicted, **kwargs)),
    }


def _of_classifier(
    logged: Training, estimator: Any, features: Any, targets: Any, kwargs: dict[str, Any]
) -> dict[str, float]:
    from sklearn import metrics

    predicted = estimator.predict(features)
    positive = logged.option("pos_label")
    how = {"average": "weighted"} if positive is None else {"average": "binary", "pos_label": positive}
    named = {
        "precision": metrics.precision_score,
        "recall": metrics.recall_score,
        "f1": metrics.f1_score,
    }
    found = {f"training_{name}_score": float(of(targets, predicted, **how, **kwargs)) for name, of in named.items()}
    found["training_accuracy_score"] = float(metrics.accuracy_score(targets, predicted, **kwargs))
    logged.log_figure(
        lambda axes: draw_confusion_matrix(axes, targets, predicted, **kwargs), "training_confusion_matrix.png"
    )
    if hasattr(estimator, "predict_proba"):
        with guarded("metrics of probabilities"):
            found.update(_of_probabilities(logged, estimator.predict_proba(features), estimator, targets, kwargs))
    return found


def _of_probabilities(
    logged: Training, probabilities: Any, estimator: Any, targets: Any, kwargs: dict[str, Any]
) -> dict[str, float]:
    from sklearn import metrics

    found = {"training_log_loss": float(metrics.log_loss(targets, probabilities, labels=estimator.classes_, **kwargs))}
    if len(estimator.classes_) != 2:
        found["training_roc_auc"] = float(
            metrics.roc_auc_score(targets, probabilities, average="weighted", multi_class="ovo", **kwargs)
        )
        return found
    ones = probabilities[:, 1]
    found["training_roc_auc"] = float(metrics.roc_auc_score(targets, ones, **kwargs))
    options = {"pos_label": estimator.classes_[1], **kwargs}
    logged.log_figure(lambda axes: draw_roc_curve(axes, targets, ones, **options), "training_roc_curve.png")
    logged.log_figure(
        lambda axes: draw_precision_recall_curve(axes, targets, ones, **options),
        "training_precision_recall_curve.png",
    )
    return found


class _Remembered:
    """Something known of objects, for as long as they are there, each by its identity."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[weakref.ref[Any], Any]] = {}

    def put(self, thing: Any, known: Any) -> None:
        """Remember it; not of what has no weak references, as lists."""
        at = id(thing)
        try:
            self._known[at] = (weakref.ref(thing, lambda _: self._known.pop(at, None)), known)
        except TypeError:
            return

    def get(self, thing: Any) -> Any:
        """What is known, or None."""
        found = self._known.get(id(thing))
        return found[1] if found is not None and found[0]() is thing else None


_estimators = _Remembered()
_predictions = _Remembered()
_counts: dict[tuple[str, str], int] = {}
_calls: dict[str, dict[str, str]] = {}
_read: set[tuple[str, str]] = set()
_lock = threading.Lock()


def remember_estimator(estimator: Any, run_id: str) -> None:
    """What it predicts belongs to this run."""
    _estimators.put(estimator, run_id)


def patch_predictions(kind: type) -> None:
    """Observe what the estimators of a class predict and score."""
    for name in _PREDICTIONS:
        patch(_NAME, kind, name, _observe_prediction)
    patch(_NAME, kind, "score", _observe_score)


def patch_metrics(module: Any) -> None:
    """Observe ``sklearn.metrics.accuracy_score`` and its like."""
    for name in getattr(module, "__all__", ()):
        if name.endswith(("_score", "_error", "_loss")):
            patch_function(_NAME, module, name, _observe_metric)


def _observe_prediction(call: Call) -> Generator[None]:
    yield
    run_id = _estimators.get(call.owner)
    if run_id is not None and call.error is None and _wanted():
        data = call.args[1] if len(call.args) > 1 else call.kwargs.get("X")
        _predictions.put(call.result, (run_id, _read_by(run_id, data)))


def _observe_score(call: Call) -> Generator[None]:
    yield
    run_id = _estimators.get(call.owner)
    if run_id is not None and call.error is None and _wanted():
        data = call.args[1] if len(call.args) > 1 else call.kwargs.get("X")
        name = f"{type(call.owner).__name__}_score"
        _log(run_id, name, _read_by(run_id, data), call.result, f"{type(call.owner).__name__}.score(X, y)")


def _observe_metric(call: Call) -> Generator[None]:
    yield
    if call.error is not None or not _wanted() or not _is_number(call.result):
        return
    found = next((known for value in [*call.args, *call.kwargs.values()] if (known := _predictions.get(value))), None)
    if found is not None:
        run_id, dataset = found
        name = call.function.__name__
        more = "".join(
            f", {key}={value!r}" for key, value in call.kwargs.items() if isinstance(value, str | int | float)
        )
        _log(run_id, name, dataset, call.result, f"{name}(y_true, y_pred{more})")


def _wanted() -> bool:
    settings = settings_of(_NAME)
    return settings is not None and bool(settings.options["log_post_training_metrics"])


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) or getattr(value, "shape", None) == ()


def _read_by(run_id: str, data: Any) -> str:
    """The name that the program has for data; the run reads them, where it has one."""
    name = name_in_program(data)
    with _lock:
        is_new = name != UNKNOWN_DATASET and (run_id, name) not in _read
        _read.add((run_id, name))
    settings = settings_of(_NAME)
    if is_new and settings is not None and settings.log_datasets:
        dataset = describe(data)
        if dataset is not None:
            writer = active_runs.active_writer(run_id)
            use = input_of(dataset, "eval")
            if writer is not None:
                writer.log_inputs([dataset_use(use)])
            else:
                session.client().runs.log_inputs(run_id, [use])
    return name


def _log(run_id: str, name: str, dataset: str, value: Any, written: str) -> None:
    """A repeated metric of a run has a number in its name, from 2 on."""
    with _lock:
        count = _counts[run_id, name] = _counts.get((run_id, name), 0) + 1
        key = f"{name}-{count}_{dataset}" if count > 1 else f"{name}_{dataset}"
        calls = _calls.setdefault(run_id, {})
        calls[key] = written
        content: Mapping[str, str] = dict(calls)
    log_to_run(run_id, key, value)
    artifacts.log_dict(content, "metric_info.json", run_id=run_id)
