"""The patcher, tried on a framework that is made for it."""

from __future__ import annotations

import inspect
import logging
import os
import pickle
import sys
import threading
from collections.abc import Generator, Iterator
from multiprocessing.pool import ThreadPool
from types import ModuleType
from typing import Any

import pytest

from cloudtrack.autologging import patching
from cloudtrack.autologging.patching import Call, patch, unpatch

FRAMEWORK = "fake"


class Base:
    def fit(self, rows: list[int], *, rate: float = 0.5) -> Any:
        """Fits."""
        if rate < 0:
            raise ValueError("rate is negative")
        return ("fitted", list(rows), rate)


class Inner(Base):
    pass


class Outer(Base):
    def fit(self, rows: list[int], *, rate: float = 0.5) -> Any:
        """Fits what is inside."""
        return ("outer", Inner().fit(rows, rate=rate))


def _look_away(call: Call) -> Generator[None]:
    yield


@pytest.fixture
def seen() -> Iterator[list[Any]]:
    """The calls that were observed: what was called, and how it ended."""
    calls: list[Any] = []

    def observe(call: Call) -> Generator[None]:
        calls.append(("begins", type(call.owner).__name__))
        yield
        calls.append(("ends", type(call.owner).__name__, call.result, call.error))

    patching._warned.clear()
    for kind in (Base, Outer):
        patch(FRAMEWORK, kind, "fit", observe)
    yield calls
    unpatch(FRAMEWORK)


def test_a_call_is_observed_and_answers_as_before(seen: list[Any]) -> None:
    assert Base().fit([1], rate=2) == ("fitted", [1], 2)
    assert seen == [("begins", "Base"), ("ends", "Base", ("fitted", [1], 2), None)]


def test_what_an_observed_call_calls_is_not_observed(seen: list[Any]) -> None:
    assert Outer().fit([1])[0] == "outer"
    assert [each[1] for each in seen] == ["Outer", "Outer"]


def test_errors_of_the_framework_are_what_they_were(seen: list[Any]) -> None:
    with pytest.raises(ValueError, match=r"^rate is negative$") as raised:
        Base().fit([1], rate=-1)
    assert seen[-1][3] is raised.value
    Base().fit([1])
    assert len(seen) == 4  # the thread is outside again


def test_signature_and_documentation_stay(seen: list[Any]) -> None:
    assert list(inspect.signature(Base.fit).parameters) == ["self", "rows", "rate"]
    assert Base.fit.__doc__ == "Fits."
    assert Base.fit.__qualname__ == "Base.fit"


def test_patching_again_observes_once(seen: list[Any]) -> None:
    patch(FRAMEWORK, Base, "fit", _look_away)
    patch(FRAMEWORK, Inner, "fit", _look_away)  # inherited: it stays
    Inner().fit([1])
    assert len(seen) == 2


def test_undoing_leaves_no_trace() -> None:
    before = vars(Base)["fit"]

    def observe(call: Call) -> Generator[None]:
        yield

    patch(FRAMEWORK, Base, "fit", observe)
    assert vars(Base)["fit"] is not before
    unpatch(FRAMEWORK)
    assert vars(Base)["fit"] is before


def test_undoing_leaves_what_somebody_else_has_patched_since() -> None:
    class Made(Base):
        def fit(self, rows: list[int], *, rate: float = 0.5) -> Any:
            return "made"

    def theirs(self: Any, rows: Any) -> str:
        return "theirs"

    patch(FRAMEWORK, Made, "fit", _look_away)
    Made.fit = theirs  # type: ignore[method-assign]
    unpatch(FRAMEWORK)
    assert Made().fit([1]) == "theirs"


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_observer_that_fails_stops_nothing_and_is_told_of_once(when: str, caplog: pytest.LogCaptureFixture) -> None:
    def observe(call: Call) -> Generator[None]:
        if when == "before":
            call.set("rate", -1.0)
            raise OSError("no store")
        yield
        raise OSError("no store")

    patching._warned.clear()
    patch(FRAMEWORK, Base, "fit", observe)
    try:
        with caplog.at_level(logging.WARNING, "cloudtrack.autologging"):
            assert [Base().fit([1]) for _ in range(3)] == [("fitted", [1], 0.5)] * 3  # with the caller's arguments
    finally:
        unpatch(FRAMEWORK)
    assert len(caplog.records) == 1
    assert "no store" in caplog.text


