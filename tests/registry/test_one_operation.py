"""What has a name is done once under it, however often, and however long ago."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from cloudtrack import clock
from cloudtrack.client import Client
from cloudtrack.registry.chain import RECENT_OPERATIONS
from cloudtrack.storage.memory import MemoryStore
from tests.faults.crashing import CrashingStore
from tests.storage.lossy import CountingStore, Stopped
from tests.waiting.offline import log_model

NAME = "f" * 16


def test_a_model_is_registered_once_under_a_name_that_does_not_exist_yet(tmp_path: Path) -> None:
    client = Client(MemoryStore())
    uri = log_model(client, "m-" + "d" * 32, tmp_path)
    made = [client.acting_as("ann", operation=NAME).register_model(uri, "iris").version for _ in range(3)]
    assert made == [1, 1, 1]
    assert [event.change.type for event in client.history.events("iris")] == ["model_created", "version_created"]
    assert client.acting_as("ann", operation="e" * 16).register_model(uri, "iris").version == 2


def test_a_registration_that_was_stopped_is_finished_under_its_name(tmp_path: Path) -> None:
    for writes in range(20):
        store = MemoryStore()
        uri = log_model(Client(store), "m-" + "d" * 32, tmp_path)
        dying = CrashingStore(store, writes=writes)
        with contextlib.suppress(Stopped):
            Client(dying).acting_as("ann", operation=NAME).register_model(uri, "iris")
        client = Client(store)
        assert client.acting_as("ann", operation=NAME).register_model(uri, "iris").version == 1
        assert len(client.model_versions.list("iris")) == 1
        if not dying.is_dead:
            return
    raise AssertionError("registering does not end")


def test_what_was_done_long_ago_is_found_by_when_it_was_named() -> None:
    store = CountingStore(MemoryStore())
    client = Client(store)
    client.registered_models.create("iris")
    began = clock.now_ms()
    again = client.acting_as("ann", operation=NAME, since_ms=began)
    again.model_versions.create("iris", "runs:/" + "a" * 32 + "/m")
    for number in range(RECENT_OPERATIONS + 5):
        client.registered_models.set_tag("iris", "n", number)
    assert again.model_versions.create("iris", "runs:/" + "a" * 32 + "/m").version == 1
    assert len(client.model_versions.list("iris")) == 1
    later = client.acting_as("ann", operation="e" * 16, since_ms=clock.now_ms() + 10**9)
    store.reset()
    later.registered_models.set_tag("iris", "k", "v")
    with_look = store.requests
    store.reset()
    client.registered_models.set_tag("iris", "k", "w")
    assert with_look == store.requests + 1, "one event tells that it cannot have been done before"


@pytest.mark.parametrize("times", [1, 2])
def test_a_name_is_made_where_there_is_none(times: int) -> None:
    client = Client(MemoryStore())
    for _ in range(times):
        assert client.registered_models.get_or_create("iris").name == "iris"
    assert len(client.history.events("iris")) == 1
