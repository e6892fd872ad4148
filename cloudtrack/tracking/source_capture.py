"""Recording where a run comes from while it runs, in a thread of its own."""

from __future__ import annotations

# What the thread needs is imported here. A process that forks while a thread imports leaves the module's lock
# taken in the child, which then waits for it without end.
import email.parser  # noqa: F401 - importlib.metadata needs it
import importlib.metadata  # noqa: F401
import threading
from pathlib import Path
from typing import Protocol

from cloudtrack.errors import CloudtrackError
from cloudtrack.tracking import source
from cloudtrack.tracking.run_writer import RunWriter
from cloudtrack.tracking.source_files import PACKAGES, PATCH


class SourceSink(Protocol):
    """Where source files go: ``SourceFiles`` of a store, or of a server."""

    def create(self, run_id: str, name: str, body: bytes) -> None:
        """Write a file once."""


class SourceCapture:
    """Finds the git state and the installed packages of this process and adds them to a run."""

    def __init__(self, files: SourceSink, writer: RunWriter, folder: Path) -> None:
        self._files = files
        self._writer = writer
        self._folder = folder
        self._thread = threading.Thread(target=self._capture, name="cloudtrack-source", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def wait(self, timeout_s: float) -> None:
        """Return when all is recorded, or after the time."""
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _capture(self) -> None:
        try:
            state = source.git_state(self._folder)
            if state is not None:
                self._writer.set_tags(source.git_tags(state))
            self._files.create(self._writer.run_id, PACKAGES, source.packages().encode())
            if state is not None and state.patch and len(state.patch) <= source.MAX_PATCH_BYTES:
                self._files.create(self._writer.run_id, PATCH, state.patch)
        except CloudtrackError:
            return  # the store is away or the run has ended: the source is a help, never a reason to stop
