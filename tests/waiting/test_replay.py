"""What waits in journals is done once, in its order, from any copy and after any stop; what is refused is kept."""

from __future__ import annotations

import contextlib
import random
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from cloudtrack.client import Client
from cloudtrack.entities.pending_version import PendingVersion
from cloudtrack.errors import InvalidInput, Unavailable
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.tracking.model_points import ModelPoint
from cloudtrack.waiting.call import LOG_METRICS
from cloudtrack.waiting.journal import Journal
from tests.faults.crashing import CrashingStore
from tests.faults.observing import Facts, facts_of
from tests.storage.lossy import Stopped
from tests.thoroughness import IS_THOROUGH, examples
from tests.waiting.offline import AwayStore, MixedStore, log_model, offline, services, spooled, sync, train, waiting

_EVERY = 1 if IS_THOROUGH else 5


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Facts:
    """What the script comes to with a store that is there."""
    store = MemoryStore()
    train(Client(store, user="tester"), tmp_path_factory.mktemp("files"))
    return facts_of(Client(store))


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    Client(store)
    return store


@pytest.fixture
def journal(store: MemoryStore, tmp_path: Path) -> Path:
    """The spool folder of a script that ran without the store."""
    client = offline(store, tmp_path / "spool")
    train(client, tmp_path / "files")
    client.close()
    return tmp_path / "spool"


def test_it_comes_to_the_same_as_with_the_store(store: MemoryStore, journal: Path, expected: Facts) -> None:
    copies = [Path(shutil.copytree(journal, journal.with_name(name))) for name in ("one", "two")]
    report = sync(store, journal)
    assert (report.refused, report.failed, spooled(journal)) == ({}, {}, [])
    assert report.calls[-1].startswith("model_versions.update(name='iris'")
    assert facts_of(Client(store)) == expected
    Client(store).stages.transition("iris", 1, "Production")
    Client(store).logged_models.set_tags("m-" + "d" * 32, {"reviewed": "no"})
    later = facts_of(Client(store))
    for copy in copies:
        assert sync(store, copy).calls == []
        assert spooled(copy) == []
        assert facts_of(Client(store)) == later, "what was done since stays"


def test_copies_that_are_delivered_at_once_come_to_the_same(journal: Path, expected: Facts, store: MemoryStore) -> None:
    """Each request of one lets the others go on: the deliveries are mixed."""
    for number in range(examples(40)):
        shared = MemoryStore()
        for info in store.list():
            shared.create(info.key, store.get(info.key).body)
        copies = [Path(shutil.copytree(journal, journal.with_name(f"{number}-{name}"))) for name in "abc"]
        at_once = threading.Barrier(len(copies))

        def deliver(copy: Path, shared: MemoryStore = shared, at_once: threading.Barrier = at_once) -> list[Any]:
            mixed = MixedStore(shared, random.Random(copy.name))
            at_once.wait()
            report = sync(mixed, copy)
            return [report.refused, report.failed, spooled(copy)]

        with ThreadPoolExecutor(len(copies)) as pool:
            assert list(pool.map(deliver, copies)) == [[{}, {}, []]] * len(copies)
        assert facts_of(Client(shared)) == expected


def test_stopped_at_any_write_it_is_finished_from_any_copy(journal: Path, expected: Facts, store: MemoryStore) -> None:
    bodies = {info.key: store.get(info.key).body for info in store.list()}
    for writes in range(0, 200, _EVERY):
        stopped = MemoryStore(store.url.removeprefix("memory://"))
        for key, body in bodies.items():
            stopped.create(key, body)
        copies = [Path(shutil.copytree(journal, journal.with_name(f"{writes}-{name}"))) for name in ("a", "b")]
        dying = CrashingStore(stopped, writes=writes)
        with contextlib.suppress(Stopped):
            sync(dying, copies[0])
        ended = not dying.is_dead
        for copy in reversed(copies):
            report = sync(stopped, copy)
            assert not report.failed, (writes, report.failed)
            assert not report.refused, (writes, report.refused)
        assert facts_of(Client(stopped)) == expected, writes
        assert all(spooled(copy) == [] for copy in copies)
        if ended:
            break
    else:
        raise AssertionError("delivering does not end")


