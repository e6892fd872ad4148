"""gc removes what nothing mentions, in two phases, and never what a writer, however slow, goes on to mention."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from cloudtrack.client import Client
from cloudtrack.entities.experiment import ViewType
from cloudtrack.errors import CloudtrackError, InvalidInput, NotFound
from cloudtrack.index.keys import IndexKeys
from cloudtrack.maintenance.gc_plan import CONTENTS, Candidate, Kind
from cloudtrack.maintenance.reindexing import check
from cloudtrack.registry import keys
from cloudtrack.registry.contents import condemnation
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.tracking import keys as tracking_keys
from cloudtrack.tracking.points import INLINE_POINTS
from tests.maintenance.stores import DAY_MS, HOUR_MS, Clock, fill, log_model, log_points, overwrite, sizes
from tests.storage.lossy import CountingStore, Stopped, StoppingStore, WatchedStore
from tests.thoroughness import IS_THOROUGH


@pytest.fixture(name="time")
def _time(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def a_client(store: ObjectStore) -> Client:
    client = Client(store, user="ana")
    for indexes in client.indexes:
        indexes.compacts = False
    return client


def copied(store: MemoryStore) -> MemoryStore:
    copy = MemoryStore()
    copy._objects = dict(store._objects)
    return copy


def assert_whole(client: Client, *, taken_away: bool = False) -> None:
    """Everything that anything mentions is there.

    Where people may have ``taken_away`` versions elsewhere, by deletion or under another name, a release may have one
    of which the history says so.
    """
    experiments = [each.experiment_id for each in client.experiments.search(view_type=ViewType.ALL)]
    for run in client.runs.search(experiments, view_type=ViewType.ALL, max_results=None):
        for key, summary in run.data.summaries.items():
            assert len(client.metrics.history(run.info.run_id, key)) == summary.count
    for model in client.registered_models.search(max_results=None):
        for version in client.model_versions.list(model.name):
            if version.manifest:
                client.model_versions.manifest(version)
                client.verify_version(model.name, version.version)
    for name in client.releases.names():
        for member in client.releases.get(name).members.values():
            try:
                client.model_versions.get(member.name, member.version)
            except NotFound as error:
                is_told = error.message.endswith("(it was deleted)") or "was renamed to" in error.message
                if not (taken_away and is_told):
                    raise
    for indexes in client.indexes:
        found = check(indexes, experiments if indexes.is_many else [""])
        assert found.ok, found


def garbage_of_every_kind(client: Client) -> dict[Kind, list[str]]:
    """What writers leave who were cut off, by kind."""
    store = client.store
    ids = fill(client)
    run_id, experiment = ids["run"], ids["experiment"]
    overwrite(store, tracking_keys.segment(run_id, "cut0ff"), b"PAR1 points")
    index = IndexKeys(tracking_keys.run_index(experiment))
    overwrite(store, index.rows("cut0ff"), b"PAR1 rows")
    overwrite(store, index.entities("cut0ff"), b"texts")
    manifest, kept = keys.manifest("0" * 64), keys.kept_file("1" * 64)
    page = f"{keys.pages('churn')}{'2' * 64}.json"
    for key in (manifest, kept, page, ".probe/1", "doctor/1"):
        overwrite(store, key, b"left over")
    parent = client.runs.create(experiment).info.run_id
    child = client.runs.create(experiment, tags={"mlflow.parentRunId": parent}).info.run_id
    client.artifacts.log_text(child, "trash", "a.txt")
    made = client.logged_models.create(experiment, name="trash", source_run_id=child)
    client.logged_model_artifacts.log_text(made.model_id, "files", "MLmodel")
    for each in (child, parent):
        client.runs.delete(each)
    other = client.experiments.create("in the trash")
    dead = client.runs.create(other).info.run_id
    client.artifacts.log_text(dead, "in the trash", "b.txt")
    client.experiments.set_lifecycle_stage(other, "deleted")
    client.runs.delete(dead)
    return {
        Kind.SEGMENT: [tracking_keys.segment(run_id, "cut0ff")],
        Kind.PART: [index.rows("cut0ff"), index.entities("cut0ff")],
        Kind.MANIFEST: [manifest],
        Kind.PAGE: [page],
        Kind.KEPT_FILE: [kept],
        Kind.PROBE: [".probe/1", "doctor/1"],
        Kind.RUN: [tracking_keys.run(child), tracking_keys.run(parent)],
        Kind.EXPERIMENT: [tracking_keys.experiment(other)],
    }


def by_kind(some: list[Candidate]) -> dict[Kind, list[str]]:
    found: dict[Kind, list[str]] = {}
    for each in some:
        found.setdefault(each.kind, []).append(each.key)
    return {kind: sorted(keys) for kind, keys in found.items()}


def freed(before: dict[str, int], after: dict[str, int]) -> int:
    return sum(size for key, size in before.items() if key not in after and not key.startswith("gc/"))


@pytest.mark.parametrize("store_url", ["memory", "folder", "moto-obstore"], indirect=True)
def test_what_nothing_mentions_is_noted_and_removed_after_the_grace_and_as_many_bytes_as_promised(
    store: ObjectStore, time: Clock
) -> None:
    client = a_client(store)
    wanted = {kind: sorted(keys) for kind, keys in garbage_of_every_kind(client).items()}
    assert client.garbage.look().new == []  # too young
    time.pass_ms(31 * DAY_MS)
    before = sizes(store)
    found = client.garbage.look()
    assert (by_kind([*found.new, *found.named]), found.due, found.held) == (wanted, [], {})
    assert {each.kind for each in found.named} == {*CONTENTS}
    assert sizes(store) == before  # a look changes nothing
    done = client.garbage.collect()
    assert (by_kind([*done.noted, *done.condemned]), done.removed) == (wanted, [])
    time.pass_ms(2 * HOUR_MS)
    done = client.garbage.collect()
    assert ({each.kind for each in done.noted}, done.condemned, done.removed) == ({*CONTENTS}, [], [])
    assert freed(before, sizes(store)) == 0
    time.pass_ms(6 * DAY_MS)
    assert by_kind(client.garbage.look().waiting) == wanted
    time.pass_ms(2 * DAY_MS)
    promise = client.garbage.look()
    assert by_kind(promise.due) == wanted
    before = sizes(store)
    done = client.garbage.collect()
    assert sorted(done.removed, key=str) == sorted(promise.due, key=str)
    assert done.held == {}
    after = sizes(store)
    assert freed(before, after) == sum(each.size_bytes for each in promise.due) > 0
    gone = {key for key in before if key not in after and not key.startswith("gc/")}
    assert len(gone) == sum(each.objects for each in promise.due)
    assert_whole(client)
    time.pass_ms(40 * DAY_MS)
    left = client.garbage.look()
    assert (left.due, left.waiting, left.new) == ([], [], [])
    assert not any(key.startswith("gc/") for key in sizes(store))


def test_what_is_mentioned_or_changed_after_it_was_noted_stays(time: Clock) -> None:
    client = a_client(MemoryStore())
    run_id = client.runs.create("0").info.run_id
    log_model(client, run_id, "model", "weights")
    client.register_model(f"runs:/{run_id}/model", "churn", copy=True)
    client.model_versions.delete("churn", 1)
    client.runs.delete(run_id)
    time.pass_ms(31 * DAY_MS)
    assert set(by_kind(client.garbage.collect().condemned)) == {Kind.KEPT_FILE}  # the history has the manifest
    time.pass_ms(2 * HOUR_MS)
    assert set(by_kind(client.garbage.collect().noted)) == {Kind.KEPT_FILE}
    assert set(by_kind(client.garbage.look().waiting)) == {Kind.KEPT_FILE, Kind.RUN}
    client.runs.restore(run_id)
    assert client.register_model(f"runs:/{run_id}/model", "churn", copy=True).version == 2
    time.pass_ms(31 * DAY_MS)
    promise = client.garbage.look()
    assert {each.kind for each in promise.due} == {Kind.KEPT_FILE}  # under the name that was condemned
    client.garbage.collect()
    assert_whole(client)


def test_a_run_that_a_version_needs_stays_and_is_named(time: Clock) -> None:
    client = a_client(MemoryStore())
    experiment = client.experiments.create("e")
    run_id = client.runs.create(experiment).info.run_id
    log_model(client, run_id, "model", "weights")
    client.register_model(f"runs:/{run_id}/model", "churn")
    client.runs.delete(run_id)
    time.pass_ms(31 * DAY_MS)
    held = client.garbage.look().held
    assert held == {tracking_keys.run(run_id): "version churn/1 of a registered model came from it"}
    client.garbage.collect()
    time.pass_ms(31 * DAY_MS)
    assert client.garbage.collect().removed == []
    client.runs.restore(run_id)
    assert_whole(client)


def test_a_grace_that_a_writer_may_outlast_is_refused() -> None:
    with pytest.raises(InvalidInput, match="at least 1 day"):
        a_client(MemoryStore()).garbage.look(grace_ms=HOUR_MS)


def test_what_is_condemned_is_written_under_the_next_name_and_found_there(time: Clock) -> None:
    client = a_client(MemoryStore())
    run_id = client.runs.create("0").info.run_id
    log_model(client, run_id, "model", "weights")
    for number in (1, 2, 3):
        version = client.register_model(f"runs:/{run_id}/model", "churn", copy=True)
        assert version.version == number
        assert_whole(client)
        client.model_versions.delete("churn", number)
        time.pass_ms(8 * DAY_MS)
        for _ in range(3):
            client.garbage.collect()
            time.pass_ms(8 * DAY_MS)
    names = [key for key in sizes(client.store) if key.startswith("model_files/")]
    assert names
    assert all(key.endswith(".gone") for key in names)
    assert len(names) == 3 * 2


class Scheduled(WatchedStore):
    """Before one of its requests, by number from 0, something else happens."""

    def __init__(self, inner: ObjectStore, at: int, then: Callable[[], object]) -> None:
        super().__init__(inner)
        self._left = at
        self._then = then
        self._lock = threading.Lock()
        self.happened = False

    def _before(self, verb: str, key: str) -> None:
        with self._lock:
            self._left -= 1
            now = self._left == -1
        if now:
            self.happened = True
            self._then()


def _world() -> tuple[MemoryStore, dict[str, Any]]:
    """Where each writer has something to do: points to spill, segments to merge, files to use again."""
    store = MemoryStore()
    client = a_client(store)
    experiment = client.experiments.create("e")
    run_id = client.runs.create(experiment).info.run_id
    log_model(client, run_id, "model", "weights")
    for number in range(7):
        log_points(client, run_id, INLINE_POINTS + 1, number * 10_000)
    client.register_model(f"runs:/{run_id}/model", "churn", copy=True)
    client.registered_models.create("other")
    client.model_versions.delete("churn", 1)
    for _ in range(2):  # the indexes have manifests, and something to fold
        client.run_index.compact(experiment)
        client.model_index.compact("")
        client.runs.update(client.runs.create(experiment).info.run_id, status="FINISHED")
        client.registered_models.set_tag("churn", "a", "b")
    for number in range(255):  # the next but one packs a page
        client.model_versions.create("other", f"runs:/{'a' * 32}/m{number}")
    return store, {"experiment": experiment, "run": run_id}


def _spill_and_merge(client: Client, ids: dict[str, Any]) -> None:
    log_points(client, ids["run"], INLINE_POINTS + 1, 90_000)


def _compact(client: Client, ids: dict[str, Any]) -> None:
    client.run_index.compact(ids["experiment"])
    client.model_index.compact("")


def _register(client: Client, ids: dict[str, Any]) -> None:
    client.register_model(f"runs:/{ids['run']}/model", "churn")


def _register_copy(client: Client, ids: dict[str, Any]) -> None:
    client.register_model(f"runs:/{ids['run']}/model", "churn", copy=True)


def _pack(client: Client, _ids: dict[str, Any]) -> None:
    for number in (255, 256, 257):
        client.model_versions.create("other", f"runs:/{'a' * 32}/m{number}")
    client.registered_models.rename("other", "another")


def _release(client: Client, _ids: dict[str, Any]) -> None:
    client.releases.switch("prod", {"m": "other/1"})


WRITERS = [_spill_and_merge, _compact, _register, _register_copy, _pack, _release]


@pytest.mark.parametrize("writer", WRITERS)
def test_a_writer_that_sleeps_longer_than_any_grace_before_any_request_loses_nothing(
    writer: Callable[[Client, dict[str, Any]], None], time: Clock
) -> None:
    world, ids = _world()

    def meanwhile(store: ObjectStore) -> None:
        for _ in range(4):
            time.pass_ms(8 * DAY_MS)
            a_client(store).garbage.collect()

    at, step = 0, 1 if IS_THOROUGH else 8
    while True:
        store = copied(world)
        slow = Scheduled(store, at, lambda store=store: meanwhile(store))  # type: ignore[misc]
        with suppress(CloudtrackError):
            writer(a_client(slow), ids)
        assert_whole(a_client(store))
        if not slow.happened:
            break
        meanwhile(store)
        assert_whole(a_client(store))
        at += step
        if at > 40 and not IS_THOROUGH:
            step = 29
    assert at > 5


@pytest.mark.parametrize("writer", WRITERS)
def test_a_collection_that_stops_before_any_request_while_others_write_removes_nothing_of_theirs(
    writer: Callable[[Client, dict[str, Any]], None], time: Clock
) -> None:
    """Also of one that goes on after another collection has done its work."""
    world, ids = _world()
    run_id = ids["run"]
    overwrite(world, tracking_keys.segment(run_id, "cut0ff"), b"PAR1 points")
    index = IndexKeys(tracking_keys.run_index(ids["experiment"]))
    a_client(world).run_index.compact(ids["experiment"])
    overwrite(world, index.rows("cut0ff"), b"PAR1 rows")
    overwrite(world, f"{keys.pages('other')}{'2' * 64}.json", b"[]")
    time.pass_ms(8 * DAY_MS)
    for _ in range(2):
        a_client(world).garbage.collect()
        time.pass_ms(8 * DAY_MS)

    def meanwhile(store: ObjectStore) -> None:
        writer(a_client(store), ids)
        a_client(store).garbage.collect()

    at = 0
    while True:
        store = copied(world)
        slow = Scheduled(store, at, lambda store=store: meanwhile(store))  # type: ignore[misc]
        collector = a_client(slow)
        with suppress(CloudtrackError):
            collector.garbage.collect()
        assert_whole(a_client(store))
        if not slow.happened:
            break
        at += 1 if IS_THOROUGH else 7
    assert at > 10


@pytest.mark.slow
def test_a_collection_that_was_stopped_before_any_write_is_finished_by_the_next(time: Clock) -> None:
    world = MemoryStore()
    client = a_client(world)
    wanted = garbage_of_every_kind(client)
    time.pass_ms(31 * DAY_MS)
    noting, writes = True, 0
    while noting:  # the first phase
        store = copied(world)
        with suppress(Stopped):
            a_client(StoppingStore(store, writes=writes)).garbage.collect()
            noting = False
        assert freed(sizes(world), sizes(store)) == 0
        writes += 1
    world = store
    for _ in range(2):
        time.pass_ms(2 * HOUR_MS)
        a_client(world).garbage.collect()
    time.pass_ms(8 * DAY_MS)
    promise = sum(each.size_bytes for each in a_client(copied(world)).garbage.look().due)
    removing, writes = True, 0
    while removing:
        store = copied(world)
        before = sizes(store)
        with suppress(Stopped):
            a_client(StoppingStore(store, writes=writes)).garbage.collect()
            removing = False
        assert_whole(a_client(store))
        for _ in range(2):  # what was cut off in the middle of a purge
            for each in [*wanted[Kind.RUN], *wanted[Kind.EXPERIMENT]]:
                if b'"purged"' in store.get(each).body and each.startswith("runs/"):
                    a_client(store).purging.run(each.split("/")[1])
            time.pass_ms(8 * DAY_MS)
            a_client(store).garbage.collect()
        assert_whole(a_client(store))
        after = sizes(store)
        promised = [key for kind, some in wanted.items() if kind not in (Kind.RUN, Kind.EXPERIMENT) for key in some]
        assert not [key for key in promised if key in after]
        if not removing:
            assert freed(before, after) == promise
        writes += 1 if IS_THOROUGH else 4


def test_what_is_read_grows_with_models_and_long_runs_alone(time: Clock) -> None:
    def requests(runs: int) -> dict[str, int]:
        inner = MemoryStore()
        client = a_client(inner)
        fill(client)
        for _ in range(runs):
            run_id = client.runs.create("0").info.run_id
            client.artifacts.log_text(run_id, "x", "x.txt")
            client.runs.update(run_id, status="FINISHED")
        client.run_index.compact("0")
        time.pass_ms(31 * DAY_MS)
        store = CountingStore(inner)
        reader = a_client(store)
        store.reset()
        reader.garbage.look()
        return store.counts

    few, many = requests(1), requests(40)
    assert few == many
    assert few.get("create", 0) == 0
    assert condemnation("x") == "x.gone"
