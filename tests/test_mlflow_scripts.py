"""Scripts as users of MLflow write them, run with nothing but their import lines changed; and by MLflow itself.

MLflow's runs take CLOUDTRACK_MLFLOW_PYTHON, as ``make test-mlflow`` names it: what is printed must be the same.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.scripts import run_script

MLFLOW = os.environ.get("CLOUDTRACK_MLFLOW_PYTHON", "")

TRACKING = """
import time

import mlflow
import mlflow.tracking
from mlflow.entities import Metric, Param, RunStatus, RunTag, ViewType
from mlflow.exceptions import MlflowException, RestException
from mlflow.store.entities import PagedList
from mlflow.tracking import MlflowClient
from mlflow.tracking.fluent import ActiveRun
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID, MLFLOW_RUN_NAME

client = MlflowClient()
mlflow.config.enable_async_logging(False)
experiment = client.create_experiment("shop", tags={"team": "ml"})
mlflow.set_experiment("shop")
with mlflow.start_run(run_name="outer") as outer:
    mlflow.log_table({"q": ["a", "b"], "n": [1, 2]}, "t.json")
    with mlflow.start_run(nested=True, tags={MLFLOW_RUN_NAME: "inner"}) as inner:
        mlflow.log_metric("m", 2.5, step=1)
tags = mlflow.get_run(inner.info.run_id).data.tags
print(isinstance(inner, ActiveRun), tags[MLFLOW_PARENT_RUN_ID] == outer.info.run_id)
plain = client.create_run(experiment, run_name="plain")
now = int(time.time() * 1000)
client.log_batch(plain.info.run_id, [Metric("m", 1.0, now, 0)], [Param("p", "1")], [RunTag("t", "u")])
client.set_terminated(plain.info.run_id, RunStatus.to_string(RunStatus.FINISHED))
info = dict(client.get_run(plain.info.run_id).info)
print(info["status"], info["run_name"], "user_id" in info)
print(client.load_table(experiment, "t.json", run_ids=[outer.info.run_id]).to_dict("list"))
found = client.search_runs([experiment], "metrics.m > 0", ViewType.ACTIVE_ONLY, order_by=["metrics.m DESC"])
print(isinstance(found, PagedList), [run.info.run_name for run in found])
for wrong in (lambda: client.get_run("0" * 32), lambda: client.create_experiment("shop")):
    try:
        wrong()
    except (MlflowException, RestException) as error:
        print(error.error_code)
shop = client.get_experiment_by_name("shop")
print(dict(shop)["name"], mlflow.tracking.get_tracking_uri() == mlflow.get_tracking_uri())
"""

MODELS = """
from pathlib import Path

import mlflow
import mlflow.pyfunc
import mlflow.sklearn
import numpy as np
import pandas as pd
from mlflow.client import MlflowClient
from mlflow.entities.model_registry.model_version_status import ModelVersionStatus
from mlflow.models import convert_input_example_to_serving_input, get_model_info, set_signature, validate_serving_input
from mlflow.models.model import ModelInfo
from mlflow.models.signature import ModelSignature, infer_signature
from mlflow.types import DataType
from mlflow.types.schema import ColSpec, ParamSchema, ParamSpec, Schema, TensorSpec
from sklearn.linear_model import LinearRegression

frame = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [0.0, 1.0, 0.0]})
model = LinearRegression().fit(frame, [1.0, 2.0, 3.0])
columns = Schema([ColSpec(DataType.double, "a"), ColSpec("double", "b")])
by_hand = ModelSignature(inputs=columns, outputs=Schema([TensorSpec(np.dtype(np.float64), (-1,))]))
print(by_hand == infer_signature(frame, model.predict(frame)), columns.input_names(), columns.has_input_names())
params = ParamSchema([ParamSpec("t", "double", 0.5), ParamSpec("words", DataType.string, ["."], (-1,))])
print([param.name for param in ModelSignature(inputs=columns, params=params).params])

with mlflow.start_run():
    info = mlflow.sklearn.log_model(model, name="bare")
print(isinstance(info, ModelInfo), get_model_info(info.model_uri).signature)
set_signature(info.model_uri, by_hand)
print(get_model_info(info.model_uri).signature == by_hand)
body = convert_input_example_to_serving_input(frame[:1])
print(np.round(validate_serving_input(info.model_uri, body), 6).tolist())

Path("scaled.py").write_text('''
import mlflow
from mlflow.models import ModelConfig, set_model

settings = ModelConfig(development_config={"factor": 1})


class Scaled(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return [settings.get("factor") * value for value in model_input["a"]]


set_model(Scaled())
''')
with mlflow.start_run():
    scaled = mlflow.pyfunc.log_model(
        name="scaled", python_model="scaled.py", model_config={"factor": 10}, registered_model_name="scaled"
    )
print(mlflow.pyfunc.load_model(scaled.model_uri).predict(frame))
print(mlflow.pyfunc.load_model(scaled.model_uri, model_config={"factor": 2}).predict(frame))

