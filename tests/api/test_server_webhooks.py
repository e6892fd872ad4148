"""``cloudtrack server`` tells webhooks by itself, with any number of workers."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from cloudtrack.client import Client, connect
from cloudtrack.registry.webhooks import STAGE_TRANSITIONED, WebhookEvent
from tests.servers.cloudtrack_server import cloudtrack_server
from tests.servers.webhook_receiver import running_receiver

SOURCE = "runs:/" + "a" * 32 + "/model"


@pytest.mark.parametrize("workers", [1, pytest.param(3, marks=pytest.mark.slow)])
def test_a_server_tells_webhooks_what_it_commits_and_what_others_commit(workers: int, tmp_path: Path) -> None:
    root = str(tmp_path / "store")
    with running_receiver() as receiver, cloudtrack_server(root, tmp_path, f"--workers={workers}") as server:
        client = connect(server.url)
        client.registered_models.create("churn")
        client.model_versions.create("churn", SOURCE)
        client.webhooks.create("hook", receiver.url, [WebhookEvent.of(*STAGE_TRANSITIONED)])
        client.stages.transition("churn", 1, "Production", comment="by the server")
        Client(root).stages.transition("churn", 1, "Archived", comment="beside it")
        client.registered_models.set_tag("churn", "look", "now")
        deadline = time.monotonic() + 60
        while len(receiver.got) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert [message["data"]["comment"] for message in receiver.messages] == ["by the server", "beside it"]
