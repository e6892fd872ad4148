"""``cloudtrack sweep``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cloudtrack.client import connect
from tests.cli.commands import answer, cloudtrack
from tests.conftest import SLOW_SERVER
from tests.projects.sweeps.sweeps import assert_exact


@pytest.mark.parametrize("store_url", SLOW_SERVER, indirect=True)
def test_the_command_sweeps_a_project_that_trains(store_url: str, project: Path, tmp_path: Path) -> None:
    client = connect(store_url)
    (tmp_path / "space.yaml").write_text("alpha: [5, 6]\n")
    done = cloudtrack(
        *("sweep", str(project), "-e", "train", "--sampler", "grid", "--space", "space.yaml", "--workers", "2"),
        *("--param", "alpha=3,2", "--metric", "loss", "--goal", "minimize", "--run-name", "mine"),
        store=store_url,
    )
    assert done.returncode == 0, done.stderr
    sweep_id = done.stderr.split()[1]
    found = assert_exact(client, sweep_id, 2)
    assert [run.data.params["alpha"] for run in found] == ["3", "2"]  # options win over the file
    assert client.runs.get(sweep_id).info.run_name == "mine"
    assert f"best: trial 1, loss = 4, run {found[1].info.run_id}" in done.stdout
    inner = [run for run in client.runs.list(["0"]) if run.info.run_name == "inner"]
    assert {run.data.tags["mlflow.parentRunId"] for run in inner} == {run.info.run_id for run in found}
    result = answer("sweep", "--resume", sweep_id, store=store_url)
    assert result["best"]["run_id"] == found[1].info.run_id
    assert [trial["status"] for trial in result["trials"]] == ["FINISHED", "FINISHED"]


def test_what_is_wrong_is_said_in_one_line(store_url: str, project: Path) -> None:
    connect(store_url).runs.list(["0"])
    for words, complaint in (
        ((), "exactly one of them"),
        ((str(project), "--resume", "0" * 32), "exactly one of them"),
        (("--resume", "0" * 32), "no run with id"),
        ((str(project), "--trials", "3"), "there is nothing to vary: give --param"),
        ((str(project), "--param", "alpha=1", "--trials", "3"), "parameter 'alpha' has the one value '1'"),
        ((str(project), "--param", "alpha=1:2", "--sampler", "grid"), "give a step"),
        ((str(project), "--param", "alpha=1:2", "--trials", "1", "-b", "nowhere"), "there is no backend 'nowhere'"),
    ):
        done = cloudtrack("sweep", *words, store=store_url)
        assert done.returncode == 1
        assert complaint in done.stderr
        assert done.stderr.startswith("Error: ")
        assert done.stderr.count("\n") == 1
    assert connect(store_url).runs.list(["0"]) == []


def test_the_code_of_a_commit_is_swept(store_url: str, project: Path) -> None:
    import subprocess

    def git(*words: str) -> str:
        name = ("-c", "user.name=t", "-c", "user.email=t@example.com")
        return subprocess.run(
            ["git", "-C", str(project), *name, *words], check=True, capture_output=True, text=True
        ).stdout.strip()

    git("init", "-q", "-b", "main")
    git("add", "-A")
    git("commit", "-qm", "first")
    commit = git("rev-parse", "HEAD")
    (project / "MLproject").write_text("entry_points: {main: {command: 'exit 1'}}")
    git("commit", "-qam", "second")
    client = connect(store_url)
    result = answer(
        *("sweep", str(project), "-v", commit, "--param", "alpha=1,2", "--sampler", "grid", "--seed", "1"),
        store=store_url,
    )
    for run in assert_exact(client, result["run_id"], 2):
        record = json.loads(client.artifacts.read(run.info.run_id, "project/project.json"))
        assert run.data.tags["mlflow.source.git.commit"] == record["commit"] == commit
        assert record["archive"]["run_id"] == result["run_id"]
