"""Experiments, logged models, registered models and versions: whatever is done to them and to their indexes, searches
find what reading each by itself finds."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import uuid
from collections.abc import Callable
from dataclasses import asdict
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

from cloudtrack.client import Client
from cloudtrack.entities.experiment import ViewType
from cloudtrack.entities.registered_model import PROMPT_TAG
from cloudtrack.entities.run import Metric
from cloudtrack.errors import CloudtrackError, Unavailable
from cloudtrack.index.cache import PartCache
from cloudtrack.index.compaction import Compactor
from cloudtrack.index.indexes import ONE, Indexes
from cloudtrack.index.source import Found
from cloudtrack.registry import versions
from cloudtrack.registry.model_source import ModelSource
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.opening import open_store
from tests.storage.lossy import CountingStore, LossyStore, Stopped, StoppingStore
from tests.thoroughness import examples

NAMES = ("a", "b" * 220)
SOURCE = f"runs:/{'0' * 32}/model"
few = settings(
    max_examples=examples(25), stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)


writes = st.none() | st.none() | st.integers(0, 4)
"""After how many writes the process dies that makes a change, if it does."""


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that versions of a model are in pages soon."""
    monkeypatch.setattr(versions, "MOST_RECENT", 2)
    monkeypatch.setattr(versions, "_STAYING", 1)
    monkeypatch.setattr(versions, "PAGE_VERSIONS", 3)


