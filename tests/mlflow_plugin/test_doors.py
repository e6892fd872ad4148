"""MLflow's command line and server on a store."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from cloudtrack.client import Client
from cloudtrack.entities.run import Metric
from tests.api.corpus.mlflow_server import mlflow_server
from tests.mlflow_client.test_journey import JOURNEY
from tests.mlflow_plugin.environments import python, run, run_script

pytestmark = pytest.mark.mlflow

_PROJECT = "name: p\nentry_points:\n  main:\n    parameters: {x: float}\n    command: '%s main.py {x}'\n"
_MAIN = "import sys, mlflow\nwith mlflow.start_run():\n    mlflow.log_metric('x', float(sys.argv[1]))\n"


def _mlflow(*words: str, store: Path, folder: Path) -> str:
    done = run([python(), "-W", "ignore", "-m", "mlflow", *words], uri=f"cloudtrack+{store.as_uri()}", folder=folder)
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


def test_the_command_line_works_on_a_store(tmp_path: Path) -> None:
    store = tmp_path / "store"
    client = Client(store)
    experiment_id = client.experiments.create("seen")
    made = client.runs.create(experiment_id, run_name="a run of ours")
    client.artifacts.log_text(made.info.run_id, "words", "notes/a b.txt")
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "MLproject").write_text(_PROJECT % python())
    (tmp_path / "project" / "main.py").write_text(_MAIN)

    def mlflow(*words: str) -> str:
        return _mlflow(*words, store=store, folder=tmp_path)

    assert "seen" in mlflow("experiments", "search")
    assert "a run of ours" in mlflow("runs", "list", "--experiment-id", experiment_id)
    assert json.loads(mlflow("artifacts", "list", "--run-id", made.info.run_id, "--artifact-path", "notes"))
    mlflow("artifacts", "download", "--run-id", made.info.run_id, "--artifact-path", "notes", "-d", "out")
    assert (tmp_path / "out" / "notes" / "a b.txt").read_text() == "words"
    mlflow("run", "project", "-P", "x=7", "--env-manager", "local", "--experiment-name", "seen")
    (launched,) = client.runs.search([experiment_id], "metrics.x = 7")
    assert launched.info.status == "FINISHED"


def test_a_server_over_a_store_hands_on_runs_and_files(tmp_path: Path) -> None:
    destination = f"cloudtrack+{(tmp_path / 'store').as_uri()}"
    stores = (f"--backend-store-uri={destination}", f"--artifacts-destination={destination}")
    with mlflow_server(python(), tmp_path, *stores) as port:
        done = run_script(JOURNEY, uri=f"http://127.0.0.1:{port}", folder=tmp_path)
        assert done.stdout.strip().endswith("done")
    client = Client(tmp_path / "store")
    assert client.registered_models.get("m").latest_versions


def test_a_server_without_a_destination_says_where_files_are_and_writes_at_once(tmp_path: Path) -> None:
    store = tmp_path / "store"
    client = Client(store)
    made = client.runs.create("0")
    client.runs.log_batch(made.info.run_id, metrics=[Metric("m", 1.0, 1, 0)])
    with mlflow_server(python(), tmp_path, f"--backend-store-uri=cloudtrack+{store.as_uri()}") as port:
        answer = _ask(f"http://127.0.0.1:{port}/api/2.0/mlflow/runs/get?run_id={made.info.run_id}")
        point = {"run_id": made.info.run_id, "key": "sent", "value": 2.0, "timestamp": 1}
        _ask(f"http://127.0.0.1:{port}/api/2.0/mlflow/runs/log-metric", point)
        assert client.runs.get(made.info.run_id).data.metrics["sent"] == 2.0  # at once
    assert answer["run"]["info"]["artifact_uri"] == f"cloudtrack+{store.as_uri()}/runs/{made.info.run_id}/artifacts"
    assert answer["run"]["data"]["metrics"][0]["key"] == "m"


def _ask(url: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)
