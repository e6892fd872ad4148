"""On a real Spark a model gives the numbers that it gives here."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy
import pandas
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression

import cloudtrack as ct
from cloudtrack.batch.spark_udf import make_spark_udf
from tests.lakehouse.spark import spark_session

TABLE = pandas.DataFrame(
    {"a": numpy.linspace(0, 1, 1000), "b": numpy.arange(1000), "c": numpy.arange(1000)[::-1] * 0.5}
)
NAMES = ["a", "b"]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_spark_predicts_as_we_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    line = LinearRegression().fit(TABLE[NAMES], TABLE["a"] * 3 + TABLE["b"])
    forest = RandomForestClassifier(5, random_state=1).fit(TABLE[NAMES], TABLE["b"] % 3)
    inputs = TABLE[NAMES]
    for name, model, method in (
        ("line", line, "predict"),
        ("class", forest, "predict"),
        ("shares", forest, "predict_proba"),
    ):
        signature = ct.models.infer_signature(inputs, getattr(model, method)(inputs))
        ct.sklearn.save_model(model, tmp_path / name, signature=signature, pyfunc_predict_fn=method)
    with spark_session(tmp_path / "spark") as spark:
        from pyspark.sql.functions import struct

        frame = spark.createDataFrame(TABLE).repartition(4)

        def found(name: str, *columns: object, **options: object) -> pandas.Series:
            udf = make_spark_udf(spark, tmp_path / name, **options)  # type: ignore[arg-type]
            return frame.select("b", udf(*columns).alias("p")).toPandas().sort_values("b")["p"]

        for columns in (("a", "b"), (struct("a", "b"),), (struct("c", "b", "a"),)):
            assert numpy.allclose(found("line", *columns), line.predict(inputs), rtol=1e-12, atol=1e-12), columns
        assert found("class", "a", "b").tolist() == forest.predict(inputs).tolist()
        assert numpy.array_equal(numpy.array(found("shares", "a", "b").tolist()), forest.predict_proba(inputs))
        assert all(float(text) >= 0 for text in found("line", "a", "b", result_type="string"))
