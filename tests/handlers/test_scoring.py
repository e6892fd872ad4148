"""The scoring function: events of a function URL in, predictions out."""

from __future__ import annotations

import base64
import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas
import pytest
from sklearn.tree import DecisionTreeRegressor

import cloudtrack as ct
from cloudtrack import clock
from cloudtrack.api.message import MLFLOW_VERSION
from cloudtrack.client import Client
from cloudtrack.scoring.following import INTERVAL_S
from cloudtrack.storage.opening import open_store
from handlers.scoring import MODEL_URI, Scoring
from tests.handlers.guarded_store import guarded
from tests.handlers.recorded import event
from tests.infra.iam import bucket_statements, role_statements
from tests.infra.stack import Stack, read_template
from tests.scoring.models import COLUMNS, save_constant

ANSWER = {"predictions": [10.5]}


@pytest.fixture(name="client")
def _client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Client:
    """The store of the function, and of what is logged."""
    uri = (tmp_path / "store").as_uri()
    monkeypatch.setenv("CLOUDTRACK_URI", uri)
    monkeypatch.setenv("CLOUDTRACK_TRUST_MODELS", "true")
    ct.set_tracking_uri(uri)
    return Client(uri)


@pytest.fixture(name="start")
def _start(client: Client, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Scoring]:
    """Start the function with a model."""

    def start(model_uri: str) -> Scoring:
        monkeypatch.setenv(MODEL_URI, model_uri)
        return Scoring()

    return start


@pytest.fixture(name="wait")
def _wait(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Lets seconds pass; without it, none do."""
    moment = [clock.now_ms()]
    monkeypatch.setattr(clock, "now_ms", lambda: moment[0])

    def wait(seconds: float) -> None:
        moment[0] += round(seconds * 1000)

    return wait


def log_tree(**more: Any) -> str:
    """The URI of a new model that gives 10.5 for the event's row."""
    frame = pandas.DataFrame({"a": [0.0, 1.0], "b": [1.0, 0.0]})
    model = DecisionTreeRegressor(random_state=0).fit(frame, [0.0, 10.5])
    with ct.start_run():
        return ct.sklearn.log_model(model, name="model", signature=COLUMNS, **more).model_uri


def register(client: Client, value: str, folder: Path) -> int:
    """A new version of churn that always gives ``value``."""
    save_constant(folder / value, value)
    run_id = client.runs.create("0").info.run_id
    client.artifacts.log_folder(run_id, folder / value, "model")
    return client.register_model(f"runs:/{run_id}/model", "churn").version


def send(scoring: Scoring, body: Any = None, *, method: str = "POST", **changes: Any) -> dict[str, Any]:
    """The result for the recorded event, or for one that differs from it."""
    sent = event("function_url")
    sent["requestContext"]["http"]["method"] = method
    if body is not None:
        sent["body"] = body if isinstance(body, str) else json.dumps(body)
    return scoring({**sent, **changes}, None)


def ask(scoring: Scoring, body: Any = None, **changes: Any) -> tuple[int, dict[str, str], Any]:
    """Status, headers and JSON of the answer."""
    result = send(scoring, body, **changes)
    return result["statusCode"], result["headers"], json.loads(result["body"])


def predicted(scoring: Scoring) -> tuple[int, str, Any]:
    """Status, version and predictions of a model that always gives one value."""
    status, headers, body = ask(scoring, {"inputs": [1]})
    return status, headers["x-cloudtrack-model-version"], body["predictions"]


def test_a_row_is_scored_by_the_model_of_the_environment(start: Callable[[str], Scoring], client: Client) -> None:
    log_tree(registered_model_name="churn")
    status, headers, body = ask(start("models:/churn/1"))
    assert (status, body) == (200, ANSWER)
    assert headers["content-type"] == "application/json"
    assert headers["cache-control"] == "no-store"
    assert (headers["x-cloudtrack-model-uri"], headers["x-cloudtrack-model-version"]) == ("models:/churn/1", "1")


def test_bodies_that_are_no_text_come_in_base64(start: Callable[[str], Scoring]) -> None:
    body = base64.b64encode(b"a,b\n1.0,0.0\n").decode()
    headers = {"content-type": "text/csv"}
    assert ask(start(log_tree()), body, headers=headers, isBase64Encoded=True)[::2] == (200, ANSWER)


@pytest.mark.parametrize(("path", "said"), [("/ping", "\n"), ("/health", "\n"), ("/version", MLFLOW_VERSION)])
def test_probes_are_answered(path: str, said: str, start: Callable[[str], Scoring]) -> None:
    result = send(start(log_tree()), "", rawPath=path, method="GET")
    assert (result["statusCode"], result["body"]) == (200, said)


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"body": "{"}, 400, "BAD_REQUEST"),
        ({"body": {"dataframe_records": [{"a": 1.0}]}}, 400, "INVALID_PARAMETER_VALUE"),
        ({"method": "GET"}, 405, "BAD_REQUEST"),
        ({"rawPath": "/2.0/mlflow/runs/get"}, 404, "ENDPOINT_NOT_FOUND"),
    ],
)
def test_what_is_wrong_is_said(
    changes: dict[str, Any], status: int, code: str, start: Callable[[str], Scoring]
) -> None:
    found, _, body = ask(start(log_tree()), **changes)
    assert (found, body["error_code"]) == (status, code)


