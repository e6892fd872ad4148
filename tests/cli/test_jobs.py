"""``cloudtrack run`` on a backend, ``runs status``, ``runs cancel``; the rest is in tests/projects/backends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cloudtrack.client import Client
from tests.cli.commands import answer, cloudtrack
from tests.projects.backends.aws import use_moto
from tests.projects.backends.project import make_project

SAGEMAKER = {"image": "ours:1", "role_arn": "arn:aws:iam::1:role/x", "region": "eu-west-1"}


@pytest.fixture(name="project")
def _project(tmp_path: Path) -> str:
    return str(make_project(tmp_path / "line"))


def test_a_dry_run_prints_the_request_and_writes_nothing(
    project: str, tmp_path: Path, moto_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = use_moto(moto_url, monkeypatch)
    client = Client(store)
    (tmp_path / "batch.json").write_text(json.dumps({"job_queue": "q", "job_definition": "d", "region": "eu-west-1"}))
    words = ("run", project, "--backend", "aws-batch", "--backend-config", str(tmp_path / "batch.json"), "--dry-run")
    done = cloudtrack(*words, store=store)
    assert done.returncode == 0, done.stderr
    request = json.loads(done.stdout)["specification"]["request"]
    assert request["containerOverrides"]["command"] == ["python", "-m", "cloudtrack.projects.worker", "RUN_ID"]
    assert not client.runs.search(["0"])
    client.close()


def test_a_wrong_configuration_is_one_line(project: str, store_url: str) -> None:
    Client(store_url).close()
    for config, said in (("{}", "image is missing"), (json.dumps(SAGEMAKER), "on this machine alone")):
        done = cloudtrack("run", project, "-b", "sagemaker", "-c", config, store=store_url)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert said in done.stderr


def test_a_run_that_is_no_projects_has_no_job(store_url: str) -> None:
    client = Client(store_url)
    run_id = client.runs.create("0").info.run_id
    client.close()
    for command in ("status", "cancel", "job-logs"):
        done = cloudtrack("runs", command, run_id, store=store_url)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert "not launched as a project" in done.stderr


def test_a_finished_run_outlives_its_job(project: str, store_url: str) -> None:
    run_id = answer("run", project, "--backend", "local", store=store_url)["run_id"]
    client = Client(store_url)
    client.runs.log_batch(run_id, tags={"cloudtrack.project.job": "elsewhere:1:2"})
    client.close()
    for command in ("status", "cancel"):
        assert answer("runs", command, run_id, store=store_url) == {"run_id": run_id, "status": "FINISHED"}
