"""A board has all that a page shows of one model, and costs no more for many versions."""

from __future__ import annotations

from cloudtrack.access.access import Access
from cloudtrack.access.permission import Permission, Resource
from cloudtrack.api.app import App
from cloudtrack.client import Client
from cloudtrack.entities.run import Metric
from tests.api.pages.making import PRIMARY, READER, counting, guarded, new_run, register
from tests.api.sending import get, told

POLICY = """
rules:
  - models: [churn]
    stages: [Production]
    require: {approvals: 2, two_person: true, approvers: ["ann", "group:leads"], metrics: ["acc >= 0.5"]}
  - models: ["*"]
    stages: ["*"]
    require: {signature: true}
"""


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
