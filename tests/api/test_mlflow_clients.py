"""What MLflow's clients do in several requests, and what must come of it."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from cloudtrack.api.app import App
from cloudtrack.api.message import Response
from cloudtrack.client import Client
from tests.api.sending import ask


@pytest.fixture
def app() -> App:
    return App(Client(f"memory://{uuid.uuid4().hex}"))


def _send(app: App, method: str, route: str, **fields: Any) -> Response:
    body = json.dumps(fields).encode()
    return ask(app, method, f"/api/2.0/mlflow/{route}", body, {"content-type": "application/json"})


def test_a_version_of_a_prompt_has_no_files_and_a_version_of_a_model_has(app: App) -> None:
    prompt = [{"key": "mlflow.prompt.is_prompt", "value": "true"}]
    text = {"key": "mlflow.prompt.text", "value": "Hello {{name}}"}
    _send(app, "POST", "registered-models/create", name="greeting", tags=prompt)
    made = _send(
        app, "POST", "model-versions/create", name="greeting", source="dummy-source", tags=[*prompt, text]
    ).json()["model_version"]
    assert (made["version"], made["source"]) == ("1", "dummy-source")
    refused = _send(app, "POST", "model-versions/create", name="greeting", source="dummy-source")
    assert refused.json()["error_code"] == "INVALID_PARAMETER_VALUE"


def test_a_version_is_noted_once_on_its_logged_model_though_the_client_notes_it_too(app: App) -> None:
    model_id = _send(app, "POST", "logged-models", experiment_id="0").json()["model"]["info"]["model_id"]
    _send(app, "POST", "registered-models/create", name="m")
    _send(app, "POST", "model-versions/create", name="m", source=f"models:/{model_id}", model_id=model_id)
    noted = [{"name": "m", "version": 1}, {"name": "m", "version": "1"}]
    for value, kept in ((json.dumps(noted), '[{"name": "m", "version": 1}]'), ("no JSON", "no JSON")):
        _send(app, "PATCH", f"logged-models/{model_id}/tags", tags=[{"key": "mlflow.modelVersions", "value": value}])
        assert app.client.logged_models.get(model_id).tags["mlflow.modelVersions"] == kept