@pytest.mark.parametrize("lands", [False, True], ids=["not done", "done and not answered"])
def test_a_store_that_goes_away_in_the_middle_gets_all_of_it_once(lands: bool, expected: Facts, tmp_path: Path) -> None:
    for at in range(1, 400, _EVERY):
        inner = MemoryStore()
        Client(inner)
        store = AwayStore(inner, at=at, lands=lands)
        spool = tmp_path / f"spool {at}"
        client = waiting(store, spool)
        train(client, tmp_path / "files")
        never_left, store.is_away = not store.is_away, False
        client.close()
        assert spooled(spool) == []
        assert facts_of(Client(inner)) == expected, at
        if never_left:
            return
    raise AssertionError("it always goes away")


def test_calls_wait_behind_those_that_wait_and_reads_deliver_them(store: MemoryStore, tmp_path: Path) -> None:
    away = AwayStore(store, at=1, lands=False)
    client = services(waiting(away, tmp_path / "spool"))
    client.registered_models.create("iris", tags={"a": "b"})
    away.is_away = False
    client.registered_models.set_tag("iris", "a", "c")
    assert spooled(tmp_path / "spool"), "the store is not asked again for a while"
    waiting(away, tmp_path / "spool").close()
    client.deliver(now=True)  # type: ignore[attr-defined]
    assert client.registered_models.get("iris").tags == {"a": "c"}
    assert spooled(tmp_path / "spool") == []


def test_a_version_that_is_pending_says_so_and_is_no_number(store: MemoryStore, tmp_path: Path) -> None:
    client = services(offline(store, tmp_path / "spool"))
    made = client.register_model("runs:/" + "a" * 32 + "/model", "iris", tags={"a": "b"})
    assert str(made.version).startswith("pending-")
    assert (made.status, made.tags, made.user_id) == ("PENDING_REGISTRATION", {"a": "b"}, "tester")
    assert "cloudtrack sync" in (made.status_message or "")
    moved = client.stages.transition("iris", made.version, "Production")
    assert (moved.version, moved.current_stage, moved.status) == (made.version, "Production", "PENDING_REGISTRATION")
    with pytest.raises(ValueError, match="pending"):
        int(made.version)
    with pytest.raises(InvalidInput, match="no model version"):
        Client(store).aliases.set("iris", "champion", made.version)
    for name, wrong in (("a/b", made.version), ("iris", "nonsense"), ("iris", PendingVersion("pending-x-1"))):
        with pytest.raises(InvalidInput):
            client.aliases.set(name, "champion", wrong)
    with pytest.raises(Unavailable, match="cloudtrack sync"):
        client.aliases.get("iris", "champion")


def test_another_process_may_go_on_with_a_pending_version(store: MemoryStore, tmp_path: Path) -> None:
    first, second = (offline(store, tmp_path / name) for name in ("one", "two"))
    version = first.register_model(log_model(first, "m-" + "d" * 32, tmp_path / "files"), "iris").version
    second.aliases.set("iris", "champion", version)
    second.register_model(f"models:/iris/{version}", "copy")
    for client in (first, second):
        client.close()
    report = sync(store, tmp_path / "two")
    assert all("is not there yet" in reason or "an earlier call" in reason for reason in report.refused.values())
    assert len(report.refused) == 2
    sync(store, tmp_path / "one")
    assert sync(store, tmp_path / "two").refused == {}
    plain = Client(store)
    assert plain.aliases.get("iris", "champion").version == plain.model_versions.get("copy", 1).version == 1


def test_journals_of_one_folder_come_in_whatever_order_they_need(store: MemoryStore, tmp_path: Path) -> None:
    clients = [offline(store, tmp_path / "spool") for _ in range(2)]
    uri = "models:/m-" + "d" * 32
    waits = [client.register_model(uri, f"n{number}") for number, client in enumerate(clients)]
    log_model(clients[0], "m-" + "e" * 32, tmp_path / "files")
    third = offline(store, tmp_path / "spool")
    log_model(third, "m-" + "d" * 32, tmp_path / "files")
    for client in (*clients, third):
        client.close()
    assert sync(store, tmp_path / "spool").refused == {}
    assert len(waits) == len(list(Client(store).model_versions.search())) == 2


