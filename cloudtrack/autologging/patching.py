"""Watching calls of other libraries: an observer sees what happens, and can neither stop nor change how it ends.

An observer is a generator function of a ``Call``. What it does before its ``yield`` is done before the call, what
follows after it, also where the call failed (``call.error``). Only the outermost call of a thread is observed: what a
pipeline fits inside is the pipeline's matter. Whatever an observer raises becomes one warning, and training goes on.
"""

from __future__ import annotations

import copy
import functools
import inspect
import logging
import os
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

_log = logging.getLogger("cloudtrack.autologging")
_lock = threading.RLock()
_patches: dict[str, list[_Patch]] = {}
_warned: set[str] = set()


class Call:
    """One call of a patched function. An observer may ``set`` arguments before it."""

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.function = function
        self.args = args
        self.kwargs = kwargs
        self.result: Any = None
        self.error: BaseException | None = None

    @property
    def owner(self) -> Any:
        """The object whose method it is."""
        return self.args[0]

    def arguments(self) -> dict[str, Any]:
        """All arguments by name, defaults too. Raises TypeError where the call will fail anyway."""
        bound = inspect.signature(self.function).bind(*self.args, **self.kwargs)
        bound.apply_defaults()
        return dict(bound.arguments)

    def set(self, name: str, value: Any) -> None:
        """Give an argument another value, however it came."""
        at = list(inspect.signature(self.function).parameters).index(name)
        if at < len(self.args):
            self.args = (*self.args[:at], value, *self.args[at + 1 :])
        else:
            self.kwargs[name] = value


Observer = Callable[[Call], Generator[None]]


class _Inside(threading.local):
    """The frameworks whose calls this thread is in, outermost first."""

    def __init__(self) -> None:
        self.frameworks: list[str] = []


_inside = _Inside()


_observed_threads: set[threading.Thread] = set()
"""Threads that are in a call that is observed."""


def _is_worker_of_observed() -> bool:
    """Whether this thread is of a ``multiprocessing`` pool of threads that an observed call has made for itself."""
    return getattr(threading.current_thread(), "_parent", None) in _observed_threads


class _Patch:
    """An attribute that was replaced, and what it was."""

    def __init__(self, owner: Any, name: str, before: Any, now: Any) -> None:
        self.owner, self.name, self.before, self.now = owner, name, before, now

    def undo(self) -> None:
        """Put back what was there; where somebody else has replaced it since, that stays."""
        if vars(self.owner).get(self.name) is self.now:
            setattr(self.owner, self.name, self.before)


def patch(framework: str, owner: Any, name: str, observer: Observer, *, within: Iterable[str] = ()) -> None:
    """Have the calls of a method observed, in this framework's name; once, however often this is called.

    ``owner`` is the class that has it itself: what is inherited stays. ``within`` names frameworks whose calls it is
    observed in too.
    """
    with _lock:
        before = vars(owner).get(name)
        if before is not None and not _is_ours(before):
            _replace(framework, owner, name, before, _replacement(before, framework, observer, tuple(within)))


def patch_function(framework: str, module: Any, name: str, observer: Observer) -> None:
    """The same for a function of a module, and where it is defined: so it is pickled by its name, as before."""
    with _lock:
        before = vars(module).get(name)
        if before is None or _is_ours(before):
            return
        now = _replacement(before, framework, observer, ())
        home = sys.modules.get(before.__module__, module)
        for owner in dict.fromkeys([module, home]):
            if vars(owner).get(name) is before:
                _replace(framework, owner, name, before, now)


def _replace(framework: str, owner: Any, name: str, before: Any, now: Any) -> None:
    setattr(owner, name, now)
    _patches.setdefault(framework, []).append(_Patch(owner, name, before, now))


def unpatch(framework: str) -> None:
    """Undo all that was patched in a framework's name. Calls that are under way are observed to their end."""
    with _lock:
        for done in reversed(_patches.pop(framework, [])):
            done.undo()


@contextmanager
def unobserved(framework: str = "") -> Iterator[None]:
    """Calls of this thread are not observed meanwhile."""
    _inside.frameworks.append(framework)
    try:
        yield
    finally:
        _inside.frameworks.pop()


@contextmanager
def guarded(what: str) -> Iterator[None]:
    """Errors inside become a warning, the first time, that says what was not logged."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - logging never stops a training
        warn(f"{what} is not logged", error)


def warn(what: str, error: BaseException | None = None) -> None:
    """Say so once: the same again, with whatever reason, is for those who debug."""
    with _lock:
        level = logging.DEBUG if what in _warned else logging.WARNING
        _warned.add(what)
    reason = f": {type(error).__name__}: {error}" if error is not None else ""
    if level == logging.DEBUG or not _is_silent(_inside.frameworks):
        _log.log(level, "autologging: %s%s", what, reason, exc_info=error if level == logging.DEBUG else None)


silent: set[str] = set()
"""Frameworks whose users want no warnings."""


def _is_silent(frameworks: list[str]) -> bool:
    return bool(frameworks) and frameworks[0] in silent


def _is_ours(thing: Any) -> bool:
    return hasattr(getattr(thing, "fn", thing), "__cloudtrack_observed__")


def _replacement(before: Any, framework: str, observer: Observer, within: tuple[str, ...]) -> Any:
    """What takes the place of a function, or of a descriptor that hands out the function ``fn`` (scikit-learn's
    ``available_if``)."""
    if isinstance(before, staticmethod | classmethod):
        return type(before)(_observed(before.__func__, framework, observer, within))
    if not callable(before) and callable(getattr(before, "fn", None)):
        now = copy.copy(before)
        now.fn = _observed(before.fn, framework, observer, within)
        return now
    return _observed(before, framework, observer, within)


def _observed(original: Callable[..., Any], framework: str, observer: Observer, within: tuple[str, ...]) -> Any:
    @functools.wraps(original)
    def observed(*args: Any, **kwargs: Any) -> Any:
        outer = _inside.frameworks
        if not outer and _is_worker_of_observed():
            return original(*args, **kwargs)
        if outer and not (len(outer) == 1 and outer[0] in within):
            return original(*args, **kwargs)
        thread = threading.current_thread()
        with unobserved(framework):
            if not outer[:-1]:
                _observed_threads.add(thread)
            try:
                return _call(original, observer, Call(original, args, dict(kwargs)))
            finally:
                if not outer[:-1]:
                    _observed_threads.discard(thread)

    observed.__cloudtrack_observed__ = framework  # type: ignore[attr-defined]
    return observed


def _call(original: Callable[..., Any], observer: Observer, call: Call) -> Any:
    args, kwargs = call.args, dict(call.kwargs)
    name = getattr(original, "__qualname__", repr(original))
    watching: Generator[None] | None = None
    with guarded(f"what {name} does"):
        watching = observer(call)
        next(watching)
        args, kwargs = call.args, call.kwargs
    try:
        call.result = original(*args, **kwargs)
    except BaseException as error:
        call.error = error
        _go_on(watching, name)
        raise
    _go_on(watching, name)
    return call.result


def _go_on(watching: Generator[None] | None, name: str) -> None:
    if watching is not None:
        with guarded(f"what {name} did"):
            next(watching, None)


def _free_after_fork() -> None:
    global _lock
    _lock = threading.RLock()


os.register_at_fork(after_in_child=_free_after_fork)
