"""The feed has every event of every model once, whoever crashed, whatever clocks say, however old the cursor is."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import logging
import threading
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from cloudtrack import clock
from cloudtrack.access.access import Access
from cloudtrack.access.permission import Permission, Resource
from cloudtrack.access.principal import Principal
from cloudtrack.api.app import App
from cloudtrack.client import AnyClient, Client, connect
from cloudtrack.errors import InvalidInput, NotFound, PermissionDenied
from cloudtrack.index.indexes import ONE
from cloudtrack.index.keys import IndexKeys
from cloudtrack.index.pending import announce
from cloudtrack.maintenance.reindexing import rebuild
from cloudtrack.registry import keys
from cloudtrack.registry.cursors import LONGEST_TOKEN
from cloudtrack.registry.feed import FeedEvent
from cloudtrack.storage.memory import MemoryStore
from tests.api.sending import ask
from tests.conftest import SLOW_SERVER
from tests.storage.lossy import CountingStore, ForwardingStore, Stopped, StoppingStore

SOURCE = "runs:/" + "a" * 32 + "/model"
LONG = "long " * 50


def numbers(events: list[FeedEvent]) -> list[tuple[str, int]]:
    return [(item.name, item.event.number) for item in events]


def drain(client: AnyClient, cursor: str = "start", limit: int = 100) -> tuple[list[tuple[str, int]], str]:
    """All that comes after a cursor, and the cursor after it."""
    found: list[tuple[str, int]] = []
    while True:
        page = client.feed.read(cursor, limit)
        cursor = page.cursor
        if not page.events:
            return found, cursor
        assert len(page.events) <= limit
        found += numbers(page.events)


def live_a_life(client: AnyClient) -> None:
    for name in ("a", "b", LONG):
        client.registered_models.create(name)
        client.model_versions.create(name, SOURCE)
        client.stages.transition(name, 1, "Production", comment="why")
    client.registered_models.delete("a")
    client.registered_models.rename("b", "c")
    client.aliases.set("c", "best", 1)


LIFE = {
    *((name, number) for name, count in (("a", 4), ("b", 5), ("c", 2), (LONG, 3)) for number in range(1, count + 1))
}


@pytest.fixture(params=SLOW_SERVER)
def client(request: pytest.FixtureRequest, make_url: Callable[[str], str]) -> AnyClient:
    return connect(make_url(request.param))


@pytest.fixture
def memory() -> Client:
    return Client(MemoryStore(), user="ann")


@pytest.mark.parametrize("limit", [1, 3, 100])
def test_every_event_comes_once_also_of_models_that_are_gone(client: AnyClient, limit: int) -> None:
    assert drain(client)[0] == []
    live_a_life(client)
    found, cursor = drain(client, limit=limit)
    assert len(found) == len(LIFE)
    assert set(found) == LIFE
    for name in ("a", "b", "c", LONG):
        of_name = [number for model, number in found if model == name]
        assert of_name == sorted(of_name)
    assert drain(client, cursor) == ([], cursor)
    client.model_versions.create("c", SOURCE)
    (item,) = client.feed.read(cursor).events
    assert (item.name, item.event.summary()) == ("c", f"version 2 from {SOURCE}")


def test_now_is_after_all_that_was(client: AnyClient) -> None:
    live_a_life(client)
    now = client.feed.read("now")
    assert now.events == []
    assert drain(client, now.cursor)[0] == []
    client.stages.transition("c", 1, "Archived")
    assert drain(client, now.cursor)[0] == [("c", 3)]


@pytest.mark.parametrize("cursor", ["", "x", "end", "AAAA", "é", "{}", base64.b64encode(zlib.compress(b"[]")).decode()])
def test_what_is_no_cursor_is_refused(client: AnyClient, cursor: str) -> None:
    if cursor or isinstance(client, Client):
        with pytest.raises(InvalidInput, match="is no cursor"):
            client.feed.read(cursor)


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_page_has_a_size(client: AnyClient, limit: int) -> None:
    with pytest.raises(InvalidInput, match="it must be from 1 to 1000"):
        client.feed.read("start", limit)


def test_models_are_ranked_by_time_and_each_keeps_its_own_order(
    memory: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    create, change = memory.registered_models.create, lambda name: memory.registered_models.set_tag(name, "k", "v")
    for act, name, time_ms in (
        (create, "a", 3000),
        (create, "b", 1000),
        (change, "b", 4000),
        (change, "a", 2000),  # never before the event before it
        (create, "c", 2000),
    ):
        monkeypatch.setattr(clock, "now_ms", lambda now=time_ms: now)
        act(name)
    assert drain(memory)[0] == [("b", 1), ("c", 1), ("a", 1), ("a", 2), ("b", 2)]


def test_a_clock_that_runs_behind_hides_nothing(memory: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    memory.registered_models.create("a")
    _, cursor = drain(memory)
    monkeypatch.setattr(clock, "now_ms", lambda: 1)
    memory.registered_models.create("b")
    assert drain(memory, cursor)[0] == [("b", 1)]


def test_an_idle_poll_is_two_requests_however_many_models_there_are() -> None:
    store = CountingStore(MemoryStore())
    client = Client(store)
    for number in range(30):
        client.registered_models.create(f"m{number}")
    _, cursor = drain(client)
    store.reset()
    client.feed.read(cursor)
    assert store.counts == {"list": 3, "get": 1}  # without an index, also which models and releases there are
    client.model_index.compact(ONE)
    client.feed.read(cursor)
    store.reset()
    assert client.feed.read(cursor).events == []
    assert store.counts == {"list": 1, "get": 1}
    client.registered_models.set_tag("m7", "k", "v")
    store.reset()
    assert numbers(client.feed.read(cursor).events) == [("m7", 2)]
    assert store.counts == {"list": 1, "get": 2}


def test_a_marker_of_a_commit_that_never_came_costs_a_request_and_hides_nothing() -> None:
    store = CountingStore(MemoryStore())
    client = Client(store)
    client.registered_models.create("a")
    client.registered_models.create("b")
    client.model_index.compact(ONE)
    _, cursor = drain(client)
    with pytest.raises(Stopped):
        Client(StoppingStore(store, writes=1)).registered_models.set_tag("a", "k", "v")
    assert drain(client, cursor)[0] == []
    store.reset()
    assert client.feed.read(cursor).events == []
    assert store.counts == {"list": 1, "get": 2}
    assert client.feed.read("now").cursor == cursor
    client.model_index.compact(ONE)
    client.registered_models.set_tag("a", "other", "v")
    assert drain(client, cursor)[0] == [("a", 2)]


def test_a_commit_that_comes_after_the_poll_that_saw_its_marker_is_delivered(memory: Client) -> None:
    memory.registered_models.create("a")
    memory.registered_models.create("elsewhere")
    memory.registered_models.set_tag("elsewhere", "k", "v")
    event = memory.store.get("models/elsewhere/events/000000000002.json").body
    announce(memory.store, IndexKeys(keys.INDEX), "a", 2)
    _, cursor = drain(memory)
    memory.model_index.compact(ONE)
    assert drain(memory, cursor) == ([], cursor)
    memory.store.create("models/a/events/000000000002.json", event)
    assert drain(memory, cursor)[0] == [("a", 2)]


def test_what_is_merged_away_meanwhile_is_read_anew(memory: Client) -> None:
    reader = Client(memory.store)
    for number in range(20):
        memory.registered_models.create(f"m{number}")
        memory.model_index.compact(ONE)
        found, _ = drain(reader)
        assert len(found) == number + 1


def test_an_index_that_is_thrown_away_and_made_anew_hides_nothing(memory: Client) -> None:
    live_a_life(memory)
    memory.model_index.compact(ONE)
    half = memory.feed.read("start", 5)
    now = memory.feed.read("now").cursor
    for info in list(memory.store.list("index/models/")):
        memory.store.delete(info.key)
    reader = Client(memory.store)
    assert set(numbers(half.events) + drain(reader, half.cursor)[0]) == LIFE
    assert reader.feed.read("now").cursor == now
    rebuild(memory.store, memory.model_index, [ONE])
    assert set(numbers(half.events) + drain(reader, half.cursor)[0]) == LIFE


def unlike(number: int) -> str:
    """A name that has little in common with others."""
    return hashlib.sha256(str(number).encode()).hexdigest()[:20]


def test_a_cursor_of_many_models_stays_short_and_is_seldom_stored() -> None:
    store = CountingStore(MemoryStore())
    client = Client(store)
    for number in range(400):
        client.registered_models.create(unlike(number))
    client.model_index.compact(ONE)
    _, cursor = drain(client, limit=1000)
    assert len(cursor) <= LONGEST_TOKEN
    store.reset()
    for number in range(100):
        client.registered_models.set_tag(unlike(number), "k", "v")
        found, cursor = drain(client, cursor)
        assert [event for _, event in found] == [2]
        assert len(cursor) <= LONGEST_TOKEN
    stored = [key for key in store.written if key.startswith("feed/")]
    assert 1 <= len(stored) <= 3
    assert drain(Client(store), cursor)[0] == []
    with pytest.raises(NotFound, match="no such cursor"):
        Client(MemoryStore()).feed.read(cursor)


def test_commits_compactions_and_rebuilt_indexes_beside_a_reader_hide_nothing() -> None:
    store = MemoryStore()
    names = [f"m{number}" for number in range(4)]
    ended = threading.Event()

    def commit(name: str) -> None:
        client = Client(store)
        client.registered_models.create(name)
        for number in range(60):
            client.registered_models.set_tag(name, "k", str(number))

    def tidy() -> None:
        client = Client(store)
        while not ended.is_set():
            client.model_index.compact(ONE)
            rebuild(store, client.model_index, [ONE])

    writers = [threading.Thread(target=commit, args=(name,)) for name in names]
    tidying = threading.Thread(target=tidy)
    for thread in (*writers, tidying):
        thread.start()
    reader, cursor = Client(store), "start"
    seen: dict[str, int] = {}
    while any(thread.is_alive() for thread in writers) or sum(seen.values()) < 4 * 61:
        page = reader.feed.read(cursor, 20)
        cursor = page.cursor
        for name, number in numbers(page.events):
            assert number == seen.get(name, 0) + 1
            seen[name] = number
    ended.set()
    tidying.join()
    assert seen == dict.fromkeys(names, 61)


class ReadOnlyStore(ForwardingStore):
    def create(self, key: str, body: bytes) -> str:
        raise PermissionDenied(f"{key} may not be written")


def test_who_may_only_read_has_a_long_cursor() -> None:
    store = MemoryStore()
    client = Client(store)
    for number in range(400):
        client.registered_models.create(unlike(number))
    reader = Client(ReadOnlyStore(store))
    found, cursor = drain(reader, limit=1000)
    assert len(found) == 400
    assert len(cursor) > LONGEST_TOKEN
    client.registered_models.create("new")
    assert drain(reader, cursor)[0] == [("new", 1)]


def test_an_event_that_cannot_be_read_holds_back_its_own_model_alone(
    memory: Client, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("a", "b"):
        memory.registered_models.create(name)
        memory.registered_models.set_tag(name, "k", "v")
    broken = memory.store.get("models/a/events/000000000002.json")
    memory.store.replace("models/a/events/000000000002.json", b"{", broken.etag)
    with caplog.at_level(logging.WARNING):
        found, cursor = drain(memory)
    assert sorted(found) == [("a", 1), ("b", 1), ("b", 2)]
    assert "models/a/events/000000000002.json" in caplog.text
    mended = memory.store.get("models/a/events/000000000002.json")
    memory.store.replace("models/a/events/000000000002.json", broken.body, mended.etag)
    assert drain(memory, cursor)[0] == [("a", 2)]


def test_a_page_of_long_events_is_cut(memory: Client) -> None:
    memory.registered_models.create("a")
    for _ in range(9):
        memory.registered_models.update("a", description="x" * (1 << 20))
    assert len(memory.feed.read("start", 1000).events) == 4
    assert drain(memory, limit=1000)[0] == [("a", number) for number in range(1, 11)]


def switch(client: AnyClient, name: str, *versions: int) -> None:
    for version in versions:
        client.releases.switch(name, {"one": f"c/{version}"})


def test_releases_are_in_the_feed_each_in_its_order(client: AnyClient) -> None:
    live_a_life(client)
    client.model_versions.create("c", SOURCE)
    _, cursor = drain(client)
    releases = ("search/prod", "c", LONG.strip())
    for name in releases:
        switch(client, name, 1, 2)
        client.releases.rollback(name)
    client.releases.delete("c")
    client.registered_models.set_tag("c", "k", "v")
    now = client.feed.read("now").cursor
    found = []
    while events := (page := client.feed.read(cursor, 3)).events:
        found += [(item.title, item.event.number) for item in events]
        cursor = page.cursor
    wanted = {(f"release:{name}", number) for name in releases for number in (1, 2, 3)} | {("release:c", 4), ("c", 4)}
    assert len(found) == len(wanted)
    assert set(found) == wanted
    assert [number for title, number in found if title == "release:search/prod"] == [1, 2, 3]
    assert drain(client, now)[0] == []
    switch(client, "search/prod", 2)
    for place in (cursor, now):
        (item,) = client.feed.read(place).events
        assert (item.name, item.is_release, item.event.summary()) == ("search/prod", True, "switched to one=c/2")


def test_releases_cost_an_idle_poll_nothing_and_outlive_their_index() -> None:
    store = CountingStore(MemoryStore())
    client = Client(store)
    live_a_life(client)
    for number in range(20):
        switch(client, f"release {number}", 1)
    _, cursor = drain(client)
    client.model_index.compact(ONE)
    client.feed.read(cursor)
    store.reset()
    assert client.feed.read(cursor).events == []
    assert store.counts == {"list": 1, "get": 1}
    client.releases.delete("release 7")
    store.reset()
    (item,) = client.feed.read(cursor).events
    assert (item.title, item.event.number, store.counts["get"]) == ("release:release 7", 2, 2)
    before = len(client.model_versions.search())
    for info in list(store.list("index/models/")):
        store.delete(info.key)
    assert len(drain(Client(store))[0]) == len(LIFE) + 21
    rebuild(store, client.model_index, [ONE])
    assert len(drain(Client(store))[0]) == len(LIFE) + 21
    assert len(client.model_versions.search()) == before


@pytest.mark.parametrize("writes", range(4))
def test_a_switch_that_was_cut_off_hides_nothing(writes: int) -> None:
    store = MemoryStore()
    client = Client(store)
    live_a_life(client)
    switch(client, "r", 1)
    _, cursor = drain(client)
    with contextlib.suppress(Stopped):
        Client(StoppingStore(store, writes=writes)).releases.delete("r")
    assert drain(client, cursor)[0] == ([("r", 2)] if writes > 1 else [])
    client.model_index.compact(ONE)
    assert drain(client, cursor)[0] == ([("r", 2)] if writes > 1 else [])


# Permissions


@pytest.fixture
def guarded(memory: Client) -> Callable[[str, str], dict[str, Any]]:
    """Reads a page as somebody."""
    live_a_life(memory)
    access = Access(memory.store)
    access.grant("reader", Resource.REGISTERED_MODEL, "c", Permission.READ)
    app = App(memory, access=access)

    def read(who: str, cursor: str) -> dict[str, Any]:
        answer = ask(
            app, "GET", f"/api/2.0/cloudtrack/events?cursor={cursor}", principal=Principal(who, admin=who == "root")
        )
        assert answer.status == 200
        found: dict[str, Any] = answer.json()
        return found

    return read


def test_only_events_of_readable_models_are_shown_and_no_other_name(
    guarded: Callable[[str, str], dict[str, Any]],
) -> None:
    assert len(guarded("root", "start")["events"]) == len(LIFE)
    for cursor in ("start", "now"):
        shown = guarded("reader", cursor)
        token = str(shown["cursor"])
        content = json.loads(zlib.decompress(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))))
        assert content == {"base": "", "since": {"c": 2}}
        assert [item["name"] for item in shown["events"]] == (["c", "c"] if cursor == "start" else [])
    assert guarded("stranger", "start")["events"] == []


def test_what_becomes_readable_comes_from_its_beginning(
    memory: Client, guarded: Callable[[str, str], dict[str, Any]]
) -> None:
    cursor = str(guarded("reader", "start")["cursor"])
    Access(memory.store).grant("reader", Resource.REGISTERED_MODEL, "b", Permission.READ)
    # a new application: policies are remembered for a moment
    app = App(memory, access=Access(memory.store))
    answer = ask(app, "GET", f"/api/2.0/cloudtrack/events?cursor={cursor}", principal=Principal("reader"))
    assert [(item["name"], item["event"]["number"]) for item in answer.json()["events"]] == [
        ("b", number) for number in range(1, 6)
    ]


def test_a_release_is_shown_up_to_its_first_event_with_another_model(
    memory: Client, guarded: Callable[[str, str], dict[str, Any]]
) -> None:
    memory.registered_models.create("hidden")
    memory.model_versions.create("hidden", SOURCE)
    memory.releases.switch("mine", {"one": "c/1"})
    memory.releases.switch("theirs", {"one": "hidden/1"})
    memory.releases.switch("both", {"one": "c/1"})
    memory.releases.switch("both", {"two": "hidden/1"})
    memory.releases.switch("both", {"one": "c/1"}, replace=True)
    for name in ("theirs", "mine"):
        memory.releases.delete(name)

    def releases(who: str) -> list[tuple[str, int]]:
        shown = guarded(who, "start")["events"]
        return sorted((each["name"], each["event"]["number"]) for each in shown if each["resource"] == "release")

    assert releases("reader") == [("both", 1), ("mine", 1), ("mine", 2)]
    assert releases("stranger") == []
    assert len(releases("root")) == 7
    token = str(guarded("reader", "now")["cursor"])
    content = json.loads(zlib.decompress(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))))
    assert content["since"] == {"c": 2, "~release~both": 3, "~release~mine": 2}
