"""One run for the web page."""

from __future__ import annotations

import uuid

import pytest

from cloudtrack.api.app import App
from cloudtrack.client import Client
from cloudtrack.entities.run import Metric
from tests.api.sending import get


@pytest.fixture
def client() -> Client:
    return Client(f"memory://{uuid.uuid4().hex}")


@pytest.fixture
def run_id(client: Client) -> str:
    run_id = client.runs.create(client.experiments.create("pages"), run_name="one").info.run_id
    points = [Metric("acc", value, 1000 + step, step) for step, value in enumerate([0.5, 0.9, float("nan"), 0.7])]
    client.runs.log_batch(run_id, metrics=points)
    return run_id


def test_a_page_is_told_the_extremes_of_each_metric_and_where_they_are(client: Client, run_id: str) -> None:
    found = get(App(client), "runs/page", run_id=run_id).json()
    assert found["run"]["info"]["run_name"] == "one"
    assert found["run"]["data"]["metrics"] == [{"key": "acc", "value": 0.7, "timestamp": 1003, "step": 3}]
    summary = found["summaries"]["acc"]
    assert {name: summary[name] for name in ("min", "min_step", "max", "max_step", "count")} == {
        "min": 0.5,
        "min_step": 0,
        "max": 0.9,
        "max_step": 1,
        "count": 4,
    }


def test_a_run_that_is_unchanged_is_not_sent_again(client: Client, run_id: str) -> None:
    app = App(client)
    tag = get(app, "runs/page", run_id=run_id).headers["etag"]
    assert get(app, "runs/page", {"If-None-Match": tag}, run_id=run_id).status == 304
    client.runs.log_batch(run_id, tags={"a": "b"})
    assert get(app, "runs/page", {"If-None-Match": tag}, run_id=run_id).status == 200


def test_a_page_is_told_when_a_running_run_was_last_heard_of(client: Client, run_id: str) -> None:
    app = App(client)
    assert get(app, "runs/page", run_id=run_id).json()["heartbeat_time"] is None  # this writer sends none
    client.runs.update(run_id, status="FINISHED", end_time=2000)
    assert get(app, "runs/page", run_id=run_id).json()["heartbeat_time"] is None


def test_the_patch_of_a_run_can_be_read(client: Client, run_id: str) -> None:
    client.source_files.create(run_id, "code.patch", b"--- a/x.py\n+++ b/x.py\n")
    found = get(App(client), "runs/source", run_id=run_id).json()
    assert found == {"text": "--- a/x.py\n+++ b/x.py\n", "size": 22, "truncated": False}


@pytest.mark.parametrize(("name", "status"), [("packages.txt", 404), ("../run.json", 400)])
def test_what_is_no_source_file_is_refused(client: Client, run_id: str, name: str, status: int) -> None:
    assert get(App(client), "runs/source", run_id=run_id, name=name).status == status
