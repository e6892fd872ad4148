"""Releases, pins and copies from the command line, and all models of a release loaded at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sklearn.linear_model import LinearRegression
from typer.testing import CliRunner

import cloudtrack as ct
from cloudtrack.cli.main import app
from cloudtrack.client import Client, connect
from tests.lineage.making import put, registered


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


def answer(url: str, *words: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["-s", url, *words])
    assert done.exit_code == code, done.output
    return done.output


def test_a_release_from_the_command_line(store_url: str) -> None:
    client = connect(store_url)
    for loss in (0.5, 0.4):
        registered(client, "ranker", loss=loss)
    answer(store_url, "releases", "switch", "search/prod", "main=ranker/1", "--expect", "0", "-m", "first")
    shown = answer(store_url, "releases", "switch", "search/prod", "main=ranker/2", "spare=models:/ranker/1")
    assert "search/prod at number 2" in shown
    members = json.loads(answer(store_url, "releases", "show", "search/prod", "--number", "1", "--json"))["members"]
    assert members == {"main": {"name": "ranker", "version": 1}}
    answer(store_url, "releases", "rollback", "search/prod", "--expect", "2")
    log = answer(store_url, "releases", "log", "search/prod")
    assert "first" in log
    assert "rolled back to 1: main=ranker/1" in log
    assert "3 events, the chain holds; anchor 3:" in answer(store_url, "releases", "verify", "search/prod")
    assert "search/prod" in answer(store_url, "releases", "list")
    answer(store_url, "releases", "at", "search/prod", "2020-01-01", code=1)
    answer(store_url, "releases", "switch", "search/prod", "ranker/1", code=2)
    assert answer(store_url, "releases", "delete", "search/prod") == "deleted search/prod\n"
    assert answer(store_url, "releases", "list") == "no releases\n"


def test_files_are_pinned_and_verified_from_the_command_line(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Client, "most_hashed_bytes", 10)
    client = connect(store_url)
    run_id = str(registered(client, ours=False).run_id)
    assert "churn version 2; its files are not listed yet: cloudtrack models pin churn 2" in (
        answer(store_url, "models", "register", f"runs:/{run_id}/model", "churn")
    )
    assert "churn version 1: 3 files, " in answer(store_url, "models", "pin", "churn", "1")
    assert "kept by the registry" in answer(store_url, "models", "pin", "churn", "2", "--copy")
    answer(store_url, "models", "register", f"runs:/{run_id}/model", "churn", "--copy")
    assert "the files of 3 versions are those that were registered" in (
        answer(store_url, "registry", "verify", "churn", "--files")
    )
    put(client, run_id, "model/weights.bin", b"other")
    done = CliRunner().invoke(app, ["-s", store_url, "registry", "verify", "churn", "--files"])
    assert done.exit_code == 1
    assert "version 1 of 'churn': the file 'weights.bin'" in str(done.exception)


def test_all_models_of_a_release_are_loaded_of_one_number(store_url: str, tmp_path: Path) -> None:
    ct.set_tracking_uri(store_url)
    for name in ("a", "b"):
        for slope in (1.0, 2.0):
            line = LinearRegression().fit([[0.0], [1.0]], [0.0, slope])
            with ct.start_run():
                ct.sklearn.log_model(line, name="line", registered_model_name=name)
    releases = connect(store_url).releases
    for version in (1, 2):
        releases.switch("prod", {"a": f"a/{version}", "b": f"b/{version}"})
    for number, slope in ((None, 2.0), (1, 1.0)):
        loaded = ct.load_release("prod", number)
        assert loaded.release.number == (number or 2)
        assert [loaded[member].predict([[1.0]])[0] for member in ("a", "b")] == pytest.approx([slope, slope])
    assert ct.pyfunc.load_model("release:/prod@1/a").predict([[1.0]])[0] == pytest.approx(1.0)
