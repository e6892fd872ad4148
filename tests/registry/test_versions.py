"""Versions in pages are those of a plain dictionary, whatever was put into pages when; and requests stay few."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudtrack.client import Client
from cloudtrack.errors import CorruptData
from cloudtrack.index.indexes import ONE
from cloudtrack.registry import keys, version_pages, versions
from cloudtrack.registry.history import History
from cloudtrack.registry.model_versions import ModelVersions
from cloudtrack.registry.registered_models import RegisteredModels
from cloudtrack.registry.registry import Registry
from cloudtrack.registry.stages import Stages
from cloudtrack.registry.version_pages import page_loader, write_page
from cloudtrack.registry.version_state import VersionState
from cloudtrack.registry.versions import Versions
from cloudtrack.storage.memory import MemoryStore
from tests.storage.lossy import CountingStore
from tests.thoroughness import examples

STAGES = ("None", "Staging", "Production", "Archived")
SOURCE = "runs:/" + "a" * 32 + "/model"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "MOST_RECENT", 5)
    monkeypatch.setattr(versions, "_STAYING", 2)
    monkeypatch.setattr(versions, "PAGE_VERSIONS", 4)


Step = tuple[str, int, str]
steps = st.lists(
    st.tuples(
        st.sampled_from(["add", "add", "move", "tag", "delete", "pack", "keep"]),
        st.integers(0, 60),
        st.sampled_from(STAGES),
    ),
    max_size=120,
)


@pytest.mark.usefixtures("small")
@settings(max_examples=examples(300), deadline=None)
@given(steps)
def test_they_are_those_of_a_plain_dictionary(done: list[Step]) -> None:
    store = MemoryStore()
    load = page_loader(store)
    found, plain = Versions(), {}
    found.bind(load)
    last = 0
    for event, (what, pick, stage) in enumerate(done, 1):
        there = sorted(number for number, version in plain.items() if not version.deleted)
        if what == "add":
            last += 1
            found.add(VersionState(version=last, number=event, created=0, updated=0, source=SOURCE))
            plain[last] = VersionState(version=last, number=event, created=0, updated=0, source=SOURCE)
        elif what == "pack":
            found.pack(lambda rows: write_page(store, "pages/", rows))
        elif what == "keep":
            found = Versions.model_validate_json(found.model_dump_json())
            found.bind(load)
        elif there:
            number = there[pick % len(there)]
            for version in (found.change(number, event), plain[number]):
                version.number = event
                if what == "move":
                    version.stage = stage
                elif what == "tag":
                    version.tags["t"] = stage
                else:
                    version.deleted = True
        _same(found, plain, last, pick)


def _same(found: Versions, plain: dict[int, VersionState], last: int, since: int) -> None:
    there = {number: version for number, version in plain.items() if not version.deleted}
    for number in range(last + 2):
        assert found.get(number) == there.get(number)
    for stage in STAGES:
        holders = sorted(number for number, version in there.items() if version.stage == stage)
        assert found.holders(stage) == holders
        assert found.newest_in(stage) == (holders[-1] if holders else None)
    assert found.newest() == max(there, default=None)
    assert list(found.since(since)) == [plain[number] for number in sorted(plain) if plain[number].number >= since]


def _filled(store: MemoryStore | CountingStore, count: int) -> Registry:
    registry = Registry(store, actor="ann")
    RegisteredModels(registry).create("churn")
    for _ in range(count):
        ModelVersions(registry).create("churn", SOURCE)
    return registry


@pytest.mark.usefixtures("small")
def test_a_checkpoint_does_not_grow_with_the_versions() -> None:
    store = MemoryStore()
    registry = _filled(store, 40)
    size = len(store.get(keys.checkpoint("churn")).body)
    for _ in range(160):
        ModelVersions(registry).create("churn", SOURCE)
    state = registry.read("churn")
    assert len(state.versions.recent) <= versions.MOST_RECENT
    assert len(store.get(keys.checkpoint("churn")).body) < size + 45 * 250  # of 45 pages more, not of 160 versions
    assert [state.versions.get(number) is not None for number in (1, 100, 200, 201)] == [True, True, True, False]


@pytest.mark.usefixtures("small")
def test_requests_do_not_grow_with_the_versions() -> None:
    store = CountingStore(MemoryStore())
    registry = _filled(store, 200)
    rng = random.Random(1)
    most = 0
    for _ in range(100):
        store.reset()
        Stages(registry).transition("churn", rng.randint(1, 200), "Production", archive_existing_versions=True)
        most = max(most, store.requests)
    assert most <= 13  # five, and of pages: two that are read, two that are read, looked for and written anew
    store.reset()
    assert len(Stages(registry).holders("churn", "Production")) == 1
    assert store.requests <= 3


@pytest.mark.usefixtures("small")
def test_a_page_that_was_altered_is_refused_and_can_be_made_anew() -> None:
    store = MemoryStore()
    registry = _filled(store, 30)
    page = registry.read("churn").versions.pages[0].key
    body = store.get(page)
    store.replace(page, body.body.replace(b"aaaa", b"bbbb"), body.etag)
    fresh = Registry(store, actor="ann")
    with pytest.raises(CorruptData, match=r"was altered; delete the model's model.json"):
        ModelVersions(fresh).get("churn", 1)
    store.delete(keys.checkpoint("churn"))
    assert ModelVersions(Registry(store, actor="ann")).get("churn", 1).source == SOURCE
    assert History(fresh).verify("churn").number == 31


def test_a_page_is_named_by_its_bytes() -> None:
    store = MemoryStore()
    rows = [VersionState(version=1, created=0, updated=0, source=SOURCE)]
    assert write_page(store, "pages/", rows).key == write_page(store, "pages/", rows).key
    with pytest.raises(CorruptData, match="is missing"):
        version_pages.page_loader(store)("pages/none.json")


@pytest.mark.slow
def test_200_000_versions() -> None:
    store = CountingStore(MemoryStore())
    client = Client(store)
    client.registered_models.create("churn")
    for number in range(200_000):
        client.model_versions.create("churn", SOURCE)
        if number % 20_000 == 0:
            client.stages.transition("churn", number + 1, "Production", archive_existing_versions=True)
            client.model_index.compact(ONE)
    client.model_index.compact(ONE)
    assert len(store.get(keys.checkpoint("churn")).body) < 200_000
    versions, stages = client.model_versions, client.stages
    done: list[tuple[Callable[[], object], int]] = [
        (lambda: versions.create("churn", SOURCE), 8),
        (lambda: stages.transition("churn", 100_000, "Production", archive_existing_versions=True), 8),
        (lambda: stages.rollback("churn", "Production"), 8),
        (lambda: versions.get("churn", 3), 3),
        (lambda: versions.get_latest_versions("churn"), 6),
        (lambda: versions.resolve("churn", "Production"), 4),
        (lambda: versions.search("name = 'churn'", max_results=20), 6),
    ]
    for act, most in done:
        store.reset()
        act()
        assert store.requests <= most, (store.counts, most)
    page = versions.search("name = 'churn'", max_results=3, order_by=["version_number DESC"])
    assert [version.version for version in page] == [200_001, 200_000, 199_999]
