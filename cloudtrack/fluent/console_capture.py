"""What this process prints, in the console log of the run that captures.

The capture is of the whole process, since its descriptors are: where several runs capture, in one thread or in several,
the one that began last has what is printed until it ends, then the one before.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any, Protocol

from cloudtrack.fluent.descriptor_tee import DescriptorTee, has_descriptors
from cloudtrack.tracking.console_writer import ConsoleWriter

_log = logging.getLogger(__name__)
_lock = threading.RLock()
_writers: list[ConsoleWriter] = []
_tee: _Tee | None = None


class _Tee(Protocol):
    """Hands on a copy of what is printed."""

    def settle(self) -> None:
        """Return when all that was printed so far was handed on."""

    def remove(self) -> None:
        """Hand on what was printed, and stop."""


def start(writer: ConsoleWriter) -> None:
    """Give what is printed from now on to this writer. Where that cannot be, a warning says so."""
    global _tee
    with _lock:
        try:
            if _tee is None:
                _tee = DescriptorTee(_use) if has_descriptors() else StreamTee(_use)
            else:
                _tee.settle()
        except OSError as error:
            _log.warning("run %s: what is printed cannot be captured: %s", writer.run_id, error)
            return
        _writers.append(writer)


def stop(writer: ConsoleWriter, error: BaseException | None = None) -> None:
    """Store what was printed until now, and an exception that ends the run; then the run before captures again."""
    global _tee
    with _lock:
        if writer in _writers:
            if _tee is not None and len(_writers) > 1:
                _tee.settle()
            elif _tee is not None:
                _tee.remove()
                _tee = None
            _writers.remove(writer)
    if error is not None and not isinstance(error, SystemExit):
        writer.write("".join(traceback.format_exception(error)).encode(errors="backslashreplace"))
    writer.close()


class StreamTee:
    """``sys.stdout`` and ``sys.stderr`` replaced: what Python prints, where there are no descriptors to be had."""

    def __init__(self, use: Callable[[bytes], None]) -> None:
        self._streams = {name: (getattr(sys, name), _CopyingStream(getattr(sys, name), use)) for name in _NAMES}
        for name, (_, copying) in self._streams.items():
            setattr(sys, name, copying)

    def settle(self) -> None:
        """Everything is handed on at once."""

    def remove(self) -> None:
        """Put back what was there; not where somebody else has replaced it since."""
        for name, (original, copying) in self._streams.items():
            copying.stop()
            if getattr(sys, name) is copying:
                setattr(sys, name, original)


_NAMES = ("stdout", "stderr")


class _CopyingStream:
    """A stream of text that is handed on too; all else is the stream's own."""

    def __init__(self, stream: Any, use: Callable[[bytes], None]) -> None:
        self._stream = stream
        self._use: Callable[[bytes], None] | None = use

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> Any:
        """Write to the stream, and hand on."""
        count = self._stream.write(text) if self._stream is not None else len(text)
        if self._use is not None:
            self._use(text.encode(errors="backslashreplace"))
        return count

    def writelines(self, lines: Any) -> None:
        """Write each."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """As the stream does."""
        if self._stream is not None:
            self._stream.flush()

    def stop(self) -> None:
        """Hand nothing on any more: somebody may have kept this stream."""
        self._use = None


def _use(data: bytes) -> None:
    """Called from the thread that reads, which must not wait for a lock."""
    for writer in _writers[-1:]:
        writer.write(data)


def _leave_to_parent() -> None:
    """In a forked child: what it prints through descriptors is the parent's to capture."""
    global _tee, _lock
    _lock = threading.RLock()
    if isinstance(_tee, DescriptorTee):
        _tee = None
        _writers.clear()


os.register_at_fork(after_in_child=_leave_to_parent)
