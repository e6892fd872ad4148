"""Documents that the parts do not have as they are now: those that a marker names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from cloudtrack.index.row import Row
from cloudtrack.index.source import Found, Source
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.parallel import map_in_order


@dataclass
class Marked:
    """The markers of one document."""

    document_id: str
    versions: list[int] = field(default_factory=list)

    @property
    def newest(self) -> int:
        """The last change that a marker announces."""
        return max(self.versions)


def list_markers(store: ObjectStore, source: Source) -> dict[str, Marked]:
    """The marked documents of a collection, by id. What is no marker is passed over."""
    marked: dict[str, Marked] = {}
    prefix = source.keys.pending
    for info in store.list(prefix):
        document_id, dot, version = info.key[len(prefix) :].rpartition(".")
        if dot and document_id and version.isdecimal():
            marked.setdefault(document_id, Marked(document_id)).versions.append(int(version))
    return marked


class Changed:
    """Marked documents, read once for each change."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._known: dict[str, Found] = {}

    def read(self, marked: Iterable[Marked]) -> dict[str, Found | None]:
        """The marked documents as they are now, by id; None for those that are not there."""
        listed = list(marked)
        stale = [item for item in listed if not self._is_fresh(item)]
        found = map_in_order(lambda item: self._source.read(item.document_id), stale)
        kept = {item.document_id: self._known[item.document_id] for item in listed if item not in stale}
        read = dict(zip((item.document_id for item in stale), found, strict=True))
        self._known = {name: item for name, item in {**kept, **read}.items() if item is not None and item.settled}
        return {**kept, **read}

    def _is_fresh(self, marked: Marked) -> bool:
        """A settled document changes only after a new marker."""
        known = self._known.get(marked.document_id)
        return known is not None and known.row.version >= marked.newest


def rows_of(found: dict[str, Found | None]) -> list[Row]:
    """The rows of the documents that are there."""
    return [item.row for item in found.values() if item is not None]
