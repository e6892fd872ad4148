"""How many requests to the store an endpoint makes: what docs/server.md says, and no more."""

from __future__ import annotations

import json
import re
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from cloudtrack.api.app import App
from cloudtrack.client import Client
from cloudtrack.entities.run import Metric
from cloudtrack.storage.memory import MemoryStore
from tests.api.sending import ask
from tests.storage.lossy import CountingStore

DOCUMENT = Path(__file__).parents[2] / "docs" / "server.md"
_ROW = re.compile(r"^\| `(GET|POST|PUT|PATCH|DELETE) ([^`]+)` \| (\d+) \| (\d+) \|$", re.MULTILINE)


def documented() -> dict[str, tuple[int, int]]:
    """Reads and writes by "METHOD path"."""
    return {
        f"{method} {path}": (int(reads), int(writes))
        for method, path, reads, writes in _ROW.findall(DOCUMENT.read_text())
    }


class Filled:
    """A store with one of everything, and requests about it."""

    def __init__(self) -> None:
        self.store = CountingStore(MemoryStore(uuid.uuid4().hex))
        self.client = Client(self.store)
        self.app = App(self.client)
        client = self.client
        experiment = client.experiments.create("e")
        run = client.runs.create(experiment).info.run_id
        ended = client.runs.create(experiment).info.run_id
        client.runs.log_batch(run, metrics=[Metric("m", 0.5, 1, 1)], tags={"t": "1"})
        client.runs.update(ended, status="FINISHED")
        model = client.logged_models.create(experiment, name="lm", source_run_id=run).model_id
        client.artifacts.log_text(run, "text", "model/a.txt")
        stream = "1790000000000-0123456789ab-p"
        client.console.append(run, stream, 0, b"1\n")
        client.registered_models.create("r", tags={"t": "1"})
        for _ in range(2):
            client.model_versions.create("r", f"runs:/{run}/model", run_id=run)
        client.aliases.set("r", "champion", 1)
        of_run, of_model, of_version = {"run_id": run}, {"name": "r"}, {"name": "r", "version": "1"}
        proxy = f"mlflow-artifacts/artifacts/runs/{run}/artifacts"
        point = {"key": "m", "value": 1, "timestamp": 1}
        self.requests: dict[str, tuple[str, Any]] = {
            "POST experiments/create": ("", {"name": "new"}),
            "GET experiments/get": (urlencode({"experiment_id": experiment}), None),
            "GET experiments/get-by-name": (urlencode({"experiment_name": "e"}), None),
            "POST experiments/set-experiment-tag": ("", {"experiment_id": experiment, "key": "k", "value": "v"}),
            "POST experiments/search (2 experiments that the index lacks)": ("", {"max_results": 10}),
            "POST runs/create": ("", {"experiment_id": experiment, "start_time": 1}),
            "GET runs/get": (urlencode(of_run), None),
            "POST runs/update": ("", {**of_run, "status": "FINISHED"}),
            "POST runs/log-batch": ("", {**of_run, "metrics": [point], "params": [{"key": "p", "value": "1"}]}),
            "POST runs/log-metric": ("", {**of_run, **point}),
            "POST runs/log-parameter": ("", {**of_run, "key": "q", "value": "1"}),
            "POST runs/set-tag": ("", {**of_run, "key": "k", "value": "v"}),
            "POST runs/set-tag (of a run that has ended)": ("", {"run_id": ended, "key": "k", "value": "v"}),
            "POST runs/delete-tag": ("", {**of_run, "key": "t"}),
            "POST runs/log-inputs": ("", {**of_run, "datasets": []}),
            "POST runs/outputs": ("", {**of_run, "models": [{"model_id": model}]}),
            "POST runs/search (2 runs that the index lacks)": ("", {"experiment_ids": [experiment]}),
            "GET metrics/get-history": (urlencode({**of_run, "metric_key": "m"}), None),
            "POST logged-models": ("", {"experiment_id": experiment, "name": "x"}),
            "GET logged-models/{model_id}": (model, None),
            "PATCH logged-models/{model_id}": (model, {"status": "LOGGED_MODEL_READY"}),
            "POST logged-models/search (a model that the index lacks)": ("", {"experiment_ids": [experiment]}),
            "POST registered-models/create": ("", {"name": "new"}),
            "GET registered-models/get": (urlencode(of_model), None),
            "POST registered-models/get-latest-versions": ("", of_model),
            "GET registered-models/alias": (urlencode({**of_model, "alias": "champion"}), None),
            "POST registered-models/alias": ("", {**of_version, "alias": "next"}),
            "GET registered-models/search (a model that the index lacks)": ("", None),
            "POST model-versions/create": ("", {**of_model, "source": f"runs:/{run}/model"}),
            "GET model-versions/get": (urlencode(of_version), None),
            "GET model-versions/get-download-uri": (urlencode(of_version), None),
            "POST model-versions/transition-stage": (
                "",
                {**of_version, "stage": "Production", "archive_existing_versions": True},
            ),
            "POST model-versions/set-tag": ("", {**of_version, "key": "k", "value": "v"}),
            "GET model-versions/search (a model that the index lacks)": ("", None),
            "GET cloudtrack/runs/table (2 runs that the index lacks)": (
                urlencode({"experiment_ids": experiment}),
                None,
            ),
            "GET cloudtrack/experiments/table (2 experiments and 2 runs that the indexes lack)": ("", None),
            "POST cloudtrack/runs/logs/append": ("", {**of_run, "stream": stream, "offset": 2, "text": "2\n"}),
            "GET cloudtrack/runs/logs (a new segment)": (urlencode(of_run), None),
            "GET cloudtrack/ui-config": ("", None),
            "GET cloudtrack/permissions": (urlencode(of_model), None),
            "GET artifacts/list": (urlencode(of_run), None),
            "GET mlflow-artifacts/artifacts/{path}": (f"{proxy}/model/a.txt", None),
            "PUT mlflow-artifacts/artifacts/{path}": (f"{proxy}/model/b.txt", b"bytes"),
            "GET mlflow-artifacts/artifacts": (urlencode({"path": f"runs/{run}/artifacts"}), None),
        }

    def ask(self, name: str) -> tuple[int, int]:
        """Reads and writes of one request."""
        method, path = name.partition(" (")[0].split(" ", 1)
        query, body = self.requests[name]
        if "{" in path:
            path, query = (query if query.startswith("mlflow-artifacts") else path.replace("{model_id}", query)), ""
        prefix = "/api/2.0/" if path.startswith(("mlflow-artifacts", "cloudtrack")) else "/api/2.0/mlflow/"
        sent = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        self.store.reset()
        answer = ask(self.app, method, f"{prefix}{path}?{query}", sent, {"Content-Type": "application/json"})
        assert answer.status == 200, answer.whole_body()
        answer.whole_body()
        return self.store.requests - self.store.writes, self.store.writes


@pytest.mark.parametrize("name", Filled().requests)
def test_an_endpoint_makes_as_many_requests_as_the_documentation_says(name: str) -> None:
    assert Filled().ask(name) == documented()[name]


def test_the_documentation_has_no_other_rows() -> None:
    assert set(documented()) == set(Filled().requests)
