"""Campaigns: with all steps in place nothing is lost; with any of them broken the campaign fails."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence

import pytest

from cloudtrack.client import Client
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.storage.object_store import ObjectStore
from tests.faults.campaign import Report, run_campaign, run_workers
from tests.faults.crashing import memory_copies
from tests.faults.flaky import FlakyStore
from tests.faults.mutations import ORDER, RIVALRY, LateStore
from tests.faults.operations import OPERATIONS, fill_world
from tests.faults.proxy import KINDS, Plan
from tests.faults.stopping import stops_of
from tests.thoroughness import IS_THOROUGH

_MOST_SEEDS = 8


def _in_memory(
    seed: int,
    break_it: Callable[[ObjectStore, int], ObjectStore] = lambda store, _: store,
    only: Sequence[str] = (),
    workers: int = 4,
) -> Report:
    report, plain = Report(seed), Client(MemoryStore(uuid.uuid4().hex))

    def make(number: int) -> ObjectStore:
        return FlakyStore(break_it(plain.store, seed * 100 + number), share=0.1, seed=seed * 100 + number)

    run_workers(make, plain, report, workers=workers, times=20, only=only)
    return report


@pytest.mark.parametrize("seed", range(20 if IS_THOROUGH else 1))
def test_clients_of_a_flaky_store_lose_nothing(seed: int) -> None:
    report = _in_memory(seed)
    assert report.ok, str(report)
    assert report.judgement.acknowledged > 50


@pytest.mark.parametrize("name", RIVALRY)
def test_a_broken_step_is_noticed_by_a_campaign(name: str) -> None:
    break_it, only = RIVALRY[name]
    whole = _in_memory(0, only=only, workers=2)
    assert whole.ok, str(whole)
    assert any(not _in_memory(seed, break_it, only, workers=2).ok for seed in range(_MOST_SEEDS)), "nobody notices"


@pytest.mark.parametrize("name", ORDER)
def test_steps_in_another_order_are_noticed_by_a_stop(name: str) -> None:
    late, after, operation_name = ORDER[name]
    world = fill_world(MemoryStore())
    operation = next(each for each in OPERATIONS if each.name == operation_name)
    copy = memory_copies(world.client.store)
    assert not [stop for stop in stops_of(operation, world.names, copy) if stop.wrong]
    swapped = list(stops_of(operation, world.names, copy, wrap=lambda store: LateStore(store, late, after)))
    assert [stop for stop in swapped if stop.wrong], [str(stop) for stop in swapped]


@pytest.mark.parametrize(
    ("seed", "operations", "workers"),
    [(1, 50, 3), pytest.param(2, 600, 4, marks=pytest.mark.slow), pytest.param(3, 300, 1, marks=pytest.mark.slow)],
)
def test_clients_behind_a_proxy_with_faults_lose_nothing(seed: int, operations: int, workers: int) -> None:
    report = run_campaign(seed, operations, workers=workers)
    assert report.ok, str(report)
    assert report.faults.total() > operations / 4, str(report)


def test_a_seed_is_always_the_same_faults() -> None:
    first, again = ([Plan(7).fault(number) for number in range(3_000)] for _ in range(2))
    assert first == again
    assert {*first} == {"", *KINDS}
    assert [Plan(8).fault(number) for number in range(3_000)] != first
