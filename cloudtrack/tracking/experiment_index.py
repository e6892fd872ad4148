"""Finding experiments: one index for all of a store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from cloudtrack.entities.page import PagedList
from cloudtrack.index.columns import WHOLE, Schema
from cloudtrack.index.indexes import ONE, Indexes
from cloudtrack.index.keys import IndexKeys
from cloudtrack.index.question import Question, question_of
from cloudtrack.index.row import Row, Value, gone
from cloudtrack.index.source import Found, readable
from cloudtrack.search.experiments import EXPERIMENTS
from cloudtrack.search.filters import Order, parse_query
from cloudtrack.storage.document import DocumentStore
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.tracking import keys
from cloudtrack.tracking.documents import ExperimentDocument
from cloudtrack.tracking.purges import is_purged
from cloudtrack.tracking.view_types import in_view


class ExperimentIndex(Indexes):
    """The experiments of one store, as one collection."""

    title = "experiments"
    place = keys.EXPERIMENT_INDEX

    def source(self, name: str) -> ExperimentSource:  # noqa: ARG002 - there is one
        return ExperimentSource(self._store)

    def document_ids(self) -> Iterator[str]:
        return keys.ids_in(self._store, keys.EXPERIMENTS)

    def read(self, document_id: str) -> tuple[str, Found] | None:
        found = self.source(ONE).read(document_id)
        return (ONE, found) if found else None

    def page(
        self,
        question: Question,
        max_results: int | None,
        page_token: str | None,
        *,
        shows: Callable[[str], bool] | None,
    ) -> PagedList[ExperimentDocument]:
        """One page of the experiments that the asker may know of, by id; all where ``max_results`` is None."""
        shows_hit = (lambda hit: shows(hit.key[-1])) if shows else None
        hits, token = self.hits([ONE], question, max_results, page_token, shows=shows_hit)
        return PagedList((ExperimentDocument.model_validate_json(hit.text) for hit in hits), token)


class ExperimentSource:
    """The experiments of one store. Each of their changes has a marker."""

    schema = Schema({"attributes.creation_time": WHOLE, "attributes.last_update_time": WHOLE})
    keys = IndexKeys(keys.EXPERIMENT_INDEX)

    def __init__(self, store: ObjectStore) -> None:
        self._documents = DocumentStore(store, ExperimentDocument)

    def read(self, document_id: str, since: int = 0) -> Found | None:  # noqa: ARG002 - it is one row
        """An experiment as it is now."""
        stored = readable(lambda: self._documents.get(keys.experiment(document_id)))
        return Found.one(experiment_row(stored.document), settled=True) if stored else None


def experiment_row(document: ExperimentDocument) -> Row:
    """What can be searched of an experiment, and what it is shown from."""
    if is_purged(document):
        return gone(document.experiment_id, document.version)
    values: dict[str, Value] = {
        "attributes.experiment_id": document.experiment_id,
        "attributes.name": document.name,
        "attributes.lifecycle_stage": document.lifecycle_stage,
        "attributes.creation_time": document.creation_time,
        "attributes.last_update_time": document.last_update_time,
        **{f"tags.{key}": value for key, value in document.tags.items()},
    }
    return Row(document.experiment_id, document.version, values, document.model_dump_json(exclude={"recent"}))


def experiment_question(filter_string: str | None, order_by: Sequence[str] | None, view_type: int) -> Question:
    """What a search for experiments asks. After the order that is asked for, newer ones come first."""
    query = in_view(parse_query(filter_string, order_by, EXPERIMENTS), view_type)
    newest_first = Order("attributes", "creation_time", descending=True)
    return question_of(query, EXPERIMENTS, [newest_first], filter_string or "", list(order_by or ()), view_type)
