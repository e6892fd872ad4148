"""Carrying a spool's frames to the store, each exactly once, from its writer or from any copy."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from cloudtrack import clock
from cloudtrack.errors import CorruptData, NotFound, Purged
from cloudtrack.tracking.artifacts import Artifacts
from cloudtrack.tracking.changes import RunChanges, apply_changes, changed_param
from cloudtrack.tracking.documents import RejectedParam, RunDocument
from cloudtrack.tracking.experiments import Experiments
from cloudtrack.tracking.frames import Frame
from cloudtrack.tracking.model_points import ModelDelivery
from cloudtrack.tracking.run_documents import RunDocuments, StoredRun
from cloudtrack.tracking.spool import Spool, SpoolHeader

HEARTBEAT_MS = 30_000
"""A live writer commits at least this often."""
_MOST_POINTS = 1_000_000
"""Delivered in one commit; bounds the memory of a delivery."""

_log = logging.getLogger(__name__)


class Delivery(Protocol):
    """How one spool reaches the place where its run is kept: a store, or a server in front of it."""

    def create(self, header: SpoolHeader) -> RunDocument:
        """Make the run, which nobody has heard of; the run as it is kept. Raises Unavailable."""

    def deliver(self, spool: Spool, *, heartbeat: bool) -> None:
        """Bring everything the spool has, and a heartbeat where asked.

        Raises Unavailable where the store cannot be reached: what was delivered so far is noted.
        """


class RunCommits:
    """Commits frames to the runs of one store."""

    def __init__(self, documents: RunDocuments, experiments: Experiments, make_ready: Callable[[], None]) -> None:
        """``make_ready`` makes sure that the store exists; it is called before a run is created."""
        self._documents = documents
        self._experiments = experiments
        self._make_ready = make_ready

    def create(self, run: RunDocument) -> StoredRun:
        """A new run; one with this id that is there already is returned as it is."""
        return self._documents.create(run)

    def find(self, run_id: str) -> StoredRun | None:
        """The run; None where there never was one. Raises Purged."""
        try:
            return self._documents.get(run_id)
        except Purged:
            raise
        except NotFound:
            return None

    def find_or_create(self, run: RunDocument, experiment_name: str) -> StoredRun:
        """The run; where there is none it is made, in the experiment of this name unless the run names another."""
        self._make_ready()
        if (found := self.find(run.run_id)) is not None:
            return found
        if run.experiment_id:
            return self._documents.create(run)
        experiment = self._experiments.get_or_create(experiment_name)
        return self._documents.create(run.model_copy(update={"experiment_id": experiment.experiment_id}))

    def commit(
        self, run_id: str, writer: str, frames: Sequence[Frame], *, known: StoredRun | None = None, heartbeat: bool
    ) -> tuple[StoredRun, list[str]]:
        """Apply those of a writer's frames that the run does not have; the run, and what was refused, in words."""
        rejected: list[RejectedParam] = []
        last = frames[-1].seq if frames else 0

        def change(draft: RunDocument) -> bool | None:
            nonlocal rejected
            applied = draft.writers.get(writer, 0)
            changes = RunChanges()
            for frame in frames:
                if frame.seq > applied:
                    changes.add(frame.changes)
            if last <= applied and not heartbeat:
                return False
            rejected = apply_changes(draft, changes, writer=writer)
            if frames:
                draft.writers[writer] = max(last, applied)
            if heartbeat:
                draft.heartbeat_time = clock.now_ms()
                draft.heartbeat_interval_ms = HEARTBEAT_MS
            return None

        stored = self._documents.update(run_id, change, known=known)
        kept = stored.document.params
        return stored, [changed_param(run_id, param.key, kept[param.key], param.value) for param in rejected]


def deliver_files(spool: Spool, frames: Iterable[Frame], artifacts: Artifacts, *, applied: int) -> None:
    """Upload the files that frames name, but those of frames that the run has: they may have been replaced since."""
    for frame in frames:
        for file in frame.changes.artifacts if frame.seq > applied else ():
            if spool.files is None:
                raise CorruptData(f"the artifact {file.path!r} waits beside a spool that has no folder")
            artifacts.upload(spool.header.run.run_id, spool.files.find(file), file.path)


def forget_files(spool: Spool, frames: Iterable[Frame]) -> None:
    """Delete the files that frames name which the run has: they are not looked for again."""
    if spool.files is not None:
        spool.files.forget(file for frame in frames for file in frame.changes.artifacts)


class RunDelivery:
    """Delivers one spool to a store; remembers the run, so that a delivery is one request."""

    def __init__(
        self, commits: RunCommits, artifacts: Artifacts, models: ModelDelivery, known: StoredRun | None = None
    ) -> None:
        """``artifacts`` takes files that wait beside the spool, ``models`` what it has for logged models."""
        self._commits = commits
        self._artifacts = artifacts
        self._models = models
        self._known = known

    def create(self, header: SpoolHeader) -> RunDocument:
        """Make the run; two requests."""
        self._known = self._commits.create(header.run)
        return self._known.document

    def deliver(self, spool: Spool, *, heartbeat: bool) -> None:
        """Bring everything the spool has, and a heartbeat where asked."""
        header = spool.header
        self._known = self._known or self._commits.find_or_create(header.run, header.experiment_name)
        while spool.has_unsent:
            frames, mark = spool.read_unsent(limit_points=_MOST_POINTS)
            deliver_files(spool, frames, self._artifacts, applied=self._known.document.writers.get(header.writer, 0))
            self._commit(header, frames, heartbeat=heartbeat)
            # Before the frames count as delivered: the run takes each frame once, a model any number of times.
            self._models.deliver(header.run.run_id, (point for frame in frames for point in frame.changes.model_points))
            spool.acknowledge(mark)
            forget_files(spool, frames)
            heartbeat = False
        if heartbeat:
            self._commit(header, [], heartbeat=True)

    def _commit(self, header: SpoolHeader, frames: Sequence[Frame], *, heartbeat: bool) -> None:
        self._known, refused = self._commits.commit(
            header.run.run_id, header.writer, frames, known=self._known, heartbeat=heartbeat
        )
        for message in refused:
            _log.warning("%s", message)
