"""Other packages bring backends."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloudtrack.client import Client
from cloudtrack.errors import NotFound
from cloudtrack.projects.backends.backend import open_backend
from cloudtrack.projects.launching import dry_run, find_submitted, launch
from cloudtrack.projects.planning import Request
from tests.projects.backends.project import make_project

PACKAGE = """
from cloudtrack.projects.backends.backend import Backend, Submission

class Slow(Backend):
    name = "slow"

    def specification(self, job, config):
        return {"words": job.command, "queue": config.get("queue", "night")}

    def launch(self, job, specification):
        return Waiting(f"{specification['queue']}/{job.run_id}")

    def find(self, handle):
        return Waiting(handle)

class Waiting(Submission):
    def __init__(self, handle):
        self.handle = handle

    def status(self):
        return "SCHEDULED"

    def logs(self):
        yield f"{self.handle} waits"

    def cancel(self):
        pass
"""


@pytest.fixture(name="client")
def _client(store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Client:
    site = tmp_path / "site"
    information = site / "slow_backend-1.0.dist-info"
    information.mkdir(parents=True)
    (site / "slow_backend.py").write_text(PACKAGE)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: slow-backend\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[cloudtrack.project_backend]\nslow = slow_backend:Slow\n")
    monkeypatch.syspath_prepend(str(site))
    return Client(store_url)


def test_an_entry_point_is_a_backend(client: Client, tmp_path: Path) -> None:
    project = str(make_project(tmp_path / "line"))
    request = Request(project, experiment_id="0", backend="slow", backend_config={"queue": "day"})
    assert dry_run(client, request)["specification"]["queue"] == "day"
    submitted = launch(client, request)
    assert submitted.get_status() == "SCHEDULED"
    assert list(find_submitted(client, submitted.run_id).logs()) == [f"day/{submitted.run_id} waits"]
    client.close()


def test_an_unknown_name_says_which_there_are(client: Client) -> None:
    with pytest.raises(NotFound, match="aws-batch, docker, kubernetes, local, ray, sagemaker, slow, spark"):
        open_backend("slurm")
    client.close()
