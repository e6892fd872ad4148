"""The program that a project's command is, as a process with all that it starts."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType

from cloudtrack import config

GRACE_S = 20.0
"""Between asking a program to end and ending it."""
_CHUNK = 1 << 16


class Program:
    """One program, which can be ended from outside: by ``end``, or by signals where ``listen`` was called."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self.was_ended = False

    def listen(self) -> None:
        """Let SIGTERM, SIGINT and SIGHUP of this process end the program."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def run(self, words: list[str], folder: Path, variables: Mapping[str, str], show: Callable[[bytes], None]) -> int:
        """Run it to its end; its exit code, 128 and more where a signal ended it.

        ``show`` gets what it writes to standard output and standard error, as it comes.
        """
        if self.was_ended:
            return 128 + signal.SIGTERM
        process = subprocess.Popen(  # noqa: S603 - values are words of their own, see command.py
            words,
            cwd=folder,
            env={**config.environment(), "PYTHONUNBUFFERED": "1", **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._process = process
        if self.was_ended:
            self.end()
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        while chunk := os.read(process.stdout.fileno(), _CHUNK):
            show(chunk)
        code = process.wait()
        return code if code >= 0 else 128 - code

    def end(self) -> None:
        """Ask the program, and all that it started, to end; end them where that takes too long."""
        self.was_ended = True
        if self._process is not None and self._process.poll() is None:
            self._signal(signal.SIGTERM)
            later = threading.Timer(GRACE_S, self._signal, [signal.SIGKILL])
            later.daemon = True
            later.start()

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.end()

    def _signal(self, number: int) -> None:
        if self._process is not None and self._process.returncode is None:
            try:
                os.killpg(self._process.pid, number)
            except ProcessLookupError:
                return
