"""Writes logged models of another tracker into a store: files, then the document."""

from __future__ import annotations

from cloudtrack.entities.experiment import LifecycleStage
from cloudtrack.entities.names import check_logged_model_id, check_logged_model_name, check_run_id
from cloudtrack.errors import AlreadyExists, ObjectExists, ObjectNotFound
from cloudtrack.importing.file_copy import FileCopy
from cloudtrack.importing.foreign import ForeignLoggedModel
from cloudtrack.importing.omissions import Omissions
from cloudtrack.importing.outcome import Outcome
from cloudtrack.index.keys import IndexKeys
from cloudtrack.index.pending import announce
from cloudtrack.storage.document import DocumentStore
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.tracking import keys
from cloudtrack.tracking.artifacts import LOGGED_MODEL, Artifacts
from cloudtrack.tracking.documents import LoggedModelDocument, ModelMetric


class LoggedModelWriter:
    """The logged models of a store, to which others are added as they were."""

    def __init__(self, store: ObjectStore, files: FileCopy, omissions: Omissions) -> None:
        self._store = store
        self._documents = DocumentStore(store, LoggedModelDocument)
        self._artifacts = Artifacts(store, LOGGED_MODEL)
        self._files = files
        self._omissions = omissions

    def find(self, model_id: str, experiment_id: str) -> bool:
        """Whether it is there. Raises AlreadyExists where it is in another experiment, and where it was purged."""
        try:
            there = self._documents.get(keys.logged_model(check_logged_model_id(model_id))).document
        except ObjectNotFound:
            return False
        if there.lifecycle_stage == LifecycleStage.PURGED:
            raise AlreadyExists("it was purged here, and its id is not used again")
        if there.experiment_id != experiment_id:
            raise AlreadyExists(f"a logged model with its id is in experiment {there.experiment_id} here")
        return True

    def put(self, model: ForeignLoggedModel, experiment_id: str) -> tuple[Outcome, int]:
        """What became of it; how many files were written."""
        if self.find(model.model_id, experiment_id):
            return Outcome.THERE, 0
        what = f"logged model {model.model_id}"
        document = LoggedModelDocument(
            model_id=model.model_id,
            experiment_id=experiment_id,
            name=check_logged_model_name(model.name),
            model_type=model.model_type,
            source_run_id=check_run_id(model.source_run_id) if model.source_run_id else "",
            status=model.status,
            creator_id=model.creator_id,
            lifecycle_stage=model.lifecycle_stage,
            creation_time=model.creation_time,
            last_update_time=model.last_update_time,
            tags=self._omissions.allowed("tag", what, model.tags),
            params=self._omissions.allowed("param", what, model.params),
            metrics=_last_of_each(model.metrics),
        )
        files = self._files.copy(self._artifacts, model.model_id, model.files(), what)
        announce(self._store, IndexKeys(keys.logged_model_index(experiment_id)), model.model_id, 1)
        try:
            self._documents.create(keys.logged_model(model.model_id), document)
        except ObjectExists:
            return Outcome.THERE, files
        return Outcome.IMPORTED, files


def _last_of_each(metrics: list[ModelMetric]) -> list[ModelMetric]:
    """Of each key and dataset the greatest step, then the latest time, as a logged model keeps them."""
    last: dict[tuple[str | None, ...], ModelMetric] = {}
    for metric in metrics:
        which = (metric.key, metric.dataset_name, metric.dataset_digest)
        there = last.get(which)
        if there is None or (metric.step, metric.timestamp) >= (there.step, there.timestamp):
            last[which] = metric
    return list(last.values())
