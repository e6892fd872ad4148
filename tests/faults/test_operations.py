"""Whatever is stopped at any of its writes can be read, and done again it is as if it had been done once."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from cloudtrack.client import Client
from cloudtrack.storage.folder import FolderStore
from cloudtrack.storage.memory import MemoryStore
from tests.faults.crashing import Copy, CrashingStore, folder_copies, memory_copies
from tests.faults.observing import facts_of
from tests.faults.operations import ELSEWHERE, OPERATIONS, READS, Operation, fill_world
from tests.faults.stopping import sampled, stops_of
from tests.storage.lossy import Stopped

NAMES = [operation.name for operation in OPERATIONS]


@pytest.fixture(scope="module")
def memory() -> tuple[dict[str, str], Copy]:
    world = fill_world(MemoryStore())
    return world.names, memory_copies(world.client.store)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], Path]:
    original = tmp_path_factory.mktemp("original")
    return fill_world(FolderStore(original)).names, original


@pytest.mark.parametrize("operation", sampled(OPERATIONS, 4), ids=NAMES)
def test_an_operation_that_was_stopped_is_finished_by_doing_it_again(
    operation: Operation, memory: tuple[dict[str, str], Copy]
) -> None:
    stops = list(stops_of(operation, *memory))
    assert stops
    assert not [str(stop) for stop in stops if stop.wrong]


@pytest.mark.slow
@pytest.mark.parametrize("operation", OPERATIONS, ids=NAMES)
def test_the_same_in_a_folder(operation: Operation, folder: tuple[dict[str, str], Path], tmp_path: Path) -> None:
    names, original = folder
    stops = list(stops_of(operation, names, folder_copies(original, tmp_path)))
    assert not [str(stop) for stop in stops if stop.wrong]


def test_a_store_that_was_half_made_is_finished() -> None:
    whole = facts_of(Client(MemoryStore()))
    for writes in range(10):
        store = MemoryStore()
        try:
            Client(CrashingStore(store, writes=writes))
        except Stopped:
            assert facts_of(Client(store)) == whole
        else:
            assert writes > 1
            return
    raise AssertionError("making a store does not end")


def test_every_public_method_is_in_the_table() -> None:
    client = Client(MemoryStore())
    services = {name: service for name, service in vars(client).items() if not name.startswith("_")}
    services = {name: each for name, each in services.items() if type(each).__module__.startswith("cloudtrack")}
    done = {name.partition(" ")[0] for name in NAMES}
    for name, service in {**services, "client": client}.items():
        if name in ELSEWHERE:
            continue
        methods = {method for method, _ in inspect.getmembers(service, callable) if not method.startswith("_")}
        left = {f"{name}.{method}" for method in methods - {*READS.get(name, "").split()}} - done - {*ELSEWHERE}
        assert not left, f"say in tests/faults/operations.py how these are stopped and done again: {sorted(left)}"
