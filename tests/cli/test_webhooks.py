"""``cloudtrack events`` and ``cloudtrack webhooks``, as a person and as a program use them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from cloudtrack.client import connect
from tests.cli.commands import answer, cloudtrack
from tests.cli.test_cli import IN_BOTH_MODES
from tests.servers.webhook_receiver import Receiver, running_receiver

SOURCE = "runs:/" + "a" * 32 + "/model"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as found:
        yield found


def with_a_version(store_url: str) -> None:
    client = connect(store_url)
    client.registered_models.create("churn")
    client.model_versions.create("churn", SOURCE)


@IN_BOTH_MODES
def test_events_are_printed_once_and_the_cursor_goes_on(store_url: str) -> None:
    with_a_version(store_url)
    shown = cloudtrack("events", store=store_url).stdout.splitlines()
    assert "churn #1" in shown[0]
    assert f"version 1 from {SOURCE}" in shown[1]
    word, cursor = shown[2].split()
    assert word == "cursor"
    connect(store_url).stages.transition("churn", 1, "Production", comment="better")
    later = answer("events", "--since", cursor, "--limit", "5", store=store_url)
    assert [(item["name"], item["event"]["number"], item["event"]["comment"]) for item in later["events"]] == [
        ("churn", 3, "better")
    ]
    assert answer("events", "--since", "now", store=store_url) == {"events": [], "cursor": later["cursor"]}
    refused = cloudtrack("events", "--since", "yesterday", store=store_url)
    assert (refused.returncode, "is no cursor" in refused.stderr) == (1, True)


@pytest.mark.slow
def test_who_follows_sees_what_comes(store_url: str) -> None:
    with_a_version(store_url)
    command = [sys.executable, "-m", "cloudtrack.cli.main", "events", "--follow", "--json", "--limit", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "CLOUDTRACK_URI": store_url}) as process:
        assert process.stdout is not None
        try:
            first = [json.loads(process.stdout.readline())["events"][0]["event"]["number"] for _ in range(2)]
            connect(store_url).registered_models.delete("churn")
            (last,) = json.loads(process.stdout.readline())["events"]
        finally:
            process.terminate()
    assert first == [1, 2]
    assert last["event"]["change"]["type"] == "model_deleted"


@IN_BOTH_MODES
def test_webhooks_are_made_tested_listed_and_deleted(
    store_url: str, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOUDTRACK_WEBHOOK_SECRET", "s3cret")
    connect(store_url)  # a store is made where there is none
    made = answer(
        "webhooks", "create", "deploy", receiver.url, "--event", "model_version_stage.transitioned", store=store_url
    )
    assert made["events"] == [{"entity": "MODEL_VERSION_STAGE", "action": "TRANSITIONED"}]
    local = ["--allow-private"] if store_url.startswith("file:") else []
    tested = cloudtrack("webhooks", "test", made["webhook_id"], *local, store=store_url)
    assert (tested.returncode, tested.stdout) == (0, "it answered 200\n"), tested.stderr
    assert receiver.messages[0]["entity"] == "model_version_stage"
    assert "X-MLflow-Signature" in receiver.got[0][1]
    receiver.status = 500
    tested = cloudtrack("webhooks", "test", made["webhook_id"], *local, store=store_url)
    assert (tested.returncode, tested.stderr) == (1, "Error: the message was not taken: it answered 500\n")
    assert made["webhook_id"] in cloudtrack("webhooks", "list", store=store_url).stdout
    assert len(answer("webhooks", "list", store=store_url)) == 1
    assert cloudtrack("webhooks", "delete", made["webhook_id"], store=store_url).returncode == 0
    assert cloudtrack("webhooks", "list", store=store_url).stdout == "no webhooks\n"
    missing = cloudtrack("webhooks", "delete", made["webhook_id"], store=store_url)
    assert (missing.returncode, "there is no webhook" in missing.stderr) == (1, True)


def test_an_event_that_never_happens_is_not_understood(store_url: str) -> None:
    refused = cloudtrack("webhooks", "create", "x", "https://1.1.1.1/", "--event", "model.eaten", store=store_url)
    assert refused.returncode == 2
    assert "is no event" in refused.stderr


def test_what_is_made_by_hand_is_delivered_and_replayed_by_hand(store_url: str, receiver: Receiver) -> None:
    with_a_version(store_url)
    webhook_id = answer("webhooks", "create", "deploy", receiver.url, store=store_url)["webhook_id"]
    client = connect(store_url)
    client.stages.transition("churn", 1, "Production")
    client.stages.transition("churn", 1, "Archived")
    refused = cloudtrack("webhooks", "deliver", store=store_url)
    assert refused.stdout == "0 messages were taken\n"
    (listed,) = answer("webhooks", "list", store=store_url)
    assert "inside a network" in listed["delivery"]["last_error"]
    for _ in range(2):
        assert cloudtrack("webhooks", "replay", webhook_id, "--since", "start", store=store_url).returncode == 0
        delivered = cloudtrack("webhooks", "deliver", "--allow-private", store=store_url)
        assert delivered.stdout == "2 messages were taken\n", delivered.stderr
    assert [message["data"]["to_stage"] for message in receiver.messages] == ["Production", "Archived"] * 2
    assert receiver.ids[:2] == receiver.ids[2:]
    assert cloudtrack("webhooks", "deliver", "--allow-private", store=store_url).stdout == "0 messages were taken\n"


def test_delivering_is_for_those_who_have_the_store(make_url: Callable[[str], str]) -> None:
    done = cloudtrack("webhooks", "deliver", store=make_url("server"))
    assert (done.returncode, "works on the store itself" in done.stderr) == (1, True)
