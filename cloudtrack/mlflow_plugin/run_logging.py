"""How what MLflow logs reaches the store.

A run that this process began is logged to as ``import cloudtrack`` does it: at once to memory and to the spool on the
local disk, and from there every few seconds to the store. Reads of this process deliver first. Runs of others, and
all runs in an ``mlflow server``, where other processes answer the next request, are written to at once.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Callable, Mapping, Sequence

from cloudtrack.client import Client
from cloudtrack.entities.run import Metric, RunStatus
from cloudtrack.tracking.run_writer import RunWriter
from cloudtrack.tracking.runs import batch


class RunLogging:
    """The writers to the runs that this process began. Any thread may use it."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._writers: dict[str, RunWriter | None] = {}
        self._renew_lock()
        os.register_at_fork(after_in_child=self._renew_lock)
        before_threads_end(self.leave_all)

    def begin(self, run_id: str) -> None:
        """From now on a run is this process's."""
        self._writers.setdefault(run_id, None)

    def log(
        self, run_id: str, metrics: Sequence[Metric], params: Mapping[str, object], tags: Mapping[str, object]
    ) -> bool:
        """Log to a run: all of it or nothing. False, and nothing is logged, where it is not this process's.

        Raises InvalidInput, NotFound, and StateError for a deleted run.
        """
        changes = batch(metrics, params, tags)
        with self._lock:  # a run that is ended meanwhile would begin again
            writer = self._opened(run_id)
            if writer is None:
                return False
            if changes.params:
                writer.log_params(changes.params)
            if changes.tags:
                writer.set_tags(changes.tags)
            for point in changes.points:
                writer.log_metric(*point)
        return True

    def end(self, run_id: str, status: str, end_time: int | None) -> bool:
        """End a run of this process, with all that was logged. False where nothing was logged to it here."""
        writer = self._taken(run_id)
        if writer is None or writer.is_closed:
            return False
        writer.finish(status, end_time)
        return True

    def leave(self, run_id: str) -> None:
        """Deliver what was logged to a run, which is not this process's any more."""
        writer = self._taken(run_id)
        if writer is not None:
            writer.detach()

    def leave_all(self) -> None:
        """Deliver what was logged to all runs of this process."""
        for run_id in list(self._writers):
            self.leave(run_id)

    def _opened(self, run_id: str) -> RunWriter | None:
        """The writer of a run of this process, unless another process has ended it before anything was logged here."""
        writer = self._writers.get(run_id)
        if run_id not in self._writers or (writer is not None and not writer.is_closed):
            return writer
        if self._client.runs.get(run_id).info.status != RunStatus.RUNNING:
            del self._writers[run_id]
            return None
        writer = self._writers[run_id] = self._client.runs.open_writer(run_id)
        return writer

    def _taken(self, run_id: str) -> RunWriter | None:
        """The writer of a run that is not this process's any more."""
        with self._lock:
            return self._writers.pop(run_id, None)

    def _renew_lock(self) -> None:
        """Also in a forked child, where nobody would give back one that was held."""
        self._lock = threading.Lock()


def before_threads_end(function: Callable[[], None]) -> None:
    """Call at the end of the process, the last function first, while S3 clients still have the threads they need."""
    getattr(threading, "_register_atexit", atexit.register)(function)
