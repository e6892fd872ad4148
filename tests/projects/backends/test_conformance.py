"""What every backend promises, of those whose jobs can be executed here.

``docker``, ``kubectl`` and ``spark-submit`` are stand-ins that execute what they are given; Ray and Spark themselves
are in test_ray.py and test_spark.py.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cloudtrack.client import Client
from cloudtrack.errors import InvalidInput, NotFound
from cloudtrack.projects.backends.backend import open_backend
from cloudtrack.projects.launching import dry_run, find_submitted, launch
from cloudtrack.projects.planning import Request
from cloudtrack.projects.submitted import SubmittedRun
from tests.cli.commands import answer, cloudtrack
from tests.projects.backends.places import Place, make_place
from tests.projects.backends.project import make_project

_PLACE = "RUN_ID"


_DEAR = pytest.mark.parametrize(
    "place",
    ["docker", *(pytest.param(name, marks=pytest.mark.slow) for name in ("kubernetes", "ray", "spark"))],
    indirect=True,
)
"""Of what the backends share, one is asked in each run of the tests."""


@pytest.fixture(name="place", params=["docker", "kubernetes", "ray", "spark"])
def _place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return make_place(request.param, tmp_path / "place", monkeypatch)


@pytest.fixture(name="client")
def _client(store_url: str) -> Iterator[Client]:
    client = Client(store_url)
    yield client
    client.close()


@pytest.fixture(name="request_of")
def _request_of(tmp_path: Path, place: Place) -> Callable[..., Request]:
    project = make_project(tmp_path / "line")

    def request_of(entry_point: str = "main", config: dict[str, Any] | None = None, **fields: Any) -> Request:
        return Request(
            uri=str(project),
            entry_point=entry_point,
            experiment_id="0",
            backend=place.backend,
            backend_config=config or place.config,
            **fields,
        )

    return request_of


def until_it_began(client: Client, submitted: SubmittedRun) -> None:
    while "began" not in client.runs.get(submitted.run_id).data.metrics:
        assert submitted.get_status() in ("SCHEDULED", "RUNNING"), "\n".join(submitted.logs())
        time.sleep(0.05)


@_DEAR
def test_a_project_finishes_and_its_numbers_are_in_the_store(
    place: Place, client: Client, request_of: Callable[..., Request]
) -> None:
    submitted = launch(client, request_of(parameters={"slope": 3}))
    assert submitted.wait(), "\n".join(submitted.logs())
    run = client.runs.get(submitted.run_id)
    assert (run.info.status, run.data.metrics["y"]) == ("FINISHED", 6.0)
    assert run.data.tags["mlflow.project.backend"] == place.backend
    assert "training goes well" in "\n".join(submitted.logs())


def test_the_dry_run_says_what_is_sent(place: Place, client: Client, request_of: Callable[..., Request]) -> None:
    said = dry_run(client, request_of(run_name="one"))["specification"]
    assert not client.runs.search(["0"])
    submitted = launch(client, request_of(run_name="one"))
    submitted.wait()
    expected = json.loads(json.dumps(said).replace(_PLACE, submitted.run_id))
    found = place.sent()
    if place.backend == "spark":  # whose code is here already, in a folder of this launch alone
        *found["command"], folder, remove = found["command"]
        assert folder.startswith("--folder=")
        assert remove.startswith("--remove=")
        expected["command"] = expected["command"][:-1]
    assert found == {name: expected[name] for name in found}


@_DEAR
def test_a_program_that_fails_makes_its_run_fail(client: Client, request_of: Callable[..., Request]) -> None:
    submitted = launch(client, request_of("broken"))
    assert not submitted.wait()
    assert client.runs.get(submitted.run_id).info.status == "FAILED"
    assert "it goes wrong" in "\n".join(submitted.logs())


@_DEAR
def test_a_cancelled_run_is_killed_and_cancelled_again_stays_so(
    client: Client, request_of: Callable[..., Request]
) -> None:
    submitted = launch(client, request_of("endless"))
    until_it_began(client, submitted)
    assert submitted.get_status() == "RUNNING"
    submitted.cancel()
    assert client.runs.get(submitted.run_id).info.status == "KILLED"
    submitted.cancel()
    assert submitted.get_status() == "KILLED"


@_DEAR
def test_a_job_that_has_ended_is_left_as_it_is(client: Client, request_of: Callable[..., Request]) -> None:
    submitted = launch(client, request_of())
    assert submitted.wait()
    submitted.cancel()
    assert submitted.get_status() == "FINISHED"
    assert "training goes well" in "\n".join(submitted.logs())


@_DEAR
def test_a_job_that_is_cancelled_at_once_is_killed(client: Client, request_of: Callable[..., Request]) -> None:
    submitted = launch(client, request_of("endless"))
    submitted.cancel()
    assert client.runs.get(submitted.run_id).info.status == "KILLED"


@_DEAR
def test_a_job_that_dies_before_its_worker_makes_the_run_fail(
    place: Place, client: Client, request_of: Callable[..., Request]
) -> None:
    submitted = launch(client, request_of(config=place.broken))
    assert not submitted.wait()
    assert client.runs.get(submitted.run_id).info.status == "FAILED"
    assert list(submitted.logs())


@_DEAR
def test_another_process_follows_and_cancels(
    place: Place, client: Client, store_url: str, request_of: Callable[..., Request]
) -> None:
    submitted = launch(client, request_of("endless"))
    until_it_began(client, submitted)
    run_id = submitted.run_id
    if place.is_in_process:
        other = find_submitted(client, run_id)
        assert other.get_status() == "RUNNING"
        other.cancel()
        assert other.get_status() == "KILLED"
        return
    assert answer("runs", "status", run_id, store=store_url) == {"run_id": run_id, "status": "RUNNING"}
    assert cloudtrack("runs", "job-logs", run_id, store=store_url).returncode == 0
    for _ in range(2):
        assert answer("runs", "cancel", run_id, store=store_url) == {"run_id": run_id, "status": "KILLED"}
    assert answer("runs", "status", run_id, store=store_url) == {"run_id": run_id, "status": "KILLED"}


def test_a_job_that_is_not_there_is_not_found(place: Place, client: Client) -> None:
    handles = {
        "docker": "cloudtrack-0",
        "kubernetes": "default/cloudtrack-0/minikube",
        "ray": "http://127.0.0.1:1#cloudtrack-0",
        "spark": "elsewhere:1:2 /log",
    }
    with pytest.raises(NotFound):
        open_backend(place.backend).find(handles[place.backend])


def test_a_configuration_says_what_is_wrong_before_anything_is_written(
    place: Place, client: Client, request_of: Callable[..., Request]
) -> None:
    for wrong, said in (
        ({"imagge": "x"}, "no imagge"),
        ({"environment": {"CLOUDTRACK_TOKEN": "x"}}, "CLOUDTRACK_TOKEN is a secret"),
        ({"environment": 3}, "environment"),
    ):
        with pytest.raises(InvalidInput, match=said):
            launch(client, request_of(config={**place.config, **wrong}))
    assert not client.runs.search(["0"])
