"""Where MLflow keeps things that are elsewhere here, so that ``from mlflow.X import Y`` needs one word changed.

``cloudtrack.sklearn`` is the module ``cloudtrack.flavors.sklearn``, ``cloudtrack.types.schema`` is
``cloudtrack.models.schema`` ... Each is one module under two names. Nothing is loaded before somebody imports it.
"""

from __future__ import annotations

import importlib
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

FLAVORS = (
    *("catboost", "keras", "lightgbm", "onnx", "prophet", "pyfunc", "pytorch", "sentence_transformers", "sklearn"),
    *("spacy", "spark", "statsmodels", "tensorflow", "transformers", "xgboost"),
)
HOMES = {
    **{f"cloudtrack.{name}": f"cloudtrack.flavors.{name}" for name in FLAVORS},
    **{f"cloudtrack.{name}": f"cloudtrack.autologging.{name}" for name in ("lightning", "optuna", "ray")},
    "cloudtrack.system_metrics": "cloudtrack.fluent.system_metrics",
    "cloudtrack.pyfunc.utils": "cloudtrack.flavors.type_hints",
    "cloudtrack.tracking.client": "cloudtrack.mlflow_client",
    "cloudtrack.tracking.fluent": "cloudtrack",
    "cloudtrack.models.model": "cloudtrack.models",
    **{
        f"cloudtrack.data.{name}_dataset": "cloudtrack.data.dataset"
        for name in ("huggingface", "numpy", "pandas", "polars", "spark")
    },
    "cloudtrack.data.dataset_source": "cloudtrack.data.sources",
    "cloudtrack.data.http_dataset_source": "cloudtrack.data.sources",
    "cloudtrack.metrics": "cloudtrack.evaluation.metrics",
    "cloudtrack.metrics.base": "cloudtrack.evaluation.metric",
    "cloudtrack.models.evaluation": "cloudtrack.evaluation",
    "cloudtrack.models.evaluation.base": "cloudtrack.evaluation",
    "cloudtrack.models.evaluation.validation": "cloudtrack.evaluation.thresholds",
    "cloudtrack.types": "cloudtrack.models.schema",
    "cloudtrack.types.schema": "cloudtrack.models.schema",
    "cloudtrack.entities.model_registry": "cloudtrack.entities",
    "cloudtrack.entities.model_registry.model_version_status": "cloudtrack.entities",
    "cloudtrack.store": "cloudtrack.entities",
    "cloudtrack.store.entities": "cloudtrack.entities",
    "cloudtrack.store.artifact": "cloudtrack.entities.artifact",
    "cloudtrack.store.artifact.runs_artifact_repo": "cloudtrack.fluent.runs_artifact_repo",
    "cloudtrack.utils": "cloudtrack.entities",
    "cloudtrack.utils.mlflow_tags": "cloudtrack.entities.mlflow_tags",
}
"""A name of MLflow's under ours, and the module that it is."""

NAMES = {
    "cloudtrack.client": {"MlflowClient": "cloudtrack.mlflow_client"},
    "cloudtrack.tracking": {
        "MlflowClient": "cloudtrack.mlflow_client",
        **dict.fromkeys(("get_registry_uri", "get_tracking_uri", "is_tracking_uri_set"), "cloudtrack.fluent.session"),
        **dict.fromkeys(("set_registry_uri", "set_tracking_uri"), "cloudtrack.fluent.session"),
    },
    "cloudtrack.models.signature": {
        "infer_signature": "cloudtrack.models.infer",
        "set_signature": "cloudtrack.fluent.model_files",
    },
    "cloudtrack.models.schema": dict.fromkeys(("ParamSchema", "ParamSpec"), "cloudtrack.models.signature"),
    "cloudtrack.models": {
        **dict.fromkeys(("ModelConfig", "set_model"), "cloudtrack.models.from_code"),
        **dict.fromkeys(("get_model_info", "read_model_file"), "cloudtrack.fluent.models"),
        "set_signature": "cloudtrack.fluent.model_files",
        **dict.fromkeys(
            (
                *("EvaluationArtifact", "EvaluationMetric", "EvaluationResult", "MetricThreshold", "evaluate"),
                *("list_evaluators", "make_metric"),
            ),
            "cloudtrack.evaluation",
        ),
        "predict": "cloudtrack.scoring.once",
        "validate_serving_input": "cloudtrack.scoring.validation",
        "convert_input_example_to_serving_input": "cloudtrack.models.input_example",
    },
    "cloudtrack.config": {
        **dict.fromkeys(("get_registry_uri", "get_tracking_uri", "is_tracking_uri_set"), "cloudtrack.fluent.session"),
        **dict.fromkeys(("set_registry_uri", "set_tracking_uri"), "cloudtrack.fluent.session"),
        "enable_async_logging": "cloudtrack.fluent.logging",
        **dict.fromkeys(
            (
                *("disable_system_metrics_logging", "enable_system_metrics_logging", "set_system_metrics_node_id"),
                *("set_system_metrics_samples_before_logging", "set_system_metrics_sampling_interval"),
            ),
            "cloudtrack.fluent.system_metrics",
        ),
    },
}
"""Names that MLflow's module has and ours has not: where they are."""


def find_name(module: str, name: str) -> Any:
    """What MLflow calls ``module.name``. Raises AttributeError."""
    home = NAMES[module].get(name)
    if home is None:
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    return getattr(importlib.import_module(home), name)


def find_spec(name: str) -> ModuleSpec | None:
    """The spec of a module of ``HOMES``; None for any other."""
    return ModuleSpec(name, _Loader()) if name in HOMES else None  # type: ignore[arg-type] # it need not be one of Python's classes


class _Loader:
    """Gives the module that is there, under the name that is asked for, and under the names below that one."""

    def __init__(self) -> None:
        self._spec: ModuleSpec | None = None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = importlib.import_module(HOMES[spec.name])
        self._spec = module.__spec__
        for name, home in HOMES.items():
            if name.startswith(f"{spec.name}."):
                sys.modules[name] = importlib.import_module(home)
                setattr(module, name.rpartition(".")[2], sys.modules[name])
        return module

    def exec_module(self, module: ModuleType) -> None:
        """It has run already. Python has written the other name's spec into it: put its own back."""
        module.__spec__ = self._spec
