"""Spark ML models, here and in MLflow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas
import pytest

from cloudtrack.errors import InvalidInput
from tests.flavors.matrix import Case, Conformance, WrittenByMlflow2
from tests.lakehouse.spark import spark_session

pytestmark = pytest.mark.flavors

TABLE = pandas.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": [0.0, 1.0, 0.0, 2.0]})


@pytest.fixture(scope="module", autouse=True)
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with spark_session(tmp_path_factory.mktemp("spark")) as session:
        yield session


def frame(table: pandas.DataFrame) -> Any:
    from pyspark.sql import SparkSession

    return SparkSession.active().createDataFrame(table)


def assembler() -> Any:
    from pyspark.ml.feature import VectorAssembler

    return VectorAssembler(inputCols=["a", "b"], outputCol="features")


def regression() -> Any:
    from pyspark.ml import Pipeline
    from pyspark.ml.regression import LinearRegression

    return Pipeline(stages=[assembler(), LinearRegression()]).fit(frame(TABLE.assign(label=[1.0, 3.0, 3.5, 6.0])))


def binarizer() -> Any:
    from pyspark.ml import PipelineModel
    from pyspark.ml.feature import Binarizer

    return PipelineModel([Binarizer(threshold=0.5, inputCol="b", outputCol="above")])


def column(name: str) -> Any:
    return lambda model, data: [row[name] for row in model.transform(frame(data)).collect()]


class TestSpark(Conformance):
    cases = [
        Case("regression", "spark", regression, TABLE, column("prediction"), distribution="pyspark"),
        Case("transformer", "spark", binarizer, TABLE, column("above"), distribution="pyspark"),
    ]


class TestMlflow2(WrittenByMlflow2):
    flavor = "spark"


def test_a_single_stage_becomes_a_pipeline_and_rows_may_be_dictionaries(tmp_path: Path) -> None:
    from cloudtrack.flavors import pyfunc, spark

    stage = binarizer().stages[0]
    spark.save_model(stage, tmp_path / "m")
    loaded = spark.load_model(str(tmp_path / "m"))
    assert [each.uid for each in loaded.stages] == [stage.uid]
    assert pyfunc.load_model(str(tmp_path / "m")).predict([{"a": 1.0, "b": 0.7}, {"a": 1.0, "b": 0.2}]) == [1.0, 0.0]


def test_what_is_not_fitted_or_predicts_nothing_is_refused(tmp_path: Path) -> None:
    from pyspark.ml.feature import SQLTransformer
    from pyspark.ml.regression import LinearRegression

    from cloudtrack.flavors import pyfunc, spark

    with pytest.raises(InvalidInput, match="LinearRegression"):
        spark.save_model(LinearRegression(), tmp_path / "m")
    spark.save_model(SQLTransformer(statement="SELECT a FROM __THIS__"), tmp_path / "sql")
    with pytest.raises(InvalidInput, match="SQLTransformer"):
        pyfunc.load_model(str(tmp_path / "sql"))
