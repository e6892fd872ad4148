"""A model as a folder: the MLmodel file, signature, environment, saving, loading, prediction.

The names that scripts use (``infer_signature``, ``ModelSignature``, ``Model`` ...) are here as well.
"""

from typing import TYPE_CHECKING, Any

from cloudtrack.mlflow_names import find_name
from cloudtrack.models.infer import infer_signature
from cloudtrack.models.model_file import Model, ModelInfo
from cloudtrack.models.signature import ModelSignature

if TYPE_CHECKING:
    from cloudtrack.evaluation import EvaluationArtifact as EvaluationArtifact
    from cloudtrack.evaluation import EvaluationMetric as EvaluationMetric
    from cloudtrack.evaluation import EvaluationResult as EvaluationResult
    from cloudtrack.evaluation import MetricThreshold as MetricThreshold
    from cloudtrack.evaluation import evaluate as evaluate
    from cloudtrack.evaluation import list_evaluators as list_evaluators
    from cloudtrack.evaluation import make_metric as make_metric
    from cloudtrack.fluent.model_files import set_signature as set_signature
    from cloudtrack.fluent.models import get_model_info as get_model_info
    from cloudtrack.models.from_code import ModelConfig as ModelConfig
    from cloudtrack.models.from_code import set_model as set_model
    from cloudtrack.models.input_example import (
        convert_input_example_to_serving_input as convert_input_example_to_serving_input,
    )
    from cloudtrack.scoring.once import predict as predict
    from cloudtrack.scoring.validation import validate_serving_input as validate_serving_input

__all__ = ["Model", "ModelInfo", "ModelSignature", "infer_signature"]


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """What MLflow's module has beside this."""
        return find_name(__name__, name)
