"""The collections of one kind, searched together and each compacted by itself."""

from __future__ import annotations

import json
import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from cloudtrack.errors import CloudtrackError, InvalidInput
from cloudtrack.index.cache import PartCache
from cloudtrack.index.collection import Collection, Hit, search
from cloudtrack.index.compaction import Compaction, Compactor
from cloudtrack.index.parts import Parts
from cloudtrack.index.question import Question
from cloudtrack.index.ranking import Key, Ranking, key_of, token_of
from cloudtrack.index.rebuild import Rebuild
from cloudtrack.index.relation import Seen
from cloudtrack.index.source import Found, Source
from cloudtrack.search.expression import EVERYTHING, Expression
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.parallel import map_in_order

ONE = ""
"""The name of the collection, where there is one of its kind."""
LONG_LIST = 1000
"""A reader that meets so many settled documents that no part has compacts the index, beside its work."""
_ALL = 2**62
_AT_LEAST = 1000
"""So many rows are looked at together where the asker may not know of all."""

_log = logging.getLogger(__name__)


class Indexes(ABC):
    """The indexes of one store that have one kind of document. Any thread may use it."""

    title: ClassVar[str]
    """What the documents are, for people."""
    place: ClassVar[str]
    """Prefix of an index; ``{}`` is the name of its collection, where there are many."""

    def __init__(self, store: ObjectStore, cache: PartCache) -> None:
        self.compacts = True
        """Whether a search that meets a long list compacts the index beside its work."""
        self._store = store
        self._cache = cache
        self._collections: dict[str, Collection] = {}
        self._compacting: dict[str, threading.Thread] = {}
        self._lock = threading.Lock()

    @abstractmethod
    def source(self, name: str) -> Source:
        """The documents of a collection."""

    @abstractmethod
    def document_ids(self) -> Iterable[str]:
        """The ids of all documents of this kind, whatever their collection; some may not be there."""

    @abstractmethod
    def read(self, document_id: str) -> tuple[str, Found] | None:
        """A document, and the name of the collection that it is in; None where there is none that can be read."""

    @property
    def is_many(self) -> bool:
        """Whether there is a collection for each experiment, and not one."""
        return "{}" in self.place

    def prefix(self, name: str) -> str:
        """The prefix of a collection's index."""
        return self.place.format(name)

    def name_in(self, prefix: str) -> str | None:
        """The collection whose index has this prefix; None where it is none of this kind."""
        before, many, after = self.place.partition("{}")
        if not many:
            return ONE if prefix == before else None
        name = prefix.removeprefix(before).removesuffix(after)
        return name if "/" not in name and prefix == self.prefix(name) else None

    def hits(
        self,
        names: Sequence[str],
        question: Question,
        max_results: int | None,
        page_token: str | None = None,
        *,
        shows: Callable[[Hit], bool] | None = None,
    ) -> tuple[list[Hit], str | None]:
        """One page of rows of these collections, and the token of the next one where there is one.

        Without ``max_results`` it is all of them. ``shows`` says of which rows the asker may know. Raises InvalidInput
        for a token that no such search gave.
        """
        if max_results is None:
            max_results = _ALL
        if max_results < 1:
            raise InvalidInput(f"max_results is {max_results}; it must be at least 1")
        words = json.dumps([question.text, sorted(names)])
        after = key_of(page_token, words, question.ranking)
        wanted = max_results + 1
        found: list[Hit] = []
        while len(found) < wanted:
            limit = wanted if shows is None else max(wanted, _AT_LEAST)
            some = self.search(names, question.expression, question.ranking, limit=limit, after=after)
            found += some if shows is None else filter(shows, some)
            if len(some) < limit:
                break
            after = some[-1].key
        token = token_of(found[max_results - 1].key, words) if len(found) > max_results else None
        return found[:max_results], token

    def all(self, name: str) -> list[Hit]:
        """All rows of a collection, by id."""
        return self.search([name], EVERYTHING, Ranking([]))

    def search(
        self,
        names: Sequence[str],
        expression: Expression,
        ranking: Ranking,
        *,
        limit: int = _ALL,
        after: Key | None = None,
    ) -> list[Hit]:
        """The first rows of these collections that meet the expression."""
        unique = list(dict.fromkeys(names))
        collections = [self.collection(name) for name in unique]
        hits = search(collections, expression, ranking, limit=limit, after=after)
        self._shorten(unique)
        return hits

    def look(self, names: Sequence[str]) -> list[Seen]:
        """These collections as they are now, each once, for ``relation_of``."""
        collections = {name: self.collection(name) for name in names}
        views = map_in_order(lambda collection: collection.view(), collections.values())
        self._shorten(collections)
        return [Seen(*item, view) for item, view in zip(collections.items(), views, strict=True)]

    def collection(self, name: str) -> Collection:
        """A collection, as all searches of this process share it."""
        with self._lock:
            collection = self._collections.get(name)
            if collection is None:
                collection = Collection(self._store, self.source(name), self._cache)
                self._collections[name] = collection
            return collection

    def compact(self, name: str) -> Compaction:
        """Fold what has changed into a collection's parts."""
        return Compactor(self._store, self.source(name), self._cache).compact()

    def rebuilding(self, name: str) -> Rebuild:
        """The index of a collection, to be made anew."""
        return Rebuild(Parts(self._store, self.source(name), self._cache))

    def join(self) -> None:
        """Return when no compaction of this process is under way."""
        for thread in list(self._compacting.values()):
            thread.join()

    def _shorten(self, names: Iterable[str]) -> None:
        for name in names:
            if self.compacts and self.collection(name).waiting >= LONG_LIST:
                self._compact_beside(name)

    def _compact_beside(self, name: str) -> None:
        """In a thread, one at a time for each collection. Whoever may not write leaves it to others."""

        def work() -> None:
            try:
                self.compact(name)
            except CloudtrackError as error:
                _log.info("the index %s is not compacted: %s", self.source(name).keys.prefix, error)

        with self._lock:
            before = self._compacting.get(name)
            if before is None or not before.is_alive():
                thread = threading.Thread(target=work, name="cloudtrack-compaction", daemon=True)
                self._compacting[name] = thread
                thread.start()
