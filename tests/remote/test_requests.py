"""How many requests the usual work costs, and what is on the wire."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import cloudtrack as ct
from cloudtrack.access.principal import Principal
from cloudtrack.api.app import App
from cloudtrack.client import Client
from cloudtrack.entities.run import Metric
from cloudtrack.remote.client import RemoteClient
from cloudtrack.storage.memory import MemoryStore
from tests.api.sending import ask
from tests.servers.api_server import ApiServer, api_server
from tests.storage.lossy import CountingStore


@pytest.fixture(autouse=True)
def _in_force(server: ApiServer) -> Iterator[None]:
    ct.set_tracking_uri(server.url)
    yield
    while ct.active_run():
        ct.end_run()


def asked(server: ApiServer) -> Counter[str]:
    """Requests since this was asked last, as method and the end of the path."""
    found = Counter(f"{method} {path.partition('/2.0/')[2].partition('/runs/')[0]}" for method, path in server.requests)
    server.requests.clear()
    return found


def test_a_run_of_100_params_and_10_metrics_is_two_requests(server: ApiServer, client: RemoteClient) -> None:
    experiment = client.experiments.get_or_create("e")
    assert sum(asked(server).values()) == 3  # a name to look up, an experiment to make and to read
    _, writer = client.runs.start_writer(experiment)
    for number in range(100):
        writer.log_params({f"p{number}": number})
    for number in range(10):
        writer.log_metric(f"m{number}", 0.5)
    writer.finish("FINISHED")
    assert asked(server) == {"POST cloudtrack": 2}  # one makes the run, one has everything and the end


def test_a_script_adds_where_the_run_comes_from(server: ApiServer) -> None:
    ct.set_experiment("e")
    server.requests.clear()
    with ct.start_run():
        ct.log_param("a", 1)
    paths = Counter(path.rpartition("/")[2] for _, path in server.requests)
    assert set(paths) <= {"deliver", "packages.txt", "code.patch"}
    assert max(paths["packages.txt"], paths["code.patch"]) == 1


@pytest.mark.parametrize("points", [200_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_a_million_points_are_few_requests(points: int, server: ApiServer, client: RemoteClient) -> None:
    run, writer = client.runs.start_writer(client.experiments.get("0"))
    server.requests.clear()
    for step in range(points):
        writer.log_metric("m", 1.0, step, 1)
    writer.finish("FINISHED")
    assert len(server.requests) <= 30
    assert client.runs.get(run.info.run_id).data.summaries["m"].count == points


def test_a_delivery_costs_the_server_one_read_and_one_write(tmp_path: Path) -> None:
    counting = CountingStore(MemoryStore())
    with api_server(App(Client(counting))) as server:
        client = RemoteClient(server.url, spool_dir=tmp_path / "spool")
        _, writer = client.runs.start_writer(client.experiments.get("0"))
        writer.log_metric("m", 1.0)
        writer.flush()
        counting.reset()
        writer.log_metric("m", 2.0, 1)
        writer.flush()
        assert counting.counts == {"get": 1, "replace": 1}
        writer.detach()


def test_a_search_sends_its_filter_and_gets_only_what_it_asked_for(server: ApiServer) -> None:
    client = RemoteClient(server.url)
    for number in range(20):
        run_id = server.client.runs.create("0").info.run_id
        server.client.runs.log_batch(run_id, metrics=[Metric("loss", number, 1)])
    server.requests.clear()
    sizes: list[int] = []
    app = server.app

    def measured(request: Any) -> Any:
        answer = app(request)
        sizes.append(len(answer.json().get("runs", [])))
        return answer

    server.app = measured  # type: ignore[assignment]  # it is called, and no more
    best = ct.search_runs(
        ["0"], "metrics.loss >= 10", order_by=["metrics.loss ASC"], max_results=3, output_format="list"
    )
    assert [run.data.metrics["loss"] for run in best] == [10, 11, 12]
    page = ct.MlflowClient().search_runs(["0"], "metrics.loss >= 10", max_results=4)
    assert len(ct.MlflowClient().search_runs(["0"], "metrics.loss >= 10", max_results=4, page_token=page.token)) == 4
    assert sizes == [3, 4, 4]
    server.app = app
    assert len(client.runs.list(["0"])) == 20


def test_mlflows_clients_get_mlflows_fields_and_ours_more() -> None:
    app = App(Client(MemoryStore()))
    run_id = app.client.runs.create("0", user_id="ann").info.run_id
    app.client.runs.log_batch(run_id, metrics=[Metric("m", 1.0, 5, 1)])
    app.client.registered_models.create("churn")
    app.client.model_versions.create("churn", f"runs:/{run_id}/m")

    def answer(path: str, **headers: str) -> Any:
        return ask(app, "GET", f"/api/2.0/mlflow/{path}", headers=headers).json()

    theirs, ours = {}, {"x-cloudtrack-client": "1"}
    path = f"runs/get?run_id={run_id}"
    assert answer(path, **theirs)["run"]["data"]["metrics"] == [{"key": "m", "value": 1.0, "timestamp": 5, "step": 1}]
    assert "is_lost" not in answer(path, **theirs)["run"]["info"]
    more = answer(path, **ours)["run"]
    assert set(more["data"]["metrics"][0]) > {"key", "value", "timestamp", "step", "min", "max", "mean", "count"}
    assert more["info"]["is_lost"] is False
    path = "model-versions/get?name=churn&version=1"
    assert answer(path, **theirs)["model_version"]["source"] == f"mlflow-artifacts:/runs/{run_id}/artifacts/m"
    assert answer(path, **ours)["model_version"]["source"] == f"runs:/{run_id}/m"
    missing = ask(app, "GET", "/api/2.0/mlflow/registered-models/alias?name=churn&alias=boss")
    assert missing.json()["error_code"] == "INVALID_PARAMETER_VALUE"
    assert set(missing.json()) == {"error_code", "message"}
    assert missing.headers["x-cloudtrack-error"] == "not_found"


def test_two_attempts_at_once_are_one_operation() -> None:
    app = App(Client(MemoryStore()))
    app.client.registered_models.create("churn")
    run_id = app.client.runs.create("0").info.run_id
    headers = {"content-type": "application/json", "x-cloudtrack-operation": "same"}
    bodies = {
        "model-versions/create": {"name": "churn", "source": f"runs:/{run_id}/m"},
        "experiments/create": {"name": "e"},
        "runs/create": {"experiment_id": "0", "run_name": "r"},
        "logged-models": {"experiment_id": "0", "name": "m"},
        "runs/log-batch": {"run_id": run_id, "metrics": [{"key": "m", "value": 1, "timestamp": 1, "step": 1}]},
    }
    for path, content in bodies.items():
        with ThreadPoolExecutor(8) as pool:
            body = json.dumps(content).encode()
            futures = [pool.submit(ask, app, "POST", f"/api/2.0/mlflow/{path}", body, headers) for _ in range(8)]
        assert {future.result().status for future in futures} == {200}, path
    assert app.client.history.verify("churn").number == 2
    assert len(app.client.runs.list(["0"])) == 2
    assert len(app.client.logged_models.list(["0"])) == 1
    assert app.client.runs.get(run_id).data.summaries["m"].count == 1


def test_an_operation_is_bound_to_its_caller() -> None:
    app = App(Client(MemoryStore()))
    body = b'{"name": "churn"}'
    headers = {"content-type": "application/json", "x-cloudtrack-operation": "same"}
    path = "/api/2.0/mlflow/registered-models/create"
    assert ask(app, "POST", path, body, headers, Principal("ann")).status == 200
    assert ask(app, "POST", path, body, headers, Principal("ann")).status == 200
    assert ask(app, "POST", path, body, headers, Principal("bob")).json()["error_code"] == "RESOURCE_ALREADY_EXISTS"
    assert app.client.history.verify("churn").number == 1
    path = "/api/2.0/mlflow/experiments/create"
    first = ask(app, "POST", path, body, headers, Principal("ann")).json()
    assert ask(app, "POST", path, body, headers, Principal("ann")).json() == first
    assert ask(app, "POST", path, body, headers, Principal("bob")).json()["error_code"] == "RESOURCE_ALREADY_EXISTS"
