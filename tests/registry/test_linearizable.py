"""The registry is one thing, whoever looks: histories of rival clients, some killed and some without answers."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import chain

import pytest

from cloudtrack.errors import ObjectNotFound
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.storage.object_store import Object, ObjectStore
from cloudtrack.storage.opening import open_store
from tests.processes import run_together
from tests.registry.clients import MODEL, START, SlowStore, act_in_process, act_together, begin, disturbed
from tests.registry.linearizability import UNKNOWN, Call, is_linearizable
from tests.storage.lossy import ForwardingStore


def _histories(url: str, count: int, clients: int) -> None:
    store = open_store(url)
    for seed in range(count):
        name = f"{MODEL}{seed}"
        begin(store, name)

        def make(number: int, seed: int = seed) -> ObjectStore:
            return disturbed(open_store(url), seed * 1000 + number)

        calls = act_together(make, seed, clients=clients, times=6, name=name)
        assert is_linearizable(calls, START), "\n".join(map(str, sorted(calls, key=lambda call: call.began)))


@pytest.mark.parametrize("kind", ["memory", "folder"])
def test_histories_of_threads(kind: str, make_url: Callable[[str], str]) -> None:
    _histories(make_url(kind), 30, 4)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "count", "clients"),
    [
        ("memory", 2000, 5),
        ("folder", 2000, 4),
        ("moto-obstore", 300, 4),
        ("moto-s3fs", 100, 3),
        ("seaweed-obstore", 100, 3),
    ],
)
def test_many_histories_of_threads(kind: str, count: int, clients: int, make_url: Callable[[str], str]) -> None:
    _histories(make_url(kind), count, clients)


@pytest.mark.parametrize(
    ("kind", "models", "clients"),
    [
        ("folder", 20, 3),
        pytest.param("folder", 400, 4, marks=pytest.mark.slow),
        pytest.param("moto-obstore", 100, 4, marks=pytest.mark.slow),
        pytest.param("seaweed-obstore", 50, 3, marks=pytest.mark.slow),
    ],
)
def test_histories_of_processes(kind: str, models: int, clients: int, make_url: Callable[[str], str]) -> None:
    url = make_url(kind)
    for model in range(models):
        begin(open_store(url), f"{MODEL}{model}")
    found = run_together(act_in_process, [(url, number, models, 5) for number in range(clients)])
    for model in range(models):
        calls = list(chain.from_iterable(histories[model] for histories in found))
        assert is_linearizable(calls, START), "\n".join(map(str, sorted(calls, key=lambda call: call.began)))


class LaggingStore(ForwardingStore):
    """Does not show each event at once, as stores without guarantees do."""

    def __init__(self, inner: ObjectStore, seed: int) -> None:
        super().__init__(inner)
        self._random = random.Random(seed)

    def get(self, key: str, *, unless_etag: str = "") -> Object:
        if "/events/" in key and self._random.random() < 0.3:
            raise ObjectNotFound(key)
        return super().get(key, unless_etag=unless_etag)


class ForgetfulStore(ForwardingStore):
    """The last to write a key wins, as in stores that ignore conditions."""

    def create(self, key: str, body: bytes) -> str:
        self.inner.delete(key)
        return self.inner.create(key, body)


@pytest.mark.parametrize("broken", ["lagging", "forgetful"])
def test_a_store_that_breaks_its_promise_is_found_out(broken: str) -> None:
    found_out = 0
    for seed in range(20):
        inner = MemoryStore()
        begin(inner)

        def make(number: int, inner: ObjectStore = inner, seed: int = seed) -> ObjectStore:
            slow = SlowStore(inner, seed * 10 + number)
            return LaggingStore(slow, seed * 10 + number) if broken == "lagging" else ForgetfulStore(slow)

        found_out += not is_linearizable(act_together(make, seed, clients=4, times=8, name=MODEL), START)
    assert found_out >= 5


def test_the_checker_knows_right_from_wrong() -> None:
    first = Call("register", (), 1, 0, 1)
    second = Call("register", (), 2, 0.5, 2)
    assert is_linearizable([first, second])
    assert is_linearizable([Call("register", (), 2, 0, 1), Call("register", (), 1, 0.5, 2)])
    assert not is_linearizable([Call("register", (), 2, 0, 1), Call("register", (), 1, 1.5, 2)])
    assert not is_linearizable([first, Call("register", (), 1, 0.5, 2)])
    assert not is_linearizable([first, Call("look", (), ((), 0), 1.5, 2)])
    promoted = Call("promote", (1, 0), 1, 2, 3)
    rival = Call("promote", (2, 0), 2, 2, 3)
    assert not is_linearizable([first, second, promoted, rival])
    assert is_linearizable([first, second, promoted, Call("promote", (2, 0), "Conflict", 2, 3)])
    lost = Call("promote", (1, 0), UNKNOWN, 2, 3)
    for holders in ((), (1,)):
        assert is_linearizable([first, lost, Call("holders", (), holders, 4, 5)])
    back = [first, second, promoted, Call("promote", (2, 1), 2, 4, 5), Call("rollback", (), 1, 6, 7)]
    assert is_linearizable([*back, Call("holders", (), (1,), 8, 9)])
    assert not is_linearizable([*back, Call("holders", (), (2,), 8, 9)])
