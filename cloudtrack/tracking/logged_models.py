"""Logged models: documents beside the runs that made them.

Before a commit that the index would not see otherwise a marker is put: at creation, where it stands until the
model's files are there, and before every later change.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from cloudtrack import clock, ids
from cloudtrack.entities.experiment import LifecycleStage
from cloudtrack.entities.logged_model import LoggedModel, LoggedModelStatus
from cloudtrack.entities.names import (
    check_experiment_id,
    check_key_name,
    check_logged_model_id,
    check_logged_model_name,
    check_run_id,
    check_value,
    metric_step,
    metric_value,
    timestamp_ms,
)
from cloudtrack.entities.page import PagedList
from cloudtrack.entities.run import Metric
from cloudtrack.errors import AlreadyExists, InvalidInput, NotFound, ObjectExists, ObjectNotFound, StateError
from cloudtrack.index.keys import IndexKeys
from cloudtrack.index.pending import announce
from cloudtrack.search.logged_models import OnDataset, Term, parse_logged_model_query, select_on_datasets
from cloudtrack.search.pages import page_of
from cloudtrack.storage.document import DocumentStore
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.tracking import keys
from cloudtrack.tracking.documents import LoggedModelDocument, ModelMetric
from cloudtrack.tracking.experiments import Experiments
from cloudtrack.tracking.logged_model_index import LoggedModelIndex, is_settled, logged_model_question
from cloudtrack.tracking.purges import existing

VERSIONS_TAG = "mlflow.modelVersions"


class LoggedModels:
    """The logged models of one store."""

    def __init__(self, store: ObjectStore, experiments: Experiments, index: LoggedModelIndex) -> None:
        self._store = store
        self._experiments = experiments
        self._index = index
        self._documents = DocumentStore(store, LoggedModelDocument)

    def create(
        self,
        experiment_id: str,
        *,
        name: str | None = None,
        model_type: str = "",
        source_run_id: str = "",
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
        creator_id: str = "",
        operation: str = "",
        model_id: str = "",
    ) -> LoggedModel:
        """A new logged model, PENDING until its files are there. Raises NotFound, StateError, InvalidInput.

        ``model_id`` is the one that it was given before: repeated, the creation finds the model that it made.
        ``operation`` is a name for this creation, 32 hexadecimal digits that nobody else can have: repeated
        with it, the creation finds the model that it made.
        """
        experiment = self._experiments.get(experiment_id)
        if experiment.lifecycle_stage == LifecycleStage.DELETED:
            raise StateError(f"experiment {experiment_id} ({experiment.name!r}) is deleted; restore it first")
        now = clock.now_ms()
        document = LoggedModelDocument(
            model_id=_new_id(model_id, operation),
            experiment_id=experiment_id,
            name=check_logged_model_name(name) if name else ids.new_run_name(),
            model_type=model_type,
            source_run_id=check_run_id(source_run_id) if source_run_id else "",
            creator_id=creator_id,
            creation_time=now,
            last_update_time=now,
            params=_checked("param", params),
            tags=_checked("tag", tags),
        )
        self._mark(document, 1)
        try:
            return self._entity(self._documents.create(keys.logged_model(document.model_id), document).document)
        except ObjectExists as error:
            there = self.get(document.model_id)
            if (there.experiment_id, there.source_run_id) != (experiment_id, document.source_run_id):
                raise AlreadyExists(f"a logged model with id {model_id!r} exists already") from error
            return there

    def get(self, model_id: str, *, allow_deleted: bool = False) -> LoggedModel:
        """Raises NotFound, also for a deleted one unless ``allow_deleted``."""
        document = self._read(model_id)
        if document.lifecycle_stage == LifecycleStage.DELETED and not allow_deleted:
            raise NotFound(f"logged model {model_id} is deleted")
        return self._entity(document)

    def list(self, experiment_ids: Sequence[str]) -> list[LoggedModel]:
        """The logged models of these experiments, newest first."""
        documents = self._index.active([check_experiment_id(experiment_id) for experiment_id in experiment_ids])
        newest_first = sorted(documents, key=lambda document: (-document.creation_time, document.model_id))
        return [self._entity(document) for document in newest_first]

    def search(
        self,
        experiment_ids: Sequence[str],
        filter_string: str | None = None,
        *,
        datasets: Sequence[OnDataset] = (),
        max_results: int | None = 100,
        order_by: Sequence[Term] = (),
        page_token: str | None = None,
    ) -> PagedList[LoggedModel]:
        """One page of the logged models of these experiments that meet the filter; all where ``max_results`` is None.

        They come newest first, or as ``order_by`` says. With ``datasets`` those that have a metric on one of them, and
        only such metrics are compared. Where the filter or a term of the order has datasets, all logged models of
        these experiments are looked at one by one.
        """
        checked = [check_experiment_id(experiment_id) for experiment_id in experiment_ids]
        query = parse_logged_model_query(filter_string, order_by)
        if not datasets and all(term.dataset is None for term in order_by):
            terms = [[term.field_name, term.ascending] for term in order_by]
            question = logged_model_question(query, filter_string or "", terms)
            found = self._index.page(checked, question, max_results, page_token)
            return PagedList(map(self._entity, found), found.token)
        chosen = select_on_datasets(self.list(checked), filter_string, order_by, datasets)
        return page_of(chosen, len(chosen) + 1 if max_results is None else max_results, page_token)

    def finalize(self, model_id: str, status: str) -> LoggedModel:
        """Say that the files are there (READY), or will not be (FAILED)."""
        if status not in LoggedModelStatus.NAMES:
            raise InvalidInput(f"{status!r} is no status of a logged model: {', '.join(LoggedModelStatus.NAMES)}")

        def change(document: LoggedModelDocument) -> None:
            document.status = status

        return self._change(model_id, change)

    def set_tags(self, model_id: str, tags: Mapping[str, str]) -> LoggedModel:
        """Set tags."""
        checked = _checked("tag", tags)
        if VERSIONS_TAG in checked:
            checked[VERSIONS_TAG] = _each_once(checked[VERSIONS_TAG])

        def change(document: LoggedModelDocument) -> bool | None:
            document.tags.update(checked)
            return None if checked else False

        return self._change(model_id, change)

    def note_version(self, model_id: str, name: str, version: int) -> LoggedModel:
        """Note in a tag that this became a version of a registered model; MLflow's clients look there."""

        def change(document: LoggedModelDocument) -> bool | None:
            try:
                versions = json.loads(document.tags.get(VERSIONS_TAG, "[]"))
            except ValueError:
                versions = []
            entry = {"name": name, "version": version}
            if not isinstance(versions, list) or entry in versions:
                return False
            document.tags[VERSIONS_TAG] = json.dumps([*versions, entry])
            return None

        return self._change(model_id, change)

    def delete_tag(self, model_id: str, key: str) -> LoggedModel:
        """Raises NotFound where there is no such tag."""

        def change(document: LoggedModelDocument) -> None:
            if key not in document.tags:
                raise NotFound(f"logged model {model_id} has no tag {key!r}")
            del document.tags[key]

        return self._change(model_id, change)

    def log_params(self, model_id: str, params: Mapping[str, str]) -> LoggedModel:
        """Log params, written once. Raises InvalidInput where one has another value already."""
        checked = _checked("param", params)

        def change(document: LoggedModelDocument) -> None:
            for key, value in checked.items():
                kept = document.params.setdefault(key, value)
                if kept != value:
                    raise InvalidInput(
                        f"param {key!r} of logged model {model_id} is {kept[:80]!r} already; params are written once"
                    )

        return self._change(model_id, change)

    def log_metrics(self, model_id: str, metrics: Sequence[Metric]) -> LoggedModel:
        """Log points; the last of each key and dataset is kept: the greatest step, then the latest time."""
        points = [
            ModelMetric(
                key=check_key_name("metric", metric.key),
                value=metric_value(metric.key, metric.value),
                timestamp=timestamp_ms(metric.timestamp),
                step=metric_step(metric.key, metric.step),
                dataset_name=metric.dataset_name,
                dataset_digest=metric.dataset_digest,
                run_id=metric.run_id,
            )
            for metric in metrics
        ]

        def change(document: LoggedModelDocument) -> None:
            _keep_last(document, points)

        return self._change(model_id, change)

    def delete(self, model_id: str) -> None:
        """Move to the trash. Deleting a deleted one is no error."""

        def change(document: LoggedModelDocument) -> bool | None:
            if document.lifecycle_stage == LifecycleStage.DELETED:
                return False
            document.lifecycle_stage = LifecycleStage.DELETED
            return None

        self._update(model_id, change)

    def _change(self, model_id: str, change: Callable[[LoggedModelDocument], bool | None]) -> LoggedModel:
        def on_active(document: LoggedModelDocument) -> bool | None:
            if document.lifecycle_stage == LifecycleStage.DELETED:
                raise NotFound(f"logged model {model_id} is deleted")
            return change(document)

        return self._update(model_id, on_active)

    def _update(self, model_id: str, change: Callable[[LoggedModelDocument], bool | None]) -> LoggedModel:
        key = keys.logged_model(check_logged_model_id(model_id))
        has_marker = True

        def noted(document: LoggedModelDocument) -> bool | None:
            nonlocal has_marker
            has_marker = not is_settled(existing(document))
            document.last_update_time = clock.now_ms()
            return change(document)

        def prepare(document: LoggedModelDocument) -> None:
            if not has_marker:
                self._mark(document, document.version)

        try:
            return self._entity(self._documents.update(key, noted, before_commit=prepare).document)
        except ObjectNotFound as error:
            raise self._missing(model_id) from error

    def _read(self, model_id: str) -> LoggedModelDocument:
        try:
            return existing(self._documents.get(keys.logged_model(check_logged_model_id(model_id))).document)
        except ObjectNotFound as error:
            raise self._missing(model_id) from error

    def _mark(self, document: LoggedModelDocument, version: int) -> None:
        index = IndexKeys(keys.logged_model_index(document.experiment_id))
        announce(self._store, index, document.model_id, version)

    def _missing(self, model_id: str) -> NotFound:
        return NotFound(f"there is no logged model with id {model_id!r} in {self._store.url}")

    def _entity(self, document: LoggedModelDocument) -> LoggedModel:
        return document.to_entity(self._store.url)


def _new_id(given: str, operation: str) -> str:
    if given:
        return check_logged_model_id(given)
    return f"m-{operation}" if operation else ids.new_logged_model_id()


def _keep_last(document: LoggedModelDocument, points: Sequence[ModelMetric]) -> None:
    kept = {(there.key, there.dataset_name, there.dataset_digest): there for there in document.metrics}
    for point in points:
        there = kept.get(which := (point.key, point.dataset_name, point.dataset_digest))
        if there is None or (point.step, point.timestamp) >= (there.step, there.timestamp):
            kept[which] = point
    document.metrics = list(kept.values())


def _checked(kind: str, values: Mapping[str, str] | None) -> dict[str, str]:
    return {check_key_name(kind, key): check_value(kind, key, value) for key, value in (values or {}).items()}


def _each_once(versions: str) -> str:
    """Versions that a logged model became: MLflow's clients add what ``note_version`` has noted already."""
    try:
        entries = [(str(entry["name"]), int(entry["version"])) for entry in json.loads(versions)]
    except (ValueError, TypeError, KeyError):
        return versions
    return json.dumps([{"name": name, "version": version} for name, version in dict.fromkeys(entries)])
