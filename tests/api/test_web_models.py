"""What the web page reads of the registry: boards, tables, activities, timelines, lineage, MLmodel, the inbox."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from cloudtrack import clock
from cloudtrack.access.access import Access
from cloudtrack.access.permission import Permission, Resource
from cloudtrack.access.principal import Principal
from cloudtrack.api.app import App
from cloudtrack.client import Client
from cloudtrack.entities.dataset import Dataset, DatasetInput
from cloudtrack.entities.run import LoggedModelInput, LoggedModelOutput, Metric
from cloudtrack.index.indexes import ONE
from cloudtrack.lineage import graph
from cloudtrack.storage.memory import MemoryStore
from tests.api.sending import get, told
from tests.storage.lossy import CountingStore

READER = Principal("reader")
PRIMARY = {"cloudtrack.primary_metric": json.dumps({"key": "acc", "direction": "max"})}
POLICY = """
rules:
  - models: [churn]
    stages: [Production]
    require: {approvals: 2, two_person: true, approvers: ["ann", "group:leads"], metrics: ["acc >= 0.5"]}
  - models: ["*"]
    stages: ["*"]
    require: {signature: true}
"""


@pytest.fixture
def client() -> Client:
    return Client(CountingStore(MemoryStore(uuid.uuid4().hex)))


@pytest.fixture
def app(client: Client) -> App:
    return App(client)


def counting(client: Client) -> CountingStore:
    assert isinstance(client.store, CountingStore)
    return client.store


def new_run(client: Client, **metrics: float) -> str:
    run_id = client.runs.create("0", run_name="run of it").info.run_id
    client.runs.log_batch(run_id, metrics=[Metric(key, value, 1) for key, value in metrics.items()])
    client.runs.update(run_id, status="FINISHED", end_time=2)
    return run_id


def register(client: Client, name: str, **metrics: float) -> int:
    run_id = new_run(client, **metrics)
    return client.model_versions.create(name, f"runs:/{run_id}/model", run_id=run_id).version


def guarded(client: Client, *names: str) -> App:
    access = Access(client.store)
    for name in names:
        access.grant(READER.name, Resource.REGISTERED_MODEL, name, Permission.READ)
    return App(client, access=access)


# Boards


def test_a_board_has_all_that_a_page_shows_of_a_model(client: Client, app: App) -> None:
    client.registered_models.create("churn", tags=PRIMARY, description="who leaves")
    for acc in (0.7, 0.8):
        register(client, "churn", acc=acc, zeta=1.0)
    client.model_versions.update("churn", 1, description="words")
    client.stages.transition("churn", 1, "Production", comment="good")
    client.aliases.set("churn", "champion", 1)
    client.policy.set(POLICY)
    client.approvals.request("churn", 2, "Production", comment="better")
    board = told(app, "models/board", name="churn")
    assert board["model"]["description"] == "who leaves"
    assert board["model"]["aliases"] == {"champion": 1}
    assert board["primary_metric"] == {"key": "acc", "direction": "max"}
    assert board["metrics"] == ["acc", "zeta"]
    two, one = board["versions"]
    assert (two["version"], two["stage"], two["metrics"], two["has_description"]) == (
        2,
        "None",
        {"acc": 0.8, "zeta": 1.0},
        False,
    )
    assert (one["version"], one["stage"], one["aliases"], one["has_description"]) == (
        1,
        "Production",
        ["champion"],
        True,
    )
    assert one["staged"]["comment"] == "good"
    assert one["run_name"] == "run of it"
    assert one["experiment_id"] == "0"
    stages = {stage["name"]: stage for stage in board["stages"]}
    assert list(stages) == ["None", "Staging", "Production", "Archived"]
    production = stages["Production"]
    assert (production["approvals"], production["two_person"], production["newest"]) == (2, True, 1)
    assert production["approvers"] == ["ann", "group:leads"]
    assert [rule["signature"] for rule in production["requires"]] == [False, True]
    assert production["requires"][0]["metrics"] == [{"metric": "acc", "sign": ">=", "limit": 0.5}]
    assert stages["Staging"]["approvals"] == 0
    (request,) = board["requests"]
    assert (request["version"], request["to_stage"], request["comment"]) == ("2", "Production", "better")
    assert (board["next"], board["pinned"], board["policy_problem"]) == (None, [], None)


def test_stages_of_a_models_own_are_in_order_and_say_whom_they_archive(client: Client, app: App) -> None:
    client.registered_models.create("churn")
    client.registered_models.set_stages("churn", ["Shadow", "Canary", "Live"], exclusive=["Live"])
    stages = told(app, "models/board", name="churn")["stages"]
    assert [stage["name"] for stage in stages] == ["None", "Shadow", "Canary", "Live", "Archived"]
    assert [stage["name"] for stage in stages if stage["archives_existing"]] == ["Live"]


def test_at_most_eight_metrics_are_shown_the_primary_one_first(client: Client, app: App) -> None:
    client.registered_models.create("churn", tags={"cloudtrack.primary_metric": "z"})
    register(client, "churn", **{f"m{n}": 1.0 for n in range(12)}, z=2.0, **{"system/cpu": 1.0})
    register(client, "churn", m9=3.0)
    assert told(app, "models/board", name="churn")["metrics"] == ["z", "m0", "m1", "m10", "m11", "m2", "m3", "m9"]


def test_a_logged_models_metric_counts_before_the_runs_as_for_policies(client: Client, app: App) -> None:
    run_id = new_run(client, acc=0.1, other=1.0)
    model = client.logged_models.create("0", source_run_id=run_id)
    client.logged_models.log_metrics(model.model_id, [Metric("acc", 0.9, 1)])
    client.registered_models.create("churn")
    client.model_versions.create("churn", model.model_uri, run_id=run_id, model_id=model.model_id)
    (version,) = told(app, "models/board", name="churn")["versions"]
    assert version["metrics"] == {"acc": 0.9, "other": 1.0}


def test_a_board_reads_as_much_for_200_versions_as_for_20(client: Client) -> None:
    client.registered_models.create("churn", tags=PRIMARY)
    costs = []
    for most in (20, 200):
        while client.model_versions.latest("churn").version < most if costs else _versions(client, "churn") < most:
            register(client, "churn", acc=0.5)
        client.run_index.compact("0")
        app = App(Client(client.store))
        told(app, "models/board", name="churn")  # the parts of the index are on the local disk from here on
        counting(client).reset()
        board = told(app, "models/board", name="churn")
        assert len(board["versions"]) == most
        assert all(version["metrics"] == {"acc": 0.5} for version in board["versions"])
        costs.append(counting(client).requests)
    assert costs == [13, 13]


def _versions(client: Client, name: str) -> int:
    return len(client.model_versions.list(name))


def test_the_board_of_a_long_history_comes_in_pages_with_what_is_in_use_on_the_first(client: Client, app: App) -> None:
    client.registered_models.create("churn")
    for _ in range(300):
        client.model_versions.create("churn", "s3://elsewhere/model")
    client.stages.transition("churn", 2, "Production")
    client.aliases.set("churn", "old", 3)
    client.model_versions.delete("churn", 299)
    first = told(app, "models/board", name="churn", limit=100)
    assert [version["version"] for version in first["versions"]] == [300, *range(298, 199, -1)]
    assert [version["version"] for version in first["pinned"]] == [3, 2]
    found, cursor = [], first["next"]
    while cursor is not None:
        page = told(app, "models/board", name="churn", limit=100, cursor=cursor)
        assert page["pinned"] == []
        found += [version["version"] for version in page["versions"]]
        cursor = page["next"]
    assert found == list(range(199, 0, -1))
    assert get(app, "models/board", name="churn", limit=257).status == 400


def test_a_policy_that_cannot_be_read_is_told(client: Client, app: App) -> None:
    client.registered_models.create("churn")
    client.store.create("policy.yaml", b"rules: [oops")
    assert "policy.yaml is not plain YAML, line 2" in told(app, "models/board", name="churn")["policy_problem"]


def test_a_board_tells_nothing_of_runs_that_one_may_not_read(client: Client) -> None:
    client.registered_models.create("churn")
    register(client, "churn", acc=0.5)
    app = guarded(client, "churn")
    (version,) = get(app, "models/board", principal=READER, name="churn").json()["versions"]
    assert (version["run_name"], version["experiment_id"], version["metrics"]) == (None, None, {})
    Access(client.store).grant(READER.name, Resource.EXPERIMENT, "0", Permission.READ)
    app = guarded(client, "churn")
    (version,) = get(app, "models/board", principal=READER, name="churn").json()["versions"]
    assert version["metrics"] == {"acc": 0.5}


# Tables


def test_a_table_compares_the_newest_version_with_production(client: Client, app: App) -> None:
    client.registered_models.create("churn", tags=PRIMARY)
    client.registered_models.create("plain")
    for acc in (0.7, 0.9):
        register(client, "churn", acc=acc)
    client.stages.transition("churn", 1, "Production")
    client.approvals.request("churn", 2, "Production")
    churn, plain = told(app, "models/table")["models"]
    assert (churn["name"], churn["latest_version"], churn["stages"]) == ("churn", 2, {"None": 2, "Production": 1})
    assert churn["open_requests"] == 1
    metric = churn["primary_metric"]
    assert (metric["key"], metric["production"], metric["latest"]) == ("acc", 0.7, 0.9)
    assert metric["delta"] == pytest.approx(0.2)
    assert (plain["latest_version"], plain["open_requests"], plain["primary_metric"]) == (None, 0, None)


def test_a_table_comes_in_pages_of_what_one_may_read(client: Client) -> None:
    for name in ("a", "b", "c", "d"):
        client.registered_models.create(name)
    app = guarded(client, "a", "b", "d")
    first = get(app, "models/table", principal=READER, max_results=2).json()
    assert [model["name"] for model in first["models"]] == ["a", "b"]
    second = get(app, "models/table", principal=READER, max_results=2, cursor=first["next"]).json()
    assert ([model["name"] for model in second["models"]], second["next"]) == (["d"], None)


def test_a_table_of_models_costs_a_search_and_not_a_read_of_each(client: Client) -> None:
    for number in range(30):
        client.registered_models.create(f"m{number:02}")
        client.model_versions.create(f"m{number:02}", "s3://elsewhere/model")
    client.model_index.compact("")
    app = App(Client(client.store))
    told(app, "models/table")
    counting(client).reset()
    assert len(told(app, "models/table")["models"]) == 30
    assert counting(client).requests == 2


# Requests


def test_the_inbox_has_the_open_requests_of_all_models(client: Client) -> None:
    ann, bob = client.acting_as("ann"), client.acting_as("bob")
    for name in ("a", "b", "c", "hidden"):
        client.registered_models.create(name)
        client.model_versions.create(name, "s3://elsewhere/model")
    ann.approvals.request("a", 1, "Production")
    bob.approvals.request("b", 1, "Staging")
    ann.approvals.request("hidden", 1, "Staging")
    access = Access(client.store)
    for name in ("a", "b", "c"):
        access.grant("ann", Resource.REGISTERED_MODEL, name, Permission.EDIT, approver=name == "b")
    app = App(client, access=access)
    found = get(app, "transition-requests/open", principal=Principal("ann")).json()
    assert found["truncated"] is False
    shown = {one["name"]: (one["is_mine"], one["may_approve"], one["has_approved"]) for one in found["requests"]}
    assert shown == {"a": (True, False, False), "b": (False, True, False)}
    bob.approvals.withdraw("b", 1)
    found = get(app, "transition-requests/open", principal=Principal("ann")).json()["requests"]
    assert [one["name"] for one in found] == ["a"]


def test_the_inbox_costs_a_search_and_two_reads_for_each_model_with_requests(client: Client) -> None:
    for number in range(30):
        client.registered_models.create(f"m{number:02}")
        client.model_versions.create(f"m{number:02}", "s3://elsewhere/model")
    for name in ("m03", "m04"):
        client.approvals.request(name, 1, "Staging")
    client.model_index.compact("")
    app = App(Client(client.store))
    told(app, "transition-requests/open")
    counting(client).reset()
    assert len(told(app, "transition-requests/open")["requests"]) == 2
    assert counting(client).requests == 2 + 2 * 2


# Activities


def test_the_activity_of_a_model_is_newest_first_with_what_changed(client: Client, app: App) -> None:
    client.registered_models.create("churn")
    for _ in range(2):
        client.model_versions.create("churn", "s3://elsewhere/model")
    ann = client.acting_as("ann", request_id="r-1")
    ann.stages.transition("churn", 1, "Production", comment="first")
    ann.stages.transition("churn", 2, "Production", archive_existing_versions=True, comment="second")
    client.aliases.set("churn", "champion", 1)
    client.aliases.set("churn", "champion", 2)
    client.approvals.request("churn", 1, "Staging", comment="please")
    client.comments.create("churn", 1, "hm")
    page = told(app, "models/activity", name="churn")
    assert page["next"] is None
    said, asked, second_alias, first_alias, second, first, *_ = page["activity"]
    assert (second["user"], second["action"], second["version"], second["request_id"]) == (
        "ann",
        "stage_transitioned",
        2,
        "r-1",
    )
    assert (second["from_stage"], second["to_stage"], second["previous"], second["archived"], second["comment"]) == (
        "None",
        "Production",
        [1],
        [1],
        "second",
    )
    assert "previous" not in first
    assert (second_alias["alias"], second_alias["previous"]) == ("champion", [1])
    assert "previous" not in first_alias
    assert (asked["request"], asked["comment"], asked["to_stage"]) == (1, "please", "Staging")
    assert (said["comment"], said["version"]) == ("hm", 1)
    numbers = [entry["number"] for entry in page["activity"]]
    assert numbers == sorted(numbers, reverse=True)
    of_one = told(app, "models/activity", name="churn", version="1")["activity"]
    assert [entry["action"] for entry in of_one] == [
        "version_commented",
        "transition_requested",
        "alias_set",
        "alias_set",
        "stage_transitioned",
        "stage_transitioned",
        "version_created",
    ]
    client.registered_models.delete("churn")
    assert told(app, "models/activity", name="churn")["activity"][0]["action"] == "model_deleted"
    assert get(app, "models/activity", name="none").status == 404


def collected(app: App, route: str, **query: Any) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    cursor = ""
    while cursor is not None:
        page = told(app, route, cursor=cursor, **query)
        found += [(entry["name"], entry["number"]) for entry in page["activity"]]
        cursor = page["next"]
    return found


@pytest.fixture
def several(client: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Three models whose events are a second apart, but for the last ones."""
    now = clock.now_ms() - 1_000_000
    ticks = iter(range(now, now + 10_000_000, 1000))
    with monkeypatch.context() as patch:
        patch.setattr(clock, "now_ms", lambda: next(ticks))
        for name in ("a", "b", "c"):
            client.acting_as("ann").registered_models.create(name)
        for number in range(8):
            for name in ("a", "c", "a"):
                client.acting_as("bob").registered_models.set_tag(name, "n", str(number))
    return client


