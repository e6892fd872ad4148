"""Where versions come from and who used them, as a graph."""

from __future__ import annotations

from typing import Any

import pytest

from cloudtrack.access.access import Access
from cloudtrack.access.permission import Permission, Resource
from cloudtrack.api.app import App
from cloudtrack.client import Client
from cloudtrack.entities.dataset import Dataset, DatasetInput
from cloudtrack.entities.run import LoggedModelInput, LoggedModelOutput
from cloudtrack.index.indexes import ONE
from cloudtrack.lineage import graph
from tests.api.pages.making import READER, counting, guarded
from tests.api.sending import get, told


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
