"""The table of experiments over HTTP: figures of their runs, pages, costs."""

from __future__ import annotations

import json
import math
import uuid
from typing import Any

import pytest

from cloudtrack import clock
from cloudtrack.access.access import Access
from cloudtrack.access.permission import Permission, Resource
from cloudtrack.access.principal import Principal
from cloudtrack.api.app import App
from cloudtrack.client import Client
from cloudtrack.entities.run import Metric
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.tracking.primary_metric import PrimaryMetric, primary_metric
from tests.api.sending import ask, get
from tests.storage.lossy import CountingStore

DAY_MS = 86_400_000


@pytest.fixture
def client(store_url: str) -> Client:
    return Client(store_url)


@pytest.fixture
def app(client: Client) -> App:
    return App(client)


@pytest.fixture
def noon(monkeypatch: pytest.MonkeyPatch) -> int:
    """The time, which stands still: noon of some day."""
    now = 20_000 * DAY_MS + DAY_MS // 2
    monkeypatch.setattr(clock, "now_ms", lambda: now)
    return now


def experiments(app: App, **query: Any) -> dict[str, dict[str, Any]]:
    answer = get(app, "experiments/table", **query)
    assert answer.status == 200, answer.json()
    return {one["name"]: one for one in answer.json()["experiments"]}


def add_run(client: Client, experiment_id: str, start: int, status: str = "", loss: float | None = None) -> str:
    run_id = client.runs.create(experiment_id, start_time=start).info.run_id
    if loss is not None:
        client.runs.log_batch(run_id, metrics=[Metric("loss", 9.0, 1, 0), Metric("loss", loss, 2, 1)])
    if status:
        client.runs.update(run_id, status=status, end_time=start + 1000)
    return run_id


def test_an_experiment_has_figures_of_its_active_runs(app: App, client: Client, noon: int) -> None:
    tags = {"team": "a", "cloudtrack.primary_metric": json.dumps({"key": "loss", "direction": "min"})}
    experiment_id = client.experiments.create("sweep", tags=tags)
    add_run(client, experiment_id, noon - 6 * DAY_MS, "FAILED", 0.7)
    add_run(client, experiment_id, noon - 7 * DAY_MS, "FAILED")
    add_run(client, experiment_id, noon - 29 * DAY_MS, "FINISHED", math.nan)
    client.run_index.compact(experiment_id)
    add_run(client, experiment_id, noon - 30 * DAY_MS, "FINISHED", 0.6)
    best = add_run(client, experiment_id, noon - 3 * DAY_MS, "FINISHED", 0.5)
    add_run(client, experiment_id, noon, loss=0.5 + 1e-9)
    client.runs.delete(add_run(client, experiment_id, noon, "FINISHED", 0.1))
    found = experiments(app)
    one = found["sweep"]
    assert (one["experiment_id"], one["tags"], one["lifecycle_stage"]) == (experiment_id, tags, "active")
    assert one["runs"] == {"total": 6, "running": 1, "failed": 1}
    assert one["last_activity"] == noon
    assert {day: runs for day, runs in enumerate(one["activity"]) if runs} == {0: 1, 22: 1, 23: 1, 26: 1, 29: 1}
    assert one["best"] == {"key": "loss", "value": 0.5, "run_id": best}
    empty = found["Default"]
    assert (empty["runs"]["total"], empty["last_activity"], sum(empty["activity"]), empty["best"]) == (0, None, 0, None)


