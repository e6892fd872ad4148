"""Runs: create, read, change, end, delete and restore; and writers that log without waiting."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cloudtrack import clock, ids
from cloudtrack.entities.dataset import DatasetInput
from cloudtrack.entities.experiment import Experiment, LifecycleStage, ViewType
from cloudtrack.entities.names import (
    check_experiment_id,
    check_key_name,
    check_logged_model_id,
    check_run_id,
    check_value,
    metric_step,
    metric_value,
    timestamp_ms,
)
from cloudtrack.entities.page import PagedList
from cloudtrack.entities.run import LoggedModelInput, LoggedModelOutput, Metric, Run, RunStatus
from cloudtrack.errors import InvalidInput, NotFound, Purged, StateError
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.parallel import map_in_order
from cloudtrack.tracking.artifacts import Artifacts
from cloudtrack.tracking.changes import RunChanges, apply_changes, check_params
from cloudtrack.tracking.documents import DatasetUse, ModelOutput, RunDocument
from cloudtrack.tracking.experiments import Experiments
from cloudtrack.tracking.logged_models import LoggedModels
from cloudtrack.tracking.model_points import ModelDelivery, by_model
from cloudtrack.tracking.run_delivery import HEARTBEAT_MS, Delivery, RunCommits, RunDelivery
from cloudtrack.tracking.run_documents import RunDocuments, StoredRun
from cloudtrack.tracking.run_index import RunIndex, run_question
from cloudtrack.tracking.run_writer import RunWriter
from cloudtrack.tracking.writers import Writers

RUN_NAME_TAG = "mlflow.runName"
MODELS_TAG = "mlflow.log-model.history"
_ALL = 2**61


class Runs:
    """The runs of one store. Everything logged by this process's writers is seen by its own reads."""

    def __init__(
        self,
        store: ObjectStore,
        documents: RunDocuments,
        experiments: Experiments,
        index: RunIndex,
        logged_models: LoggedModels,
        *,
        spool_dir: Path,
        make_ready: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._documents = documents
        self._experiments = experiments
        self._index = index
        self._logged_models = logged_models
        self.commits = RunCommits(documents, experiments, make_ready)
        self._writers = Writers(store.url, spool_dir)

    def create(
        self,
        experiment_id: str,
        *,
        run_name: str | None = None,
        start_time: int | None = None,
        tags: Mapping[str, str] | None = None,
        user_id: str = "",
        operation: str = "",
    ) -> Run:
        """A new run, running. Raises NotFound, or StateError for a deleted experiment.

        ``operation`` is a name for this creation, 32 hexadecimal digits that nobody else can have: repeated
        with it, the creation finds the run that it made.
        """
        self._active_experiment(experiment_id)
        document = new_run(experiment_id, run_name=run_name, start_time=start_time, tags=tags, user_id=user_id)
        document.run_id = operation or document.run_id
        return self._entity(self._documents.create(document).document)

    def get(self, run_id: str) -> Run:
        """Raises NotFound."""
        self._writers.flush(run_id)
        return self._entity(self._documents.get(check_run_id(run_id)).document)

    def experiment_of(self, run_id: str) -> str:
        """The id of the run's experiment, also of a run that was purged. Raises NotFound."""
        return self._documents.get_any(check_run_id(run_id)).document.experiment_id

    def list(self, experiment_ids: Sequence[str], *, view_type: int = ViewType.ACTIVE_ONLY) -> list[Run]:
        """All runs of these experiments, newest first."""
        return list(self.search(experiment_ids, view_type=view_type, max_results=_ALL))

    def search(
        self,
        experiment_ids: Sequence[str],
        filter_string: str | None = None,
        *,
        view_type: int = ViewType.ACTIVE_ONLY,
        max_results: int = 1000,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[Run]:
        """One page of the runs of these experiments that meet the filter, newest first or as ``order_by`` says."""
        self._writers.flush_all()
        checked = [check_experiment_id(experiment_id) for experiment_id in experiment_ids]
        found = self._index.page(checked, run_question(filter_string, order_by, view_type), max_results, page_token)
        return PagedList(map(self._entity, found), found.token)

    def readers(self, experiment_ids: Sequence[str], model_id: str, most: int) -> Sequence[Run]:
        """The newest runs of these experiments that have a logged model among their inputs; also those in the trash."""
        self._writers.flush_all()
        return [self._entity(found) for found in self._index.readers(experiment_ids, model_id, most)]

    def resume(self, run_id: str) -> Run:
        """A run that has ended is running again. Raises NotFound, StateError for a deleted run."""
        return self._entity(self._resumed(run_id).document)

    def open_writer(self, run_id: str) -> RunWriter:
        """Log to an existing run without waiting; the same writer for all callers of this process.

        A run that has ended is running again. Raises NotFound, StateError for a deleted run.
        """

        def resume() -> tuple[RunDelivery, RunDocument]:
            stored = self._resumed(run_id)
            return self._delivery(stored), stored.document

        return self._writers.open(run_id, resume)

    def start_writer(
        self,
        experiment: Experiment,
        *,
        run_name: str | None = None,
        tags: Mapping[str, str] | None = None,
        user_id: str = "",
    ) -> tuple[Run, RunWriter]:
        """A new run and its writer. Where the store is away the run starts all the same, and is created later."""
        document = new_run(experiment.experiment_id, run_name=run_name, tags=tags, user_id=user_id)
        writer = self._writers.start(self.delivery(), experiment, document)
        return self._entity(writer.run), writer

    def update(
        self, run_id: str, *, status: str | None = None, run_name: str | None = None, end_time: int | None = None
    ) -> Run:
        """Change status, name or end time. A status that ends the run sets the end time to now by default."""
        end_time = end_of(status, end_time)
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
        operation: str = "",
    ) -> None:
        """Log at once, and return when the store has it: all of it or nothing.

        A metric that names a logged model goes to that too. Raises NotFound where there is none.
        ``operation`` is a name for this batch, unique for ever: repeated with it, the batch counts once.
        """
        changes = batch(metrics, params, tags)
        of_models = by_model(replace(metric, run_id=run_id) for metric in metrics)
        for model_id in of_models:
            self._logged_models.get(model_id)
        if not changes.is_empty():
            self._apply(run_id, changes, operation)
        for model_id, points in of_models.items():
            self._logged_models.log_metrics(model_id, points)

    def log_inputs(
        self, run_id: str, datasets: Sequence[DatasetInput] = (), models: Sequence[LoggedModelInput] = ()
    ) -> None:
        """Record datasets and models that the run read."""
        models_read = [check_logged_model_id(model.model_id) for model in models]
        self._apply(run_id, RunChanges(inputs=[dataset_use(item) for item in datasets], model_inputs=models_read))

    def log_model(self, run_id: str, model: Mapping[str, Any]) -> None:
        """Add the description of a model to the tag where MLflow's old clients look for it."""

        def change(document: RunDocument) -> bool | None:
            _check_active(document)
            try:
                models = json.loads(document.tags.get(MODELS_TAG, "[]"))
            except ValueError:
                models = []
            kept = models if isinstance(models, list) else []
            if model in kept:
                return False
            document.tags[MODELS_TAG] = check_value("tag", MODELS_TAG, json.dumps([*kept, model]))
            return None

        self._change(run_id, change)

    def log_outputs(self, run_id: str, models: Sequence[LoggedModelOutput]) -> None:
        """Record models that the run made."""
        made = [ModelOutput(model_id=check_logged_model_id(m.model_id), step=m.step) for m in models]
        self._apply(run_id, RunChanges(outputs=made))

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
        """Take out of the trash, and out of the hands of whoever is about to purge it.

        Restoring an active run is no error. Raises Purged.
        """
        self._change(run_id, lambda document: _move(document, LifecycleStage.ACTIVE))

    def delete_experiment(self, experiment_id: str) -> None:
        """Move an experiment and its active runs to the trash. Running it again finishes a job cut off halfway.

        Raises StateError where all of it is there already.
        """
        try:
            self._experiments.set_lifecycle_stage(experiment_id, LifecycleStage.DELETED)
        except StateError:
            if not self._move_all(experiment_id, _delete_with_experiment):
                raise
        else:
            self._move_all(experiment_id, _delete_with_experiment)

    def restore_experiment(self, experiment_id: str) -> None:
        """Take an experiment out of the trash, with the runs that went there with it. Raises Purged."""
        self._experiments.get(experiment_id)
        self._move_all(experiment_id, _restore_with_experiment)
        self._experiments.set_lifecycle_stage(experiment_id, LifecycleStage.ACTIVE)

    def close(self) -> None:
        """Deliver what this process's writers have, without ending their runs."""
        self._writers.close()

    def flush(self) -> None:
        """Deliver what this process's writers have, to runs and to logged models."""
        self._writers.flush_all()

    def delivery(self) -> Delivery:
        """How a spool reaches this store."""
        return self._delivery()

    def _delivery(self, known: StoredRun | None = None) -> RunDelivery:
        models = ModelDelivery(self._logged_models.log_metrics)
        return RunDelivery(self.commits, Artifacts(self._store), models, known)

    def _resumed(self, run_id: str) -> StoredRun:
        return self._documents.update(check_run_id(run_id), _start_again)

    def _active_experiment(self, experiment_id: str) -> None:
        experiment = self._experiments.get(experiment_id)
        if experiment.lifecycle_stage == LifecycleStage.DELETED:
            raise StateError(f"experiment {experiment_id} ({experiment.name!r}) is deleted; restore it first")

    def _apply(self, run_id: str, changes: RunChanges, operation: str = "") -> RunDocument:
        def change(document: RunDocument) -> bool | None:
            if operation and operation in document.recent:
                return False  # an earlier attempt was committed, and its answer was lost
            _check_active(document)
            check_params(document, changes)
            apply_changes(document, changes)
            document.commit = operation or document.commit
            return None

        return self._change(run_id, change)

    def _change(self, run_id: str, change: Callable[[RunDocument], bool | None]) -> RunDocument:
        self._writers.flush(run_id)
        return self._documents.update(check_run_id(run_id), change).document

    def _move_all(self, experiment_id: str, change: Callable[[RunDocument], bool | None]) -> int:
        """Change the runs of an experiment, but for those that were purged; how many had to be."""
        run_ids = self._index.run_ids(check_experiment_id(experiment_id))

        def move(run_id: str) -> bool:
            moves = False

            def change_it(document: RunDocument) -> bool | None:
                nonlocal moves
                moves = change(document) is not False
                return moves

            with contextlib.suppress(Purged):
                self._documents.update(run_id, change_it)
            return moves

        return sum(map_in_order(move, sorted(run_ids)))

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


def end_of(status: str | None, end_time: int | None) -> int | None:
    """When a run with this new status ended: now, where nobody says. Raises InvalidInput for an unknown status."""
    if status is not None and status not in RunStatus.NAMES:
        raise InvalidInput(f"{status!r} is no run status; it is one of {', '.join(RunStatus.NAMES)}")
    if end_time is None and status is not None and RunStatus.is_terminated(status):
        return clock.now_ms()
    return None if end_time is None else timestamp_ms(end_time)


def batch(
    metrics: Sequence[Metric], params: Mapping[str, object] | None, tags: Mapping[str, object] | None
) -> RunChanges:
    """Metrics, params and tags as changes. Raises InvalidInput for a key or a value that cannot be."""
    checked_tags = {check_key_name("tag", key): check_value("tag", key, v) for key, v in (tags or {}).items()}
    return RunChanges(
        params={check_key_name("param", key): check_value("param", key, v) for key, v in (params or {}).items()},
        tags=checked_tags,
        run_name=checked_tags.get(RUN_NAME_TAG) or None,
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
    document.purge = None
    return None


def _delete_with_experiment(document: RunDocument) -> bool | None:
    if document.lifecycle_stage == LifecycleStage.DELETED:
        return False
    document.lifecycle_stage = LifecycleStage.DELETED
    document.deleted_with_experiment = True
    return None


def _restore_with_experiment(document: RunDocument) -> bool | None:
    return _move(document, LifecycleStage.ACTIVE) if document.deleted_with_experiment else False
