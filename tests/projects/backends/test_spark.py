"""Projects by the real spark-submit, on this machine."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cloudtrack.client import Client
from cloudtrack.errors import InvalidInput, MissingDependency
from cloudtrack.projects.backends.backend import Job, open_backend
from cloudtrack.projects.launching import launch
from cloudtrack.projects.planning import Request
from tests.projects.backends.project import make_project
from tests.projects.backends.test_conformance import until_it_began

CONFIG = {
    "master": "local[2]",
    "conf": {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.cloudtrack.said": "at submission",
    },
}
PROGRAM = """
import time
import cloudtrack as ct
from pyspark.sql import SparkSession
session = SparkSession.builder.getOrCreate()
with ct.start_run():
    ct.log_param("said", session.conf.get("spark.cloudtrack.said"))
    ct.log_param("master", session.sparkContext.master)
    ct.log_metric("sum", session.sparkContext.parallelize(range(100), 4).map(lambda n: n * 2).sum())
"""
JOB = Job("0" * 32, "main", "s3://bucket/team")


@pytest.fixture(name="project")
def _project(tmp_path: Path) -> Path:
    project = make_project(tmp_path / "line")
    (project / "distributed.py").write_text(PROGRAM)
    return project


@pytest.fixture(name="client")
def _client(store_url: str) -> Iterator[Client]:
    client = Client(store_url)
    yield client
    client.close()


@pytest.fixture(name="real")
def _real(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyspark", reason="pyspark is not installed: make test-all installs it")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java 17 or newer, and there is no java here")
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))


@pytest.mark.slow
@pytest.mark.usefixtures("real")
def test_a_spark_job_logs_to_the_store_and_finishes_with_its_status(client: Client, project: Path) -> None:
    def run(entry_point: str, **fields: Any) -> Any:
        request = Request(
            str(project), entry_point, experiment_id="0", backend="spark", backend_config=CONFIG, **fields
        )
        return launch(client, request)

    submitted = run("distributed.py")
    assert submitted.wait(), "\n".join(submitted.logs())
    data = client.runs.get(submitted.run_id).data
    assert data.params["said"] == "at submission"
    assert data.params["master"] == "local[2]"
    assert data.metrics["sum"] == 9900.0
    failed = run("broken")
    assert not failed.wait()
    assert client.runs.get(failed.run_id).info.status == "FAILED"
    assert "it goes wrong" in "\n".join(failed.logs())
    early = run("endless")
    early.cancel()
    assert client.runs.get(early.run_id).info.status == "KILLED"
    endless = run("endless")
    until_it_began(client, endless)
    endless.cancel()
    assert client.runs.get(endless.run_id).info.status == "KILLED"


def test_secrets_and_other_machines_are_refused() -> None:
    spark = open_backend("spark")
    for conf, said in (
        ({"spark.hadoop.fs.s3a.secret.key": "x"}, "spark-defaults.conf"),
        ({"spark.submit.deployMode": "cluster"}, "must be client"),
    ):
        with pytest.raises(InvalidInput, match=said):
            spark.specification(JOB, {"conf": conf})


def test_lists_are_written_as_spark_reads_them(tmp_path: Path) -> None:
    program = tmp_path / "spark-submit"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    config = {"spark_submit": str(program), "jars": ["a.jar", "b.jar"], "py_files": ["c.zip"], "packages": ["g:a:1"]}
    words = open_backend("spark").specification(JOB, config)["command"]
    assert words[:5] == [str(program), "--name", "main", "--deploy-mode", "client"]
    assert words[5:11] == ["--jars", "a.jar,b.jar", "--packages", "g:a:1", "--py-files", "c.zip"]


def test_without_spark_it_says_what_to_install() -> None:
    with pytest.raises(MissingDependency, match="no /no/such/spark-submit"):
        open_backend("spark").specification(JOB, {"spark_submit": "/no/such/spark-submit"})
