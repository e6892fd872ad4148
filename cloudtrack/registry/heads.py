"""How many events each model and each release has, also one that is gone, without reading them.

A commit puts its marker before its event, and a compaction takes the marker away after the index has the model's row
with that number or a later one. So whoever lists the markers and then reads the manifest misses no event that was
committed before. A marker's event may not be there: its writer was cut off, or is about to write it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cloudtrack.errors import ObjectNotFound
from cloudtrack.index import engine
from cloudtrack.index.cache import PartCache
from cloudtrack.index.manifest import Manifest
from cloudtrack.index.pending import list_markers
from cloudtrack.registry import keys
from cloudtrack.registry.model_source import UPDATED, ModelSource, document_of
from cloudtrack.storage.document import Stored
from cloudtrack.storage.object_store import NotModified, ObjectStore

_MOST_ATTEMPTS = 5


@dataclass(frozen=True)
class Head:
    """The end of a model's history."""

    certain: int
    """So many events were committed."""
    announced: int
    """No more than that were, when this was read."""
    updated: int = 0
    """When the last of them was committed, in milliseconds since the epoch; 0 where that is not known."""


UNKNOWN = Head(0, sys.maxsize)
"""Of a model that neither the index nor a marker speaks of."""


class Heads:
    """The ends of all histories of one store. Any thread may use it."""

    def __init__(self, store: ObjectStore, cache: PartCache) -> None:
        self._store = store
        self._source = ModelSource(store)
        self._cache = cache
        self._folded: tuple[Stored[Manifest], dict[str, Head]] | None = None
        self._parts: dict[str, dict[str, Head]] = {}

    def read(self) -> dict[str, Head]:
        """By what the index calls them. Two requests, and two for each part of the index that is new."""
        marked = list_markers(self._store, self._source)
        known = self._of_index()
        # Without an index every model has a marker, unless the index was thrown away.
        heads = dict(known) if known is not None else dict.fromkeys(self._all(), UNKNOWN)
        for segment, item in marked.items():
            head = heads.get(segment, UNKNOWN)
            if head is UNKNOWN or item.newest > head.announced:  # whoever announced it had seen the one before
                heads[segment] = Head(item.newest - 1, item.newest)
        return heads

    def _all(self) -> Iterator[str]:
        yield from keys.segments(self._store)
        yield from map(keys.release_id, keys.release_segments(self._store))

    def _of_index(self) -> Mapping[str, Head] | None:
        """What the parts have, None without any; anew where one that counted was merged away meanwhile."""
        for attempt in range(_MOST_ATTEMPTS):
            manifest = self._manifest()
            if manifest is None:
                return None
            try:
                return self._fold(manifest)
            except ObjectNotFound:
                self._folded = None
                if attempt == _MOST_ATTEMPTS - 1:
                    raise
        raise AssertionError("unreachable")

    def _manifest(self) -> Stored[Manifest] | None:
        known = self._folded[0] if self._folded else None
        key = self._source.keys.manifest
        try:
            found = self._store.get(key, unless_etag=known.etag if known else "")
        except NotModified:
            return known
        except ObjectNotFound:
            return None
        return Stored.parse(Manifest, key, found.body, found.etag)

    def _fold(self, manifest: Stored[Manifest]) -> Mapping[str, Head]:
        folded = self._folded
        if folded is not None and folded[0] is manifest:
            return folded[1]
        heads: dict[str, Head] = {}
        parts = {part.name: self._of_part(part.name) for part in manifest.document.parts}
        for part in parts.values():
            for segment, head in part.items():  # rows that do not count any more have smaller numbers
                if segment not in heads or heads[segment].certain < head.certain:
                    heads[segment] = head
        self._parts, self._folded = parts, (manifest, heads)
        return heads

    def _of_part(self, name: str) -> dict[str, Head]:
        known = self._parts.get(name)
        if known is not None:
            return known
        files = self._cache.files(self._source.keys, name, self._source.schema)
        rows = engine.fetch(
            f"SELECT id, version, {files.columns.sql(UPDATED)} FROM {files.source} "  # noqa: S608 - quoted names
            "WHERE NOT contains(id, '/')"
        )
        return {document_of(row_id): Head(number, number, updated or 0) for row_id, number, updated in rows}