@pytest.mark.parametrize("is_compacted", [False, True])
def test_the_activity_of_a_store_comes_in_pages_newest_first(several: Client, *, is_compacted: bool) -> None:
    if is_compacted:
        several.model_index.compact("")
    app = App(several)
    whole = told(app, "activity", max_results=500)["activity"]
    times = [entry["time"] for entry in whole]
    assert times == sorted(times, reverse=True)
    assert len(whole) == 27
    assert {entry["user"] for entry in whole} == {"ann", "bob"}
    for size in (1, 5, 26):
        assert collected(app, "activity", max_results=size) == [(entry["name"], entry["number"]) for entry in whole]


def test_what_is_done_while_one_turns_pages_is_not_mixed_in(several: Client) -> None:
    app = App(several)
    expected = collected(app, "activity", max_results=500)
    page = told(app, "activity", max_results=4)
    found = [(entry["name"], entry["number"]) for entry in page["activity"]]
    several.registered_models.create("new")
    several.registered_models.set_tag("b", "n", "later")
    several.registered_models.set_tag("a", "n", "later")
    while page["next"] is not None:
        page = told(app, "activity", max_results=4, cursor=page["next"])
        found += [(entry["name"], entry["number"]) for entry in page["activity"]]
    assert found == expected


def test_activities_are_chosen_by_person_action_and_time(several: Client) -> None:
    app = App(several)
    whole = told(app, "activity", max_results=500)["activity"]
    assert len(told(app, "activity", user="ann")["activity"]) == 3
    assert len(told(app, "activity", action="model_created", user="bob")["activity"]) == 0
    since, until = whole[20]["time"], whole[10]["time"]
    assert told(app, "activity", since=since, until=until)["activity"] == whole[10:21]
    assert collected(app, "activity", since=since, until=until, max_results=3) == [
        (entry["name"], entry["number"]) for entry in whole[10:21]
    ]
    for bad in ("x", "1.x", "99999999999999999.x"):
        assert get(app, "activity", cursor=bad).status == 400
    assert get(app, "activity", max_results=501).status == 400


