"""Finding runs: one index an experiment, searched together."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cloudtrack.entities.experiment import LifecycleStage, ViewType
from cloudtrack.entities.page import PagedList
from cloudtrack.errors import CloudtrackError, InvalidInput
from cloudtrack.index.cache import PartCache
from cloudtrack.index.collection import Collection, Hit, search
from cloudtrack.index.compaction import Compaction, Compactor
from cloudtrack.index.parts import Parts
from cloudtrack.index.ranking import Key, Ranking, Term, key_of, token_of
from cloudtrack.index.rebuild import Rebuild
from cloudtrack.search.expression import EVERYTHING, And, Comparison, Expression
from cloudtrack.search.filters import Order
from cloudtrack.search.runs import is_number, parse_run_query
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.tracking.documents import RunDocument
from cloudtrack.tracking.run_source import RunSource

LONG_LIST = 1000
"""A reader that meets so many settled runs that no part has compacts the index, beside its work."""
_ALL = 2**62

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Question:
    """A search for runs: which, in which order, and the words that its page tokens are good for."""

    expression: Expression
    ranking: Ranking
    text: str


class RunIndex:
    """The indexes of one store's experiments. Any thread may use it."""

    def __init__(self, store: ObjectStore, cache_dir: Path) -> None:
        self.compacts = True
        """Whether a search that meets a long list compacts the index beside its work."""
        self._store = store
        self._cache = PartCache(store, cache_dir)
        self._collections: dict[str, Collection] = {}
        self._compacting: dict[str, threading.Thread] = {}
        self._lock = threading.Lock()

    def page(
        self, experiment_ids: Sequence[str], question: Question, max_results: int, page_token: str | None
    ) -> PagedList[RunDocument]:
        """One page of runs, without their points. Raises InvalidInput for a token that no such search gave."""
        if max_results < 1:
            raise InvalidInput(f"max_results is {max_results}; it must be at least 1")
        words = json.dumps([question.text, sorted(experiment_ids)])
        after = key_of(page_token, words, question.ranking)
        hits = self._search(experiment_ids, question.expression, question.ranking, max_results + 1, after)
        token = token_of(hits[max_results - 1].key, words) if len(hits) > max_results else None
        return PagedList(map(parse_hit, hits[:max_results]), token)

    def all(self, experiment_id: str) -> list[RunDocument]:
        """All runs of an experiment by id, without their points."""
        return [parse_hit(hit) for hit in self._search([experiment_id], EVERYTHING, Ranking([]), _ALL, None)]

    def compact(self, experiment_id: str) -> Compaction:
        """Fold what has changed into the index of an experiment."""
        return Compactor(self._store, RunSource(self._store, experiment_id), self._cache).compact()

    def rebuilding(self, experiment_id: str) -> Rebuild:
        """The index of an experiment, to be made anew."""
        return Rebuild(Parts(self._store, RunSource(self._store, experiment_id), self._cache))

    def _search(
        self,
        experiment_ids: Sequence[str],
        expression: Expression,
        ranking: Ranking,
        limit: int,
        after: Key | None,
    ) -> list[Hit]:
        unique = list(dict.fromkeys(experiment_ids))
        collections = [self._collection(experiment_id) for experiment_id in unique]
        hits = search(collections, expression, ranking, limit=limit, after=after)
        for experiment_id, collection in zip(unique, collections, strict=True):
            if self.compacts and collection.waiting >= LONG_LIST:
                self._compact_beside(experiment_id)
        return hits

    def _collection(self, experiment_id: str) -> Collection:
        with self._lock:
            collection = self._collections.get(experiment_id)
            if collection is None:
                collection = Collection(self._store, RunSource(self._store, experiment_id), self._cache)
                self._collections[experiment_id] = collection
            return collection

    def join(self) -> None:
        """Return when no compaction of this process is under way."""
        for thread in list(self._compacting.values()):
            thread.join()

    def _compact_beside(self, experiment_id: str) -> None:
        """In a thread, one at a time for each experiment. Whoever may not write leaves it to others."""

        def work() -> None:
            try:
                self.compact(experiment_id)
            except CloudtrackError as error:
                _log.info("the index of experiment %s is not compacted: %s", experiment_id, error)

        with self._lock:
            before = self._compacting.get(experiment_id)
            if before is None or not before.is_alive():
                thread = threading.Thread(target=work, name="cloudtrack-compaction", daemon=True)
                self._compacting[experiment_id] = thread
                thread.start()


def question_of(filter_string: str | None, order_by: Sequence[str] | None, view_type: int) -> Question:
    """What a search for runs asks. After the order that is asked for, newer runs come first. Raises InvalidInput."""
    query = parse_run_query(filter_string, order_by)
    expression = query.expression
    if view_type != ViewType.ALL:
        stage = LifecycleStage.DELETED if view_type == ViewType.DELETED_ONLY else LifecycleStage.ACTIVE
        expression = And((expression, Comparison("attributes", "lifecycle_stage", "=", stage)))
    orders = [*query.orders, Order("attributes", "start_time", descending=True)]
    terms = [Term(f"{item.kind}.{item.key}", item.descending, is_number(item.kind, item.key)) for item in orders]
    text = json.dumps([filter_string or "", list(order_by or ()), view_type])
    return Question(expression, Ranking(terms), text)


def parse_hit(hit: Hit) -> RunDocument:
    """The run, without its points."""
    return RunDocument.model_validate_json(hit.text)