class Machine(RuleBasedStateMachine):
    """A reader that has been reading all along, one that is new each time, and the truth."""

    which: tuple[int, ...]
    """The indexes that are looked at."""

    def new_store(self) -> ObjectStore:
        return MemoryStore(uuid.uuid4().hex)

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.store = self.new_store()
        self.client = Client(self.store, spool_dir=self.folder / "spool")
        self.experiments = ["0", self.client.experiments.create("e")]
        self.fill()

    def fill(self) -> None:
        """What there is from the beginning."""

    def teardown(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def acting(self, writes: int | None) -> Client:
        """The client, or one that dies before a write."""
        if writes is None:
            return self.client
        return Client(StoppingStore(self.store, writes=writes), spool_dir=self.folder / "spool", create=False)

    def do(self, writes: int | None, work: Callable[[Client], Any]) -> Any:
        """Work that may be refused, or cut off."""
        with contextlib.suppress(CloudtrackError, Stopped):
            return work(self.acting(writes))
        return None

    @rule(data=st.data())
    def compact(self, data: st.DataObject) -> None:
        indexes = self.client.indexes[data.draw(st.sampled_from(self.which))]
        for name in self.names(indexes):
            indexes.compact(name)

    @rule(data=st.data(), writes=st.integers(0, 8))
    def compaction_is_killed(self, data: st.DataObject, writes: int) -> None:
        self.compact_over(data, StoppingStore(self.store, writes=writes))

    @rule(data=st.data(), seed=st.integers(0, 5))
    def compaction_loses_answers(self, data: st.DataObject, seed: int) -> None:
        self.compact_over(data, LossyStore(self.store, share=0.4, seed=seed))

    def compact_over(self, data: st.DataObject, store: ObjectStore) -> None:
        indexes = self.client.indexes[data.draw(st.sampled_from(self.which))]
        for name in self.names(indexes):
            with contextlib.suppress(Stopped, Unavailable):
                Compactor(store, indexes.source(name), PartCache(self.store, self.folder / "other")).compact()

    def names(self, indexes: Indexes) -> list[str]:
        return self.experiments if indexes.is_many else [ONE]

    @invariant()
    def searches_find_what_there_is(self) -> None:
        if hasattr(self, "experiments"):
            self.check(self.client)

    @rule()
    def a_new_process_searches(self) -> None:
        self.check(Client(self.store, spool_dir=self.folder / "spool", create=False))

    def check(self, client: Client) -> None:
        """Compare what searches find with what reading each by itself finds."""


class TrackingMachine(Machine):
    """Experiments and logged models."""

    which = (0, 2)

    def fill(self) -> None:
        self.logged: list[str] = []

    @rule(writes=writes, name=st.sampled_from("xyz"))
    def create_experiment(self, writes: int | None, name: str) -> None:
        self.do(writes, lambda client: client.experiments.create(name, tags={"t": "1"}))
        found = self.client.experiments.get_by_name(name)
        if found is not None and found.experiment_id not in self.experiments:
            self.experiments.append(found.experiment_id)

    @rule(writes=writes, data=st.data(), name=st.sampled_from("xyzw"), what=st.integers(0, 3))
    def change_experiment(self, writes: int | None, data: st.DataObject, name: str, what: int) -> None:
        one = data.draw(st.sampled_from(self.experiments))
        self.do(
            writes,
            lambda client: [
                lambda: client.experiments.rename(one, name),
                lambda: client.experiments.set_tag(one, "t", name),
                lambda: client.experiments.set_lifecycle_stage(one, "deleted"),
                lambda: client.experiments.set_lifecycle_stage(one, "active"),
            ][what](),
        )

    @rule(writes=writes, which=st.integers(0, 1), loss=st.sampled_from([0.25, 0.75]))
    def create_logged_model(self, writes: int | None, which: int, loss: float) -> None:
        operation = uuid.uuid4().hex
        self.do(
            writes,
            lambda client: client.logged_models.create(self.experiments[which], name="m", operation=operation),
        )
        with contextlib.suppress(CloudtrackError):
            self.client.logged_models.get(f"m-{operation}")
            self.logged.append(f"m-{operation}")

    @precondition(lambda self: self.logged)
    @rule(writes=writes, data=st.data(), value=st.sampled_from([0.25, 0.75]), what=st.integers(0, 4))
    def change_logged_model(self, writes: int | None, data: st.DataObject, value: float, what: int) -> None:
        one = data.draw(st.sampled_from(self.logged))
        self.do(
            writes,
            lambda client: [
                lambda: client.logged_models.log_metrics(one, [Metric("m", value, 1, 1)]),
                lambda: client.logged_models.log_metrics(one, [Metric("m", value, 1, 0, None, "d", "1")]),
                lambda: client.logged_models.set_tags(one, {"t": str(value)}),
                lambda: client.logged_models.finalize(one, "READY"),
                lambda: client.logged_models.delete(one),
            ][what](),
        )

    def check(self, client: Client) -> None:
        self.check_experiments(client)
        self.check_logged_models(client)

    def check_experiments(self, client: Client) -> None:
        truth = [asdict(self.client.experiments.get(one)) for one in self.experiments]
        by_id = sorted(truth, key=lambda item: str(item["experiment_id"]))
        found = client.experiments.search(view_type=ViewType.ALL, order_by=["experiment_id"])
        assert [asdict(item) for item in found] == by_id
        tagged = client.experiments.search("tags.t = '1'", order_by=["experiment_id"])
        active = [item for item in by_id if item["lifecycle_stage"] == "active"]
        assert [asdict(item) for item in tagged] == [item for item in active if item["tags"].get("t") == "1"]

    def check_logged_models(self, client: Client) -> None:
        truth = []
        for one in sorted(self.logged):
            with contextlib.suppress(CloudtrackError):  # in the trash
                truth.append(asdict(self.client.logged_models.get(one)))
        found = client.logged_models.search(self.experiments, order_by=[], max_results=None)
        assert sorted((asdict(item) for item in found), key=lambda item: str(item["model_id"])) == truth
        large = client.logged_models.search(self.experiments, "metrics.m > 0.5")
        assert {item.model_id for item in large} == {
            item["model_id"] for item in truth if any(metric["value"] > 0.5 for metric in item["metrics"])
        }


class RegistryMachine(Machine):
    """Registered models and versions."""

    which = (3,)
    name = st.sampled_from(NAMES)
    number = st.integers(1, 3)

    def fill(self) -> None:
        self.stale: list[Found] = []
        for name in NAMES[:2]:
            self.client.registered_models.create(name)
            for _ in range(2):
                self.client.model_versions.create(name, SOURCE)

    @rule(writes=writes, name=name)
    def create_model(self, writes: int | None, name: str) -> None:
        self.do(writes, lambda client: client.registered_models.create(name, tags={"t": "1"}))

    @rule(writes=writes, name=name)
    def create_version(self, writes: int | None, name: str) -> None:
        self.do(writes, lambda client: client.model_versions.create(name, SOURCE, tags={"t": "1"}))

    @rule(writes=writes, name=name, version=number)
    def promote(self, writes: int | None, name: str, version: int) -> None:
        self.do(
            writes, lambda client: client.stages.transition(name, version, "Production", archive_existing_versions=True)
        )

    @rule(writes=writes, name=name, version=number)
    def set_alias(self, writes: int | None, name: str, version: int) -> None:
        self.do(writes, lambda client: client.aliases.set(name, "best", version))

    @rule(name=name)
    def delete_alias(self, name: str) -> None:
        self.do(None, lambda client: client.aliases.delete(name, "best"))

    @rule(writes=writes, name=name, version=number, text=st.sampled_from("xy"))
    def set_tag(self, writes: int | None, name: str, version: int, text: str) -> None:
        self.do(writes, lambda client: client.model_versions.set_tag(name, version, "t", text))

    @rule(writes=writes, name=name, version=number)
    def delete_version(self, writes: int | None, name: str, version: int) -> None:
        self.do(writes, lambda client: client.model_versions.delete(name, version))

    @rule(name=name, is_one=st.booleans())
    def make_it_a_prompt(self, name: str, is_one: bool) -> None:
        self.do(None, lambda client: client.registered_models.set_tag(name, PROMPT_TAG, str(is_one).lower()))

    @rule(writes=writes, name=name)
    def delete_model(self, writes: int | None, name: str) -> None:
        self.do(writes, lambda client: client.registered_models.delete(name))

    @rule(writes=writes, name=name, other=name)
    def rename_model(self, writes: int | None, name: str, other: str) -> None:
        self.do(writes, lambda client: client.registered_models.rename(name, other))

    @rule(name=name)
    def somebody_reads_a_model(self, name: str) -> None:
        """To fold it into the index much later."""
        self.stale += [found for found in [ModelSource(self.store).read(name)] if found is not None]

    @precondition(lambda self: self.stale)
    @rule()
    def and_folds_what_was_read(self) -> None:
        found = self.stale.pop()

        class Late(ModelSource):
            def read(self, document_id: str, since: int = 0) -> Found | None:
                return found if document_id == found.rows[0].id else super().read(document_id, since)

        Compactor(self.store, Late(self.store), PartCache(self.store, self.folder / "late")).compact()

    def check(self, client: Client) -> None:
        models, versions, prompts = [], [], []
        for name in NAMES:
            with contextlib.suppress(CloudtrackError):  # not there
                model = self.client.registered_models.get(name)
                models.append(model)
                versions += sorted(self.client.model_versions.list(name), key=lambda version: version.version)
                prompts += [name] if model.tags.get(PROMPT_TAG) == "true" else []
        by_number = ["name", "version_number"]
        assert list(client.registered_models.search()) == models
        assert list(client.model_versions.search(order_by=by_number)) == versions
        found = client.model_versions.search("stage = 'Production'", order_by=by_number)
        assert list(found) == [version for version in versions if version.current_stage == "Production"]
        found = client.model_versions.search(order_by=by_number, prompts=False)
        assert list(found) == [version for version in versions if version.name not in prompts]


class TrackingInAFolderMachine(TrackingMachine):
    def new_store(self) -> ObjectStore:
        return open_store(str(self.folder / "store"))


class RegistryInAFolderMachine(RegistryMachine):
    def new_store(self) -> ObjectStore:
        return open_store(str(self.folder / "store"))


TestTracking = TrackingMachine.TestCase
TestTracking.settings = few
TestRegistry = RegistryMachine.TestCase
TestRegistry.settings = settings(few, max_examples=examples(30), stateful_step_count=50)
TestTrackingInAFolder = TrackingInAFolderMachine.TestCase
TestTrackingInAFolder.settings = settings(few, max_examples=examples(24))
TestRegistryInAFolder = RegistryInAFolderMachine.TestCase
TestRegistryInAFolder.settings = settings(few, max_examples=examples(24))


@pytest.mark.slow
@pytest.mark.parametrize("machine", [TrackingMachine, RegistryMachine])
@pytest.mark.parametrize("kind", ["moto-obstore", "seaweed-obstore"])
def test_on_s3(kind: str, machine: type[Machine], make_url: Callable[[str], str]) -> None:
    class OnS3Machine(machine):  # type: ignore[misc, valid-type]
        def new_store(self) -> ObjectStore:
            return open_store(make_url(kind))

    run_state_machine_as_test(OnS3Machine, settings=settings(few, max_examples=examples(8), stateful_step_count=20))


def test_a_list_of_many_experiments_is_two_requests_a_page(tmp_path: Path) -> None:
    store = CountingStore(MemoryStore(uuid.uuid4().hex))
    client = Client(store, spool_dir=tmp_path / "spool")
    names = [f"e{number:04}" for number in range(1200)]
    for name in names:
        client.experiments.create(name)
    client.experiment_index.compact(ONE)
    client.experiments.search(max_results=1)
    found: list[str] = []
    token = None
    while True:
        store.reset()
        page = client.experiments.search("name LIKE 'e%'", order_by=["name"], max_results=500, page_token=token)
        assert store.requests == 2
        found += [item.name for item in page]
        token = page.token
        if token is None:
            break
        client.experiments.create(f"d{len(found)}")  # what comes meanwhile, before the page, shifts nothing
        client.experiment_index.compact(ONE)
        client.experiments.search(max_results=1)
    assert found == names


def test_an_asker_gets_full_pages_of_what_he_may_know_of(tmp_path: Path) -> None:
    client = Client(MemoryStore(uuid.uuid4().hex), spool_dir=tmp_path / "spool")
    ids = [client.experiments.create(f"e{number:04}") for number in range(1100)]
    known = set(ids[::100])
    page = client.experiments.search(max_results=6, order_by=["name"], shows=known.__contains__)
    rest = client.experiments.search(max_results=6, order_by=["name"], shows=known.__contains__, page_token=page.token)
    assert [item.experiment_id for item in [*page, *rest]] == ids[::100]
    assert (len(page), len(rest), rest.token) == (6, 5, None)
