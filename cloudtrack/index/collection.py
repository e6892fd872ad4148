"""Searching a collection: its parts, and what changed since they were made.

A search that starts after a write returned sees that write. The markers are listed before the manifest is
read: a marker that is gone by then is gone because the manifest has its document.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cloudtrack.errors import ObjectNotFound
from cloudtrack.index import engine
from cloudtrack.index.cache import PartCache
from cloudtrack.index.columns import NUMBER, TEXTS, WHOLE, PartColumns
from cloudtrack.index.manifest import Manifest
from cloudtrack.index.part_files import PartFiles
from cloudtrack.index.pending import Changed, list_markers
from cloudtrack.index.ranking import Key, Ranking
from cloudtrack.index.row import ID, Row
from cloudtrack.index.source import Found, Source
from cloudtrack.search.filters import Comparison
from cloudtrack.search.sql import condition
from cloudtrack.storage.document import Stored
from cloudtrack.storage.object_store import NotModified, ObjectStore
from cloudtrack.storage.parallel import map_in_order

_MOST_ATTEMPTS = 5
"""A search begins again when a part that it wants has been merged away meanwhile."""


@dataclass(frozen=True)
class Hit:
    """A document that a search found: its key in the order, and the text that it is shown from."""

    key: Key
    text: str


@dataclass(frozen=True)
class View:
    """A collection as it is at one moment: parts, and documents that override them."""

    source: Source
    manifest: Manifest
    changed: dict[str, Found | None]


class Collection:
    """One index, and the documents behind it. Any thread may use it."""

    def __init__(self, store: ObjectStore, source: Source, cache: PartCache) -> None:
        self.source = source
        self._store = store
        self._cache = cache
        self._changed = Changed(source)
        self._manifest: Stored[Manifest] | None = None
        self.waiting = 0
        """How many settled documents the last view had to read because no part has them."""

    def view(self) -> View:
        """The collection now: a listing, the manifest where it is another than before, and the changed documents."""
        marked = list_markers(self._store, self.source)
        manifest = self._read_manifest()
        changed = self._changed.read(marked.values())
        self.waiting = sum(1 for found in changed.values() if found is not None and found.settled)
        return View(self.source, manifest, changed)

    def files(self, view: View) -> list[PartFiles]:
        """The files of the view's parts. Raises ObjectNotFound where one was merged away."""
        keys = self.source.keys
        return map_in_order(lambda part: self._cache.files(keys, part.name, self.source.schema), view.manifest.parts)

    def _read_manifest(self) -> Manifest:
        known = self._manifest
        key = self.source.keys.manifest
        try:
            found = self._store.get(key, unless_etag=known.etag if known else "")
        except NotModified:
            return known.document if known else Manifest()
        except ObjectNotFound:
            return Manifest()
        stored = Stored.parse(Manifest, key, found.body, found.etag)
        if known is not None:
            self._cache.forget(self.source.keys, {part.name for part in stored.document.parts})
        self._manifest = stored
        return stored.document


def search(
    collections: Sequence[Collection],
    comparisons: list[Comparison],
    ranking: Ranking,
    *,
    limit: int,
    after: Key | None = None,
) -> list[Hit]:
    """The first ``limit`` documents in the order that meet the comparisons, after a key where one is given."""
    for attempt in range(_MOST_ATTEMPTS):
        views = map_in_order(lambda collection: collection.view(), collections)
        try:
            return _search(collections, views, comparisons, ranking, limit, after)
        except ObjectNotFound:
            if attempt == _MOST_ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def _search(
    collections: Sequence[Collection],
    views: Sequence[View],
    comparisons: list[Comparison],
    ranking: Ranking,
    limit: int,
    after: Key | None,
) -> list[Hit]:
    hits = []
    for row in (found.row for view in views for found in view.changed.values() if found is not None):
        key = ranking.key(row.values, row.document_id)
        comes_later = after is None or ranking.is_after(key, after)
        if comes_later and all(comparison.holds(_lookup(row)) for comparison in comparisons):
            hits.append(Hit(key, row.text))
    parts = [
        _Part(files, part.dead, list(view.changed))
        for collection, view in zip(collections, views, strict=True)
        for files, part in zip(collection.files(view), view.manifest.parts, strict=True)
    ]
    hits += _from_parts(parts, comparisons, ranking, limit, after)
    return sorted(hits, key=lambda hit: ranking.sort_key(hit.key))[:limit]


@dataclass(frozen=True)
class _Part:
    files: PartFiles
    dead: list[int]
    overridden: list[str]


def _from_parts(
    parts: Sequence[_Part], comparisons: list[Comparison], ranking: Ranking, limit: int, after: Key | None
) -> list[Hit]:
    """One query finds the rows; only those of the page are read whole."""
    if not parts:
        return []
    names = [f"k{number}" for number in range(2 * len(ranking.terms))] + [ID]
    selects, parameters = [], []
    for number, part in enumerate(parts):
        text, values = _select(number, part, comparisons, ranking, names)
        selects.append(text)
        parameters += values
    where = ""
    if after is not None:
        text, values = ranking.sql_after(names, after)
        where = f" WHERE {text}"
        parameters += values
    query = (
        f"SELECT * FROM ({' UNION ALL '.join(selects)}){where} "  # noqa: S608 - names are quoted, values parameters
        f"ORDER BY {ranking.sql_order(names)} LIMIT {limit:d}"
    )
    found = engine.fetch(query, parameters)
    texts: dict[tuple[int, int], str] = {}
    for number, part in enumerate(parts):
        rows = [row for its_part, row, *_ in found if its_part == number]
        texts.update(zip(((number, row) for row in rows), part.files.entities.read(rows), strict=True))
    return [Hit(list(key), texts[number, row]) for number, row, *key in found]


def _select(
    number: int, part: _Part, comparisons: list[Comparison], ranking: Ranking, names: list[str]
) -> tuple[str, list[Any]]:
    columns = part.files.columns
    pairs = ranking.sql_keys([columns.sql(term.column) for term in ranking.terms])
    shown = ", ".join(f"{pair} AS {name}" for pair, name in zip([*pairs, ID], names, strict=True))
    text, parameters = condition(comparisons, lambda kind, key: _typed(columns, f"{kind}.{key}"))
    if part.dead:
        text += f" AND file_row_number NOT IN ({', '.join(map(str, part.dead))})"
    if part.overridden:
        text += f" AND {ID} NOT IN (SELECT unnest(?))"
        parameters.append(part.overridden)
    return f"SELECT {number} AS part, file_row_number, {shown} FROM {part.files.source} WHERE {text}", parameters  # noqa: S608


def _typed(columns: PartColumns, column: str) -> tuple[str, type]:
    kind = columns.schema.type_of(column)
    python = {NUMBER: float, WHOLE: float, TEXTS: list}.get(kind, str)
    expression = columns.sql(column)
    return (f"CAST({expression} AS DOUBLE)" if kind == WHOLE else expression), python


def _lookup(row: Row) -> Any:
    def lookup(kind: str, key: str) -> Any:
        value = row.values.get(f"{kind}.{key}")
        if isinstance(value, list):
            return tuple(value)
        return float(value) if isinstance(value, int) else value

    return lookup