def test_activities_are_those_of_models_that_one_may_read(several: Client) -> None:
    app = guarded(several, "b", "c")
    found = get(app, "activity", principal=READER).json()["activity"]
    assert {entry["name"] for entry in found} == {"b", "c"}


def test_the_first_page_of_a_stores_activity_reads_little(client: Client) -> None:
    for number in range(40):
        client.registered_models.create(f"m{number:02}")
    client.model_index.compact("")
    app = App(Client(client.store))
    told(app, "activity", max_results=5)
    counting(client).reset()
    assert len(told(app, "activity", max_results=5)["activity"]) == 5
    assert counting(client).requests <= 2 + 5 + 1


# Timelines


def test_a_timeline_says_when_what_was_where(client: Client, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = [
        lambda: client.registered_models.create("churn"),
        lambda: client.model_versions.create("churn", "s3://elsewhere/model"),
        lambda: client.model_versions.create("churn", "s3://elsewhere/model"),
        lambda: client.stages.transition("churn", 1, "Production", comment="go"),
        lambda: client.aliases.set("churn", "champion", 1),
        lambda: client.stages.transition("churn", 2, "Production", archive_existing_versions=True),
        lambda: client.aliases.set("churn", "champion", 2),
        lambda: client.model_versions.delete("churn", 1),
    ]
    for number, step in enumerate(steps, 1):
        monkeypatch.setattr(clock, "now_ms", lambda now=1000 * number: now)
        step()
    line = told(app, "models/timeline", name="churn")
    assert line["versions"] == [
        {"version": 1, "periods": [["None", 2000, 4000], ["Production", 4000, 6000], ["Archived", 6000, 8000]]},
        {"version": 2, "periods": [["None", 3000, 6000], ["Production", 6000, None]]},
    ]
    assert line["aliases"] == [
        {"alias": "champion", "version": 1, "from": 5000, "to": 7000},
        {"alias": "champion", "version": 2, "from": 7000, "to": None},
    ]
    assert [(tick["time"], tick["version"], tick["comment"], tick["archived"]) for tick in line["ticks"]] == [
        (4000, 1, "go", []),
        (6000, 2, "", [1]),
    ]
    assert line["truncated"] is False


def test_the_timeline_of_a_renamed_model_goes_on(client: Client, app: App) -> None:
    client.registered_models.create("old")
    client.model_versions.create("old", "s3://elsewhere/model")
    client.stages.transition("old", 1, "Production")
    client.registered_models.rename("old", "new")
    line = told(app, "models/timeline", name="new")
    assert [period[0] for period in line["versions"][0]["periods"]] == ["Production"]
    assert get(app, "models/timeline", name="old").status == 404


def test_a_long_timeline_begins_with_the_state_before(
    client: Client, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.registered_models.create("churn")
    client.model_versions.create("churn", "s3://elsewhere/model")
    client.stages.transition("churn", 1, "Production")
    client.aliases.set("churn", "champion", 1)
    for number in range(20):
        client.registered_models.set_tag("churn", "n", str(number))
    whole = told(app, "models/timeline", name="churn")
    monkeypatch.setattr("cloudtrack.registry.timelines.MOST_EVENTS", 10)
    line = told(app, "models/timeline", name="churn")
    assert line["truncated"] is True
    assert line["versions"][0]["periods"] == whole["versions"][0]["periods"][-1:]
    assert line["aliases"] == whole["aliases"]


# Lineage


def edges_of(graph: dict[str, Any]) -> set[tuple[str, str, str]]:
    labels = {node["id"]: node["label"] for node in graph["nodes"]}
    return {(labels[edge["from"]], labels[edge["to"]], edge["kind"]) for edge in graph["edges"]}


def test_lineage_is_a_graph_from_any_side(client: Client, app: App) -> None:
    parent = client.runs.create("0", run_name="sweep").info.run_id
    used = client.logged_models.create("0", name="base")
    run_id = client.runs.create("0", run_name="train", tags={"mlflow.parentRunId": parent}).info.run_id
    client.runs.log_inputs(
        run_id, [DatasetInput(Dataset("iris", "d1", "local", "{}"))], [LoggedModelInput(used.model_id)]
    )
    made = client.logged_models.create("0", name="tree", source_run_id=run_id)
    client.runs.log_outputs(run_id, [LoggedModelOutput(made.model_id)])
    client.registered_models.create("churn")
    client.model_versions.create("churn", made.model_uri, run_id=run_id, model_id=made.model_id)
    client.model_versions.create("churn", f"runs:/{run_id}/other", run_id=run_id)
    client.stages.transition("churn", 1, "Production")
    client.aliases.set("churn", "champion", 1)
    back = {
        ("sweep", "train", "child"),
        ("iris", "train", "read"),
        ("train", "tree", "made"),
        ("tree", "churn v1", "registered"),
        ("churn v1", "Production", "holds"),
        ("churn v1", "@champion", "holds"),
    }
    assert edges_of(told(app, "lineage", name="churn", version="1")) == back
    assert edges_of(told(app, "lineage", model_id=made.model_id)) == back
    whole = back | {("train", "churn v2", "registered"), ("base", "train", "read")}
    assert edges_of(told(app, "lineage", run_id=run_id)) == whole
    assert edges_of(told(app, "lineage", run_id=parent)) == {("sweep", "train", "child")}
    nodes = {node["kind"]: node for node in told(app, "lineage", name="churn", version="1")["nodes"]}
    assert nodes["version"]["link"] == {"name": "churn", "version": "1"}
    assert nodes["model"]["link"] == {"model_id": made.model_id, "experiment_id": "0"}
    hidden = guarded(client, "churn")
    answer = get(hidden, "lineage", principal=READER, name="churn", version="1").json()
    assert {node["kind"] for node in answer["nodes"]} == {"version", "stage", "alias"}


def version_of_a_model(client: Client) -> str:
    """churn v1; the logged model that it was made of."""
    made = client.logged_models.create("0", name="tree")
    client.registered_models.create("churn")
    client.model_versions.create("churn", made.model_uri, model_id=made.model_id)
    return made.model_id


def reading(client: Client, experiment_id: str, name: str, *model_ids: str) -> str:
    run_id = client.runs.create(experiment_id, run_name=name).info.run_id
    client.runs.log_inputs(run_id, [], [LoggedModelInput(model_id) for model_id in model_ids])
    client.runs.update(run_id, status="FINISHED", end_time=2)
    return run_id


def test_a_version_leads_to_the_runs_that_used_its_model(client: Client, app: App) -> None:
    model_id, other = version_of_a_model(client), client.logged_models.create("0", name="other").model_id
    elsewhere = client.experiments.create("scoring")
    reading(client, "0", "here", other, model_id)
    reading(client, "0", "of another", other)
    client.run_index.compact("0")
    run_id = reading(client, elsewhere, "there", model_id)
    used = {("tree", "here", "read"), ("tree", "there", "read"), ("tree", "churn v1", "registered")}
    answer = told(app, "lineage", name="churn", version="1")
    assert edges_of(answer) == used
    assert {"run_id": run_id, "experiment_id": elsewhere} in [node["link"] for node in answer["nodes"]]
    assert answer["truncated"] is False
    assert edges_of(told(app, "lineage", model_id=model_id)) == used
    Access(client.store).grant(READER.name, Resource.EXPERIMENT, "0", Permission.READ)
    shown = get(guarded(client, "churn"), "lineage", principal=READER, name="churn", version="1").json()
    assert edges_of(shown) == used - {("tree", "there", "read")}


def test_looking_for_the_runs_that_used_a_model_costs_so_much_and_no_more(
    client: Client, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graph, "MOST_EXPERIMENTS", 3)
    monkeypatch.setattr(graph, "MOST_NEIGHBOURS", 4)
    model_id = version_of_a_model(client)

    def asked() -> tuple[int, Any]:
        for each in client.experiments.search():
            client.run_index.compact(each.experiment_id)
        client.experiment_index.compact(ONE)
        counting(client).reset()
        answer = told(app, "lineage", name="churn", version="1")
        return counting(client).requests, answer

    reading(client, "0", "own", model_id)
    for number in range(3):
        reading(client, client.experiments.create(f"e{number}"), f"reader {number}", model_id)
    before, few = asked()
    for number in range(3, 9):
        reading(client, client.experiments.create(f"e{number}"), f"reader {number}", model_id)
        reading(client, "0", f"more {number}", model_id)
    after, many = asked()
    assert few["truncated"] is many["truncated"] is True
    assert [sum(node["kind"] == "run" for node in answer["nodes"]) for answer in (few, many)] == [3, 4]
    assert after <= before


# MLmodel

MLMODEL = """
artifact_path: model
flavors:
  python_function: {loader_module: mlflow.sklearn, python_version: 3.11.0}
  sklearn: {pickled_model: model.pkl}
model_uuid: abc
saved_input_example_info: {artifact_path: input_example.json, type: dataframe}
signature:
  inputs: '[{"type": "double", "name": "x", "required": true}, {"type": "string", "name": "y", "required": false}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}]'
  params: '[{"name": "t", "default": 0.5, "shape": null, "type": "double"}]'
utc_time_created: '2026-01-02 03:04:05'
"""


def test_a_model_file_is_parsed_here(client: Client, app: App) -> None:
    run_id = new_run(client)
    for path, text in {
        "MLmodel": MLMODEL,
        "input_example.json": '{"columns": ["x"], "data": [[1]]}' + " " * 100_000,
        "requirements.txt": "scikit-learn==1.5\n",
    }.items():
        client.artifacts.log_text(run_id, text, f"model/{path}")
    client.registered_models.create("churn")
    client.model_versions.create("churn", f"runs:/{run_id}/model", run_id=run_id)
    found = told(app, "models/mlmodel", run_id=run_id, path="model")
    assert found == told(app, "models/mlmodel", name="churn", version="1")
    assert found["raw"] == MLMODEL
    assert found["problem"] is None
    assert list(found["flavors"]) == ["python_function", "sklearn"]
    assert found["signature"] == {
        "inputs": [
            {"name": "x", "type": "double", "required": True},
            {"name": "y", "type": "string", "required": False},
        ],
        "outputs": [{"name": None, "type": "int64", "shape": [-1], "required": True}],
        "params": [{"name": "t", "type": "double", "default": 0.5, "shape": None}],
    }
    assert found["fields"]["model_uuid"] == "abc"
    assert found["input_example"]["path"] == "input_example.json"
    assert (len(found["input_example"]["text"]), found["input_example"]["size"]) == (64 << 10, 100_033)
    assert found["requirements"]["text"] == "scikit-learn==1.5\n"


@pytest.mark.parametrize(
    "text",
    [
        "flavors: !!python/object/apply:os.system ['touch /tmp/owned']\n",
        "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b\n",
        "flavors: []\n",
        "{",
        "flavors: {}\nsignature: {inputs: 'no'}\n",
        "flavors: {}\nsaved_input_example_info: {artifact_path: ../../../run.json}\n",
        "flavors: {}\n1: {2: 3}\n? [1, 2]\n: 3\n",
        "flavors: " + "[" * 5000,
    ],
)
def test_a_hostile_model_file_is_shown_as_text(client: Client, app: App, text: str) -> None:
    run_id = new_run(client)
    client.artifacts.log_text(run_id, text, "MLmodel")
    found = told(app, "models/mlmodel", run_id=run_id)
    assert found["raw"] == text
    assert found["input_example"] is None
    assert found["problem"] is None or "MLmodel" in found["problem"]


def test_a_bomb_of_aliases_is_not_written_out(client: Client, app: App) -> None:
    run_id = new_run(client)
    levels = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 10)]
    text = "\n".join(["l0: &l0 [x]", *levels, "flavors: {bomb: {b: *l9}}"])
    client.artifacts.log_text(run_id, text, "MLmodel")
    answer = get(app, "models/mlmodel", run_id=run_id)
    assert answer.status == 200
    assert len(answer.whole_body()) < 5_000_000
    assert "MLmodel" in answer.json()["problem"]


def test_where_there_is_no_model_it_is_said(client: Client, app: App) -> None:
    run_id = new_run(client)
    assert get(app, "models/mlmodel", run_id=run_id, path="none").status == 404


@pytest.mark.parametrize("route", ["models/board", "models/activity", "models/timeline", "models/table", "activity"])
def test_answers_that_are_known_are_not_sent_again(client: Client, app: App, route: str) -> None:
    client.registered_models.create("churn")
    query = {"name": "churn"} if route.startswith("models/") and route != "models/table" else {}
    first = get(app, route, **query)
    again = get(app, route, headers={"If-None-Match": first.headers["etag"]}, **query)
    assert (again.status, again.whole_body()) == (304, b"")
    client.model_versions.create("churn", "s3://elsewhere/model")
    assert get(app, route, headers={"If-None-Match": first.headers["etag"]}, **query).status == 200