def test_metrics_of_a_model_that_waits_are_few_records_and_one_commit(store: MemoryStore, tmp_path: Path) -> None:
    model_id, other = "m-" + "d" * 32, ModelPoint("m-" + "e" * 32, "acc", 1.0, 1, 1)
    client = offline(store, tmp_path / "spool")
    log_model(client, model_id, tmp_path / "files")
    for step in range(500):
        left = client.keep_points("a" * 32, [ModelPoint(model_id, "acc", step / 2, step, 1), other])
        assert left == [other], "a model that is there gets its own by the run"
        if step == 250:
            client.deliver(now=True)
    client.close()
    [path] = (tmp_path / "spool").glob("*.journal")
    journal = Journal.open(path)
    assert 2 <= len([call for call in journal.calls if call.call == LOG_METRICS]) < 50
    journal.abandon()
    report = sync(store, tmp_path / "spool")
    assert len([call for call in report.calls if LOG_METRICS in call]) == 1
    [metric] = Client(store).logged_models.get(model_id).metrics
    assert (metric.value, metric.step, metric.run_id) == (249.5, 499, "a" * 32)


def _refusing(store: MemoryStore, tmp_path: Path) -> Path:
    plain = Client(store)
    plain.registered_models.create("taken")
    uri = log_model(plain, "m-" + "c" * 32, tmp_path / "files")
    plain.register_model(uri, "taken")
    plain.policy.set("rules:\n  - models: '*'\n    stages: Production\n    require:\n      tags: [approved]\n")
    client = offline(store, tmp_path / "spool")
    client.registered_models.create("taken")
    made = client.register_model(uri, "taken")
    client.stages.transition("taken", made.version, "Production")
    client.stages.transition("taken", made.version, "Staging", expect=1)
    client.stages.transition("taken", made.version, "Nowhere")
    client.model_versions.set_tag("taken", made.version, "after", "all")
    client.registered_models.set_tag("other", "a", "b")
    client.close()
    return tmp_path / "spool"


def test_what_is_refused_is_kept_with_the_reason_and_the_rest_goes_on(store: MemoryStore, tmp_path: Path) -> None:
    spool = _refusing(store, tmp_path)
    copy = shutil.copytree(spool, tmp_path / "copy")
    report = sync(store, spool)
    reasons = list(report.refused.values())
    for words, reason in zip(
        ("exists already", "Production", "held by no version", "no stage", "there is no registered model 'other'"),
        reasons,
        strict=True,
    ):
        assert words in reason, reason
    assert Client(store).model_versions.get("taken", 2).tags == {"after": "all"}
    assert spooled(spool) != []
    events = len(Client(store).history.events("taken"))
    assert sync(store, spool).refused == report.refused, "looked at again, it is not tried again"
    assert list(sync(store, copy).refused.values()) == reasons
    assert len(Client(store).history.events("taken")) == events
    given_up = sync(store, spool, drop_refused=True)
    assert (list(given_up.dropped.values()), given_up.refused, spooled(spool)) == (reasons, {}, [])
    assert sync(store, copy).refused == {}, "it was given up for every copy"


def test_what_is_refused_is_tried_again_where_that_is_asked_for(store: MemoryStore, tmp_path: Path) -> None:
    spool = _refusing(store, tmp_path)
    assert len(sync(store, spool).refused) == 5
    plain = Client(store)
    plain.policy.set("rules: []\n")
    plain.registered_models.create("other")
    assert len(sync(store, spool).refused) == 4, "what was missing is found without being asked for"
    report = sync(store, spool, retry_refused=True)
    assert any("stages.transition" in call and "Production" in call for call in report.calls)
    assert plain.model_versions.get("taken", 2).current_stage == "Production"
    assert plain.registered_models.get("other").tags == {"a": "b"}


