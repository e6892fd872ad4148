"""While many processes log and compact, every way to ask says the same of what had settled and was compacted before."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import pytest

from cloudtrack import clock
from cloudtrack.client import Client
from cloudtrack.entities.run import Metric
from cloudtrack.errors import CloudtrackError
from cloudtrack.lakehouse.ddl import for_duckdb, for_spark
from tests.cli.commands import answer
from tests.lakehouse.samples import open_client
from tests.lakehouse.spark import run_definitions, spark_session
from tests.lakehouse.test_definitions import layout_of
from tests.processes import run_together

T = TypeVar("T")

WRITERS = 8
ROUNDS = 3
RUNS = "count(*), sum({0}metrics.loss{0}), min({0}metrics.loss@min{0}), max({0}metrics.acc{0})"
POINTS = "count(*), sum(value), max(step), sum(timestamp)"
Found = tuple[Any, ...]
_MOST_ATTEMPTS = 20
_GONE = ("No files found", "No such file", "NoSuchFile", "FILE_NOT_EXIST", "does not exist")


def log_run(client: Client, experiment_id: str, batch: str, number: int, points: int) -> None:
    """One whole run. Its values are eighths, so that a sum is the same in any order."""
    run_id = client.runs.create(experiment_id, tags={"batch": batch}).info.run_id
    metrics = [Metric("loss", (number * 7 + step) / 8, step, step) for step in range(points)]
    client.runs.log_batch(run_id, metrics=[*metrics, Metric("acc", number / 8, 1, 1)], params={f"p{number % 5}": "x"})
    client.runs.update(run_id, status="FINISHED")


def log_until_stopped(store_url: str, folder: str, experiment_id: str, writer: int) -> int:
    """Log, change and compact; how many runs."""
    client = open_client(store_url, Path(folder) / f"writer-{writer}")
    number = 0
    while not (Path(folder) / "stop").exists():
        log_run(client, experiment_id, "later", number, 2500 if number % 7 == 0 else 5)
        number += 1
        clock.sleep(0.3)  # a table of very many runs is not what is asked here
        if number % 3 == writer % 3:
            try:
                client.run_index.compact(experiment_id)
            except CloudtrackError:  # others compact, too
                continue
    return number


def by_sdk(client: Client, experiment_id: str) -> list[Found]:
    runs = client.runs.list([experiment_id])
    settled = [run for run in runs if run.data.tags["batch"] == "settled"]
    loss = [run.data.summaries["loss"] for run in settled]
    of_runs = (
        len(settled),
        sum(summary.value for summary in loss),
        min(summary.min for summary in loss),
        max(run.data.metrics["acc"] for run in settled),
    )
    points = [point for run in settled for point in client.metrics.history(run.info.run_id, "loss")]
    of_points = (
        len(points),
        sum(point.value for point in points),
        max(point.step for point in points),
        sum(point.timestamp for point in points),
    )
    return [of_runs, of_points]


def by_command(store_url: str) -> list[Found]:
    runs = f"SELECT {RUNS.format(chr(34))} FROM runs WHERE tags['batch'] = 'settled'"
    settled = "SELECT run_id FROM runs WHERE tags['batch'] = 'settled'"
    points = POINTS.replace("timestamp", "timestamp_ms")
    metrics = f"SELECT {points} FROM metrics WHERE key = 'loss' AND run_id IN ({settled})"
    return [tuple(answer("sql", sql, store=store_url)[0].values()) for sql in (runs, metrics)]


def by_definitions(ask: Callable[[str], Any], quote: str) -> list[Found]:
    settled = f"SELECT run_id FROM cloudtrack_runs WHERE {quote}tags.batch{quote} = 'settled'"
    return [
        tuple(ask(sql)[0])
        for sql in (
            f"SELECT {RUNS.format(quote)} FROM cloudtrack_runs WHERE {quote}tags.batch{quote} = 'settled'",
            f"SELECT {POINTS} FROM cloudtrack_metrics WHERE key = 'loss' AND run_id IN ({settled})",
        )
    ]


def by_duckdb(client: Client) -> list[Found]:
    database = duckdb.connect()
    database.execute(for_duckdb.definitions(layout_of(client)))
    return by_definitions(lambda sql: database.sql(sql).fetchall(), '"')


def by_spark(spark: Any, client: Client) -> list[Found]:
    run_definitions(spark, for_spark.definitions(layout_of(client)))
    return by_definitions(lambda sql: spark.sql(sql).collect(), "`")


def again(ask: Callable[[], T]) -> T:
    """As the definitions say: what meets a file that is being merged away is to be asked again."""
    for _ in range(_MOST_ATTEMPTS):
        try:
            return ask()
        except Exception as error:
            if not any(words in str(error) for words in _GONE):
                raise
            gone = error
    raise AssertionError(f"asked {_MOST_ATTEMPTS} times in vain") from gone


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_all_ways_agree_on_what_had_settled_while_eight_processes_log(store_url: str, tmp_path: Path) -> None:
    client = open_client(store_url, tmp_path)
    experiment_id = client.experiments.create("race")
    for number in range(40):
        log_run(client, experiment_id, "settled", number, 2500 if number % 10 == 0 else 20)
        if number % 15 == 0:
            client.run_index.compact(experiment_id)
    client.run_index.compact(experiment_id)
    expected = by_sdk(client, experiment_id)
    assert expected[0][0] == 40
    assert expected[1][0] == 4 * 2500 + 36 * 20
    writers = [(store_url, str(tmp_path), experiment_id, number) for number in range(WRITERS)]
    with spark_session(tmp_path / "spark") as spark, ThreadPoolExecutor(1) as pool:
        logging = pool.submit(run_together, log_until_stopped, writers)
        try:
            for _ in range(ROUNDS):
                assert by_sdk(client, experiment_id) == expected
                assert by_command(store_url) == expected
                assert again(lambda: by_duckdb(client)) == expected
                assert again(lambda: by_spark(spark, client)) == expected
                assert not logging.done()
        finally:
            (tmp_path / "stop").touch()
        counts = logging.result()
    assert min(counts) > 0
    total = sum(counts) + 40
    assert answer("sql", "SELECT count(*) AS n FROM runs", store=store_url) == [{"n": total}]
    client.run_index.compact(experiment_id)
    database = duckdb.connect()
    database.execute(for_duckdb.definitions(layout_of(client)))
    assert database.sql("SELECT count(*) FROM cloudtrack_runs").fetchall() == [(total,)]
