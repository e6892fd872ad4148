"""Carrying a spool's frames to the store, each exactly once, from its writer or from any copy."""

from __future__ import annotations

import logging
from collections.abc import Callable

from cloudtrack import clock
from cloudtrack.errors import NotFound
from cloudtrack.tracking.changes import RunChanges, apply_changes, changed_param
from cloudtrack.tracking.documents import RejectedParam, RunDocument
from cloudtrack.tracking.experiments import Experiments
from cloudtrack.tracking.run_documents import RunDocuments, StoredRun
from cloudtrack.tracking.spool import Frame, Spool, SpoolHeader

HEARTBEAT_MS = 30_000
"""A live writer commits at least this often."""
_MOST_POINTS = 1_000_000
"""Delivered in one commit; bounds the memory of a delivery."""

_log = logging.getLogger(__name__)


class RunDelivery:
    """Delivers to the runs of one store."""

    def __init__(self, documents: RunDocuments, experiments: Experiments, make_ready: Callable[[], None]) -> None:
        """``make_ready`` makes sure that the store exists; it is called before a run is created."""
        self._documents = documents
        self._experiments = experiments
        self._make_ready = make_ready

    def deliver(self, spool: Spool, known: StoredRun | None, *, heartbeat: bool) -> StoredRun:
        """Bring everything the spool has, and a heartbeat where asked; the run as it then is.

        Raises Unavailable where the store cannot be reached: what was delivered so far is noted.
        """
        stored = known or self._find_or_create(spool.header)
        while spool.has_unsent:
            frames, mark = spool.read_unsent(limit_points=_MOST_POINTS)
            stored = self._commit(spool.header, frames, stored, heartbeat=heartbeat)
            spool.acknowledge(mark)
            heartbeat = False
        return self._commit(spool.header, [], stored, heartbeat=True) if heartbeat else stored

    def _commit(self, header: SpoolHeader, frames: list[Frame], known: StoredRun, *, heartbeat: bool) -> StoredRun:
        rejected: list[RejectedParam] = []
        last = frames[-1].seq if frames else 0

        def change(draft: RunDocument) -> bool | None:
            nonlocal rejected
            applied = draft.writers.get(header.writer, 0)
            changes = RunChanges()
            for frame in frames:
                if frame.seq > applied:
                    changes.add(frame.changes)
            if last <= applied and not heartbeat:
                return False
            rejected = apply_changes(draft, changes, writer=header.writer)
            if frames:
                draft.writers[header.writer] = max(last, applied)
            if heartbeat:
                draft.heartbeat_time = clock.now_ms()
                draft.heartbeat_interval_ms = HEARTBEAT_MS
            return None

        stored = self._documents.update(header.run.run_id, change, known=known)
        for param in rejected:
            kept = stored.document.params[param.key]
            _log.warning("%s", changed_param(header.run.run_id, param.key, kept, param.value))
        return stored

    def _find_or_create(self, header: SpoolHeader) -> StoredRun:
        run = header.run
        self._make_ready()
        try:
            return self._documents.get(run.run_id)
        except NotFound:
            if run.experiment_id:
                return self._documents.create(run)
        experiment = self._experiments.get_or_create(header.experiment_name)
        return self._documents.create(run.model_copy(update={"experiment_id": experiment.experiment_id}))