def test_what_needs_a_refused_call_is_kept_with_it(store: MemoryStore, tmp_path: Path) -> None:
    experiment = Client(store).experiments.create("gone")
    client = offline(store, tmp_path / "spool")
    uri = log_model(client, "m-" + "d" * 32, tmp_path / "files", experiment_id=experiment)
    version = client.register_model(uri, "iris").version
    client.aliases.set("iris", "champion", version)
    client.registered_models.create("free")
    client.close()
    Client(store).runs.delete_experiment(experiment)
    report = sync(store, tmp_path / "spool")
    assert report.calls == ["registered_models.create(name='free')"]
    assert "is deleted; restore it first" in next(iter(report.refused.values()))
    assert sum("it needs" in reason for reason in report.refused.values()) == 5
    Client(store).runs.restore_experiment(experiment)
    assert sync(store, tmp_path / "spool", retry_refused=True).refused == {}
    assert Client(store).aliases.get("iris", "champion").version == 1


def test_a_missing_file_keeps_the_model_back_in_this_copy_alone(store: MemoryStore, journal: Path) -> None:
    copy = shutil.copytree(journal, journal.with_name("copy"))
    next(iter(next(journal.glob("*.files")).iterdir())).unlink()
    report = sync(store, journal)
    assert "is missing or was changed" in next(iter(report.refused.values()))
    assert not any("register_model" in call for call in report.calls)
    assert sync(store, copy).refused == {}
    assert sync(store, journal).refused == {}
    assert Client(store).aliases.get("iris", "champion").version == 2


def test_a_journal_that_was_cut_off_gives_what_is_whole(store: MemoryStore, journal: Path) -> None:
    [path] = journal.glob("*.journal")
    path.write_bytes(path.read_bytes()[:-20])
    report = sync(store, journal)
    assert report.failed == {}
    assert [name.rpartition(".")[2] for name in spooled(journal)] == ["damaged"], "the rest is set aside"
    plain = Client(store)
    assert plain.model_versions.get("iris", 2).tags == {"t": "1"}
    assert plain.model_versions.get("iris", 1).description == "first", "this call was cut off"


@pytest.mark.parametrize("body", [b"", b"nonsense", b"ctsp\x00\x00\x00\x00"])
def test_what_is_no_journal_is_said(body: bytes, store: MemoryStore, tmp_path: Path) -> None:
    (tmp_path / "x.journal").write_bytes(body)
    assert "is not a journal file" in sync(store, tmp_path).failed["x.journal"]


def test_a_journal_is_for_its_store_and_for_no_other(journal: Path) -> None:
    report = sync(MemoryStore("other"), journal)
    assert len(report.other_store) == 1
    assert report.calls == []


def test_a_disk_that_cannot_be_written_is_said(store: MemoryStore, tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("no folder")
    client = services(offline(store, tmp_path / "spool"))
    with pytest.raises(Unavailable, match=r"aliases.set.* could not be done .* nor kept in the spool folder"):
        client.aliases.set("iris", "champion", 1)


class _Full:
    """A file on a disk that is full after so many bytes."""

    def __init__(self, journal: Journal, room: int) -> None:
        self._stream = journal._stream
        self.room = room

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)

    def write(self, body: bytes) -> int:
        if not self.room:
            raise OSError(28, "No space left on device")
        taken = self._stream.write(body[: self.room])
        self.room -= taken
        return taken


def test_a_full_disk_leaves_nothing_half_kept(store: MemoryStore, tmp_path: Path) -> None:
    client = offline(store, tmp_path / "spool")
    client.registered_models.create("one")
    assert client._journal is not None
    full = _Full(client._journal, 10)
    client._journal._stream = full  # type: ignore[assignment]
    with pytest.raises(Unavailable, match="No space left"):
        client.registered_models.create("two")
    with pytest.raises(Unavailable, match="No space left"):
        log_model(client, "m-" + "d" * 32, tmp_path / "files")
    full.room = 1 << 20
    client.registered_models.create("three")
    client.close()
    assert sync(store, tmp_path / "spool").failed == {}
    assert [model.name for model in Client(store).registered_models.search()] == ["one", "three"]
