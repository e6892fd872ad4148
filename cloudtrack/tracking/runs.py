"""Runs: create, read, change, end, delete and restore; and writers that log without waiting."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from cloudtrack import clock, ids
from cloudtrack.entities.dataset import DatasetInput
from cloudtrack.entities.experiment import Experiment, LifecycleStage, ViewType
from cloudtrack.entities.names import (
    check_experiment_id,
    check_key_name,
    check_run_id,
    check_value,
    metric_step,
    metric_value,
    timestamp_ms,
)
from cloudtrack.entities.run import LoggedModelOutput, Metric, Run, RunStatus
from cloudtrack.errors import InvalidInput, NotFound, StateError, Unavailable
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.parallel import map_in_order
from cloudtrack.tracking.changes import RunChanges, apply_changes, check_params
from cloudtrack.tracking.documents import DatasetUse, ModelOutput, RunDocument
from cloudtrack.tracking.experiments import Experiments
from cloudtrack.tracking.run_delivery import HEARTBEAT_MS, RunDelivery
from cloudtrack.tracking.run_documents import RunDocuments, StoredRun
from cloudtrack.tracking.run_writer import RunWriter

RUN_NAME_TAG = "mlflow.runName"
PARENT_RUN_TAG = "mlflow.parentRunId"


class Runs:
    """The runs of one store. Everything logged by this process's writers is seen by its own reads."""

    def __init__(
        self,
        store: ObjectStore,
        documents: RunDocuments,
        experiments: Experiments,
        *,
        spool_dir: Path,
        make_ready: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._documents = documents
        self._experiments = experiments
        self._delivery = RunDelivery(documents, experiments, make_ready)
        self._spool_dir = spool_dir
        self._writers: dict[str, RunWriter] = {}
        self._lock = threading.Lock()

    def create(
        self,
        experiment_id: str,
        *,
        run_name: str | None = None,
        start_time: int | None = None,
        tags: Mapping[str, str] | None = None,
        user_id: str = "",
    ) -> Run:
        """A new run, running. Raises NotFound, or StateError for a deleted experiment."""
        self._active_experiment(experiment_id)
        document = new_run(experiment_id, run_name=run_name, start_time=start_time, tags=tags, user_id=user_id)
        return self._entity(self._documents.create(document).document)

    def get(self, run_id: str) -> Run:
        """Raises NotFound."""
        self._flush_own(run_id)
        return self._entity(self._documents.get(check_run_id(run_id)).document)

    def list(self, experiment_ids: Sequence[str], *, view_type: int = ViewType.ACTIVE_ONLY) -> list[Run]:
        """All runs of these experiments, newest first; one request for each run: an index serves large stores."""
        for run_id in list(self._writers):
            self._flush_own(run_id)
        checked = [check_experiment_id(experiment_id) for experiment_id in experiment_ids]
        documents = [document for found in map_in_order(self._documents.list, checked) for document in found]
        runs = [self._entity(doc) for doc in documents if ViewType.shows(view_type, doc.lifecycle_stage)]
        return sorted(runs, key=lambda run: (-(run.info.start_time or 0), run.info.run_id))

    def open_writer(self, run_id: str) -> RunWriter:
        """Log to an existing run without waiting; the same writer for all callers of this process.

        A run that has ended is running again. Raises NotFound, StateError for a deleted run.
        """
        with self._lock:
            if (writer := self._writers.get(run_id)) is not None and not writer.is_closed:
                return writer
            stored = self._documents.update(check_run_id(run_id), _start_again)
            writer = self._writer(stored.document, stored)
            self._writers[run_id] = writer
            return writer

    def start_writer(
        self,
        experiment: Experiment,
        *,
        run_name: str | None = None,
        tags: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        user_id: str = "",
    ) -> tuple[Run, RunWriter]:
        """A new run and its writer. Where the store is away the run starts all the same, and is created later."""
        if experiment.lifecycle_stage == LifecycleStage.DELETED:
            raise StateError(
                f"experiment {experiment.experiment_id} ({experiment.name!r}) is deleted; restore it first"
            )
        document = new_run(experiment.experiment_id, run_name=run_name, tags=tags, user_id=user_id)
        document.heartbeat_time = document.start_time or 0
        document.heartbeat_interval_ms = HEARTBEAT_MS
        stored: StoredRun | None = None
        if experiment.experiment_id:
            try:
                stored = self._documents.create(document)
            except Unavailable:
                stored = None  # the writer says so, and creates the run when the store is back
        writer = self._writer(document, stored, experiment_name=experiment.name)
        if params:
            writer.log_params(params)
        with self._lock:
            self._writers = {run_id: old for run_id, old in self._writers.items() if not old.is_closed}
            self._writers[document.run_id] = writer
        return self._entity(stored.document if stored else document), writer

    def update(
        self, run_id: str, *, status: str | None = None, run_name: str | None = None, end_time: int | None = None
    ) -> Run:
        """Change status, name or end time. A status that ends the run sets the end time to now by default."""
        if status is not None and status not in RunStatus.NAMES:
            raise InvalidInput(f"{status!r} is no run status; it is one of {', '.join(RunStatus.NAMES)}")
        if status is not None and RunStatus.is_terminated(status) and end_time is None:
            end_time = clock.now_ms()
        tags = {RUN_NAME_TAG: run_name} if run_name else {}
        changes = RunChanges(status=status, end_time=end_time, run_name=run_name or None, tags=tags)
        return self._entity(self._apply(run_id, changes))

    def log_batch(
        self,
        run_id: str,
        *,
        metrics: Sequence[Metric] = (),
        params: Mapping[str, object] | None = None,
        tags: Mapping[str, object] | None = None,
    ) -> None:
        """Log at once, and return when the store has it: all of it or nothing."""
        checked_tags = {check_key_name("tag", key): check_value("tag", key, v) for key, v in (tags or {}).items()}
        changes = RunChanges(
            params={check_key_name("param", key): check_value("param", key, v) for key, v in (params or {}).items()},
            tags=checked_tags,
            run_name=checked_tags.get(RUN_NAME_TAG),
            points=[
                (
                    check_key_name("metric", metric.key),
                    metric_value(metric.key, metric.value),
                    metric_step(metric.key, metric.step),
                    timestamp_ms(metric.timestamp),
                )
                for metric in metrics
            ],
        )
        if not changes.is_empty():
            self._apply(run_id, changes)

    def log_inputs(self, run_id: str, datasets: Sequence[DatasetInput]) -> None:
        """Record datasets that the run read."""
        self._apply(run_id, RunChanges(inputs=[dataset_use(item) for item in datasets]))

    def log_outputs(self, run_id: str, models: Sequence[LoggedModelOutput]) -> None:
        """Record models that the run made."""
        self._apply(run_id, RunChanges(outputs=[ModelOutput(model_id=m.model_id, step=m.step) for m in models]))

    def delete_tag(self, run_id: str, key: str) -> None:
        """Raises NotFound where the run has no such tag."""

        def change(document: RunDocument) -> None:
            _check_active(document)
            if key not in document.tags:
                raise NotFound(f"run {run_id} has no tag {key!r}")
            del document.tags[key]

        self._change(run_id, change)

    def delete(self, run_id: str) -> None:
        """Move to the trash; nothing is erased. Deleting a deleted run is no error."""
        self._change(run_id, lambda document: _move(document, LifecycleStage.DELETED))

    def restore(self, run_id: str) -> None:
        """Take out of the trash. Restoring an active run is no error."""
        self._change(run_id, lambda document: _move(document, LifecycleStage.ACTIVE))

    def delete_experiment(self, experiment_id: str) -> None:
        """Move an experiment and its active runs to the trash. Running it again finishes a job cut off halfway."""
        self._experiments.set_lifecycle_stage(experiment_id, LifecycleStage.DELETED)
        self._move_all(experiment_id, _delete_with_experiment)

    def restore_experiment(self, experiment_id: str) -> None:
        """Take an experiment out of the trash, with the runs that went there with it."""
        self._move_all(experiment_id, _restore_with_experiment)
        self._experiments.set_lifecycle_stage(experiment_id, LifecycleStage.ACTIVE)

    def close(self) -> None:
        """Deliver what this process's writers have, without ending their runs."""
        for writer in list(self._writers.values()):
            writer.detach()

    @property
    def delivery(self) -> RunDelivery:
        """How spools reach this store."""
        return self._delivery

    def _writer(self, document: RunDocument, stored: StoredRun | None, *, experiment_name: str = "") -> RunWriter:
        return RunWriter(
            self._delivery,
            document,
            stored=stored,
            store_url=self._store.url,
            spool_dir=self._spool_dir,
            experiment_name=experiment_name,
        )

    def _active_experiment(self, experiment_id: str) -> None:
        experiment = self._experiments.get(experiment_id)
        if experiment.lifecycle_stage == LifecycleStage.DELETED:
            raise StateError(f"experiment {experiment_id} ({experiment.name!r}) is deleted; restore it first")

    def _apply(self, run_id: str, changes: RunChanges) -> RunDocument:
        def change(document: RunDocument) -> None:
            _check_active(document)
            check_params(document, changes)
            apply_changes(document, changes)

        return self._change(run_id, change)

    def _change(self, run_id: str, change: Callable[[RunDocument], bool | None]) -> RunDocument:
        self._flush_own(run_id)
        return self._documents.update(check_run_id(run_id), change).document

    def _flush_own(self, run_id: str) -> None:
        writer = self._writers.get(run_id)
        if writer is not None and not writer.is_closed:
            writer.flush()
        elif writer is not None:
            self._writers.pop(run_id, None)

    def _move_all(self, experiment_id: str, change: Callable[[RunDocument], bool | None]) -> None:
        documents = self._documents.list(check_experiment_id(experiment_id))
        map_in_order(lambda document: self._documents.update(document.run_id, change), documents)

    def _entity(self, document: RunDocument) -> Run:
        return document.to_entity(self._store.url, clock.now_ms())


def new_run(
    experiment_id: str,
    *,
    run_name: str | None = None,
    start_time: int | None = None,
    tags: Mapping[str, str] | None = None,
    user_id: str = "",
) -> RunDocument:
    """A run that no store knows yet. ``run_name`` and the tag ``mlflow.runName`` must agree where both are given."""
    checked = {check_key_name("tag", key): check_value("tag", key, value) for key, value in (tags or {}).items()}
    tagged = checked.get(RUN_NAME_TAG)
    if run_name and tagged and run_name != tagged:
        raise InvalidInput(f"run_name is {run_name!r} but the tag {RUN_NAME_TAG} is {tagged!r}: give one of them")
    name = check_value("tag", RUN_NAME_TAG, run_name or tagged or ids.new_run_name())
    return RunDocument(
        run_id=ids.new_run_id(),
        experiment_id=experiment_id,
        run_name=name,
        user_id=user_id,
        start_time=clock.now_ms() if start_time is None else timestamp_ms(start_time),
        tags={**checked, RUN_NAME_TAG: name},
    )


def dataset_use(item: DatasetInput) -> DatasetUse:
    """A dataset input in its stored form."""
    dataset = item.dataset
    return DatasetUse(
        name=dataset.name,
        digest=dataset.digest,
        source_type=dataset.source_type,
        source=dataset.source,
        dataset_schema=dataset.schema,
        dataset_profile=dataset.profile,
        tags={tag.key: tag.value for tag in item.tags},
    )


def _check_active(document: RunDocument) -> None:
    if document.lifecycle_stage == LifecycleStage.DELETED:
        raise StateError(f"run {document.run_id} is deleted; restore it first")


def _start_again(document: RunDocument) -> bool | None:
    _check_active(document)
    if document.status == RunStatus.RUNNING:
        return False
    document.status = RunStatus.RUNNING
    document.end_time = None
    document.heartbeat_time = clock.now_ms()
    document.heartbeat_interval_ms = HEARTBEAT_MS
    return None


def _move(document: RunDocument, stage: str) -> bool | None:
    if document.lifecycle_stage == stage:
        return False
    document.lifecycle_stage = stage
    document.deleted_with_experiment = False
    return None


def _delete_with_experiment(document: RunDocument) -> bool | None:
    if document.lifecycle_stage == LifecycleStage.DELETED:
        return False
    document.lifecycle_stage = LifecycleStage.DELETED
    document.deleted_with_experiment = True
    return None


def _restore_with_experiment(document: RunDocument) -> bool | None:
    return _move(document, LifecycleStage.ACTIVE) if document.deleted_with_experiment else False
