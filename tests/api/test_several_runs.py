"""Several runs in one answer."""

from __future__ import annotations

import uuid

from cloudtrack.access.access import Access
from cloudtrack.access.permission import Permission, Resource
from cloudtrack.access.principal import Principal
from cloudtrack.api.app import App
from cloudtrack.client import Client
from cloudtrack.entities.run import Metric
from cloudtrack.storage.opening import open_store
from tests.api.sending import ask, get
from tests.storage.lossy import CountingStore


def _client() -> tuple[Client, CountingStore]:
    store = CountingStore(open_store(f"memory://{uuid.uuid4().hex}"))
    return Client(store), store


def _run(client: Client, experiment_id: str, name: str) -> str:
    run_id = client.runs.create(experiment_id, run_name=name).info.run_id
    points = [Metric("loss", value, 1000 + step, step) for step, value in enumerate([3.0, 1.0, 2.0])]
    client.runs.log_batch(run_id, metrics=points, params={"lr": "0.1"})
    return run_id


def test_runs_come_in_the_order_that_they_are_asked_for_with_their_extremes_for_a_request_each() -> None:
    client, store = _client()
    one, two = client.experiments.create("one"), client.experiments.create("two")
    ids = [_run(client, one, "a"), _run(client, two, "b"), _run(client, one, "c")]
    store.reset()
    found = get(App(client), "runs/several", run_ids=[ids[2], ids[0], ids[1], ids[0]]).json()
    assert store.requests == len(ids)
    assert [run["info"]["run_name"] for run in found["runs"]] == ["c", "a", "b"]
    assert found["missing"] == []
    loss = found["runs"][0]["summaries"]["loss"]
    assert (loss["value"], loss["min"], loss["min_step"], loss["max"], loss["count"]) == (2.0, 1.0, 1, 3.0, 3)


def test_what_is_not_there_or_not_the_callers_is_named_and_the_rest_is_told() -> None:
    client, _ = _client()
    own, foreign = client.experiments.create("own"), client.experiments.create("foreign")
    mine, hidden, nowhere = _run(client, own, "mine"), _run(client, foreign, "hidden"), "0" * 32
    access = Access(client.store)
    access.grant("reader", Resource.EXPERIMENT, own, Permission.READ)
    target = "/api/2.0/cloudtrack/runs/several?" + "&".join(
        f"run_ids={each}" for each in (mine, hidden, nowhere, "no id")
    )
    found = ask(App(client, access=access), "GET", target, b"", {}, Principal("reader")).json()
    assert [run["info"]["run_id"] for run in found["runs"]] == [mine]
    assert found["missing"] == [hidden, nowhere, "no id"]


def test_none_and_too_many_are_refused() -> None:
    client, _ = _client()
    assert get(App(client), "runs/several").status == 400
    assert get(App(client), "runs/several", run_ids=[f"{number:032x}" for number in range(51)]).status == 400
