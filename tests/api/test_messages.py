"""What an error says: MLflow's callers match the beginnings of some messages."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cloudtrack.api.app import App
from cloudtrack.client import Client
from tests.api.sending import ask

API = "/api/2.0/mlflow/"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def app(store_url: str) -> App:
    return App(Client(store_url))


def refusal(app: App, method: str, path: str, body: Any = None) -> str:
    """The message of an answer with status 400."""
    content = b"" if body is None else json.dumps(body).encode()
    answer = ask(app, method, API + path, content, JSON)
    assert answer.status == 400, answer.whole_body()
    assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"
    return answer.json()["message"]


@pytest.mark.parametrize(
    ("method", "path", "body", "name"),
    [
        ("POST", "experiments/create", {}, "name"),
        ("POST", "experiments/create", {"name": ""}, "name"),
        ("POST", "experiments/create", {"name": None}, "name"),
        ("GET", "experiments/get", None, "experiment_id"),
        ("GET", "experiments/get-by-name", None, "experiment_name"),
        ("POST", "experiments/update", {"experiment_id": "0"}, "new_name"),
        ("POST", "experiments/search", {}, "max_results"),
        ("GET", "runs/get", None, "run_id"),
        ("POST", "runs/log-metric", {"run_id": "a", "value": 1, "timestamp": 1}, "key"),
        ("POST", "runs/log-metric", {"run_id": "a", "key": "k", "timestamp": 1}, "value"),
        ("POST", "runs/log-batch", {"run_id": "a", "metrics": [{"key": "k", "value": 1}]}, "metrics[0].timestamp"),
        ("POST", "runs/log-batch", {"run_id": "a", "params": [{"key": "k"}, {"value": "v"}]}, "params[1].key"),
        ("GET", "registered-models/get", None, "name"),
        ("POST", "registered-models/alias", {"name": "m", "alias": "a"}, "version"),
        ("POST", "model-versions/create", {"name": "m"}, "source"),
        ("POST", "model-versions/transition-stage", {"name": "m", "version": "1"}, "stage"),
        ("POST", "logged-models", {}, "experiment_id"),
        ("GET", "metrics/get-history?run_id=a", None, "metric_key"),
        ("POST", "webhooks", {"name": "a", "url": "https://a"}, "events"),
    ],
)
def test_a_missing_parameter_is_named_in_mlflows_words(app: App, method: str, path: str, body: Any, name: str) -> None:
    assert refusal(app, method, path, body).startswith(f"Missing value for required parameter '{name}'")


@pytest.mark.parametrize(
    ("method", "path", "body", "beginning"),
    [
        ("POST", "experiments/create", {"name": 5}, "Invalid value 5 for parameter 'name' supplied"),
        ("POST", "experiments/create", {"name": ["a"]}, "Invalid value ['a'] for parameter 'name' supplied"),
        ("POST", "experiments/create", {"name": "a", "tags": "no"}, "Invalid value 'no' for parameter 'tags' supplied"),
        ("POST", "runs/create", {"start_time": "soon"}, "Invalid value 'soon' for parameter 'start_time' supplied"),
        ("POST", "runs/update", {"status": "GONE"}, "Invalid value 'GONE' for parameter 'status' supplied"),
        ("GET", "experiments/search?max_results=x", None, "Invalid value 'x' for parameter 'max_results' supplied"),
        ("GET", "experiments/search?max_results=0", None, "Invalid value 0 for parameter 'max_results' supplied"),
        (
            "POST",
            "runs/log-batch",
            {"run_id": "a", "metrics": [{"key": "k", "value": "high", "timestamp": 1}]},
            "Invalid value 'high' for parameter 'metrics[0].value' supplied",
        ),
    ],
)
def test_a_wrong_value_is_shown_in_mlflows_words(app: App, method: str, path: str, body: Any, beginning: str) -> None:
    assert refusal(app, method, path, body).startswith(beginning)


def test_a_long_value_is_cut_in_the_message(app: App) -> None:
    assert len(refusal(app, "POST", "experiments/create", {"name": ["x" * 10_000]})) < 500


def test_an_unknown_path_is_endpoint_not_found(app: App) -> None:
    answer = ask(app, "GET", "/api/2.0/mlflow/none")
    assert (answer.status, answer.json()["error_code"]) == (404, "ENDPOINT_NOT_FOUND")


def test_a_wrong_verb_says_which_are_right(app: App) -> None:
    answer = ask(app, "DELETE", "/api/2.0/mlflow/runs/create")
    assert (answer.status, answer.json()["error_code"]) == (405, "ENDPOINT_NOT_FOUND")
    assert answer.headers["allow"] == "POST"
