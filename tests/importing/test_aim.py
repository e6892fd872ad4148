"""Runs of Aim come through Aim's own package: how its words become ours, and that a real repository comes as it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cloudtrack.client import Client
from cloudtrack.entities.experiment import ViewType
from cloudtrack.errors import MissingDependency, NotFound
from cloudtrack.importing.aim_repository import AimRepository, metric_key, params_of
from tests.docs.pages import ROOT
from tests.importing.database_servers import needs_trackers
from tests.importing.test_other_trackers import imported


def test_a_context_is_behind_the_name_and_settings_within_settings_have_dots() -> None:
    assert metric_key("loss", {}) == "loss"
    assert metric_key("loss (x)", {"subset": "val", "fold": 1}) == "loss _x_/fold.1/subset.val"
    assert metric_key("loss", {"path": "a/b"}) == "loss/path.a_b"
    assert params_of({"a": {"b": {"c": 1}, "d": "text"}, "e": [1, None], "f": {}}) == {
        **{"e": "[1, null]", "f": "{}", "a.d": "text", "a.b.c": "1"}
    }


def stand_in(monkeypatch: pytest.MonkeyPatch, *runs: Any, unindexed: str = "") -> None:
    """A module ``aim`` that has these runs."""
    found: dict[str, Any] = {run.hash: run for run in runs} | ({unindexed: None} if unindexed else {})
    repository = SimpleNamespace(
        list_all_runs=lambda: list(found),
        get_run=found.get,
        available_sequence_types=lambda: {"metric": 1, "texts": 1},
        close=lambda: None,
    )
    monkeypatch.setitem(sys.modules, "aim", SimpleNamespace(Repo=lambda _: repository))


class StandIn(SimpleNamespace):
    def __getitem__(self, key: Any) -> Any:
        return self.settings

    def iter_metrics_info(self) -> Iterator[tuple[str, Any, Any]]:
        for name, context, _ in self.tracked:
            yield name, SimpleNamespace(to_dict=lambda context=context: context), self

    def get_metric(self, name: str, context: Any) -> Any:
        found = next(data for there, about, data in self.tracked if (there, about) == (name, context.to_dict()))
        return SimpleNamespace(data=found)

    def collect_sequence_info(self, kinds: tuple[str, ...], *, skip_last_value: bool) -> dict[str, list[int]]:
        return {kind: [1, 2] for kind in kinds}


RUN = {
    **{"hash": "abc", "experiment": "mnist", "name": "my run", "description": "notes", "tags": ["a", "b"]},
    **{"archived": False, "creation_time": 1000.5, "end_time": 1010.0, "settings": {"lr": 0.1}},
    **{"tracked": [("loss", {"subset": "val"}, {0: (0.5, 0, 1001.0), 3: (None, 0, None), 4: (2, 0, None)})]},
}


def test_a_run_comes_once_and_what_is_not_indexed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".aim").mkdir()
    stand_in(monkeypatch, StandIn(**RUN), StandIn(**{**RUN, "hash": "old", "end_time": None}), unindexed="new")
    client, report, runs = imported(AimRepository(tmp_path))
    run = next(run for run in runs if run.data.tags["aim.hash"] == "abc")
    assert (run.info.run_name, run.info.status, run.info.start_time, run.info.end_time) == (
        *("my run", "FINISHED"),
        *(1_000_500, 1_010_000),
    )
    assert run.data.params == {"lr": "0.1"}
    assert (run.data.tags["aim.tags"], run.data.tags["mlflow.note.content"]) == ("a,b", "notes")
    points = client.metrics.history(run.info.run_id, "loss/subset.val")
    assert [(p.step, p.value, p.timestamp) for p in points] == [(0, 0.5, 1_001_000), (4, 2.0, 1_000_500)]
    assert {each.kind: each.count for each in report.omitted} == {"points": 2, "runs": 1, "sequences of texts": 4}
    assert "aim storage reindex" in next(each.reason for each in report.omitted if each.kind == "runs")


def test_without_aim_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotFound, match=r"\.aim"):
        AimRepository(tmp_path)
    (tmp_path / ".aim").mkdir()
    monkeypatch.setitem(sys.modules, "aim", None)
    with pytest.raises(MissingDependency, match=r"cloudtrack\[aim\]"):
        AimRepository(tmp_path)


@pytest.mark.mlflow
def test_a_real_repository_comes_as_it_is(tmp_path: Path) -> None:
    python = needs_trackers("aim")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CLOUDTRACK_URI": str(tmp_path / "store")}

    def run(*command: str, said: str = "", code: int = 0) -> str:
        done = subprocess.run(command, input=said, capture_output=True, text=True, check=False, env=environment)
        assert done.returncode == code, done.stderr[-3000:]
        return done.stdout

    (tmp_path / "aim").mkdir()
    run(python, str(Path(__file__).with_name("aim_runs.py")), str(tmp_path / "aim"), "4", "20")
    importing = (python, "-W", "ignore", "-m", "cloudtrack", "import", "aim", str(tmp_path / "aim"), "--json")
    assert "aim storage reindex" in run(*importing, code=1)
    run(str(Path(python).with_name("aim")), "storage", "--repo", str(tmp_path / "aim"), "reindex", said="y\n")
    counts = json.loads(run(*importing))["counts"]
    assert {kind: counts[kind]["imported"] for kind in ("runs", "points")} == {"runs": 4, "points": 4 * 42}
    assert json.loads(run(*importing))["counts"]["runs"] == {"found": 4, "imported": 0, "there": 4}
    client = Client(tmp_path / "store")
    experiments = {each.name: each.experiment_id for each in client.experiments.search()}
    runs = {each.info.run_name: each for each in client.runs.list(list(experiments.values()), view_type=ViewType.ALL)}
    third = runs["run 2"]
    assert third.info.experiment_id == experiments["exp 0"]
    assert third.data.params == {
        **{"hparams.lr": "0.2", "hparams.net.depth": "2", "hparams.net.act": "null", "hparams.net.layers": "[1, 2]"},
        **{"hparams.flag": "true", "seed": "2"},
    }
    points = client.metrics.history(third.info.run_id, "loss/fold.1/subset.val")
    assert [(p.step, p.value) for p in points] == [(step, step / 4) for step in range(20)]
    assert [repr(p.value) for p in client.metrics.history(third.info.run_id, "plain")] == ["nan", "inf"]
    assert third.info.status == "FINISHED"
    assert runs["run 1"].info.lifecycle_stage == "deleted"
    assert third.data.tags["aim.tags"] == "good"
