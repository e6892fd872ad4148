"""Evaluating classifiers and regressors on data: metrics, figures and tables, logged with the dataset and the model."""

from cloudtrack.evaluation.evaluating import evaluate, list_evaluators
from cloudtrack.evaluation.metric import EvaluationMetric, make_metric
from cloudtrack.evaluation.result import EvaluationArtifact, EvaluationResult
from cloudtrack.evaluation.thresholds import MetricThreshold, validate_evaluation_results

__all__ = [
    "EvaluationArtifact",
    "EvaluationMetric",
    "EvaluationResult",
    "MetricThreshold",
    "evaluate",
    "list_evaluators",
    "make_metric",
    "validate_evaluation_results",
]