def test_figures_follow_changes_of_runs_of_the_primary_metric_and_of_the_day(
    app: App, client: Client, noon: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment_id = client.experiments.create("sweep")
    first, second = (add_run(client, experiment_id, noon, "FINISHED", loss) for loss in (1.0, 2.0))
    bests = []
    for direction in ("min", "max"):
        tag = json.dumps({"key": "loss", "direction": direction})
        client.experiments.set_tag(experiment_id, "cloudtrack.primary_metric", tag)
        bests.append(experiments(app)["sweep"]["best"]["run_id"])
    assert bests == [first, second]
    client.runs.delete(second)
    assert experiments(app)["sweep"]["best"]["run_id"] == first
    assert experiments(app)["sweep"]["activity"][-2:] == [0, 1]
    monkeypatch.setattr(clock, "now_ms", lambda: noon + DAY_MS)
    assert experiments(app)["sweep"]["activity"][-2:] == [1, 0]


def test_pages_hold_together_and_filters_and_states_are_a_searchs(app: App, client: Client) -> None:
    names = [f"e{number}" for number in range(7)]
    for name in names:
        client.experiments.create(name)
    client.runs.delete_experiment(client.experiments.create("gone"))
    seen: list[str] = []
    token = ""
    while True:
        found = get(app, "experiments/table", max_results=3, filter="name LIKE 'e%'", next=token).json()
        seen += [one["name"] for one in found["experiments"]]
        if not (token := found["next"]):
            break
    assert sorted(seen) == names
    assert [*experiments(app, state="deleted")] == ["gone"]
    assert len(experiments(app, state="all")) == 9


def test_a_page_has_less_than_5_megabytes_and_goes_on(app: App, client: Client) -> None:
    words = {f"tag{number}": "words " * 1_000 for number in range(100)}
    names = [f"e{number}" for number in range(60)]
    for name in names:
        client.experiments.create(name, tags=words)
    seen: list[str] = []
    token = ""
    while not seen or token:
        answer = get(app, "experiments/table", filter="name LIKE 'e%'", next=token)
        assert len(answer.whole_body()) < 5_000_000
        token = answer.json()["next"]
        seen += [one["name"] for one in answer.json()["experiments"]]
        assert token or len(seen) == len(names)
    assert sorted(seen) == sorted(names)
    assert answer.json()["experiments"][0]["tags"]["tag1"] == ("words " * 167)[:1000] + "…"


def test_what_one_may_not_read_is_left_out(client: Client) -> None:
    mine = client.experiments.create("mine")
    client.experiments.create("hidden")
    access = Access(client.store)
    access.grant("reader", Resource.EXPERIMENT, mine, Permission.READ)
    app = App(client, access=access)
    target = "/api/2.0/cloudtrack/experiments/table"
    found = ask(app, "GET", target, principal=Principal("reader")).json()["experiments"]
    assert [one["name"] for one in found] == ["mine"]
    assert ask(app, "GET", target, principal=Principal("stranger")).json()["experiments"] == []


def test_an_answer_that_the_client_has_is_not_sent_again(app: App, client: Client) -> None:
    tag = get(app, "experiments/table").headers["etag"]
    assert get(app, "experiments/table", {"if-none-match": f"W/{tag}"}).status == 304
    client.runs.create("0")
    assert get(app, "experiments/table", {"if-none-match": tag}).status == 200


def test_a_page_costs_two_requests_and_two_for_each_experiment_and_counts_what_changed_only() -> None:
    store = CountingStore(MemoryStore(uuid.uuid4().hex))
    client = Client(store)
    ids = [client.experiments.create(f"e{number}") for number in range(9)]
    for experiment_id in ids:
        add_run(client, experiment_id, 1, "FINISHED")
        client.run_index.compact(experiment_id)
    client.experiment_index.compact("")
    app = App(client)
    experiments(app)
    store.reset()
    experiments(app)
    assert store.counts == {"list": 1 + 10, "get": 1 + 10}


def test_a_tag_that_says_no_metric_is_no_primary_metric() -> None:
    for text in ("", "loss", "[]", "{}", '{"key": 1}', '{"key": ""}', '{"key": "m", "direction": "up"}', "null", "1"):
        assert primary_metric({"cloudtrack.primary_metric": text}) is None, text
    assert primary_metric({}) is None
    assert primary_metric({"cloudtrack.primary_metric": '{"key": "m"}'}) == PrimaryMetric("m", is_less_better=False)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({"max_results": 501}, "max_results"),
        ({"max_results": 0}, "max_results"),
        ({"state": "gone"}, "active, deleted, all"),
        ({"filter": "nme = 'x'"}, "nme"),
        ({"next": "x"}, "page token"),
    ],
)
def test_what_makes_no_sense_is_refused(app: App, query: dict[str, Any], text: str) -> None:
    answer = get(app, "experiments/table", **query)
    assert (answer.status, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert text in answer.json()["message"]
