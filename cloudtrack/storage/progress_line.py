"""How far a long transfer is, in one line on standard error: of terminals and of notebooks alone."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cloudtrack import config

AFTER_S = 2.0
"""What is over sooner says nothing."""
_EVERY_S = 0.25
_MIB = 1 << 20


@contextmanager
def progress_line(
    label: str, total_bytes: int | None = None, *, now: Callable[[], float] = time.monotonic
) -> Iterator[Callable[[int], None] | None]:
    """A function to call with numbers of bytes as they move, from any thread; None where nobody looks."""
    if not is_looked_at():
        yield None
        return
    line = _Line(label, total_bytes, now)
    try:
        yield line.moved
    finally:
        line.end()


def is_looked_at() -> bool:
    """Whether standard error is a terminal's or a notebook's, and the environment does not forbid."""
    return config.shows_progress() and (sys.stderr.isatty() or config.is_notebook())


class _Line:
    def __init__(self, label: str, total_bytes: int | None, now: Callable[[], float]) -> None:
        self._label = label
        self._total_bytes = total_bytes
        self._now = now
        self._moved = 0
        self._next = now() + AFTER_S
        self._is_shown = False
        self._lock = threading.Lock()

    def moved(self, size_bytes: int) -> None:
        with self._lock:
            self._moved += size_bytes
            if self._now() >= self._next:
                self._next = self._now() + _EVERY_S
                self._show()

    def end(self) -> None:
        with self._lock:
            if self._is_shown:
                self._show()
                print(file=sys.stderr, flush=True)

    def _show(self) -> None:
        self._is_shown = True
        of = f" of {self._total_bytes / _MIB:.1f}" if self._total_bytes else ""
        print(f"\r{self._label}: {self._moved / _MIB:.1f}{of} MiB", end="", file=sys.stderr, flush=True)
