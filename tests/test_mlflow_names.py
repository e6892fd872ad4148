"""Functions have the arguments that MLflow's have, in its order, so that a script runs with its import line changed.

Runs where CLOUDTRACK_MLFLOW_PYTHON names an interpreter with mlflow, as ``make test-all`` does.
"""

from __future__ import annotations

import inspect
import json
import os
import subprocess
from typing import Any, get_args, get_type_hints

import pytest

import cloudtrack as ct

MLFLOW = os.environ.get("CLOUDTRACK_MLFLOW_PYTHON", "")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not MLFLOW, reason="CLOUDTRACK_MLFLOW_PYTHON names no interpreter with mlflow"),
]

OURS_ALONE = {"flush", "CloudtrackError", "Client", "connect", "load_release"}
NOT_YET = {
    # Workspaces, which a server of MLflow divides its store into: a store here is a folder or prefix of its own.
    "MlflowClient": {"workspace_store_uri"},
    # Where traces go: there is no tracing yet.
    "create_experiment": {"trace_location"},
    "set_experiment": {"trace_location"},
    # Of deployment jobs on Databricks.
    "MlflowClient.create_registered_model": {"deployment_job_id"},
    "MlflowClient.update_registered_model": {"deployment_job_id"},
    # MLflow's own, and of metrics that ask language models.
    "evaluate": {"_called_from_genai_evaluate"},
    "models.evaluate": {"_called_from_genai_evaluate"},
    "models.EvaluationMetric": {"genai_metric_args"},
    # Docker's own client is logged in, or not.
    "run": {"docker_auth"},
    # Passed on by MLflow to whatever takes it. An argument that nobody knows is an error here.
    "sklearn.log_model": {"kwargs"},
}
_ASK = """
import inspect, json, sys
import mlflow
found = {}
for name in json.loads(sys.argv[1]):
    thing = mlflow
    for part in name.split("."):
        thing = getattr(thing, part)
    found[name] = [parameter.name for parameter in inspect.signature(thing).parameters.values()]
print(json.dumps(found))
"""


def _names() -> list[str]:
    names = [name for name in ct.__all__ if not inspect.ismodule(getattr(ct, name))]
    functions = [name for name in names if name not in OURS_ALONE | {"ActiveModel", "ActiveRun", "MlflowException"}]
    methods = [
        f"MlflowClient.{name}"
        for name, _ in inspect.getmembers(ct.MlflowClient, inspect.isfunction)
        if not name.startswith("_")
    ]
    others = ["sklearn.autolog", "sklearn.save_model", "sklearn.log_model", "sklearn.load_model", "pyfunc.load_model"]
    files = ["artifacts.download_artifacts", "artifacts.list_artifacts", "models.infer_signature"]
    about_models = [
        *("convert_input_example_to_serving_input", "get_model_info", "set_model", "set_signature"),
        *("validate_serving_input", "ModelConfig", "predict"),
    ]
    about_models += [
        *("EvaluationArtifact", "EvaluationMetric", "EvaluationResult", "MetricThreshold", "evaluate"),
        *("list_evaluators", "make_metric"),
    ]
    ready = ("f1_score", "mae", "mape", "max_error", "mse", "precision_score", "r2_score", "recall_score", "rmse")
    metrics = [f"metrics.{name}" for name in ("MetricValue", "make_metric", *ready)]
    models = ["pyfunc.get_model_dependencies", *(f"models.{name}" for name in about_models)]
    with_defaults = ("catboost", "lightgbm", "onnx", "pyfunc", "pytorch", "sklearn", "transformers", "xgboost")
    defaults = [
        f"{flavor}.{name}"
        for flavor in with_defaults
        for name in ("get_default_pip_requirements", "get_default_conda_env")
    ]
    makers = ("from_pandas", "from_numpy", "from_huggingface", "from_spark", "get_source")
    return [*functions, *methods, *others, *files, *models, *metrics, *defaults, *(f"data.{name}" for name in makers)]


def test_arguments_are_mlflows() -> None:
    names = _names()
    done = subprocess.run([MLFLOW, "-c", _ASK, json.dumps(names)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    theirs = json.loads(done.stdout.strip().splitlines()[-1])
    for name in names:
        thing = ct
        for part in name.split("."):
            thing = getattr(thing, part)
        parameters = inspect.signature(thing).parameters.values()  # type: ignore[arg-type]
        ours = [parameter.name for parameter in parameters] + _unpacked(thing)
        missing = set(theirs[name]) - set(ours)
        assert missing == NOT_YET.get(name, set()), name
        by_position = [p.name for p in parameters if p.kind is not p.KEYWORD_ONLY and p.name in theirs[name]]
        assert by_position == [argument for argument in theirs[name] if argument in by_position], name


def _unpacked(function: Any) -> list[str]:
    """The names in the TypedDict behind ``**arguments``."""
    hints = get_type_hints(function) if callable(function) and not isinstance(function, type) else {}
    spread = next(iter(get_args(hints.get("arguments"))), None)
    return list(get_type_hints(spread)) if spread is not None else []
