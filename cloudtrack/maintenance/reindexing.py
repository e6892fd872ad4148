"""Making indexes anew from the documents themselves, and checking them against these.

Documents that are settled become rows of new parts, which replace the manifest's under its etag; a collection that a
rival compacted meanwhile is left as it is. A document that may still change without a marker gets one. A change that
comes after a document was read has a marker of its own, so a search sees it whatever happens here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from itertools import islice

from cloudtrack.errors import Conflict
from cloudtrack.index.indexes import Indexes
from cloudtrack.index.keys import IndexKeys
from cloudtrack.index.pending import announce
from cloudtrack.index.row import Row
from cloudtrack.index.source import Found
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.parallel import map_in_order

_READ_AT_ONCE = 1000


@dataclass
class Reindexing:
    """What was done with the indexes of one kind."""

    documents: int = 0
    """That the new indexes have."""
    waiting: int = 0
    """That may change without a marker, so that searches read them by themselves."""
    overtaken: list[str] = field(default_factory=list)
    """Collections that a rival compacted meanwhile: run it again for them."""


@dataclass
class IndexCheck:
    """How the indexes of one kind compare with the documents."""

    rows: int = 0
    """That the documents have."""
    missing: list[str] = field(default_factory=list)
    """Ids of rows that a search does not find."""
    different: list[str] = field(default_factory=list)
    """Ids of rows that a search shows as they no longer are, or that are not there."""

    @property
    def ok(self) -> bool:
        """Whether every search answers as the documents do."""
        return not self.missing and not self.different


def rebuild(store: ObjectStore, indexes: Indexes, names: Collection[str]) -> Reindexing:
    """Make the indexes of these collections anew. Every document of the kind in the store is read once."""
    done = Reindexing()
    rows: dict[str, list[Row]] = {}
    rebuilds = {name: indexes.rebuilding(name) for name in names}
    for name, document_id, found in _documents(indexes):
        if name not in rebuilds:
            continue
        if not found.settled:
            announce(store, IndexKeys(indexes.prefix(name)), document_id, found.version)
            done.waiting += 1
            continue
        done.documents += 1
        rows.setdefault(name, []).extend(found.rows)
        if len(rows[name]) >= _READ_AT_ONCE:
            rebuilds[name].add(rows.pop(name))
    for name, one in rebuilds.items():
        one.add(rows.pop(name, []))
        try:
            one.commit()
        except Conflict:
            done.overtaken.append(name)
    return done


def check(indexes: Indexes, names: Collection[str]) -> IndexCheck:
    """Compare what searches find in these collections with every document. What changes meanwhile may differ."""
    shown = {(name, hit.key[-1]): hit.text for name in names for hit in indexes.all(name)}
    result = IndexCheck()
    for name, _, found in _documents(indexes):
        if name not in names:
            continue
        for row in found.rows:
            text = shown.pop((name, row.id), "")
            result.rows += bool(row.text)
            if text == row.text:
                continue
            (result.different if text else result.missing).append(row.id)
    result.different += [row_id for (_, row_id), text in shown.items() if text]
    return result


def _documents(indexes: Indexes) -> Iterator[tuple[str, str, Found]]:
    """All documents of a kind: the collection of each, its id, itself."""
    ids = iter(indexes.document_ids())
    while some := list(islice(ids, _READ_AT_ONCE)):
        for document_id, found in zip(some, map_in_order(indexes.read, some), strict=True):
            if found is not None:
                yield found[0], document_id, found[1]
