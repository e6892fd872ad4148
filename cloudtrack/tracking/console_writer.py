"""Writing the console log of a run from one process, without ever holding it up.

``write`` appends to memory and returns. A thread stores what came: the first of it within a second, then every three
while there is more, or at once where there is enough for a segment. Nothing is asked while nothing is printed. When the
store is away it tries again and again, and what waits is bounded.

After a fork the child is a writer of its own, with a stream of its own.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import weakref
from collections.abc import Callable
from typing import Protocol

from cloudtrack import clock, config, ids
from cloudtrack.tracking.console_buffer import ConsoleBuffer
from cloudtrack.tracking.console_stream import new_stream
from cloudtrack.tracking.console_text import SecretMask

FIRST_S = 1.0
"""What is printed after a silence is stored so soon."""
PAUSE_S = 3.0
"""Between segments, while there is more: with a reader that asks every two seconds it is seen within five."""
_FIRST_RETRY_S = 1.0
_LONGEST_RETRY_S = 30.0
CLOSE_S = 15.0
"""The end of a run waits so long for a store that is away."""

_log = logging.getLogger(__name__)
_writers: weakref.WeakSet[ConsoleWriter] = weakref.WeakSet()


class ConsoleSink(Protocol):
    """Where segments go: ``ConsoleLogs`` of a store, or of a server."""

    def append(self, run_id: str, stream: str, offset: int, body: bytes) -> None:
        """Add a segment; the same once more is no error."""


class ConsoleDelivery:
    """From what is printed to segments in a store, a step at a time: the time is told, and no thread is needed."""

    def __init__(self, sink: ConsoleSink, run_id: str, name: str) -> None:
        self.stream = new_stream(name)
        self._sink = sink
        self._run_id = run_id
        self._buffer = ConsoleBuffer(SecretMask(config.environment()))
        self._lock = threading.RLock()  # a signal's handler may print in the middle of a write
        self._segment: tuple[int, bytes] | None = None
        """Under way: sent again until it is stored, since an answer may have been lost."""
        self._since_s: float | None = None
        self._stored_s = float("-inf")
        self._retry_at_s = float("-inf")
        self._retry_s = _FIRST_RETRY_S

    @property
    def waiting_bytes(self) -> int:
        """How much is not stored yet."""
        return self._buffer.size_bytes + (len(self._segment[1]) if self._segment else 0)

    def write(self, data: bytes, now_s: float) -> bool:
        """Add what was printed; whether there is a new time at which to store."""
        with self._lock:
            was_quiet, was_full = self._since_s is None, self._buffer.is_full
            self._buffer.write(data)
            if was_quiet and not self._buffer.is_empty:
                self._since_s = now_s
            return was_quiet or self._buffer.is_full > was_full

    def due_s(self) -> float | None:
        """When to store next; None where there is nothing to store."""
        if self._segment is not None:
            return self._retry_at_s
        if self._since_s is None:
            return None
        return float("-inf") if self._buffer.is_full else max(self._since_s + FIRST_S, self._stored_s + PAUSE_S)

    def store(self, now_s: float, *, is_last: bool = False) -> None:
        """Store a segment: the one that failed before, or the next. Raises what the store raises."""
        with self._lock:
            if self._segment is None:
                self._segment = self._buffer.take(is_last=is_last)
                self._since_s = None if self._buffer.is_empty else now_s
                self._stored_s = now_s
        if self._segment is None:
            return
        try:
            self._sink.append(self._run_id, self.stream, *self._segment)
        except Exception:
            self._retry_at_s = now_s + self._retry_s / 2 + ids.jitter(self._retry_s / 2)
            self._retry_s = min(2 * self._retry_s, _LONGEST_RETRY_S)
            raise
        self._segment = None
        self._retry_s = _FIRST_RETRY_S


class ConsoleWriter:
    """Writes what one process prints to the console log of a run. Any thread may use it; nothing here raises."""

    def __init__(
        self, sink: ConsoleSink, run_id: str, name: str = "", *, now: Callable[[], float] = clock.monotonic
    ) -> None:
        """``name`` is how people know the process: its host and id, where none is given."""
        self.run_id = run_id
        self._sink = sink
        self._name = name
        self._now = now
        self._reset()
        _writers.add(self)

    def _reset(self) -> None:
        self._delivery: ConsoleDelivery | None = None
        self._thread: threading.Thread | None = None
        self._closing = False
        self._is_forked = False
        self._away = False
        self._wake = threading.Condition()

    def write(self, data: bytes) -> None:
        """Add bytes as they were printed; returns at once. What comes after ``close`` is left out."""
        if not data or self._closing:
            return
        if self._delivery is None or self._thread is None:
            self._start()
        if self._delivery is not None and self._delivery.write(data, self._now()):
            with self._wake:
                self._wake.notify()

    def close(self, timeout_s: float = CLOSE_S) -> None:
        """Store all that was written; a store that is away is waited for so long, and a warning says what is lost."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join(timeout_s)
        elif self._delivery is not None:
            self._store_here(self._delivery, self._now() + timeout_s)
        if self._delivery is not None and self._delivery.waiting_bytes:
            _log.warning(
                "run %s: the last %d bytes of its console log did not reach the store",
                self.run_id,
                self._delivery.waiting_bytes,
            )

    def _start(self) -> None:
        with self._wake:
            if self._thread is not None:
                return
            name = self._name or f"{socket.gethostname()}:{os.getpid()}"
            if self._delivery is None:
                self._delivery = ConsoleDelivery(self._sink, self.run_id, name)
            thread = threading.Thread(
                target=self._run, args=(self._delivery,), name=f"cloudtrack-console-{self.run_id[:8]}", daemon=True
            )
            try:
                thread.start()
            except RuntimeError:  # an interpreter that is ending starts no thread (Python 3.12): close stores
                return
            self._thread = thread
            if self._is_forked:  # children of multiprocessing leave without running atexit; they do run these
                from multiprocessing import util

                util.Finalize(None, self.close, exitpriority=100)

    def _run(self, delivery: ConsoleDelivery) -> None:
        while True:
            with self._wake:
                due, now = delivery.due_s(), self._now()
                if not self._closing and (due is None or due > now):
                    self._wake.wait(None if due is None else due - now)
                    continue
                is_last = self._closing
            if is_last and not delivery.waiting_bytes:
                return
            self._store(delivery, is_last=is_last)

    def _store_here(self, delivery: ConsoleDelivery, until_s: float) -> None:
        while delivery.waiting_bytes and self._now() < until_s:
            self._store(delivery, is_last=True)

    def _store(self, delivery: ConsoleDelivery, *, is_last: bool) -> None:
        try:
            delivery.store(self._now(), is_last=is_last)
        except Exception as error:  # noqa: BLE001 - a thread that died would store nothing any more
            if not self._away:
                self._away = True
                _log.warning("run %s: its console log waits in memory: %s", self.run_id, error)
            if is_last:
                clock.sleep(_FIRST_RETRY_S)
        else:
            self._away = False

    def _after_fork(self) -> None:
        """In the child: forget what the parent printed, which the parent stores."""
        was_closed = self._closing
        self._reset()
        self._closing = was_closed
        self._is_forked = True


def _reset_writers_after_fork() -> None:
    for writer in list(_writers):
        writer._after_fork()


os.register_at_fork(after_in_child=_reset_writers_after_fork)
