"""Standard output and standard error of this process, seen on their way: also what C libraries and subprocesses print.

Both descriptors become pipes. A thread reads them, writes to where they led before, and hands a copy on.
"""

from __future__ import annotations

import contextlib
import faulthandler
import fcntl
import io
import os
import select
import selectors
import sys
import threading
from collections.abc import Callable

Use = Callable[[bytes], None]

_DESCRIPTORS = (1, 2)
_PIPE_BYTES = 1 << 20
"""What fits into a pipe: code that prints without letting other threads run is held up by a full one."""
_READ_BYTES = 64 << 10
_SETTLE_S = 5.0
"""Where the terminal is held (Ctrl-S), nobody waits for longer."""


def has_descriptors() -> bool:
    """Whether what Python prints goes to the process's own descriptors; in a notebook it does not."""
    try:
        return (sys.stdout.fileno(), sys.stderr.fileno()) == _DESCRIPTORS
    except (AttributeError, OSError, ValueError):
        return False


class _Pipe:
    """Between a descriptor and where it led before."""

    def __init__(self, descriptor: int) -> None:
        """Put it in place. Raises OSError."""
        self.descriptor = descriptor
        self.original = os.dup(descriptor)
        self.reading, writing = os.pipe()
        os.set_blocking(self.reading, False)
        with contextlib.suppress(OSError, AttributeError):  # larger than this user may have, or not Linux
            fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        os.dup2(writing, descriptor)
        os.close(writing)
        self._is_broken = False

    def restore(self) -> None:
        os.dup2(self.original, self.descriptor)

    def close(self) -> None:
        os.close(self.reading)
        os.close(self.original)

    def move(self, use: Use) -> bool:
        """Pass on what is there; False at the end, which is when nobody can write any more."""
        while True:
            try:
                data = os.read(self.reading, _READ_BYTES)
            except BlockingIOError:
                return True
            if not data:
                return False
            self._forward(data)
            use(data)

    def _forward(self, data: bytes) -> None:
        left = memoryview(data)
        while left and not self._is_broken:
            try:
                left = left[os.write(self.original, left) :]
            except BlockingIOError:
                select.select([], [self.original], [])
            except OSError:  # the reader of our output has gone; the log goes on
                self._is_broken = True


class DescriptorTee:
    """Hands a copy of all that this process prints to ``use``, from a thread, until ``remove``."""

    def __init__(self, use: Use) -> None:
        """Raises OSError where no more descriptors can be had."""
        self._use = use
        self._asked: list[threading.Event] = []
        self._lock = threading.Lock()
        self._is_over = False
        _flush()
        self._wake, self._waker = os.pipe()
        self._pipes: list[_Pipe] = []
        try:
            for descriptor in _DESCRIPTORS:
                self._pipes.append(_Pipe(descriptor))
        except OSError:
            self._restore()
            self._close()
            raise
        self._buffering = [(stream, stream.line_buffering) for stream in _text_streams()]
        for stream, _ in self._buffering:
            stream.reconfigure(line_buffering=True)  # Python saw no terminal, perhaps, and would keep lines for long
        if faulthandler.is_enabled():  # whoever dies so tells the terminal, for nobody reads the pipe any more
            faulthandler.enable(self._pipes[1].original)
        _living.add(self)
        threading.Thread(target=self._run, name="cloudtrack-console", daemon=True).start()

    def settle(self) -> None:
        """Return when all that was printed so far has been used."""
        _flush()
        self._wait()

    def remove(self) -> None:
        """Let the descriptors lead where they led before. What children still print goes there too, by the thread."""
        _flush()
        if faulthandler.is_enabled():
            faulthandler.enable(2)
        self._restore()
        for stream, before in self._buffering:
            with contextlib.suppress(ValueError):  # closed meanwhile
                stream.reconfigure(line_buffering=before)
        self._wait()
        self._use = _drop

    def forget(self) -> None:
        """In a forked child: what it prints goes to the parent, which has the thread."""
        self._is_over = True
        self._close()

    def _wait(self) -> None:
        done = threading.Event()
        with self._lock:
            if self._is_over:
                return
            self._asked.append(done)
            os.write(self._waker, b".")
        done.wait(_SETTLE_S)

    def _restore(self) -> None:
        for pipe in self._pipes:
            pipe.restore()

    def _close(self) -> None:
        for pipe in self._pipes:
            pipe.close()
        os.close(self._wake)
        os.close(self._waker)

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake, selectors.EVENT_READ)
            for pipe in self._pipes:
                selector.register(pipe.reading, selectors.EVENT_READ, pipe)
            while len(selector.get_map()) > 1:
                for key, _ in selector.select():
                    if key.data is None:
                        self._answer()
                    elif not key.data.move(self._pass_on):
                        selector.unregister(key.data.reading)
        with self._lock:
            self._is_over = True
            self._close()
        _living.discard(self)
        self._say_done()

    def _answer(self) -> None:
        os.read(self._wake, _READ_BYTES)
        asked = len(self._asked)
        for pipe in self._pipes:
            pipe.move(self._pass_on)
        self._say_done(asked)

    def _say_done(self, count: int | None = None) -> None:
        asked, self._asked[:count] = self._asked[:count], []
        for done in asked:
            done.set()

    def _pass_on(self, data: bytes) -> None:
        self._use(data)


_living: set[DescriptorTee] = set()
"""Whose thread reads: until nobody can write any more."""


def _forget_after_fork() -> None:
    for tee in _living:
        tee.forget()
    _living.clear()


os.register_at_fork(after_in_child=_forget_after_fork)


def _drop(_data: bytes) -> None:
    return


def _text_streams() -> list[io.TextIOWrapper]:
    return [stream for stream in (sys.stdout, sys.stderr) if isinstance(stream, io.TextIOWrapper)]


def _flush() -> None:
    """Let what Python and C still keep go to the descriptors."""
    import ctypes

    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, OSError, ValueError):
            stream.flush()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).fflush(None)
