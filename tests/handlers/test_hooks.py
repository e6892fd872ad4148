"""The function that tells webhooks: with the rights it has in the template, and in time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cloudtrack.client import Client
from cloudtrack.registry import webhook_messages
from cloudtrack.registry.webhooks import STAGE_TRANSITIONED, WebhookEvent
from cloudtrack.storage.opening import open_store
from handlers import hooks
from tests.handlers.guarded_store import guarded
from tests.handlers.test_compaction import Clock
from tests.infra.iam import bucket_statements, role_statements
from tests.infra.stack import Stack, read_template
from tests.servers.webhook_receiver import Receiver, running_receiver

SOURCE = "runs:/" + "a" * 32 + "/model"


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """One that stands for a receiver on the internet."""
    monkeypatch.setattr(webhook_messages, "is_public", lambda _address: True)
    with running_receiver() as found:
        yield found


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, receiver: Receiver) -> Client:
    """A store with many models and a webhook; the function has the rights of its role, and of the bucket."""
    uri = (tmp_path / "store").as_uri()
    made = Client(uri)
    for number in range(150):
        made.registered_models.create(hashlib.sha256(str(number).encode()).hexdigest()[:20])
    made.model_index.compact("")
    made.registered_models.create("churn")
    made.model_versions.create("churn", SOURCE)
    made.webhooks.create("hook", receiver.url, [WebhookEvent.of(*STAGE_TRANSITIONED)], secret="s3cret")
    stack = Stack(read_template())
    own, bucket = role_statements(stack, "HooksRole"), bucket_statements(stack)

    def open_guarded(url: str, **options: Any) -> Any:
        return guarded(open_store(url, **options), own, bucket)

    monkeypatch.setenv("CLOUDTRACK_URI", uri)
    monkeypatch.setattr("cloudtrack.client.open_store", open_guarded)
    hooks._deliverer.cache_clear()
    return made


def test_webhooks_are_told_and_the_roles_rights_are_enough(client: Client, receiver: Receiver) -> None:
    assert hooks.handler({}, Clock()) == {"taken": 0}
    client.stages.transition("churn", 1, "Production")
    client.stages.transition("churn", 1, "Archived")
    assert hooks.handler({"source": "cloudtrack"}, Clock()) == {"taken": 2}
    assert hooks.handler({}, Clock()) == {"taken": 0}
    assert [message["data"]["to_stage"] for message in receiver.messages] == ["Production", "Archived"]
    assert any(info.key.startswith("feed/cursors/") for info in client.store.list("feed/"))


def test_it_sends_nothing_that_it_has_no_time_for(client: Client, receiver: Receiver) -> None:
    client.stages.transition("churn", 1, "Production")
    assert hooks.handler({}, Clock(*[1_000] * 10)) == {"taken": 0}
    assert receiver.got == []
    assert hooks.handler({}, Clock()) == {"taken": 1}


def test_it_tells_nobody_inside_a_network(client: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("CLOUDTRACK_URI", client.uri)
    hooks._deliverer.cache_clear()
    client.stages.transition("churn", 1, "Production")
    assert hooks.handler({}, Clock()) == {"taken": 0}
    assert receiver.got == []
