"""The writers of one process: one for each run, whoever asks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from cloudtrack.entities.experiment import Experiment, LifecycleStage
from cloudtrack.errors import StateError
from cloudtrack.tracking.documents import RunDocument
from cloudtrack.tracking.run_delivery import HEARTBEAT_MS, Delivery
from cloudtrack.tracking.run_writer import RunWriter


class Writers:
    """The writers to the runs that are kept at one place, a store or a server."""

    def __init__(self, store_url: str, spool_dir: Path) -> None:
        self._store_url = store_url
        self._spool_dir = spool_dir
        self._writers: dict[str, RunWriter] = {}
        self._lock = threading.Lock()

    def start(self, delivery: Delivery, experiment: Experiment, run: RunDocument) -> RunWriter:
        """A writer that makes its run. Raises StateError for a deleted experiment."""
        if experiment.lifecycle_stage == LifecycleStage.DELETED:
            raise StateError(
                f"experiment {experiment.experiment_id} ({experiment.name!r}) is deleted; restore it first"
            )
        run.heartbeat_time = run.start_time or 0
        run.heartbeat_interval_ms = HEARTBEAT_MS
        writer = self._new(delivery, run, is_new=True, experiment_name=experiment.name)
        with self._lock:
            self._writers = {run_id: old for run_id, old in self._writers.items() if not old.is_closed}
            self._writers[run.run_id] = writer
        return writer

    def open(self, run_id: str, resume: Callable[[], tuple[Delivery, RunDocument]]) -> RunWriter:
        """The writer of a run; where there is none, one to the run that ``resume`` gives."""
        with self._lock:
            writer = self._writers.get(run_id)
            if writer is None or writer.is_closed:
                delivery, run = resume()
                writer = self._writers[run_id] = self._new(delivery, run, is_new=False)
            return writer

    def flush(self, run_id: str) -> None:
        """Deliver what is logged to a run, so that a read sees it."""
        writer = self._writers.get(run_id)
        if writer is not None and not writer.is_closed:
            writer.flush()
        elif writer is not None:
            self._writers.pop(run_id, None)

    def flush_all(self) -> None:
        """Deliver what is logged to any run."""
        for run_id in list(self._writers):
            self.flush(run_id)

    def close(self) -> None:
        """Deliver what is logged, without ending the runs."""
        for writer in list(self._writers.values()):
            writer.detach()

    def _new(self, delivery: Delivery, run: RunDocument, *, is_new: bool, experiment_name: str = "") -> RunWriter:
        return RunWriter(
            delivery,
            run,
            is_new=is_new,
            store_url=self._store_url,
            spool_dir=self._spool_dir,
            experiment_name=experiment_name,
        )
