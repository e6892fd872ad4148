"""The event bus hears of transitions."""

from __future__ import annotations

import json
import logging
import uuid
from pathlib import Path

import boto3
import pytest

from cloudtrack.access.principal import Principal
from cloudtrack.api.message import Request, json_response
from cloudtrack.client import Client
from cloudtrack.entities.run import Metric
from cloudtrack.errors import AlreadyExists
from cloudtrack.registry.change import Change
from cloudtrack.registry.events import Event, StageTransitioned, VersionChanged
from handlers.announcement import DETAIL_TYPES, SOURCE, Announcer, detail_of
from tests.handlers.local_gateway import LocalGateway
from tests.infra.stack import Stack, read_template

PATH = "/api/2.0/mlflow/model-versions/transition-stage"
MOVED = Event(
    number=7,
    id="o1",
    time_ms=1_800_000_000_000,
    actor="ada",
    previous_hash="0" * 64,
    change=StageTransitioned(version=3, to_stage="Production", archived=[2]),
)
REQUEST = Request("POST", PATH, principal=Principal("ada"), request_id="r1")


@pytest.fixture(name="bus")
def _bus(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """moto's default bus is that of the functions."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("CLOUDTRACK_EVENT_BUS", "default")


@pytest.fixture(name="queue_url")
def _queue_url(bus: None) -> str:
    """What the rule of the template lets through arrives here."""
    rule = Stack(read_template(), NotificationEmail="team@example.com").of_type("AWS::Events::Rule")["TransitionRule"]
    return queue_of(rule["EventPattern"])


@pytest.fixture(name="hooks_queue_url")
def _hooks_queue_url(bus: None) -> str:
    """What wakes the function that tells webhooks arrives here."""
    function = Stack(read_template()).of_type("AWS::Serverless::Function")["HooksFunction"]
    return queue_of(function["Events"]["Change"]["Properties"]["Pattern"])


def queue_of(pattern: object) -> str:
    sqs, events = boto3.client("sqs"), boto3.client("events")
    name = f"heard-{uuid.uuid4().hex}"
    url: str = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
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
    assert (message["source"], message["detail-type"]) == (SOURCE, "Model Version Stage Changed")
    detail = message["detail"]
    assert isinstance(detail, dict)
    assert detail.pop("request_id")
    assert detail.pop("time_ms")
    assert detail == {
        "type": "stage_transitioned",
        "name": "churn",
        "number": 3,
        "version": 1,
        "from_stage": "None",
        "to_stage": "Production",
        "previous": [],
        "archived": [],
        "rolled_back": False,
        "request": None,
        "approved_by": [],
        "decision": None,
        "actor": "admin",
        "comment": "",
    }


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
    assert message["detail"]["to_stage"] == "Production"  # type: ignore[index]
    assert client.stages.holders("churn", "Production")[0].version == 1


def test_the_mail_says_what_the_event_has() -> None:
    rule = Stack(read_template(), NotificationEmail="team@example.com").of_type("AWS::Events::Rule")["TransitionRule"]
    (target,) = rule["Targets"]
    transformer = target["InputTransformer"]
    detail = detail_of("churn", MOVED, "r1")
    text = transformer["InputTemplate"]
    for name, path in transformer["InputPathsMap"].items():
        text = text.replace(f"<{name}>", str(detail[path.removeprefix("$.detail.")]))
    assert text == '"Version 3 of churn is now Production, by ada."'


def test_every_commit_is_announced_and_nothing_else(hooks_queue_url: str, queue_url: str, tmp_path: Path) -> None:
    client = Client(tmp_path / "store")
    announcer = Announcer()
    client.on_commit.append(announcer.note)
    ours = client.acting_as("ada")
    ours.registered_models.create("churn")
    ours.model_versions.create("churn", "runs:/" + "a" * 32 + "/model")
    ours.registered_models.set_stages("churn", ["Live"])
    with pytest.raises(AlreadyExists):
        ours.registered_models.create("churn")
    ours.registered_models.rename("churn", "churned")
    announcer.announce(REQUEST, json_response({}))
    announcer.announce(REQUEST, json_response({}))
    found = heard(hooks_queue_url)
    assert {message["detail-type"] for message in found} == {
        "Registered Model Created",
        "Model Version Created",
        "Registered Model Changed",
        "Registered Model Rename Started",
        "Registered Model Moved In",
        "Registered Model Renamed",
    }
    assert len(found) == 6
    assert heard(queue_url) == []  # mail is of transitions alone


def _leaves(kind: type[Change]) -> list[type[Change]]:
    below = kind.__subclasses__()
    return [leaf for each in below for leaf in _leaves(each)] or [kind]


def test_there_is_a_word_for_every_change() -> None:
    assert set(DETAIL_TYPES) == {kind.model_fields["type"].default for kind in _leaves(Change)}


def test_a_long_event_is_announced_without_what_is_long_about_it() -> None:
    change = VersionChanged(version=3, description="x" * 1_000_000, tags={"a": "b"})
    detail = detail_of("churn", MOVED.model_copy(update={"change": change}), "r1")
    assert len(json.dumps(detail)) < 1000
    assert (detail["number"], detail["tags"], detail["is_cut"]) == (7, {"a": "b"}, True)


def test_without_a_bus_nothing_is_announced(queue_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLOUDTRACK_EVENT_BUS")
    announce_one()
    assert heard(queue_url) == []


def announce_one() -> None:
    announcer = Announcer()
    announcer.note("churn", MOVED)
    announcer.announce(REQUEST, json_response({}))


def test_a_bus_that_cannot_be_reached_changes_no_answer_and_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    monkeypatch.setenv("CLOUDTRACK_EVENT_BUS", "default")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with caplog.at_level(logging.ERROR):
        announce_one()
    assert "was not told" in caplog.text
    assert "('churn', 7)" in caplog.text


def test_a_release_is_heard_by_who_tells_webhooks_and_not_by_mail(
    queue_url: str, hooks_queue_url: str, gateway: LocalGateway, admin_token: str, store_uri: str
) -> None:
    client = Client(store_uri)
    client.registered_models.create("ranker")
    client.model_versions.create("ranker", "s3://elsewhere/model")
    headers = {"authorization": f"Bearer {admin_token}", "content-type": "application/json"}
    body = json.dumps({"name": "search/prod", "members": {"one": "ranker/1"}, "comment": "out"}).encode()
    assert gateway.send("POST", "/api/2.0/cloudtrack/releases/switch", headers, body)[0] == 200
    (message,) = heard(hooks_queue_url)
    detail = message["detail"]
    assert isinstance(detail, dict)
    assert (message["detail-type"], detail["name"], detail["comment"]) == ("Release Switched", "search/prod", "out")
    assert detail["members"] == {"one": {"name": "ranker", "version": 1}}
    assert client.releases.history("search/prod")[0].request_id == detail["request_id"]
    assert heard(queue_url) == []
