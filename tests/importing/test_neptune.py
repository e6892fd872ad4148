"""What Neptune's exporter wrote comes once; strange rows and paths lead nowhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cloudtrack.client import Client
from cloudtrack.errors import InvalidInput, NotFound
from cloudtrack.importing.importer import run_import
from cloudtrack.importing.neptune_export import NeptuneExport
from cloudtrack.storage.memory import MemoryStore
from tests.importing import neptune
from tests.importing.neptune import START, attribute, export
from tests.importing.test_other_trackers import imported

START_MS = int(START.timestamp() * 1000)


def test_a_run_comes_with_settings_series_files_and_who_made_it(tmp_path: Path) -> None:
    client, report, runs = imported(NeptuneExport(export(tmp_path)))
    assert [each.name for each in client.experiments.search()] == ["Default", "team/churn"]
    info, data = runs[0].info, runs[0].data
    assert (info.run_name, info.user_id, info.status) == ("baseline", "ann", "FAILED")
    assert (info.start_time, info.end_time) == (START_MS, START_MS + 3_600_000)
    assert data.params == {
        **{"config/lr": "0.1", "config/depth": "3", "config/flag": "false", "config/opt": "adam"},
        **{"config/day": "2025-01-02T03:04:05.000Z", "config/layers": '["a", "b"]'},
    }
    assert data.tags["mlflow.note.content"] == "what I tried"
    assert (data.tags["neptune.tags"], data.tags["neptune.run_id"], data.tags["neptune.id"]) == (
        *("good,old", "SAN-1", "SAN-1"),
    )
    points = client.metrics.history(info.run_id, "metrics/loss _train_")
    assert [(p.step, p.timestamp, p.value) for p in points] == [(n, START_MS + 1000 * n, 1 / (n + 1)) for n in range(3)]
    assert client.artifacts.read(info.run_id, "data/sample.csv") == b"data/sample.csv"
    assert client.artifacts.read(info.run_id, "images/step-1.png") == b"images/1.png"
    left = {each.kind: each.count for each in report.omitted}
    assert left == {"points of a string_series": 1, "points of a histogram_series": 1}


def test_steps_with_fractions_are_multiplied_or_said(tmp_path: Path) -> None:
    series = [attribute("loss", "float_series", 1.0, step) for step in (0, 0.5, 1.25)]
    export(tmp_path, attributes=series)
    client, report, runs = imported(NeptuneExport(tmp_path))
    assert [(each.kind, each.count) for each in report.omitted] == [("points with whole steps", 2)]
    client, report, runs = imported(NeptuneExport(tmp_path, step_multiplier=100))
    assert not report.omitted
    assert [p.step for p in client.metrics.history(runs[0].info.run_id, "loss")] == [0, 50, 125]


@pytest.mark.parametrize("path", ["../secret", "/etc/hostname", "team_churn_0a1b/link", "", "x" * 5000])
def test_a_file_elsewhere_is_not_read(tmp_path: Path, path: str) -> None:
    export(tmp_path, attributes=[attribute("f", "file", path), attribute("a", "int", 1)])
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "files/team_churn_0a1b/link").symlink_to(tmp_path / "secret")
    client, report, runs = imported(NeptuneExport(tmp_path))
    assert [(each.kind, each.count, each.is_failure) for each in report.omitted] == [("artifacts", 1, True)]
    assert [*client.artifacts.walk(runs[0].info.run_id)] == []


def test_columns_of_other_types_and_files_that_are_none_are_said(tmp_path: Path) -> None:
    export(tmp_path)
    home = next((tmp_path / "data").iterdir())
    (home / "broken.parquet").write_bytes(b"PAR1" + b"\xff" * 100)
    pq.write_table(pa.table({"a": [1]}), home / "other.parquet")
    strange: dict[str, Any] = {
        **{"project_id": ["team/churn"] * 3, "run_id": ["X"] * 3, "attribute_path": ["a", "b", "c"]},
        **{"attribute_type": ["float", "float_series", "int"], "float_value": ["one", "2.5", None]},
        **{"step": ["later", "3", None], "int_value": [None, None, [1, 2]]},
    }
    pq.write_table(pa.table(strange), home / "X_part_0.parquet")
    _, report, runs = imported(NeptuneExport(tmp_path))
    assert {each.examples[0] for each in report.omitted if each.is_failure} == {"broken.parquet", "other.parquet"}
    found = next(run for run in runs if run.data.tags["neptune.run_id"] == "X")
    assert (found.data.params, found.data.metrics) == ({}, {"b": 2.5})


def test_a_text_that_is_too_long_keeps_its_run_away_and_no_other(tmp_path: Path) -> None:
    export(tmp_path)
    export(tmp_path, run_id="SAN-2", attributes=[attribute("a", "string", "x" * (5 << 20)), attribute("b", "int", 1)])
    report = run_import(Client(MemoryStore()), NeptuneExport(tmp_path))
    assert (report.counts["runs"].imported, report.failures) == (1, 1)
    assert "at most" in report.omitted[-1].reason


def test_folders_without_an_export_are_said(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        NeptuneExport(tmp_path / "nothing")
    with pytest.raises(InvalidInput, match="Parquet"):
        NeptuneExport(tmp_path)
    with pytest.raises(InvalidInput, match="multiplier"):
        NeptuneExport(neptune.export(tmp_path), step_multiplier=0)
