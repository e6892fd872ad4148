"""Stopping an operation at each of its writes, reading what is there, and doing it again."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cloudtrack.errors import CloudtrackError
from cloudtrack.storage.object_store import ObjectStore
from tests.faults.crashing import Copy, CrashingStore
from tests.faults.observing import Facts, Unreadable, differences, facts_of, ids_in, lies_between
from tests.faults.operations import Operation, World, open_client
from tests.storage.lossy import Stopped

Wrap = Callable[[ObjectStore], ObjectStore]
_MOST_WRITES = 400


@dataclass(frozen=True)
class Stop:
    """One stop, and what was wrong after it; nothing where all was well."""

    operation: str
    writes: int
    wrong: str = ""

    def __str__(self) -> str:
        return f"{self.operation}, stopped after {self.writes} writes: {self.wrong or 'fine'}"


def stops_of(
    operation: Operation,
    names: dict[str, str],
    copy: Copy,
    *,
    wrap: Wrap = lambda store: store,
    most: int = _MOST_WRITES,
) -> Iterator[Stop]:
    """Stop it after 0, 1, 2 ... writes until it comes to its end, at most so many times.

    ``wrap`` goes around the store that the operation writes to, outside of what counts.
    """
    if operation.prepare:
        inner, prepared = copy, copy()
        operation.prepare(World(open_client(prepared), names))
        bodies = [(info.key, prepared.get(info.key).body) for info in prepared.list()]

        def copy() -> ObjectStore:
            store = inner()
            for info in list(store.list()):
                store.delete(info.key)
            for key, body in bodies:
                store.create(key, body)
            return store

    known = {*ids_in(open_client(copy())), *names.values()}

    def facts(store: ObjectStore) -> Facts:
        return facts_of(open_client(store), known)

    before, whole = facts(copy()), copy()
    with tempfile.TemporaryDirectory() as spool:
        operation.do(World(open_client(whole, spool_dir=spool), names))
        after = facts(whole)
    for writes in range(most):
        store = copy()
        with tempfile.TemporaryDirectory() as spool:
            dying = CrashingStore(store, writes=writes)
            done = _begin(operation, World(open_client(wrap(dying), spool_dir=spool), names))
            if done and not dying.is_dead:
                return
            try:
                wrong = _after_a_stop(
                    operation, World(open_client(store, spool_dir=Path(spool)), names), facts, before, after
                )
            except (Unreadable, CloudtrackError) as error:
                wrong = f"{type(error).__name__}: {error}"
        yield Stop(operation.name, writes, wrong)


def _begin(operation: Operation, world: World) -> bool:
    try:
        operation.do(world)
    except Stopped:
        return False
    return True


def _after_a_stop(
    operation: Operation, world: World, facts: Callable[[ObjectStore], Facts], before: Facts, after: Facts
) -> str:
    store = world.client.store
    now = facts(store)
    is_one = now in (before, after)
    if not is_one and not (operation.in_parts and lies_between(before, now, after, operation.passing)):
        return f"neither as before nor as after: {differences(after, now)}"
    if not (operation.looks and now == after):
        with suppress(*operation.says):
            (operation.again or operation.do)(world)
    last = facts(store)
    if last != after:
        return f"done again it is not as done once: {differences(after, last)}"
    return ""


def sampled(all_of_them: Iterable[Any], every: int) -> list[Any]:
    """All of them as parameters of a test; all but each fourth, say, are tried by ``make test-all`` alone."""
    return [
        pytest.param(
            *(each if isinstance(each, tuple) else (each,)), marks=() if number % every == 0 else pytest.mark.slow
        )
        for number, each in enumerate(all_of_them)
    ]