def test_an_observer_may_give_another_argument(seen: list[Any]) -> None:
    def observe(call: Call) -> Generator[None]:
        call.set("rows", [7])
        call.set("rate", 3.0)
        yield

    unpatch(FRAMEWORK)
    patch(FRAMEWORK, Base, "fit", observe)
    assert Base().fit([1]) == ("fitted", [7], 3.0)
    assert Base().fit(rows=[1], rate=1.0) == ("fitted", [7], 3.0)


def test_threads_are_observed_each_for_itself(seen: list[Any]) -> None:
    together = threading.Barrier(4)

    def work() -> None:
        together.wait()
        for _ in range(50):
            Outer().fit([1])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 2 * 4 * 50


def test_what_a_call_has_done_by_threads_of_a_pool_of_its_own_is_not_observed(
    seen: list[Any],
) -> None:
    def fit(self: Any, rows: list[int], *, rate: float = 0.5) -> Any:
        with ThreadPool(2) as pool:
            return pool.map(Inner().fit, [rows, rows])

    class Pooled(Base):
        pass

    Pooled.fit = fit  # type: ignore[method-assign]
    patch(FRAMEWORK, Pooled, "fit", _look_away)
    Pooled().fit([1])
    assert seen == []
    with ThreadPool(2) as pool:
        pool.map(Inner().fit, [[1], [2]])
    assert len(seen) == 4


def test_threads_that_patch_at_once_patch_once() -> None:
    observed: list[int] = []

    def observe(call: Call) -> Generator[None]:
        observed.append(1)
        yield

    threads = [threading.Thread(target=patch, args=(FRAMEWORK, Base, "fit", observe)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    Base().fit([1])
    unpatch(FRAMEWORK)
    Base().fit([1])
    assert observed == [1]


def test_a_forked_child_patches_and_observes_whatever_lock_its_parent_held(seen: list[Any]) -> None:
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with patching._lock:
            held.set()
            done.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    child = os.fork()
    if child == 0:
        Base().fit([1])
        unpatch(FRAMEWORK)
        os._exit(0 if len(seen) == 2 else 1)
    done.set()
    holder.join()
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def test_a_descriptor_that_hands_out_a_function_is_patched_as_one(seen: list[Any]) -> None:
    class Available:
        def __init__(self, fn: Any) -> None:
            self.fn = fn

        def __get__(self, owner: Any, kind: type) -> Any:
            return self.fn.__get__(owner) if owner is not None else self.fn

    class Made:
        fit = Available(lambda self: "made")

    calls: list[str] = []

    def observe(call: Call) -> Generator[None]:
        yield
        calls.append(call.result)

    patch(FRAMEWORK, Made, "fit", observe)
    assert Made().fit() == "made"
    assert calls == ["made"]
    unpatch(FRAMEWORK)
    assert Made().fit() == "made"
    assert calls == ["made"]


def test_a_function_is_observed_where_it_is_defined_too_and_pickled_by_its_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls: list[int] = []

    def observe(call: Call) -> Generator[None]:
        calls.append(call.args[0])
        yield

    home, front = ModuleType("made_up_home"), ModuleType("made_up")
    exec("def train(rounds): return rounds + 1", vars(home))
    front.train = home.train  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "made_up_home", home)
    patching.patch_function(FRAMEWORK, front, "train", observe)
    assert (front.train(1), home.train(2)) == (2, 3)
    assert pickle.loads(pickle.dumps(front.train)) is front.train
    unpatch(FRAMEWORK)
    assert front.train is home.train
    assert not hasattr(home.train, "__cloudtrack_observed__")
    assert calls == [1, 2]
