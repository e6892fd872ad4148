"""The corpus on one server, ours or MLflow's: things are made there, and questions asked."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from tests.api.corpus.steps import Send
from tests.search.corpus.questions import Question
from tests.search.corpus.things import EXPERIMENTS, LOGGED_MODELS, MODELS, RUNS, RunData

Answer = list[str] | int
"""The names found, in order; or the status of a refusal."""


class Server:
    """A server with the things of the corpus."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.experiment_id: str = self._post("experiments/create", {"name": "runs"})["experiment_id"]

    def fill_runs(self) -> None:
        for run in RUNS:
            self._add_run(run)

    def fill_others(self) -> None:
        for name, tags in EXPERIMENTS.items():
            self._post("experiments/create", {"name": name, "tags": _pairs(tags)})
        for name, (tags, versions) in MODELS.items():
            self._post("registered-models/create", {"name": name, "tags": _pairs(tags)})
            for source, version_tags in versions:
                body = {"name": name, "source": source, "tags": _pairs(version_tags)}
                self._post("model-versions/create", body)
        run = {"experiment_id": self.experiment_id, "start_time": 1}
        run_id = self._post("runs/create", run)["run"]["info"]["run_id"]
        for model in LOGGED_MODELS:
            body = {
                "experiment_id": self.experiment_id,
                "name": model.name,
                "model_type": model.kind,
                "params": _pairs(model.params),
                "tags": _pairs(model.tags),
            }
            model_id = self._post("logged-models", body)["model"]["info"]["model_id"]
            for key, points in model.metrics.items():
                for step, (value, dataset) in enumerate(points):
                    point = {"run_id": run_id, "model_id": model_id, "key": key, "value": value, "step": step}
                    on = {"dataset_name": dataset, "dataset_digest": "1"} if dataset else {}
                    self._post("runs/log-metric", {**point, "timestamp": step, **on})

    def runs(self, question: Question) -> Answer:
        body = {**self._body(question), "experiment_ids": [self.experiment_id]}
        return self._found("runs/search", body, "runs", lambda run: run["info"]["run_name"])

    def experiments(self, question: Question) -> Answer:
        return self._found("experiments/search", self._body(question), "experiments", lambda item: item["name"])

    def registered_models(self, question: Question) -> Answer:
        return self._listed("registered-models/search", question, "registered_models", lambda item: item["name"])

    def model_versions(self, question: Question) -> Answer:
        return self._listed(
            "model-versions/search", question, "model_versions", lambda item: f"{item['name']}/{item['version']}"
        )

    def logged_models(self, question: Question) -> Answer:
        orders = [{"field_name": name, "ascending": up, **more} for name, up, more in question.order_by]
        body = {"filter": question.filter, "order_by": orders, "experiment_ids": [self.experiment_id]}
        return self._found("logged-models/search", body, "models", lambda item: item["info"]["name"])

    def _add_run(self, run: RunData) -> None:
        start = {
            "experiment_id": self.experiment_id,
            "run_name": run.name,
            "start_time": run.start,
            "user_id": run.user,
            "tags": _pairs(run.tags),
        }
        run_id = self._post("runs/create", start)["run"]["info"]["run_id"]
        points = [
            {"key": key, "value": _wire(value), "timestamp": step, "step": step}
            for key, values in run.metrics.items()
            for step, value in enumerate(values)
        ]
        self._post("runs/log-batch", {"run_id": run_id, "metrics": points, "params": _pairs(run.params)})
        if run.datasets:
            uses = [_use(*dataset) for dataset in run.datasets]
            self._post("runs/log-inputs", {"run_id": run_id, "datasets": uses})
        if run.status != "RUNNING":
            self._post("runs/update", {"run_id": run_id, "status": run.status, "end_time": run.end})

    def _body(self, question: Question) -> dict[str, Any]:
        return {"filter": question.filter, "order_by": list(question.order_by), "max_results": 1000}

    def _found(self, path: str, body: dict[str, Any], key: str, name: Any) -> Answer:
        return self._named(*self._ask("POST", path, body), key, name)

    def _listed(self, path: str, question: Question, key: str, name: Any) -> Answer:
        query = urlencode({"filter": question.filter, "order_by": question.order_by}, doseq=True)
        return self._named(*self._ask("GET", f"{path}?{query}"), key, name)

    def _named(self, status: int, answer: Any, key: str, name: Any) -> Answer:
        return [name(item) for item in answer.get(key, [])] if status == 200 else status

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        status, answer = self._ask("POST", path, body)
        if status != 200:
            raise AssertionError(f"{path} {body}: {status} {answer}")
        return answer

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        content = b"" if body is None else json.dumps(body).encode()
        headers = {} if body is None else {"Content-Type": "application/json"}
        status, _, answer = self._send(method, f"/api/2.0/mlflow/{path}", headers, content)
        return status, json.loads(answer) if status == 200 else answer


def _pairs(values: dict[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in values.items()]


def _wire(value: float) -> Any:
    """A number as JSON; what JSON lacks is a word."""
    return value if abs(value) < float("inf") else {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]


def _use(name: str, digest: str, context: str) -> dict[str, Any]:
    dataset = {"name": name, "digest": digest, "source_type": "local", "source": "{}"}
    tags = [{"key": "mlflow.data.context", "value": context}] if context else []
    return {"tags": tags, "dataset": dataset}
