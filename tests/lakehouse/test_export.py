"""``cloudtrack runs export`` writes all runs, page by page, with the columns of ``search_runs``."""

from __future__ import annotations

import csv
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cloudtrack.cli import runs as cli_runs
from cloudtrack.client import Client
from cloudtrack.entities.run import Metric, Run, RunData, RunInfo
from cloudtrack.lakehouse.export import Format, export_runs
from cloudtrack.storage.object_store import ObjectStore
from tests.cli.commands import answer, cloudtrack
from tests.lakehouse.samples import fill, open_client

NAN_AND_INF = {"nan": "NaN", "inf": "Infinity"}


def test_the_command_writes_what_it_is_asked_for(store_url: str, tmp_path: Path) -> None:
    ids = fill(open_client(store_url, tmp_path))
    target = tmp_path / "out" / "runs.csv"
    assert answer("runs", "export", str(target), store=store_url) == {"path": str(target), "runs": 8}
    with target.open(newline="", encoding="utf-8") as stream:
        rows = {row["run_id"]: row for row in csv.DictReader(stream)}
    assert ids["old 2"] not in rows  # it is in the trash
    assert rows[ids["old 0"]]["metrics.nan"] == "NaN"
    assert rows[ids["running"]]["metrics.loss"] == "Infinity"
    assert rows[ids["running"]]["end_time"] == ""
    assert rows[ids["new 4"]]["start_time"] == "1970-01-01T00:00:04.000Z"
    arguments = ["-e", "two", "-f", "params.rate = '0.1'", "--format", "json"]
    assert answer("runs", "export", str(target), *arguments, store=store_url)["runs"] == 2
    assert {row["run_id"] for row in json.loads(target.read_text())} == {ids["new 4"], ids["new 5"]}
    done = cloudtrack("runs", "export", str(target), "--format", "excel", store=store_url)
    assert done.returncode == 2


@pytest.mark.parametrize("file_format", list(Format))
def test_every_format_has_every_value(store: ObjectStore, tmp_path: Path, file_format: Format) -> None:
    client = open_client(store, tmp_path)
    fill(client)
    runs = client.runs.list([item.experiment_id for item in client.experiments.search()])
    target = tmp_path / "runs"
    assert export_runs(runs, target, file_format) == len(runs)
    for row, run in zip(read(target, file_format), runs, strict=True):
        assert row.pop("start_time")[:23] == f"1970-01-01T00:00:{run.info.start_time // 1000:02}.000"
        row.pop("end_time")
        info = {name: getattr(run.info, name) for name in ("run_id", "experiment_id", "status", "artifact_uri")}
        data = {f"{k}.{key}": v for k in ("metrics", "params", "tags") for key, v in getattr(run.data, k).items()}
        expected = {name: NAN_AND_INF.get(repr(value), value) for name, value in {**info, **data}.items()}
        if file_format == Format.CSV:
            expected = {name: str(value) for name, value in expected.items()}
        if file_format == Format.PARQUET:  # there are params.Number and params.Depth before them
            renamed = ("params.number", "params.depth")
            expected = {f"{name}_1" if name in renamed else name: value for name, value in expected.items()}
        assert {name: value for name, value in row.items() if value not in (None, "")} == expected


def read(path: Path, file_format: Format) -> list[dict[str, Any]]:
    if file_format == Format.JSON:
        return list(json.loads(path.read_text()))
    if file_format == Format.CSV:
        with path.open(newline="", encoding="utf-8") as stream:
            return list(csv.DictReader(stream))
    found = duckdb.sql(
        f"SELECT * REPLACE (strftime(start_time, '%Y-%m-%dT%H:%M:%S.%g') AS start_time) FROM read_parquet('{path}')"
    )
    rows = [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]
    return [{name: NAN_AND_INF.get(repr(value), value) for name, value in row.items()} for row in rows]


@pytest.mark.parametrize("file_format", list(Format))
def test_no_runs_are_an_empty_table(tmp_path: Path, file_format: Format) -> None:
    assert export_runs([], tmp_path / "runs", file_format) == 0
    assert read(tmp_path / "runs", file_format) == []


@pytest.mark.slow
@pytest.mark.parametrize("file_format", list(Format))
def test_the_memory_does_not_grow_with_the_runs(tmp_path: Path, file_format: Format) -> None:
    def made(count: int) -> Iterator[Run]:
        for number in range(count):
            data = RunData({f"m{k}": float(number) for k in range(10)}, {f"p{k}": "x" * 50 for k in range(10)})
            yield Run(RunInfo(f"{number:032}", "0", start_time=number), data)

    export_runs(made(10), tmp_path / "warm", file_format)
    peaks = []
    for count in (500, 10_000):
        tracemalloc.start()
        export_runs(made(count), tmp_path / "runs", file_format)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + (1 << 20)  # 10,000 rows are 9 MB


def test_pages_are_followed_to_the_last(store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client: Client = open_client(store, tmp_path)
    made = [client.runs.create("0", start_time=number // 3).info.run_id for number in range(10)]
    client.runs.log_batch(made[0], metrics=[Metric("loss", 1, 1)])
    monkeypatch.setattr(cli_runs, "_RUNS_AT_ONCE", 3)
    found = [run.info.run_id for run in cli_runs._all_runs(client, ["0"], "")]
    assert sorted(found) == sorted(made)


def test_a_file_that_cannot_be_written_whole_is_not_there(tmp_path: Path) -> None:
    def broken() -> Iterator[Run]:
        yield Run(RunInfo("a", "0"), RunData())
        raise RuntimeError("the store is away")

    (tmp_path / "runs.csv").write_text("before")
    with pytest.raises(RuntimeError):
        export_runs(broken(), tmp_path / "runs.csv", Format.CSV)
    assert (tmp_path / "runs.csv").read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["runs.csv"]
