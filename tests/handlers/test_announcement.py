"""The event bus hears of transitions."""

from __future__ import annotations

import json
import logging
import uuid
from pathlib import Path

import boto3
import pytest

from cloudtrack.access.principal import Principal
from cloudtrack.api.message import Request, Response, json_response
from cloudtrack.client import Client
from cloudtrack.entities.run import Metric
from handlers.announcement import DETAIL_TYPE, SOURCE, announce
from tests.handlers.local_gateway import LocalGateway
from tests.infra.stack import Stack, read_template

PATH = "/api/2.0/mlflow/model-versions/transition-stage"
MOVED = {"model_version": {"name": "churn", "version": "3", "current_stage": "Production"}}
REQUEST = Request("POST", PATH, principal=Principal("ada"), request_id="r1")


@pytest.fixture(name="queue_url")
def _queue_url(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the rule of the template lets through arrives here."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("CLOUDTRACK_EVENT_BUS", "default")
    rule = Stack(read_template(), NotificationEmail="team@example.com").of_type("AWS::Events::Rule")["TransitionRule"]
    sqs, events = boto3.client("sqs"), boto3.client("events")
    name = f"heard-{uuid.uuid4().hex}"
    url: str = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name=name, EventPattern=json.dumps(rule["EventPattern"]))
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])
    return url


def heard(queue_url: str) -> list[dict[str, object]]:
    answer = boto3.client("sqs").receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


def test_a_transition_through_the_api_is_heard_once(
    queue_url: str, gateway: LocalGateway, admin_token: str, store_uri: str
) -> None:
    client = Client(store_uri)
    run_id = client.runs.create("0").info.run_id
    client.registered_models.create("churn")
    client.model_versions.create("churn", f"runs:/{run_id}/model")
    body = {"name": "churn", "version": "1", "stage": "production", "archive_existing_versions": False}
    headers = {"authorization": f"Bearer {admin_token}", "content-type": "application/json"}
    assert gateway.send("POST", PATH, headers, json.dumps(body).encode())[0] == 200
    (message,) = heard(queue_url)
    assert (message["source"], message["detail-type"]) == (SOURCE, DETAIL_TYPE)
    detail = message["detail"]
    assert isinstance(detail, dict)
    assert detail.pop("request_id")
    assert detail == {"name": "churn", "version": "1", "stage": "Production", "principal": "admin"}


def test_an_approval_that_moves_a_version_is_heard_and_the_functions_role_can_judge_it(
    queue_url: str, gateway: LocalGateway, admin_token: str, store_uri: str
) -> None:
    client = Client(store_uri)
    run_id = client.runs.create("0").info.run_id
    client.runs.log_batch(run_id, metrics=[Metric("acc", 0.9, 1)])
    client.artifacts.log_text(run_id, "flavors: {}\nsignature: {inputs: '[]'}", "model/MLmodel")
    client.registered_models.create("churn")
    client.model_versions.create("churn", f"runs:/{run_id}/model", run_id=run_id)
    headers = {"authorization": f"Bearer {admin_token}", "content-type": "application/json"}
    rule = {"models": "*", "stages": "*", "require": {"signature": True, "metrics": ["acc > 0.5"], "approvals": 1}}
    for path, body in (
        ("policy/set", {"policy": json.dumps({"rules": [rule]})}),
        ("transition-requests/create", {"name": "churn", "version": "1", "stage": "Production"}),
        ("transition-requests/approve", {"name": "churn", "id": "1"}),
        ("comments/create", {"name": "churn", "version": "1", "comment": "well done"}),
    ):
        answer = gateway.send("POST", f"/api/2.0/cloudtrack/{path}", headers, json.dumps(body).encode())
        assert answer[0] == 200, answer
    for path in ("transition-requests/list", "comments/list", "policy/replay"):
        assert gateway.send("GET", f"/api/2.0/cloudtrack/{path}?name=churn", headers, b"")[0] == 200, path
    (message,) = heard(queue_url)
    assert message["detail"]["stage"] == "Production"  # type: ignore[index]
    assert client.stages.holders("churn", "Production")[0].version == 1


def test_the_mail_says_what_the_event_has() -> None:
    rule = Stack(read_template(), NotificationEmail="team@example.com").of_type("AWS::Events::Rule")["TransitionRule"]
    (target,) = rule["Targets"]
    transformer = target["InputTransformer"]
    sent: list[dict[str, str]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLOUDTRACK_EVENT_BUS", "default")
        patch.setattr("handlers.announcement._put", lambda _bus, detail: sent.append(detail))
        announce(REQUEST, json_response(MOVED))
    text = transformer["InputTemplate"]
    for name, path in transformer["InputPathsMap"].items():
        text = text.replace(f"<{name}>", sent[0][path.removeprefix("$.detail.")])
    assert text == '"Version 3 of churn is now Production, by ada."'


@pytest.mark.parametrize(
    ("request_", "response"),
    [
        (REQUEST, json_response({"error_code": "ABORTED"}, 409)),
        (Request("POST", "/api/2.0/mlflow/model-versions/create"), json_response(MOVED)),
        (Request("GET", "/api/2.0/mlflow/model-versions/get"), json_response(MOVED)),
        (Request("POST", "/api/2.0/cloudtrack/transition-requests/approve"), json_response({"request": {}})),
    ],
    ids=["refused", "registered", "read", "one of two approvals"],
)
def test_nothing_else_is_announced(request_: Request, response: Response, queue_url: str) -> None:
    announce(request_, response)
    assert heard(queue_url) == []


def test_without_a_bus_nothing_is_announced(queue_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLOUDTRACK_EVENT_BUS")
    announce(REQUEST, json_response(MOVED))
    assert heard(queue_url) == []


def test_a_bus_that_cannot_be_reached_changes_no_answer_and_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    monkeypatch.setenv("CLOUDTRACK_EVENT_BUS", "default")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with caplog.at_level(logging.ERROR):
        announce(REQUEST, json_response(MOVED))
    assert "was not told" in caplog.text
    assert "Production" in caplog.text
