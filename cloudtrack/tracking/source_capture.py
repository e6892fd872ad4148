"""Recording where a run comes from while it runs, in a thread of its own."""

from __future__ import annotations

import threading
from pathlib import Path

from cloudtrack.errors import CloudtrackError
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.tracking import keys, source
from cloudtrack.tracking.run_writer import RunWriter


class SourceCapture:
    """Finds the git state and the installed packages of this process and adds them to a run."""

    def __init__(self, store: ObjectStore, writer: RunWriter, folder: Path) -> None:
        self._store = store
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
                if state.patch and len(state.patch) <= source.MAX_PATCH_BYTES:
                    self._store.create(keys.source_patch(self._writer.run_id), state.patch)
            self._store.create(keys.packages(self._writer.run_id), source.packages().encode())
        except CloudtrackError:
            return  # the store is away or the run has ended: the source is a help, never a reason to stop
