"""Writes runs of another tracker into a store: files, then points, then the document, with which the run is there.

Whoever is stopped before begins that run again.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from cloudtrack import clock
from cloudtrack.entities.experiment import LifecycleStage
from cloudtrack.entities.names import check_run_id
from cloudtrack.errors import AlreadyExists, NotFound
from cloudtrack.importing.file_copy import FileCopy
from cloudtrack.importing.foreign import ForeignRun
from cloudtrack.importing.omissions import Omissions
from cloudtrack.importing.outcome import Outcome
from cloudtrack.storage.mentioning import is_late
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.tracking.artifacts import Artifacts
from cloudtrack.tracking.documents import RunDocument
from cloudtrack.tracking.points import INLINE_POINTS, Columns, Point, combine, count, group, summarize
from cloudtrack.tracking.run_documents import RunDocuments
from cloudtrack.tracking.runs import RUN_NAME_TAG
from cloudtrack.tracking.segments import Segments

SEGMENT_POINTS = 200_000
"""So many points of a run are in memory at once, and in one file."""


class RunWriter:
    """The runs of a store, to which others are added as they were."""

    def __init__(self, store: ObjectStore, files: FileCopy, omissions: Omissions) -> None:
        self._documents = RunDocuments(store)
        self._segments = Segments(store)
        self._artifacts = Artifacts(store)
        self._files = files
        self._omissions = omissions

    def find(self, run_id: str, experiment_id: str) -> bool:
        """Whether the run is there. Raises AlreadyExists where it is in another experiment, and where it was purged."""
        try:
            there = self._documents.get_any(check_run_id(run_id)).document
        except NotFound:
            return False
        if there.lifecycle_stage == LifecycleStage.PURGED:
            raise AlreadyExists("it was purged here, and its id is not used again")
        if there.experiment_id != experiment_id:
            raise AlreadyExists(f"a run with its id is in experiment {there.experiment_id} here")
        return True

    def put(self, run: ForeignRun, experiment_id: str, *, experiment_is_deleted: bool) -> tuple[Outcome, int, int]:
        """What became of the run; how many points and files were written."""
        if self.find(run.run_id, experiment_id):
            return Outcome.THERE, 0, 0
        content, what = run.read(), f"run {run.run_id}"
        params = self._omissions.allowed("param", what, content.params)
        tags = self._omissions.allowed("tag", what, content.tags)
        name = run.run_name or tags.get(RUN_NAME_TAG, "")
        is_deleted = run.lifecycle_stage == LifecycleStage.DELETED
        document = RunDocument(
            run_id=run.run_id,
            experiment_id=experiment_id,
            run_name=name,
            user_id=run.user_id,
            status=run.status,
            start_time=run.start_time,
            end_time=run.end_time,
            lifecycle_stage=run.lifecycle_stage,
            deleted_with_experiment=is_deleted and experiment_is_deleted,
            params=params,
            tags={**tags, **({RUN_NAME_TAG: name} if name else {})},
            inputs=content.inputs,
            model_inputs=content.model_inputs,
            outputs=content.outputs,
        )
        files = self._files.copy(self._artifacts, run.run_id, run.files(), what)
        began = clock.now_ms()
        points = self._add_points(document, run.points())
        if is_late(began):
            document.segments, document.points, document.metrics = [], {}, {}
            points = self._add_points(document, run.points())
        self._documents.create(document)
        return Outcome.IMPORTED, points, files

    def _add_points(self, document: RunDocument, points: Iterator[Point]) -> int:
        """Points go into the document where they are few, and into files where they are many."""
        total = 0
        while some := list(islice(points, SEGMENT_POINTS)):
            columns: Columns = self._omissions.allowed("metric", f"run {document.run_id}", group(some))
            total += count(columns)
            for key, column in columns.items():
                summary, before = summarize(column), document.metrics.get(key)
                document.metrics[key] = combine(before, summary) if before else summary
            if total <= INLINE_POINTS and not document.segments:
                document.points = columns
            elif columns:
                document.segments.append(self._segments.write(document.run_id, columns))
        return total
