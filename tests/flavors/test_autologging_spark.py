"""Autologging of statsmodels and of Spark ML."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest

import cloudtrack as ct
from cloudtrack.autologging import patching
from cloudtrack.entities.run import Run
from tests.flavors.mlflow_arguments import assert_arguments_are_mlflows

pytestmark = pytest.mark.flavors

X = pandas.DataFrame(numpy.random.default_rng(0).normal(size=(60, 2)), columns=["a", "b"])
Y = X["a"] * 2 + numpy.random.default_rng(1).normal(size=60)


@pytest.fixture(autouse=True)
def _autologged(tmp_path: Path) -> Iterator[None]:
    patching._warned.clear()
    ct.set_tracking_uri(tmp_path / "store")
    yield
    ct.autolog(disable=True)


def _runs() -> list[Run]:
    return list(ct.MlflowClient().search_runs(["0"]))


def _files(run: Run) -> set[str]:
    return {file.path for file in ct.MlflowClient().list_artifacts(run.info.run_id)}


def test_what_statsmodels_fits(caplog: pytest.LogCaptureFixture) -> None:
    import statsmodels.api as sm

    ct.statsmodels.autolog()
    result = sm.OLS(Y, sm.add_constant(X)).fit(cov_type="HC0")
    (run,) = _runs()
    assert run.data.params["cov_type"] == "HC0"
    assert run.data.metrics["rsquared"] == pytest.approx(result.rsquared)
    assert run.data.metrics["aic"] == pytest.approx(result.aic)
    assert {"model_summary.txt", "model"} <= _files(run)
    assert run.inputs.dataset_inputs
    assert [record for record in caplog.records if record.name.startswith("cloudtrack")] == []


def test_it_may_be_switched_on_before_the_import(tmp_path: Path) -> None:
    code = """
import sys
import cloudtrack as ct
ct.set_tracking_uri(sys.argv[1])
ct.statsmodels.autolog(log_models=False)
assert "statsmodels" not in sys.modules
import statsmodels.api as sm
sm.OLS([1.0, 2.0, 4.0], [1.0, 2.0, 3.0]).fit()
print(len(ct.MlflowClient().search_runs(["0"])))
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, str(tmp_path / "early")],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "1"), done.stderr
    assert "autologging" not in done.stderr


def test_a_series_of_statsmodels_is_one_run() -> None:
    from statsmodels.tsa.arima.model import ARIMA

    ct.autolog(log_models=False)
    result = ARIMA(Y.to_numpy(), order=(1, 0, 0)).fit()
    (run,) = _runs()
    assert run.data.metrics["aic"] == pytest.approx(result.aic)


@pytest.fixture
def spark() -> Iterator[Any]:
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "1")
        .getOrCreate()
    )
    yield session
    session.stop()


def test_what_spark_ml_fits(spark: Any, caplog: pytest.LogCaptureFixture) -> None:
    from pyspark.ml import Pipeline
    from pyspark.ml.classification import LogisticRegression
    from pyspark.ml.evaluation import MulticlassClassificationEvaluator
    from pyspark.ml.feature import VectorAssembler
    from pyspark.ml.tuning import CrossValidator, ParamGridBuilder

    ct.spark.autolog()
    table = spark.createDataFrame(X.assign(label=(Y > 0).astype(float)))
    assembler = VectorAssembler(inputCols=["a", "b"], outputCol="features")
    regression = LogisticRegression(maxIter=3)
    evaluator = MulticlassClassificationEvaluator(metricName="accuracy")
    with ct.start_run():
        model = Pipeline(stages=[assembler, regression]).fit(table)
        accuracy = evaluator.evaluate(model.transform(table))
    (run,) = _runs()
    assert run.data.params["stages"] == "['VectorAssembler', 'LogisticRegression']"
    assert run.data.params["LogisticRegression.maxIter"] == "3"
    assert run.data.metrics == {"accuracy_table": accuracy}
    assert run.data.tags["estimator_class"] == "pyspark.ml.pipeline.Pipeline"
    assert "model" in _files(run)

    ct.spark.autolog(log_models=False)
    grid = ParamGridBuilder().addGrid(regression.maxIter, [0, 2]).build()
    search = CrossValidator(estimator=regression, estimatorParamMaps=grid, evaluator=evaluator, numFolds=2)
    search.fit(assembler.transform(table))
    (parent,) = [run for run in _runs() if run.data.tags.get("estimator_name") == "CrossValidator"]
    children = [run for run in _runs() if run.data.tags.get("mlflow.parentRunId") == parent.info.run_id]
    assert parent.data.params["best_LogisticRegression.maxIter"] == "2"
    assert "search_results.csv" in _files(parent)
    assert sorted(run.data.params["maxIter"] for run in children) == ["0", "2"]
    assert all({"avg_accuracy", "std_accuracy"} == set(run.data.metrics) for run in children)
    assert [record for record in caplog.records if record.name.startswith("cloudtrack")] == []


@pytest.mark.parametrize(("flavor", "module"), [("statsmodels", "mlflow.statsmodels"), ("spark", "mlflow.pyspark.ml")])
def test_arguments_are_mlflows(flavor: str, module: str) -> None:
    assert_arguments_are_mlflows(getattr(ct, flavor).autolog, module)
