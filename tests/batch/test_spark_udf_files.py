"""What a Spark function sends to the workers is gone when the program is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from sklearn.linear_model import LinearRegression

import cloudtrack as ct

PROGRAM = """
    import sys, tempfile
    from pathlib import Path
    from cloudtrack.batch.spark_udf import make_spark_udf
    from tests.lakehouse.spark import spark_session

    with spark_session(Path("spark")) as spark:
        udf = make_spark_udf(spark, Path("model"), result_type="double")
        frame = spark.createDataFrame([(1.0,), (2.0,)], "a double").repartition(2)
        predicted = sorted(row.p for row in frame.select(udf("a").alias("p")).collect())
        sent = len(list(Path(tempfile.gettempdir()).glob("cloudtrack-udf-*")))
    print(sent, *(round(value, 6) for value in predicted))
"""


@pytest.mark.slow
def test_files_of_a_function_are_removed_when_the_program_ends(tmp_path: Path) -> None:
    pytest.importorskip("pyspark", reason="pyspark is not installed: make test-all installs it")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java 17 or newer, and there is no java here")
    (tmp_path / "temporary").mkdir()
    ct.sklearn.save_model(LinearRegression().fit([[1.0], [2.0]], [2.0, 4.0]), tmp_path / "model")
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(PROGRAM)],
        cwd=tmp_path,
        env={
            **os.environ,
            "TMPDIR": str(tmp_path / "temporary"),
            "PYSPARK_PYTHON": sys.executable,
            "PYTHONPATH": str(Path(__file__).parents[2]),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.splitlines()[-1] == "1 2.0 4.0"
    assert not list((tmp_path / "temporary").rglob("cloudtrack-*"))
    assert not list((tmp_path / "spark").rglob("MLmodel"))
