"""Finding runs: one index an experiment, searched together."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from cloudtrack.entities.experiment import ViewType
from cloudtrack.entities.page import PagedList
from cloudtrack.index.collection import Hit, all_texts
from cloudtrack.index.indexes import Indexes
from cloudtrack.index.question import Question, question_of
from cloudtrack.index.ranking import Ranking
from cloudtrack.index.source import Found
from cloudtrack.search.expression import Comparison
from cloudtrack.search.filters import Order
from cloudtrack.search.runs import RUNS, parse_run_query
from cloudtrack.tracking import keys
from cloudtrack.tracking.documents import RunDocument
from cloudtrack.tracking.run_source import RunSource, read_run
from cloudtrack.tracking.view_types import in_view

PARENT_RUN_TAG = "mlflow.parentRunId"


class RunIndex(Indexes):
    """The runs of one store's experiments; a collection is named by an experiment's id."""

    title = "runs"
    place = keys.run_index("{}")

    def source(self, name: str) -> RunSource:
        return RunSource(self._store, name)

    def document_ids(self) -> Iterator[str]:
        return keys.ids_in(self._store, keys.RUNS)

    def read(self, document_id: str) -> tuple[str, Found] | None:
        return read_run(self._store, document_id)

    def run_ids(self, experiment_id: str) -> set[str]:
        """All runs of an experiment, and some that were purged."""
        return {json.loads(text)["run_id"] for text in all_texts(self.collection(experiment_id)) if text}

    def children(self, experiment_id: str, run_id: str) -> list[str]:
        """The ids of the runs of an experiment whose parent is this run; also of those in the trash."""
        of_run = Comparison("tags", PARENT_RUN_TAG, "=", run_id)
        return [parse_hit(hit).run_id for hit in self.search([experiment_id], of_run, Ranking([]))]

    def readers(self, experiment_ids: Sequence[str], model_id: str, most: int) -> list[RunDocument]:
        """The newest runs of these experiments that read a logged model, without points; also those in the trash."""
        newest_first = run_question(None, None, ViewType.ALL).ranking
        read = Comparison("models", "read", "=", model_id)
        return [parse_hit(hit) for hit in self.search(experiment_ids, read, newest_first, limit=most)]

    def page(
        self, experiment_ids: Sequence[str], question: Question, max_results: int | None, page_token: str | None
    ) -> PagedList[RunDocument]:
        """One page of runs, without their points; all where ``max_results`` is None.

        Raises InvalidInput for a token that no such search gave.
        """
        hits, token = self.hits(experiment_ids, question, max_results, page_token)
        return PagedList(map(parse_hit, hits), token)


def run_question(filter_string: str | None, order_by: Sequence[str] | None, view_type: int) -> Question:
    """What a search for runs asks. After the order that is asked for, newer runs come first. Raises InvalidInput."""
    query = in_view(parse_run_query(filter_string, order_by), view_type)
    newest_first = Order("attributes", "start_time", descending=True)
    return question_of(query, RUNS, [newest_first], filter_string or "", list(order_by or ()), view_type)


def parse_hit(hit: Hit) -> RunDocument:
    """The run, without its points."""
    return RunDocument.model_validate_json(hit.text)