def test_an_answer_that_lambda_cannot_send_says_to_send_fewer_rows(
    start: Callable[[str], Scoring], tmp_path: Path
) -> None:
    save_constant(tmp_path / "model", "x" * (7 << 20))
    status, _, body = ask(start(str(tmp_path / "model")), {"inputs": [1]}, headers={"content-type": "application/json"})
    assert status == 413
    assert body["message"].endswith("6 MiB that AWS Lambda can send: send fewer rows")


def test_a_moved_stage_is_followed_without_a_failed_request(
    start: Callable[[str], Scoring], client: Client, tmp_path: Path, wait: Callable[[float], None]
) -> None:
    first, second = (register(client, value, tmp_path) for value in ("first", "second"))
    client.stages.transition("churn", first, "Production")
    scoring = start("models:/churn/Production")
    assert predicted(scoring) == (200, "1", "first")
    client.stages.transition("churn", second, "Production", archive_existing_versions=True)
    wait(INTERVAL_S - 1)
    assert predicted(scoring) == (200, "1", "first")
    wait(1)
    assert predicted(scoring) == (200, "2", "second")


def test_a_store_that_is_away_changes_nothing_in_what_is_served(
    start: Callable[[str], Scoring],
    client: Client,
    tmp_path: Path,
    wait: Callable[[float], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    first, second = (register(client, value, tmp_path) for value in ("first", "second"))
    client.aliases.set("churn", "live", first)
    scoring = start("models:/churn@live")
    client.aliases.set("churn", "live", second)
    (tmp_path / "store").rename(tmp_path / "away")
    wait(INTERVAL_S)
    assert predicted(scoring) == (200, "1", "first")
    assert "still serving models:/churn/1; looking again in 10 s" in caplog.text
    (tmp_path / "away").rename(tmp_path / "store")
    wait(INTERVAL_S)
    assert predicted(scoring) == (200, "1", "first")
    wait(INTERVAL_S)
    assert predicted(scoring) == (200, "2", "second")


def test_a_version_that_cannot_be_loaded_is_not_served(
    start: Callable[[str], Scoring], client: Client, tmp_path: Path, wait: Callable[[float], None]
) -> None:
    first, second = (register(client, value, tmp_path) for value in ("first", "second"))
    client.aliases.set("churn", "live", first)
    scoring = start("models:/churn@live")
    shutil.rmtree(next((tmp_path / "store" / "runs").glob(f"{_run_of(client, second)}/artifacts")))
    client.aliases.set("churn", "live", second)
    wait(INTERVAL_S)
    assert predicted(scoring) == (200, "1", "first")


def _run_of(client: Client, version: int) -> str:
    return client.model_versions.get("churn", str(version)).source.split("/")[1]


@pytest.mark.parametrize("uri", ["models:/churn/1", "models:/churn/Production"])
def test_a_model_that_is_not_there_is_named_and_the_next_request_finds_it(
    uri: str, start: Callable[[str], Scoring], client: Client, tmp_path: Path
) -> None:
    scoring = start(uri)
    for path, method in (("/invocations", "POST"), ("/ping", "GET")):
        status, _, body = ask(scoring, rawPath=path, method=method)
        assert (status, body["error_code"]) == (503, "TEMPORARILY_UNAVAILABLE")
        assert body["message"].startswith("the model cannot be loaded: ")
        assert "churn" in body["message"]
    client.stages.transition("churn", register(client, "here", tmp_path), "Production")
    assert predicted(scoring) == (200, "1", "here")


@pytest.mark.parametrize(
    ("uri", "said"),
    [("", f"{MODEL_URI} names no model"), ("models:/churn", "models:/"), ("models:/churn/1/2/3", "models:/")],
)
def test_an_address_that_is_none_is_said(uri: str, said: str, start: Callable[[str], Scoring]) -> None:
    status, _, body = ask(start(uri))
    assert status == 503
    assert said in body["message"]


def test_a_model_that_may_not_run_code_of_its_own_is_not_loaded(
    start: Callable[[str], Scoring], client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(client, "first", tmp_path)
    monkeypatch.setenv("CLOUDTRACK_TRUST_MODELS", "false")
    status, _, body = ask(start("models:/churn/1"))
    assert status == 503
    assert "CLOUDTRACK_TRUST_MODELS=1" in body["message"]


def test_what_a_model_raises_when_it_is_loaded_is_in_the_log_alone(
    start: Callable[[str], Scoring], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Failing(ct.pyfunc.PythonModel):
        def load_context(self, context: Any) -> None:
            raise LookupError("the model's secret")

    ct.pyfunc.save_model(tmp_path / "model", python_model=Failing())
    status, _, body = ask(start(str(tmp_path / "model")))
    assert (status, body["message"]) == (503, "the model cannot be loaded: the log of the function has the cause")
    assert "LookupError: the model's secret" in caplog.text


def test_a_request_is_one_line_in_the_log(start: Callable[[str], Scoring], caplog: pytest.LogCaptureFixture) -> None:
    scoring = start(log_tree())
    with caplog.at_level(logging.INFO):
        ask(scoring)
    (record,) = [record for record in caplog.records if record.name == "cloudtrack.requests"]
    assert record.getMessage() == "POST /invocations"
    assert vars(record)["status"] == 200
    assert vars(record)["principal"] == "arn:aws:sts::123456789012:assumed-role/Shop/shop"


@pytest.mark.parametrize("reference", ["churn/1", "churn/Production", "churn@live", "churn/latest", "logged model"])
@pytest.mark.parametrize("source", ["run", "logged model"])
def test_its_role_lets_it_read_every_model_that_the_template_takes(
    reference: str, source: str, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged = log_tree()
    if source == "logged model":
        client.register_model(logged, "churn")
    else:
        register(client, "first", tmp_path)
    client.stages.transition("churn", 1, "Production")
    client.aliases.set("churn", "live", 1)
    model_uri = logged if reference == "logged model" else f"models:/{reference}"
    stack = Stack(read_template(), ModelUri=model_uri)
    own, bucket = role_statements(stack, "ScoringRole"), bucket_statements(stack)

    def open_guarded(url: str, **options: Any) -> Any:
        return guarded(open_store(url, **options), own, bucket)

    monkeypatch.setattr("cloudtrack.client.open_store", open_guarded)
    variables = stack.resources["ScoringFunction"]["Properties"]["Environment"]["Variables"]
    monkeypatch.setenv(MODEL_URI, variables[MODEL_URI])
    assert ask(Scoring())[0] == 200
