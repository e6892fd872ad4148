"""Any interleaving of writes, compactions (also killed ones) and searches agrees with a plain model."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from cloudtrack.index.cache import PartCache
from cloudtrack.index.collection import Collection, search
from cloudtrack.index.compaction import Compactor
from cloudtrack.index.ranking import Ranking, Term
from cloudtrack.search.expression import EVERYTHING
from cloudtrack.search.filters import parse_filter
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.opening import open_store
from tests.index.things import TYPES, Things
from tests.storage.lossy import CountingStore, LossyStore, Stopped, StoppingStore
from tests.thoroughness import examples

BY_METRIC = Ranking([Term("metrics.a", True, True), Term("attributes.time", False, True)])
BY_LAST = Ranking([Term("metrics.many", False, True), Term("params.p", True, False)])
FILTERS = [
    "",
    "metrics.many >= 0.5",
    "metrics.a > 0.3",
    "params.p = 'x'",
    "params.p != 'x' AND metrics.a <= 0.7",
    "metrics.a IS NULL",
]
values = st.fixed_dictionaries(
    {"attributes.time": st.integers(0, 2)},
    optional={
        "metrics.a": st.sampled_from([0.0, 0.25, 0.5, 0.75, float("nan")]),
        "metrics.many": st.sampled_from([[], [0.5], [0.75, 0.25], [0.1, float("nan")]]),
        "params.p": st.sampled_from(["x", "y"]),
        "params.P": st.just("upper"),
    },
)


def names_in(hits: list[Any]) -> list[str]:
    return [hit.text for hit in hits]


class CollectionMachine(RuleBasedStateMachine):
    """One store, two readers (one that has been reading all along, one new each time), a plain model."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.model: dict[str, dict[str, Any]] = {}
        self.open_names: set[str] = set()

    def new_store(self) -> ObjectStore:
        return MemoryStore(uuid.uuid4().hex)

    @initialize()
    def begin(self) -> None:
        self.store = self.new_store()
        self.things = Things(self.store)
        self.cache = PartCache(self.store, self.folder / "cache")
        self.collection = Collection(self.store, self.things, self.cache)

    def teardown(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    @rule(values=values, settled=st.booleans())
    def create(self, values: dict[str, Any], settled: bool) -> None:
        name = f"t{len(self.model):03}"
        self.things.create(name, values, settled=settled)
        self.model[name] = values
        if not settled:
            self.open_names.add(name)

    @rule(values=values)
    def creation_is_cut_off(self, values: dict[str, Any]) -> None:
        with contextlib.suppress(Stopped):
            Things(StoppingStore(self.store, writes=1)).create(f"lost{uuid.uuid4().hex[:6]}", values)

    @precondition(lambda self: self.model)
    @rule(data=st.data(), values=values, settled=st.booleans())
    def change(self, data: st.DataObject, values: dict[str, Any], settled: bool) -> None:
        name = data.draw(st.sampled_from(sorted(self.model)))
        self.things.change(name, values, settled=settled)
        self.model[name] = values

    @precondition(lambda self: self.model)
    @rule(data=st.data(), values=values, writes=st.integers(0, 1))
    def change_is_cut_off(self, data: st.DataObject, values: dict[str, Any], writes: int) -> None:
        name = data.draw(st.sampled_from(sorted(self.model)))
        before = self.things.get(name).document.version
        with contextlib.suppress(Stopped):
            Things(StoppingStore(self.store, writes=writes)).change(name, values)
        if self.things.get(name).document.version > before:
            self.model[name] = values

    @rule()
    def compact(self) -> None:
        Compactor(self.store, self.things, self.cache).compact()

    @rule(writes=st.integers(0, 12))
    def compaction_is_killed(self, writes: int) -> None:
        stopping = StoppingStore(self.store, writes=writes)
        with contextlib.suppress(Stopped):
            Compactor(stopping, self.things, PartCache(self.store, self.folder / "cache")).compact()

    @rule(seed=st.integers(0, 5))
    def compaction_loses_answers(self, seed: int) -> None:
        lossy = LossyStore(self.store, share=0.5, seed=seed)
        with contextlib.suppress(Exception):
            Compactor(lossy, self.things, self.cache).compact()

    @rule(
        text=st.sampled_from(FILTERS),
        ranking=st.sampled_from([BY_METRIC, BY_LAST]),
        fresh=st.booleans(),
        limit=st.integers(1, 5),
    )
    def search(self, text: str, ranking: Ranking, fresh: bool, limit: int) -> None:
        expression = parse_filter(text, TYPES)
        expected = self.expected(text, ranking)
        collection = Collection(self.store, self.things, self.cache) if fresh else self.collection
        found: list[str] = []
        after = None
        while True:
            page = search([collection], expression, ranking, limit=limit, after=after)
            found += names_in(page)
            if len(page) < limit:
                break
            after = page[-1].key
        assert found == expected

    @invariant()
    def a_search_sees_all(self) -> None:
        if hasattr(self, "collection"):
            assert names_in(search([self.collection], EVERYTHING, BY_METRIC, limit=1000)) == self.expected("")

    def expected(self, text: str, ranking: Ranking = BY_METRIC) -> list[str]:
        expression = parse_filter(text, TYPES)
        chosen = [
            name
            for name, row in self.model.items()
            if expression.holds(lambda kind, key, row=row: as_tuple(row.get(f"{kind}.{key}")))
        ]
        return sorted(chosen, key=lambda name: ranking.sort_key(ranking.key(last_values(self.model[name]), name)))


def as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def last_values(row: dict[str, Any]) -> dict[str, Any]:
    return {key: (value[-1] if value else None) if isinstance(value, list) else value for key, value in row.items()}


class FolderMachine(CollectionMachine):
    """The same in a folder."""

    def new_store(self) -> ObjectStore:
        return open_store(str(self.folder / "store"))


TestInMemory = CollectionMachine.TestCase
TestInMemory.settings = settings(
    max_examples=examples(40), stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
TestInAFolder = FolderMachine.TestCase
TestInAFolder.settings = settings(TestInMemory.settings, max_examples=examples(40))


def fill(store: ObjectStore, count: int, *, first: int = 0) -> Things:
    things = Things(store)
    for number in range(first, first + count):
        things.create(f"t{number:05}", {"metrics.a": number / 1000, "attributes.time": number})
    return things


@pytest.mark.parametrize("store_url", ["moto-obstore", "seaweed-obstore", "seaweed-s3fs"], indirect=True)
def test_on_s3_a_search_sees_what_was_written_before_and_after_a_compaction(store: ObjectStore, tmp_path: Path) -> None:
    things = fill(store, 30)
    cache = PartCache(store, tmp_path / "cache")
    collection = Collection(store, things, cache)
    expected = [f"t{number:05}" for number in reversed(range(30))]
    assert names_in(search([collection], EVERYTHING, BY_METRIC, limit=100)) == expected
    done = Compactor(store, things, cache).compact()
    assert (done.folded, done.markers_deleted) == (30, 30)
    assert names_in(search([collection], EVERYTHING, BY_METRIC, limit=100)) == expected
    things.change("t00003", {"metrics.a": 9.0})
    assert names_in(search([collection], EVERYTHING, BY_METRIC, limit=2)) == ["t00003", "t00029"]
    assert list(store.list(things.keys.pending))


def test_a_warm_search_asks_for_the_markers_the_manifest_and_what_changed(tmp_path: Path) -> None:
    store = CountingStore(MemoryStore(uuid.uuid4().hex))
    things = fill(store, 200)
    cache = PartCache(store, tmp_path)
    collection = Collection(store, things, cache)
    Compactor(store, things, cache).compact()
    search([collection], EVERYTHING, BY_METRIC, limit=10)
    store.reset()
    search([collection], EVERYTHING, BY_METRIC, limit=10)
    assert store.requests == 2
    for name in ("t00001", "t00002"):
        things.change(name, {"metrics.a": 5.0})
    store.reset()
    search([collection], EVERYTHING, BY_METRIC, limit=10)
    assert store.requests == 2 + 2
    store.reset()
    search([collection], EVERYTHING, BY_METRIC, limit=10)
    assert store.requests == 2


def test_parts_are_merged_so_that_there_are_few(tmp_path: Path) -> None:
    store = MemoryStore(uuid.uuid4().hex)
    cache = PartCache(store, tmp_path)
    for number in range(30):
        things = fill(store, 3, first=number * 3)
        Compactor(store, things, cache).compact()
    collection = Collection(store, things, cache)
    view = collection.view()
    assert view.manifest.live_rows == 90
    assert len(view.manifest.parts) <= 8
    for kind in ("parts", "entities"):
        assert len(list(store.list(f"things/index/{kind}/"))) == len(view.manifest.parts)
    assert len(search([collection], EVERYTHING, BY_METRIC, limit=100)) == 90


def test_a_part_that_was_merged_away_during_a_search_makes_it_begin_again(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "store"))
    things = fill(store, 10)
    cache = PartCache(store, tmp_path / "cache")
    reader = Collection(store, things, cache)
    Compactor(store, things, cache).compact()
    old = reader.view()
    for number in range(8):
        fill(store, 1, first=100 + number)
        Compactor(store, things, cache).compact()
    assert {part.name for part in old.manifest.parts}.isdisjoint(part.name for part in reader.view().manifest.parts)
    assert len(search([reader], EVERYTHING, BY_METRIC, limit=100)) == 18


def test_many_compactions_at_once_lose_and_double_nothing(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    store = open_store(str(tmp_path / "store"))
    things = fill(store, 60)

    def compact(number: int) -> None:
        cache = PartCache(store, tmp_path / f"cache-{number}")
        fill(store, 10, first=1000 + 10 * number)
        Compactor(store, things, cache).compact()

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(compact, range(6)))
    collection = Collection(store, things, PartCache(store, tmp_path / "cache"))
    found = names_in(search([collection], EVERYTHING, BY_METRIC, limit=1000))
    assert len(found) == len(set(found)) == 120
    Compactor(store, things, PartCache(store, tmp_path / "cache")).compact()
    assert sorted(names_in(search([collection], EVERYTHING, BY_METRIC, limit=1000))) == sorted(found)
    assert list(store.list(things.keys.pending)) == []


@pytest.mark.parametrize("kind", ["moto-obstore", "seaweed-obstore"])
def test_any_interleaving_on_s3(kind: str, make_url: Callable[[str], str]) -> None:
    class OnS3Machine(CollectionMachine):
        def new_store(self) -> ObjectStore:
            return open_store(make_url(kind))

    run_state_machine_as_test(OnS3Machine, settings=settings(TestInMemory.settings, max_examples=examples(16)))
