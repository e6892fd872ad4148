"""Searching a collection: its parts, and what changed since they were made.

A search that starts after a write returned sees that write. The markers are listed before the manifest is
read: a marker that is gone by then is gone because the manifest has its document.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any, TypeVar, get_args

from cloudtrack.errors import ObjectNotFound
from cloudtrack.index import engine
from cloudtrack.index.cache import PartCache
from cloudtrack.index.columns import NUMBER, NUMBERS, TEXT, TEXTS, WHOLE, PartColumns
from cloudtrack.index.manifest import Manifest
from cloudtrack.index.part_files import PartFiles, source_of
from cloudtrack.index.pending import Changed, list_markers
from cloudtrack.index.ranking import Key, Ranking
from cloudtrack.index.row import ID, Row
from cloudtrack.index.source import Found, Source
from cloudtrack.search.expression import Expression
from cloudtrack.search.sql import condition, read_column
from cloudtrack.search.summaries import look_up
from cloudtrack.storage.document import Stored
from cloudtrack.storage.object_store import NotModified, ObjectStore
from cloudtrack.storage.parallel import map_in_order

T = TypeVar("T")
MOST_ROWS = 2**40
"""Of a part: its number times this, plus a row's number, is one number for both."""
_Expressions = tuple[str, str, tuple[Any, ...]]
"""What a search selects of a part, and where; and parameters, which are the same for all parts."""
_TYPES: dict[str, Any] = {TEXT: str, NUMBER: float, WHOLE: float, TEXTS: list[str], NUMBERS: list[float]}
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

    @cached_property
    def rows(self) -> list[Row]:
        """The rows of the changed documents."""
        return [row for found in self.changed.values() if found is not None for row in found.rows]

    @cached_property
    def overridden(self) -> set[str]:
        """The ids of rows that do not count where a part has them."""
        missing = (document_id for document_id, found in self.changed.items() if found is None)
        return {*missing, *(row.id for row in self.rows)}


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
    expression: Expression,
    ranking: Ranking,
    *,
    limit: int,
    after: Key | None = None,
) -> list[Hit]:
    """The first ``limit`` documents in the order that meet the expression, after a key where one is given."""

    def attempt() -> list[Hit]:
        views = map_in_order(lambda collection: collection.view(), collections)
        return _search(collections, views, expression, ranking, limit, after)

    return while_merged(attempt)


def all_texts(collection: Collection) -> list[str]:
    """The texts of all rows, and some old ones of rows that have others now. Without DuckDB, which not all have."""

    def attempt() -> list[str]:
        view = collection.view()
        parts = zip(collection.files(view), view.manifest.parts, strict=True)
        old = [_live_texts(files, part.dead) for files, part in parts]
        return [*chain.from_iterable(old), *(row.text for row in view.rows)]

    return while_merged(attempt)


def _live_texts(files: PartFiles, dead: Container[int]) -> list[str]:
    return [text for number, text in enumerate(files.entities) if number not in dead]


def while_merged(attempt: Callable[[], T]) -> T:
    """What an attempt finds: anew where a part that it wanted has been merged away."""
    for number in range(_MOST_ATTEMPTS):
        try:
            return attempt()
        except ObjectNotFound:
            if number == _MOST_ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def _search(
    collections: Sequence[Collection],
    views: Sequence[View],
    expression: Expression,
    ranking: Ranking,
    limit: int,
    after: Key | None,
) -> list[Hit]:
    hits = []
    for row in (row for view in views for row in view.rows):
        key = ranking.key(_ranked(row, ranking), row.id)
        comes_later = after is None or ranking.is_after(key, after)
        if comes_later and expression.holds(_lookup(row)):
            hits.append(Hit(key, row.text))
    parts = [
        _Part(files, part.dead, view.overridden)
        for collection, view in zip(collections, views, strict=True)
        for files, part in zip(collection.files(view), view.manifest.parts, strict=True)
    ]
    spare = sum(len(view.overridden) for view in views)
    hits += _from_parts(parts, expression, ranking, limit, spare, after)
    return sorted(hits, key=lambda hit: ranking.sort_key(hit.key))[:limit]


@dataclass(frozen=True)
class _Part:
    files: PartFiles
    dead: list[int]
    overridden: Container[str]


