"""What was sent comes to the run once, whoever collects it, however often, and wherever they are stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from cloudtrack import clock
from cloudtrack.client import Client
from cloudtrack.errors import Unavailable
from cloudtrack.grants import collecting
from cloudtrack.grants.collecting import Collector
from cloudtrack.grants.grants import Grants
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.streaming import Progress, Transfer
from cloudtrack.tracking import keys
from cloudtrack.tracking.grants import LATE_MS
from tests.faults.crashing import CrashingStore, memory_copies
from tests.grants.fakes import FakeSigner, Granted, granted
from tests.storage.lossy import CountingStore, ForwardingStore, LossyStore, Stopped


@pytest.fixture
def it(tmp_path: Path) -> Granted:
    """Three deliveries: each logs a point, and a file that the next one replaces."""
    it = granted(tmp_path / "spool")
    writer, artifacts = it.start()
    for number in range(3):
        writer.log_metric("loss", float(number), number)
        artifacts.log_text(it.run_id, f"text {number}", "same.txt")
        artifacts.log_text(it.run_id, f"text {number}", f"own {number}.txt")
        writer.flush()
    writer.finish("FINISHED", 9)
    assert len(it.inbox) == 4
    return it


def _seen(it: Granted, store: ObjectStore) -> dict[str, Any]:
    client = Client(store)
    run = client.runs.get(it.run_id)
    return {
        "run": (run.info.status, run.data.params, run.data.tags, run.data.summaries),
        "points": client.metrics.history(it.run_id, "loss"),
        "files": {info.path: client.artifacts.read(it.run_id, info.path) for info in client.artifacts.list(it.run_id)},
        "inbox": [info.key for info in store.list(keys.grant_inbox(it.grant.grant_id))],
    }


def test_a_grant_that_cannot_be_read_keeps_no_other_from_being_collected(it: Granted) -> None:
    broken = keys.grant("0" * 32)
    it.store.create(broken, b"{")
    first, second = Collector(Client(it.store)).collect_all()
    assert broken in first.problem
    assert (second.problem, second.deliveries) == ("", 4)


def test_a_collector_that_is_stopped_at_any_write_is_continued(it: Granted) -> None:
    copy = memory_copies(it.store)
    whole = copy()
    Collector(Client(whole)).collect_all()
    expected = _seen(it, whole)
    assert expected["files"]["same.txt"] == b"text 2"
    assert len(expected["points"]) == 3
    stops = 0
    while True:
        store = copy()
        dying = CrashingStore(store, writes=stops)
        try:
            Collector(Client(dying)).collect_all()
            break
        except Stopped:
            Collector(Client(store)).collect_all()
            assert _seen(it, store) == expected, stops
        stops += 1
    assert stops > 10


def test_lost_answers_change_nothing(it: Granted) -> None:
    copy = memory_copies(it.store)
    whole = copy()
    Collector(Client(whole)).collect_all()
    lossy = LossyStore(copy(), share=0.3, seed=4)
    for _ in range(50):
        try:
            Collector(Client(lossy)).collect_all()
        except Unavailable:
            continue
        break
    assert lossy.lost
    assert _seen(it, lossy) == _seen(it, whole)


class Interrupted(ForwardingStore):
    """Runs something once, just before a write to a key."""

    def __init__(self, inner: ObjectStore, key: str, instead: Callable[[], object]) -> None:
        super().__init__(inner)
        self._key = key
        self._then: Callable[[], object] | None = instead

    def _look(self, key: str) -> None:
        if key == self._key and self._then is not None:
            then, self._then = self._then, None
            then()

    def create(self, key: str, body: bytes) -> str:
        self._look(key)
        return super().create(key, body)

    def replace(self, key: str, body: bytes, etag: str) -> str:
        self._look(key)
        return super().replace(key, body, etag)

    def upload(self, key: str, source: Path | BinaryIO, *, progress: Progress | None = None) -> Transfer:
        self._look(key)
        return super().upload(key, source, progress=progress)


@pytest.mark.parametrize("what", ["artifact", "run"])
def test_a_collector_that_is_late_brings_no_older_file_back(it: Granted, what: str) -> None:
    key = it.client.artifacts.key(it.run_id, "same.txt") if what == "artifact" else keys.run(it.run_id)
    late = Interrupted(it.store, key, lambda: Collector(it.client).collect_all())
    Collector(Client(late)).collect_all()
    seen = _seen(it, it.store)
    assert seen["files"]["same.txt"] == b"text 2"
    assert len(seen["points"]) == 3
    assert seen["inbox"] == []


def test_several_at_once_do_what_one_does(it: Granted) -> None:
    copy = memory_copies(it.store)
    whole, shared = copy(), copy()
    Collector(Client(whole)).collect_all()
    threads = [threading.Thread(target=lambda: Collector(Client(shared)).collect_all()) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert _seen(it, shared) == _seen(it, whole)


def test_a_large_file_is_placed_as_well(it: Granted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "_IN_MEMORY", 3)
    Collector(it.client).collect_all()
    assert it.client.artifacts.read(it.run_id, "same.txt") == b"text 2"


def test_a_file_that_the_owner_replaced_is_not_replaced_again(it: Granted) -> None:
    body = it.store.get(it.inbox[0]).body
    Collector(it.client).collect_all()
    it.client.artifacts.log_text(it.run_id, "the owner's", "same.txt")
    it.put(50, body)
    Collector(it.client).collect_all()
    assert it.client.artifacts.read(it.run_id, "same.txt") == b"the owner's"


def test_what_collecting_costs(it: Granted) -> None:
    store = CountingStore(it.store)
    collector = Collector(Client(store))
    store.reset()
    collector.collect_all()
    files, deliveries = 6, 4
    assert store.counts["create"] + store.counts["replace"] == files + deliveries
    assert store.counts["delete"] == deliveries
    assert store.requests <= 4 * files + 4 * deliveries + 5, store.counts
    store.reset()
    collector.collect_all()
    assert store.counts == {"list": 2, "get": 2}


def _at(monkeypatch: pytest.MonkeyPatch, ms: int) -> None:
    monkeypatch.setattr(clock, "now_ms", lambda: ms)


def test_a_grant_that_is_over_is_closed_and_removed_by_gc(it: Granted, monkeypatch: pytest.MonkeyPatch) -> None:
    grant_id = it.grant.grant_id
    it.put(50, b"nonsense")
    assert Collector(it.client).collect(grant_id).is_closed is False
    _at(monkeypatch, it.grant.expires + LATE_MS)
    kinds = {finding.kind for finding in it.client.fsck.check().findings}
    assert kinds == {"grant-uncollected"}
    done = Collector(it.client).collect(grant_id)
    assert done.is_closed
    assert list(done.refused) == [50]
    assert it.inbox == []
    assert Grants(it.client, FakeSigner()).get(grant_id).refused == {"50": done.refused[50]}
    assert it.client.fsck.check().findings == []
    for days in (10, 20):
        _at(monkeypatch, it.grant.expires + days * 86_400_000)
        it.client.garbage.collect()
    assert Grants(it.client, FakeSigner()).list() == []
    assert Collector(it.client).collect_all() == []


def test_what_was_not_collected_is_no_garbage(it: Granted, monkeypatch: pytest.MonkeyPatch) -> None:
    for days in (10, 20, 30):
        _at(monkeypatch, it.grant.expires + days * 86_400_000)
        it.client.garbage.collect()
    assert Collector(it.client).collect_all()[0].deliveries == 4
    assert it.client.runs.get(it.run_id).data.summaries["loss"].count == 3


def test_a_run_whose_grant_ended_without_its_end_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    it = granted(tmp_path / "spool")
    _at(monkeypatch, it.grant.expires)
    assert not it.client.runs.get(it.run_id).info.is_lost
    _at(monkeypatch, it.grant.expires + 100_000)
    assert it.client.runs.get(it.run_id).info.is_lost


def test_a_revoked_grant_brings_nothing_more(it: Granted) -> None:
    Grants(it.client, FakeSigner()).revoke(it.grant.grant_id)
    Grants(it.client, FakeSigner()).revoke(it.grant.grant_id)
    done = Collector(it.client).collect(it.grant.grant_id)
    assert (done.deliveries, done.dropped) == (0, 4)
    assert it.client.runs.get(it.run_id).data.metrics == {}
    assert it.inbox == []
    assert it.client.artifacts.list(it.run_id) == []


def test_nothing_comes_to_a_run_that_was_purged(it: Granted) -> None:
    it.client.runs.delete(it.run_id)
    it.client.purging.run(it.run_id)
    done = Collector(it.client).collect(it.grant.grant_id)
    assert (done.status, done.dropped) == ("PURGED", 4)
    assert it.inbox == []
    assert list(it.store.list(f"runs/{it.run_id}/artifacts/")) == []