client = MlflowClient()
copied = client.copy_model_version("models:/scaled/1", "scaled-live")
print(copied.name, int(copied.version), ModelVersionStatus.from_string(copied.status) == ModelVersionStatus.READY)
print(mlflow.pyfunc.load_model("models:/scaled-live/1").predict(frame))
print([dict(each)["name"] for each in client.search_registered_models()])
print(Path(mlflow.pyfunc.get_model_dependencies(scaled.model_uri)).name)
"""

EVALUATION = """
import mlflow
import numpy as np
import pandas as pd
from mlflow.metrics import MetricValue, rmse
from mlflow.models import EvaluationResult, MetricThreshold, make_metric
from mlflow.models.evaluation.validation import ModelValidationFailedException
from sklearn.linear_model import LinearRegression

frame = pd.DataFrame({"a": np.arange(8.0), "b": [0.0, 1.0] * 4})
frame["y"] = frame["a"] + 2 * frame["b"] + [0.5, 0, 0, 0, 0, 0, 0, -0.5]
mlflow.set_experiment("evaluation")


def far(predictions, targets, metrics):
    return MetricValue(scores=list((predictions - targets).abs()), aggregate_results={"max": 1.0})


def worst(eval_df, builtin_metrics, artifacts_dir):
    return {"worst": eval_df.head(1)}


with mlflow.start_run() as run:
    model = LinearRegression().fit(frame[["a", "b"]], frame["y"])
    info = mlflow.sklearn.log_model(model, name="model", pip_requirements=["scikit-learn"])
    found = mlflow.models.evaluate(
        info.model_uri,
        mlflow.data.from_pandas(frame, targets="y", name="held out"),
        model_type="regressor",
        evaluators="default",
        extra_metrics=[make_metric(eval_fn=far, greater_is_better=False), rmse()],
        custom_artifacts=[worst],
        evaluator_config={"log_model_explainability": False},
    )
print(sorted(found.metrics), found.run_id == run.info.run_id)
print(sorted(found.artifacts), list(found.tables["eval_results_table"])[-2:], list(found.artifacts["worst"].content))
found.save("found")
print(EvaluationResult.load("found").metrics == found.metrics)
logged = mlflow.get_logged_model(info.model_id)
print({each.dataset_name for each in logged.metrics}, set(found.metrics) <= {each.key for each in logged.metrics})
said = mlflow.models.evaluate(
    data=frame.assign(said=frame["a"]), targets="y", predictions="said", model_type="regressor"
)
print(round(said.metrics["mean_absolute_error"], 6), said.metrics["example_count"])
better = {"mean_absolute_error": MetricThreshold(min_relative_change=0.5, greater_is_better=False)}
mlflow.validate_evaluation_results(better, found, said)
try:
    mlflow.validate_evaluation_results(better, said, found)
except ModelValidationFailedException as error:
    print(error.error_code)
"""
SCRIPTS = {"tracking": TRACKING, "models": MODELS, "evaluation": EVALUATION}
SAID = {
    "tracking": """
True True
FINISHED plain True
{'q': ['a', 'b'], 'n': [1, 2]}
True ['inner', 'plain']
RESOURCE_DOES_NOT_EXIST
RESOURCE_ALREADY_EXISTS
shop True
""",
    "models": """
True ['a', 'b'] True
['t', 'words']
True None
True
[1.0]
[10.0, 20.0, 30.0]
[2.0, 4.0, 6.0]
scaled-live 1 True
[10.0, 20.0, 30.0]
['scaled', 'scaled-live']
requirements.txt
""",
    "evaluation": """
['example_count', 'far/max', 'max_error', 'mean_absolute_error', 'mean_absolute_percentage_error', 'mean_on_target', \
'mean_squared_error', 'r2_score', 'root_mean_squared_error', 'score', 'sum_on_target'] True
['eval_results_table', 'worst'] ['outputs', 'far/score'] ['prediction', 'target']
True
{'held out'} True
1.0 8
BAD_REQUEST
""",
}


def with_imports_changed(script: str) -> str:
    """``import mlflow.x`` needs two names: that of the module, and ``mlflow`` for what the script calls it."""
    script = re.sub(r"^import mlflow\.(.+)$", r"import cloudtrack.\1", script, flags=re.MULTILINE)
    script = re.sub(r"^import mlflow$", "import cloudtrack as mlflow", script, flags=re.MULTILINE)
    return re.sub(r"^from mlflow\b", "from cloudtrack", script, flags=re.MULTILINE)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_runs_with_its_import_lines_changed(name: str, store_url: str, tmp_path: Path) -> None:
    script = with_imports_changed(SCRIPTS[name])
    changed = {line for line in script.splitlines() if line not in SCRIPTS[name].splitlines()}
    assert all(re.match(r"(import|from) cloudtrack\b", line) for line in changed)
    done = run_script(script, store=store_url, folder=tmp_path, CLOUDTRACK_TRUST_MODELS="1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == SAID[name].strip()


@pytest.mark.mlflow
@pytest.mark.skipif(not MLFLOW, reason="CLOUDTRACK_MLFLOW_PYTHON names no interpreter with mlflow")
@pytest.mark.parametrize("name", SCRIPTS)
def test_mlflow_says_the_same(name: str, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path}/mlflow.db",
        "GIT_PYTHON_REFRESH": "quiet",
    }
    done = subprocess.run(
        [MLFLOW, "-c", SCRIPTS[name]], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == SAID[name].strip()
