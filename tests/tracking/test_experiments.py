"""Experiments: unique names under races and crashes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cloudtrack.entities.experiment import LifecycleStage, ViewType
from cloudtrack.errors import AlreadyExists, Conflict, CorruptData, InvalidInput, NotFound, StateError
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.tracking import keys
from cloudtrack.tracking.experiments import Experiments
from tests.processes import run_together
from tests.storage.lossy import LossyStore, Stopped, StoppingStore
from tests.tracking.racers import create_experiments

KINDS = pytest.mark.parametrize("store_url", ["memory", "folder", "moto-obstore"], indirect=True)


@pytest.fixture
def experiments(store: ObjectStore) -> Experiments:
    return Experiments(store)


@pytest.fixture
def memory() -> Experiments:
    return Experiments(MemoryStore())


@KINDS
def test_an_experiment_goes_through_its_life(experiments: Experiments) -> None:
    made = experiments.create("a/b ü", tags={"team": "x"})
    found = experiments.get(made)
    assert (found.name, found.tags, found.lifecycle_stage) == ("a/b ü", {"team": "x"}, "active")
    assert experiments.get_by_name("a/b ü") == found
    experiments.set_tag(made, "k", "v")
    experiments.delete_tag(made, "team")
    assert experiments.get(made).tags == {"k": "v"}
    experiments.rename(made, "c")
    assert experiments.get_by_name("a/b ü") is None
    renamed = experiments.get_by_name("c")
    assert renamed is not None
    assert renamed.experiment_id == made
    experiments.set_lifecycle_stage(made, LifecycleStage.DELETED)
    assert [item.name for item in experiments.search()] == []
    assert [item.name for item in experiments.search(view_type=ViewType.DELETED_ONLY)] == ["c"]
    with pytest.raises(StateError, match="deleted"):
        experiments.set_tag(made, "k", "w")
    experiments.set_lifecycle_stage(made, LifecycleStage.ACTIVE)
    assert [item.name for item in experiments.search()] == ["c"]


def test_names_are_unique_also_over_deleted_ones(memory: Experiments) -> None:
    made = memory.create("a")
    with pytest.raises(AlreadyExists, match="'a'"):
        memory.create("a")
    memory.set_lifecycle_stage(made, LifecycleStage.DELETED)
    with pytest.raises(AlreadyExists, match="trash"):
        memory.create("a")


def test_a_name_is_free_after_a_rename_and_may_come_back(memory: Experiments) -> None:
    first = memory.create("a")
    memory.rename(first, "b")
    memory.rename(first, "a")
    assert memory.get_by_name("b") is None
    memory.rename(first, "b")
    second = memory.create("a")
    assert second != first
    with pytest.raises(AlreadyExists):
        memory.rename(first, "a")
    found = memory.get_by_name("a")
    assert found is not None
    assert found.experiment_id == second
    assert memory.get(first).name == "b"


@pytest.mark.parametrize("name", ["", "  ", "x" * 501, "a\x00", "a\nb", None, 3, "\udc80"])
def test_bad_names_are_refused(memory: Experiments, name: object) -> None:
    with pytest.raises(InvalidInput):
        memory.create(name)  # type: ignore[arg-type]  # the point of the test


@pytest.mark.parametrize("name", ["..", "names", "/Users/me/exp", "x" * 500, "漢" * 200, "con", "a%2fb", "~"])
def test_any_other_name_is_kept_as_it_is(memory: Experiments, name: str) -> None:
    made = memory.create(name)
    found = memory.get_by_name(name)
    assert found is not None
    assert (found.name, found.experiment_id) == (name, made)


@pytest.mark.parametrize("experiment_id", ["../x", "a/b", "", "x" * 65, None, "names/.."])
def test_bad_ids_are_refused(memory: Experiments, experiment_id: object) -> None:
    with pytest.raises(InvalidInput):
        memory.get(experiment_id)  # type: ignore[arg-type]  # the point of the test


def test_unknown_ids_are_named(memory: Experiments) -> None:
    with pytest.raises(NotFound, match="4711"):
        memory.get("4711")


def test_artifact_locations_elsewhere_are_refused_with_the_reason(memory: Experiments) -> None:
    with pytest.raises(InvalidInput, match="beside it in the store"):
        memory.create("a", artifact_location="s3://elsewhere")


def test_a_creation_that_was_cut_off_is_finished_by_the_next_reader() -> None:
    store = MemoryStore()
    with pytest.raises(Stopped):
        Experiments(StoppingStore(store, writes=1)).create("a", tags={"k": "v"})
    found = Experiments(store).get_by_name("a")
    assert found is not None
    assert found.tags == {"k": "v"}
    assert Experiments(store).get(found.experiment_id) == found


def test_a_rename_survives_a_stop_at_every_write() -> None:
    for writes in range(8):
        store = MemoryStore()
        experiments = Experiments(store)
        made = experiments.create("a")
        try:
            Experiments(StoppingStore(store, writes=writes)).rename(made, "b")
        except Stopped:
            names = {experiments.get(made).name}
            assert names <= {"a", "b"}
            experiments.rename(made, "b")
        assert experiments.get(made).name == "b"
        found = experiments.get_by_name("b")
        assert found is not None
        assert found.experiment_id == made
        assert experiments.get_by_name("a") is None


def test_lost_answers_make_no_second_experiment() -> None:
    store = MemoryStore()
    experiments = Experiments(LossyStore(store, share=0.0, seed=1))
    lossy = Experiments(LossyStore(store, share=0.4, seed=2))
    made = experiments.create("a")
    for number in range(30):
        lossy.set_tag(made, f"k{number}", "v")
    assert len(experiments.get(made).tags) == 30


@pytest.mark.parametrize("kind", ["folder", "moto-obstore"])
def test_many_processes_that_set_one_experiment_get_one(kind: str, make_url: Callable[[str], str]) -> None:
    found = run_together(create_experiments, [(make_url_once, "shared", 25) for make_url_once in [make_url(kind)] * 6])
    assert len({experiment_id for ids in found for experiment_id in ids}) == 1


def test_a_corrupt_document_is_named(memory: Experiments) -> None:
    store = MemoryStore()
    experiments = Experiments(store)
    made = experiments.create("a")
    store.delete(keys.experiment(made))
    store.create(keys.experiment(made), b"{not json")
    with pytest.raises(CorruptData, match=r"experiment\.json"):
        experiments.get(made)


def test_a_name_under_rename_is_not_waited_for_without_end() -> None:
    store = MemoryStore()
    made = Experiments(store).create("a")
    with pytest.raises(Stopped):
        Experiments(StoppingStore(store, writes=3)).rename(made, "b")
    with pytest.raises(Conflict, match="'b'"):
        Experiments(store).get_or_create("b")
