"""Metrics that are ready for ``extra_metrics``, under the names of ``mlflow.metrics``; those of texts are not here.

Source: https://mlflow.org/docs/latest/api_reference/python_api/mlflow.metrics.html
"""

from __future__ import annotations

from typing import Any

from cloudtrack.evaluation.metric import EvaluationMetric, MetricValue, make_metric
from cloudtrack.evaluation.regression import measure_regressor


def mae() -> EvaluationMetric:
    """Mean absolute error."""
    return _of_regressor("mean_absolute_error")


def mse() -> EvaluationMetric:
    """Mean squared error."""
    return _of_regressor("mean_squared_error")


def rmse() -> EvaluationMetric:
    """Root mean squared error."""
    return _of_regressor("root_mean_squared_error")


def mape() -> EvaluationMetric:
    """Mean absolute percentage error."""
    return _of_regressor("mean_absolute_percentage_error")


def max_error() -> EvaluationMetric:
    """The greatest error."""
    return _of_regressor("max_error")


def r2_score() -> EvaluationMetric:
    """The share of the variance that is explained."""
    return _of_regressor("r2_score", greater_is_better=True)


def f1_score() -> EvaluationMetric:
    """F1 of two classes."""
    return _of_classifier("f1_score")


def precision_score() -> EvaluationMetric:
    """Precision of two classes."""
    return _of_classifier("precision_score")


def recall_score() -> EvaluationMetric:
    """Recall of two classes."""
    return _of_classifier("recall_score")


def _of_regressor(name: str, *, greater_is_better: bool = False) -> EvaluationMetric:
    def measure(predictions: Any, targets: Any, sample_weights: Any = None) -> float:
        return measure_regressor(targets, predictions, sample_weights)[name]

    return make_metric(eval_fn=measure, greater_is_better=greater_is_better, name=name)


def _of_classifier(name: str) -> EvaluationMetric:
    def measure(predictions: Any, targets: Any, pos_label: Any = 1, sample_weights: Any = None) -> float:
        from sklearn import metrics

        of = getattr(metrics, name)
        return float(of(targets, predictions, pos_label=pos_label, sample_weight=sample_weights, zero_division=0))

    return make_metric(eval_fn=measure, greater_is_better=True, name=name)


__all__ = [
    "EvaluationMetric",
    "MetricValue",
    "f1_score",
    "mae",
    "make_metric",
    "mape",
    "max_error",
    "mse",
    "precision_score",
    "r2_score",
    "recall_score",
    "rmse",
]