def _from_parts(
    parts: Sequence[_Part], expression: Expression, ranking: Ranking, limit: int, spare: int, after: Key | None
) -> list[Hit]:
    """One query finds the rows; only those of the page are read whole.

    It looks for ``spare`` more than asked for, as many as may be of overridden documents. Parts that the same
    expressions fit are scanned together: of scans, unlike files, a hundred are slow.
    """
    if not parts:
        return []
    names = [f"k{number}" for number in range(2 * len(ranking.terms))] + [ID]
    groups: dict[_Expressions, list[_Part]] = {}
    for part in parts:
        groups.setdefault(_expressions(part.files.columns, expression, ranking, names), []).append(part)
    scanned: list[_Part] = []
    scans, parameters = [], []
    for expressions, group in groups.items():
        text, values = _scan(expressions, group, len(scanned))
        scans.append(text)
        parameters += values
        scanned += group
    where = ""
    if after is not None:
        text, values = ranking.sql_after(names, after)
        where = f" WHERE {text}"
        parameters += values
    query = (
        f"SELECT * FROM ({' UNION ALL '.join(scans)}){where} "  # noqa: S608 - names are quoted, values parameters
        f"ORDER BY {ranking.sql_order(names)} LIMIT {limit + spare:d}"
    )
    found = engine.fetch(query, parameters)
    live = [(part, row, key) for part, row, *key in found if key[-1] not in scanned[part].overridden][:limit]
    rows: dict[int, list[int]] = {}
    for part, row, _ in live:
        rows.setdefault(part, []).append(row)
    texts = {part: iter(scanned[part].files.entities.read(its_rows)) for part, its_rows in rows.items()}
    return [Hit(key, next(texts[part])) for part, _, key in live]


def _expressions(columns: PartColumns, expression: Expression, ranking: Ranking, names: list[str]) -> _Expressions:
    def column(kind: str, key: str) -> tuple[str, type]:
        return typed_column(columns, f"{kind}.{key}")

    pairs = ranking.sql_keys([_last(*read_column(column, *_split(term.column))) for term in ranking.terms])
    shown = ", ".join(f"{pair} AS {name}" for pair, name in zip([*pairs, ID], names, strict=True))
    text, parameters = condition(expression, column)
    return shown, text, tuple(parameters)


def _scan(expressions: _Expressions, parts: Sequence[_Part], first: int) -> tuple[str, list[Any]]:
    """What selects the live rows of parts, which are numbered from ``first``; and its parameters."""
    shown, where, parameters = expressions
    source = source_of([part.files for part in parts])
    text = f"SELECT {first} + file_index AS part, file_row_number, {shown} FROM {source} WHERE ({where})"  # noqa: S608
    dead = [number * MOST_ROWS + row for number, part in enumerate(parts) for row in part.dead]
    if not dead:
        return text, [*parameters]
    live = f"file_index * {MOST_ROWS} + file_row_number NOT IN (SELECT unnest(?))"
    return f"{text} AND {live}", [*parameters, dead]


def _split(column: str) -> tuple[str, str]:
    kind, _, key = column.partition(".")
    return kind, key


def typed_column(columns: PartColumns, column: str) -> tuple[str, type]:
    """The SQL expression of a column in a part as filters compare it, and its type."""
    kind = columns.schema.type_of(column)
    expression = columns.sql(column)
    return (f"CAST({expression} AS DOUBLE)" if kind == WHOLE else expression), _TYPES[kind]


def _last(expression: str, its_type: type) -> str:
    """Of many values the last is what a row is ordered by."""
    return f"{expression}[-1]" if get_args(its_type) else expression


def _ranked(row: Row, ranking: Ranking) -> dict[str, Any]:
    """What the row is ordered by, by the columns of the terms."""
    found = {term.column: look_up(_lookup(row), *_split(term.column)) for term in ranking.terms}
    return {
        column: (value[-1] if value else None) if isinstance(value, tuple) else value for column, value in found.items()
    }


def _lookup(row: Row) -> Any:
    def lookup(kind: str, key: str) -> Any:
        value = row.values.get(f"{kind}.{key}")
        if isinstance(value, list):
            return tuple(value)
        return float(value) if isinstance(value, int) else value

    return lookup
