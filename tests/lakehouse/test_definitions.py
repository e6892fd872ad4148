"""``cloudtrack ddl``: other engines read the store's Parquet files where they are, and find what is compacted."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot

from cloudtrack import config
from cloudtrack.client import Client
from cloudtrack.entities.experiment import ViewType
from cloudtrack.entities.run import Run
from cloudtrack.lakehouse.ddl import for_athena, for_duckdb, for_spark
from cloudtrack.lakehouse.ddl.layout import Layout, read_layout
from tests.cli.commands import cloudtrack
from tests.lakehouse.samples import all_runs, fill, finish, open_client
from tests.lakehouse.spark import run_definitions, spark_session

RUNS = """
    SELECT run_id, experiment_id, run_name, status, lifecycle_stage, start_time_ms, end_time_ms,
        {0}metrics.loss{0}, {0}metrics.loss@count{0}, {0}params.rate{0}, {0}tags.group{0}
    FROM cloudtrack_runs ORDER BY run_id
"""
POINTS = (
    "SELECT run_id, key, step, timestamp, value FROM cloudtrack_metrics ORDER BY run_id, key, step, timestamp, value"
)


def layout_of(client: Client, experiment: str = "") -> Layout:
    found = [item for item in client.experiments.search(view_type=ViewType.ALL) if experiment in ("", item.name)]
    ids = [item.experiment_id for item in found]
    return read_layout(client.store, ids, config.cache_dir(), one=bool(experiment))


def expected_runs(runs: list[Run]) -> list[tuple[Any, ...]]:
    rows = []
    for run in sorted(runs, key=lambda run: run.info.run_id):
        info, data = run.info, run.data
        rows.append(
            (
                *(info.run_id, info.experiment_id, info.run_name, info.status, info.lifecycle_stage),
                *(info.start_time, info.end_time, data.metrics.get("loss")),
                float(data.summaries["loss"].count) if "loss" in data.summaries else None,
                *(data.params.get("rate"), data.tags.get("group")),
            )
        )
    return rows


def expected_points(client: Client, runs: list[Run]) -> list[tuple[Any, ...]]:
    points = [
        (run.info.run_id, point.key, point.step, point.timestamp, point.value)
        for run in runs
        for key in run.data.metrics
        for point in client.metrics.history(run.info.run_id, key)
    ]
    return sorted(points, key=lambda row: (*row[:4], math.isnan(row[4]), row[4]))


def compact_all(client: Client) -> list[Run]:
    """Fold everything that has ended; the runs that are in the parts now."""
    for item in client.experiments.search(view_type=ViewType.ALL):
        client.run_index.compact(item.experiment_id)
    return [run for run in all_runs(client) if run.info.status == "FINISHED"]


@pytest.mark.parametrize("points", [1, 2500])
def test_duckdb_runs_its_definitions(store_url: str, tmp_path: Path, points: int) -> None:
    client = open_client(store_url, tmp_path)
    if points > 1:
        fill(client)
    else:
        finish(client, "0", 1, rate=0.1)  # no run has a segment
    settled = compact_all(client)
    database = duckdb.connect()
    database.execute(for_duckdb.definitions(layout_of(client)))
    assert repr(database.sql(RUNS.format('"')).fetchall()) == repr(expected_runs(settled))
    assert repr(database.sql(POINTS).fetchall()) == repr(expected_points(client, all_runs(client)))
    first = database.sql("SELECT epoch_ms(start_time) - start_time_ms FROM cloudtrack_runs").fetchall()
    assert set(first) == {(0,)}


def test_definitions_of_one_experiment_find_its_runs_alone(store_url: str, tmp_path: Path) -> None:
    client = open_client(store_url, tmp_path)
    ids = fill(client)
    settled = [
        run for run in compact_all(client) if run.info.experiment_id != client.runs.get(ids["long"]).info.experiment_id
    ]
    database = duckdb.connect()
    database.execute(for_duckdb.definitions(layout_of(client, "one")))
    assert repr(database.sql(RUNS.format('"').replace('"params.rate"', "NULL")).fetchall()) == repr(
        expected_runs(settled)
    )
    assert repr(database.sql(POINTS).fetchall()) == repr(expected_points(client, settled))


def test_definitions_go_on_working_after_more_compactions(store_url: str, tmp_path: Path) -> None:
    client = open_client(store_url, tmp_path)
    ids = fill(client)
    compact_all(client)
    database = duckdb.connect()
    database.execute(for_duckdb.definitions(layout_of(client)))
    for number in range(20, 32):  # many parts become one
        finish(client, "0", number)
        client.runs.log_batch(ids["old 3"], tags={"group": str(number)})
        settled = compact_all(client)
        assert repr(database.sql(RUNS.format('"')).fetchall()) == repr(expected_runs(settled))


def test_names_that_differ_by_case_alone_are_left_out_and_named(store_url: str, tmp_path: Path) -> None:
    client = open_client(store_url, tmp_path)
    finish(client, "0", 1, lower="x")
    client.run_index.compact("0")
    other = client.experiments.create("other")
    finish(client, other, 2, Lower="y")
    client.run_index.compact(other)
    layout = layout_of(client)
    assert layout.left_out == ["params.Lower", "params.lower"]
    assert "params.number" in layout.columns
    text = for_duckdb.definitions(layout)
    assert 'which SQL does not see: "params.Lower", "params.lower".' in text
    database = duckdb.connect()
    database.execute(text)
    assert len(database.sql("FROM cloudtrack_runs").fetchall()) == 2


@pytest.mark.parametrize("store_url", ["moto-obstore"], indirect=True)
def test_athenas_definitions_are_what_its_parser_takes(store_url: str, tmp_path: Path) -> None:
    client = open_client(store_url, tmp_path)
    ids = fill(client)
    client.runs.log_batch(ids["long"], params={"a.b": "1", "a_b": "2", "A b": "3"})
    compact_all(client)
    layout = layout_of(client)
    text = for_athena.definitions(layout)
    statements = text.split(";\n")
    assert [statement.strip() for statement in statements if "CREATE" not in statement] == [""]
    kinds = []
    for statement in statements[:-1]:
        (parsed,) = sqlglot.parse(statement, dialect="athena")
        assert isinstance(parsed, sqlglot.exp.Create)
        kinds.append((parsed.kind, parsed.find(sqlglot.exp.Table).name))
    assert kinds == [("TABLE", "cloudtrack_parts"), ("VIEW", "cloudtrack_runs"), ("TABLE", "cloudtrack_metrics")]
    view = sqlglot.parse_one(statements[1], dialect="trino").expression
    names = [column.alias_or_name for column in view.expressions]
    assert {
        "run_id",
        "experiment_id",
        "start_time",
        "metrics_loss_min",
        "params_a_b",
        "params_a_b_2",
        "params_a_b_3",
    } < set(names)
    assert len(names) == len(set(names))
    assert all(name.replace("_", "").isalnum() and name == name.lower() for name in names)
    assert f"{client.uri}/experiments/${{experiment_id}}/index/parts/" in text
    assert f"{client.uri}/runs/${{run_id}}/metrics/" in text
    beside = [info.key for info in client.store.list("experiments/") if "/index/parts/" in info.key]
    assert len(beside) >= 2
    assert all(key.endswith(".parquet") for key in beside)  # Athena reads whatever is there


@pytest.mark.parametrize("store_url", ["moto-obstore"], indirect=True)
def test_definitions_of_a_bucket_name_the_bucket(store_url: str, tmp_path: Path) -> None:
    client = open_client(store_url, tmp_path)
    finish(client, "0", 1)
    compact_all(client)
    layout = layout_of(client)
    assert f"'{client.uri}/experiments/*/index/parts/*.parquet'" in for_duckdb.definitions(layout)
    assert "INSTALL httpfs" in for_duckdb.definitions(layout)
    assert f"'s3a{client.uri[2:]}/experiments/*/index/parts'" in for_spark.definitions(layout)


def test_what_cannot_be_defined_is_said_in_one_line(store_url: str, tmp_path: Path) -> None:
    client = open_client(store_url, tmp_path)
    run_id = finish(client, "0", 1)
    for arguments, said in (
        (["duckdb"], "run `cloudtrack compact`"),
        (["duckdb", "-e", "nowhere"], "no experiment named 'nowhere'"),
    ):
        done = cloudtrack("ddl", *arguments, store=store_url)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert said in done.stderr
    client.run_index.compact("0")
    assert "Athena reads buckets" in cloudtrack("ddl", "athena", store=store_url).stderr
    assert cloudtrack("ddl", "hive", store=store_url).returncode == 2
    printed = cloudtrack("ddl", "duckdb", store=store_url).stdout
    database = duckdb.connect()
    database.execute(printed)
    assert database.sql("SELECT run_id FROM cloudtrack_runs").fetchall() == [(run_id,)]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_spark_runs_its_definitions(store_url: str, tmp_path: Path) -> None:
    client = open_client(store_url, tmp_path)
    fill(client)
    settled = compact_all(client)
    with spark_session(tmp_path / "spark") as spark:
        run_definitions(spark, for_spark.definitions(layout_of(client)))
        assert repr([tuple(row) for row in spark.sql(RUNS.format("`")).collect()]) == repr(expected_runs(settled))
        assert repr([tuple(row) for row in spark.sql(POINTS).collect()]) == repr(
            expected_points(client, all_runs(client))
        )
        starts = spark.sql("SELECT DISTINCT unix_millis(start_time) - start_time_ms FROM cloudtrack_runs").collect()
        assert [tuple(row) for row in starts] == [(0,)]
        of_one = [run for run in settled if run.info.experiment_id == layout_of(client, "one").experiment_ids[0]]
        run_definitions(spark, for_spark.definitions(layout_of(client, "one")))
        found = spark.sql("SELECT run_id FROM cloudtrack_runs ORDER BY run_id").collect()
        assert [row.run_id for row in found] == sorted(run.info.run_id for run in of_one)
        assert spark.sql("SELECT count(*) FROM cloudtrack_metrics").collect()[0][0] == len(
            expected_points(client, of_one)
        )
