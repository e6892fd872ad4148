"""Reading and committing runs' documents: markers for the index, spilled points, merged segments.

Before a commit whose change no index would otherwise see, the empty marker
``experiments/<id>/index/pending/<run>.<version>`` is put: at creation, where it stands for all that
happens until the run has ended, and before every change to a run that has ended.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable

from cloudtrack import clock
from cloudtrack.entities.run import RunStatus
from cloudtrack.errors import NotFound, ObjectExists, ObjectNotFound
from cloudtrack.index.keys import IndexKeys
from cloudtrack.index.pending import announce
from cloudtrack.storage.document import DocumentStore, Stored
from cloudtrack.storage.mentioning import is_late
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.tracking import keys
from cloudtrack.tracking.documents import RunDocument, Segment
from cloudtrack.tracking.points import INLINE_POINTS, Columns, count
from cloudtrack.tracking.purges import existing
from cloudtrack.tracking.run_history import RunHistory
from cloudtrack.tracking.segments import Segments

_MERGE_SEGMENTS = 8
"""This many segments of about one size become one of the next size."""

StoredRun = Stored[RunDocument]

_log = logging.getLogger(__name__)


class RunDocuments:
    """The runs of one store, as documents."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._documents = DocumentStore(store, RunDocument)
        self._segments = Segments(store)

    def create(self, document: RunDocument) -> StoredRun:
        """Write a new run; two requests. A run with this id that is there already is returned as it is.

        Raises Purged where there was one.
        """
        self._mark(document.experiment_id, document.run_id, 1)
        key = keys.run(document.run_id)
        try:
            return self._documents.create(key, document)
        except ObjectExists as exists:
            stored = Stored.parse(RunDocument, key, exists.body, exists.etag)
            existing(stored.document)
            return stored

    def get(self, run_id: str) -> StoredRun:
        """Raises NotFound, Purged."""
        stored = self.get_any(run_id)
        existing(stored.document)
        return stored

    def get_any(self, run_id: str) -> StoredRun:
        """The run, also what is left of one that was purged. Raises NotFound."""
        try:
            return self._documents.get(keys.run(run_id))
        except ObjectNotFound as error:
            raise NotFound(f"there is no run with id {run_id!r} in {self._store.url}") from error

    def update(
        self, run_id: str, change: Callable[[RunDocument], bool | None], *, known: StoredRun | None = None
    ) -> StoredRun:
        """Commit a change, exactly once; one request where ``known`` is the newest version and the run is running.

        ``change`` may run several times, each time on a fresh draft. Raises NotFound and what it raises.
        """
        spilled: tuple[Columns, Segment, int] | None = None
        ended_before = False

        def changed(draft: RunDocument) -> bool | None:
            nonlocal ended_before
            ended_before = RunStatus.is_terminated(existing(draft).status)
            return change(draft)

        def prepare(draft: RunDocument) -> None:
            nonlocal spilled
            if ended_before:
                self._mark(draft.experiment_id, run_id, draft.version)
            if count(draft.points) > INLINE_POINTS:
                if spilled is None or spilled[0] != draft.points or is_late(spilled[2]):
                    began = clock.now_ms()
                    spilled = (draft.points, self._segments.write(run_id, draft.points), began)
                draft.segments.append(spilled[1])
                draft.points = {}

        stored = self._documents.update(
            keys.run(run_id), changed, known=known or self.get(run_id), before_commit=prepare
        )
        return self._merge_segments(stored) if spilled else stored

    def history(self, run_id: str) -> RunHistory:
        """The run's metrics, to be read; one request. Raises NotFound."""
        return RunHistory(self.get(run_id).document, self._segments, lambda: self.get(run_id).document)

    def _merge_segments(self, stored: StoredRun) -> StoredRun:
        """Where many segments are of about one size, replace them by one, so that a long run has few."""
        run_id = stored.document.run_id
        old = _mergeable(stored.document.segments)
        if not old:
            return stored
        began = clock.now_ms()
        try:
            merged = self._segments.merge(run_id, old)
        except ObjectNotFound:
            return stored  # another writer of this run has merged them, and deleted them
        names = {segment.name for segment in old}

        def swap(draft: RunDocument) -> bool | None:
            if is_late(began) or not names <= {segment.name for segment in draft.segments}:
                return False  # it may have been cleaned up, or another writer of this run merged them
            draft.segments = [segment for segment in draft.segments if segment.name not in names] + [merged]
            return None

        after = self._documents.update(keys.run(run_id), swap, known=stored)
        present = {segment.name for segment in after.document.segments}
        self._segments.delete(run_id, [s for s in [merged, *old] if s.name not in present])
        return after

    def _mark(self, experiment_id: str, run_id: str, version: int) -> None:
        announce(self._store, IndexKeys(keys.run_index(experiment_id)), run_id, version)


def _mergeable(segments: list[Segment]) -> list[Segment]:
    sizes: dict[int, list[Segment]] = {}
    for segment in segments:
        level = int(math.log(max(segment.rows, INLINE_POINTS) / INLINE_POINTS, _MERGE_SEGMENTS))
        sizes.setdefault(level, []).append(segment)
    return next((group for group in sizes.values() if len(group) >= _MERGE_SEGMENTS), [])
