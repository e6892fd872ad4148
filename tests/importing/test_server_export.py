"""What a store has goes to a server of MLflow's API once, under the server's ids, whatever stops it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from cloudtrack.api.app import App
from cloudtrack.client import Client
from cloudtrack.entities.experiment import ViewType
from cloudtrack.entities.logged_model import LoggedModel
from cloudtrack.entities.registered_model import RegisteredModel
from cloudtrack.entities.run import LoggedModelInput, Run
from cloudtrack.errors import AlreadyExists, CloudtrackError
from cloudtrack.importing.importer import run_import
from cloudtrack.importing.mlflow_server_export import MlflowServerExport
from cloudtrack.importing.mlflow_target import MODEL_TAG, OWN_TAGS, RUN_TAG
from cloudtrack.importing.opening import open_mlflow
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.storage.retrying import RetryPolicy
from cloudtrack.tracking.artifacts import Artifacts
from tests.cli.commands import cloudtrack
from tests.importing.builders import CHILD, MODEL, RUN, folder, write
from tests.servers.api_server import ApiServer, api_server
from tests.thoroughness import examples


@pytest.fixture
def client(tmp_path: Path) -> Client:
    """A store with a bit of everything: a version that was deleted, a child, a run that read a model."""
    mlruns = folder(tmp_path / "mlruns")
    write(mlruns / f"7/{RUN}/metrics/acc", "1600000000000 0.75 2\n")
    made = Client(MemoryStore(), user="importer")
    run_import(made, open_mlflow(str(mlruns)))
    child = made.runs.create("7", run_name="child", tags={"mlflow.parentRunId": RUN, "other": RUN})
    made.runs.log_inputs(child.info.run_id, models=[LoggedModelInput(MODEL)])
    made.runs.update(child.info.run_id, status="FINISHED")
    return made


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with api_server(App(Client(MemoryStore(), user="exporter"))) as running:
        yield running


def export(client: Client, server: ApiServer, **options: Any) -> Any:
    return MlflowServerExport(client, server.url, retries=RetryPolicy(attempts=1), **options).run()


def test_all_of_it_is_there_under_ids_of_the_server_and_a_second_export_adds_nothing(
    client: Client, server: ApiServer
) -> None:
    report = export(client, server)
    assert (report.failures, report.omitted) == (0, [])
    assert {kind: count.written for kind, count in report.counts.items()} == {
        **{"experiments": 3, "runs": 3, "logged models": 1, "points": 5},
        **{"artifacts": 2, "registered models": 1, "versions": 2},
    }
    assert alike(server.client) == alike(client)
    assert client.runs.get(CHILD).info.lifecycle_stage == "deleted"
    writes = len(server.requests)
    again = export(client, server)
    assert (again.written, again.failures) == (0, 0)
    assert [each for each in server.requests[writes:] if not is_read(each)] == []


@pytest.mark.parametrize("fault", ["lost", "reset"])
def test_an_export_that_was_cut_off_goes_on_where_it_was(client: Client, fault: str) -> None:
    with api_server(App(Client(MemoryStore()))) as whole:
        export(client, whole)
        writes = sum(not is_read(each) for each in whole.requests)
    for cut in range(0, writes, max(1, writes // examples(64))):
        with api_server(App(Client(MemoryStore()))) as server:
            server.fault = cut_off(cut, fault)
            with pytest.raises(CloudtrackError):
                export(client, server)
            server.fault = lambda _method, _path: None
            assert export(client, server).failures == 0, cut
            assert alike(server.client) == alike(client), cut
            assert export(client, server).written == 0


def test_names_that_are_taken_are_all_said_and_nothing_is_written(client: Client, server: ApiServer) -> None:
    server.client.experiments.create("first")
    server.client.registered_models.create("churn")
    with pytest.raises(AlreadyExists, match=r"2 things have names .*'first'.*'churn'"):
        export(client, server)
    assert all(is_read(each) for each in server.requests)


def test_what_a_server_refuses_is_said_and_goes_with_the_next_export(client: Client, server: ApiServer) -> None:
    server.fault = lambda method, path: (400, {}, b'{"error_code": "INVALID_PARAMETER_VALUE", "message": "too long"}') \
        if path.endswith("log-batch") else None  # fmt: skip
    report = export(client, server)
    assert {each.kind for each in report.omitted} == {"params", "tags", "metrics"}
    assert all(each.reason == "too long" for each in report.omitted)
    server.fault = lambda _method, _path: None
    assert export(client, server).failures == 0
    assert alike(server.client) == alike(client)


def test_runs_and_versions_that_came_since_go_with_the_next_export(client: Client, server: ApiServer) -> None:
    export(client, server)
    run = client.runs.create("7", run_name="later")
    client.runs.update(run.info.run_id, status="FINISHED")
    client.model_versions.create("churn", f"runs:/{run.info.run_id}/model", run_id=run.info.run_id)
    report = export(client, server)
    assert {kind: count.written for kind, count in report.counts.items() if count.written} == {"runs": 1, "versions": 1}
    assert alike(server.client) == alike(client)


def test_a_version_of_somebody_else_is_not_taken_for_ours(client: Client, server: ApiServer) -> None:
    export(client, server)
    server.client.model_versions.create("churn", "s3://else/where")
    client.model_versions.create("churn", "s3://ours/here")
    report = export(client, server)
    assert "version 5 of 'churn' is another's there" in report.omitted[0].reason


def test_the_command_chooses_by_the_address(server: ApiServer, tmp_path: Path) -> None:
    Client(tmp_path / "store").experiments.create("mine")
    done = cloudtrack("export", "mlflow", server.url, "--json", store=str(tmp_path / "store"))
    assert json.loads(done.stdout)["counts"] == {"experiments": {"found": 2, "written": 2, "there": 0}}
    assert "nothing was written" in cloudtrack("export", "mlflow", server.url, store=str(tmp_path / "store")).stdout


def is_read(request: tuple[str, str]) -> bool:
    method, path = request
    return method == "GET" or path.endswith("/search")


def cut_off(count: int, fault: str) -> Any:
    """After so many writes the next ends with the fault, and nothing is done after it."""
    writes = [0]

    def fails(method: str, path: str) -> Any:
        writes[0] += not is_read((method, path))
        return None if writes[0] <= count else fault if writes[0] == count + 1 else "reset"

    return fails


def alike(client: Client) -> Any:
    """All content by names, with the ids of where it came from, and without times and tags that a server makes."""
    experiments = client.experiments.search(view_type=ViewType.ALL)
    names = {each.experiment_id: each.name for each in experiments}
    runs = client.runs.list(list(names), view_type=ViewType.ALL)
    models = client.logged_models.list(list(names))
    ids = {run.info.run_id: run.data.tags[RUN_TAG] for run in runs if RUN_TAG in run.data.tags}
    ids |= {model.model_id: model.tags[MODEL_TAG] for model in models if MODEL_TAG in model.tags}
    content = {
        "experiments": sorted([each.name, each.lifecycle_stage, own_left_out(each.tags)] for each in experiments),
        "runs": {run.info.run_id: [names[run.info.experiment_id], *run_content(client, run)] for run in runs},
        "models": {each.model_id: [names[each.experiment_id], *model_content(client, each)] for each in models},
        "registered": {each.name: registered(client, each) for each in client.registered_models.search()},
    }
    text = re.sub(r"(m-)?[0-9a-f]{32}", lambda found: ids.get(found[0], found[0]), json.dumps(content, default=asdict))
    return json.loads(text)


def run_content(client: Client, run: Run) -> list[Any]:
    info, data = run.info, run.data
    points = [
        [key, point.step, point.timestamp, repr(point.value)]
        for key in data.metrics
        for point in client.metrics.history(info.run_id, key)
    ]
    times = [info.start_time, info.end_time if info.status == "FINISHED" else None]  # which a server makes up
    return [
        *([info.run_name, info.status, info.lifecycle_stage, times, data.params, own_left_out(data.tags)]),
        *([sorted(points), run.inputs, run.outputs, files(client.artifacts, info.run_id)]),
    ]


def model_content(client: Client, model: LoggedModel) -> list[Any]:
    kinds = [model.name, model.status, model.model_type, model.source_run_id, model.params, own_left_out(model.tags)]
    return [*kinds, model.metrics, files(client.logged_model_artifacts, model.model_id)]


def registered(client: Client, model: RegisteredModel) -> list[Any]:
    versions = [
        [each.version, each.current_stage, each.source, each.run_id, each.description, own_left_out(each.tags)]
        for each in client.model_versions.list(model.name)
    ]
    return [model.description, model.aliases, own_left_out(model.tags), versions]


def files(artifacts: Artifacts, owner_id: str) -> dict[str, str]:
    return {info.path: artifacts.read(owner_id, info.path).decode() for info in artifacts.walk(owner_id)}


def own_left_out(tags: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in sorted(tags.items()) if key not in OWN_TAGS}
