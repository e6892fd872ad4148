"""A Spark on this machine, where there is one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


@contextmanager
def spark_session(folder: Path) -> Iterator[Any]:
    """Spark in local mode. Skips the test where pyspark or Java is missing."""
    sql = pytest.importorskip("pyspark.sql", reason="pyspark is not installed: make test-all installs it")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java 17 or newer, and there is no java here")
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.sources.parallelPartitionDiscovery.threshold": "1000000",  # a task for each folder is slow here
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.local.dir": str(folder / "local"),
    }
    builder = sql.SparkSession.builder.master("local[2]").appName("cloudtrack")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    try:
        yield session
    finally:
        session.stop()


def run_definitions(session: Any, text: str) -> None:
    """Run what ``cloudtrack ddl spark`` prints, statement by statement."""
    for statement in text.split(";\n"):
        if statement.strip():
            session.sql(statement)
