"""Finding logged models: one index an experiment, searched together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cloudtrack.entities.experiment import LifecycleStage
from cloudtrack.entities.logged_model import LoggedModelStatus
from cloudtrack.entities.page import PagedList
from cloudtrack.index.collection import Hit
from cloudtrack.index.columns import NUMBERS, TEXT, WHOLE, Schema
from cloudtrack.index.indexes import Indexes
from cloudtrack.index.keys import IndexKeys
from cloudtrack.index.question import Question, question_of
from cloudtrack.index.ranking import Ranking
from cloudtrack.index.row import Row, Value, gone
from cloudtrack.index.source import Found, readable
from cloudtrack.search.expression import And, Comparison
from cloudtrack.search.filters import Order, Query
from cloudtrack.search.logged_models import LOGGED_MODELS
from cloudtrack.storage.document import DocumentStore
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.tracking import keys
from cloudtrack.tracking.documents import LoggedModelDocument
from cloudtrack.tracking.purges import is_purged

_ACTIVE = Comparison("attributes", "lifecycle_stage", "=", LifecycleStage.ACTIVE)
_THERE = Comparison("attributes", "lifecycle_stage", "IS NOT NULL")


class LoggedModelIndex(Indexes):
    """The logged models of one store's experiments; a collection is named by an experiment's id."""

    title = "logged models"
    place = keys.logged_model_index("{}")

    def source(self, name: str) -> LoggedModelSource:
        return LoggedModelSource(self._store, name)

    def document_ids(self) -> Iterator[str]:
        return keys.ids_in(self._store, keys.LOGGED_MODELS)

    def read(self, document_id: str) -> tuple[str, Found] | None:
        return read_logged_model(self._store, document_id)

    def page(
        self, experiment_ids: Sequence[str], question: Question, max_results: int | None, page_token: str | None
    ) -> PagedList[LoggedModelDocument]:
        """One page of logged models. Raises InvalidInput for a token that no such search gave."""
        hits, token = self.hits(experiment_ids, question, max_results, page_token)
        return PagedList(map(_parsed, hits), token)

    def active(self, experiment_ids: Sequence[str]) -> list[LoggedModelDocument]:
        """All that are not in the trash."""
        return [_parsed(hit) for hit in self.search(experiment_ids, _ACTIVE, Ranking([]))]

    def of_run(self, experiment_id: str, run_id: str) -> list[str]:
        """The ids of the logged models that a run made; also of those in the trash."""
        of_run = Comparison("attributes", "source_run_id", "=", run_id)
        return [_parsed(hit).model_id for hit in self.search([experiment_id], of_run, Ranking([]))]

    def by_run(self, experiment_id: str) -> dict[str, list[str]]:
        """The ids of all logged models of an experiment, by the run that made them, "" for none; also in the trash."""
        found: dict[str, list[str]] = {}
        for hit in self.search([experiment_id], _THERE, Ranking([])):
            model = _parsed(hit)
            found.setdefault(model.source_run_id, []).append(model.model_id)
        return found


class LoggedModelSource:
    """The logged models of one experiment."""

    schema = Schema(
        {"attributes.creation_timestamp": WHOLE, "attributes.last_updated_timestamp": WHOLE},
        {"attributes": TEXT, "params": TEXT, "tags": TEXT, "metrics": NUMBERS},
    )

    def __init__(self, store: ObjectStore, experiment_id: str) -> None:
        self.keys = IndexKeys(keys.logged_model_index(experiment_id))
        self._store = store
        self._experiment_id = experiment_id

    def read(self, document_id: str, since: int = 0) -> Found | None:  # noqa: ARG002 - it is one row
        """A logged model as it is now."""
        read = read_logged_model(self._store, document_id)
        return read[1] if read and read[0] == self._experiment_id else None


def read_logged_model(store: ObjectStore, model_id: str) -> tuple[str, Found] | None:
    """A logged model, and the experiment that it is in; None where there is none that can be read."""
    stored = readable(lambda: DocumentStore(store, LoggedModelDocument).get(keys.logged_model(model_id)))
    if stored is None:
        return None
    document = stored.document
    return document.experiment_id, Found.one(logged_model_row(document), settled=is_settled(document))


def is_settled(document: LoggedModelDocument) -> bool:
    """Whether its next change will have a marker of its own."""
    return document.status != LoggedModelStatus.PENDING


def logged_model_row(document: LoggedModelDocument) -> Row:
    """What can be searched of a logged model, and what it is shown from."""
    if is_purged(document):
        return gone(document.model_id, document.version)
    values: dict[str, Value] = {
        "attributes.model_id": document.model_id,
        "attributes.experiment_id": document.experiment_id,
        "attributes.name": document.name,
        "attributes.model_type": document.model_type,
        "attributes.source_run_id": document.source_run_id,
        "attributes.status": document.status,
        "attributes.lifecycle_stage": document.lifecycle_stage,
        "attributes.creation_timestamp": document.creation_time,
        "attributes.last_updated_timestamp": document.last_update_time,
        **{f"params.{key}": value for key, value in document.params.items()},
        **{f"tags.{key}": value for key, value in document.tags.items()},
    }
    points: dict[str, list[float]] = {}
    for metric in sorted(document.metrics, key=lambda metric: (metric.step, metric.timestamp)):
        points.setdefault(f"metrics.{metric.key}", []).append(metric.value)
    values.update(points)
    return Row(document.model_id, document.version, values, document.model_dump_json(exclude={"recent"}))


def logged_model_question(query: Query, *words: object) -> Question:
    """What a search for logged models asks. After the order that is asked for, newer ones come first."""
    newest_first = Order("attributes", "creation_timestamp", descending=True)
    active = Query(And((query.expression, _ACTIVE)), query.orders)
    return question_of(active, LOGGED_MODELS, [newest_first], *words)


def _parsed(hit: Hit) -> LoggedModelDocument:
    return LoggedModelDocument.model_validate_json(hit.text)
