"""Documents that the parts do not have as they are now: those that a marker names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from cloudtrack.errors import ObjectNotFound, Unavailable
from cloudtrack.index.keys import IndexKeys
from cloudtrack.index.source import Found, Source
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.parallel import map_in_order


@dataclass
class Marked:
    """The markers of one document."""

    document_id: str
    versions: list[int] = field(default_factory=list)

    @property
    def oldest(self) -> int:
        """The first change that the parts may lack."""
        return min(self.versions)

    @property
    def newest(self) -> int:
        """The last change that a marker announces."""
        return max(self.versions)


def announce(store: ObjectStore, keys: IndexKeys, document_id: str, version: int) -> None:
    """Put the marker that says that a document changes, before it does.

    Raises Unavailable: then the marker may be there or not, and the change must not be made.
    """
    key = keys.marker(document_id, version)
    try:
        store.create(key, b"")
    except Unavailable as unknown:
        try:
            store.stat(key)
        except ObjectNotFound:
            raise unknown from None


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
        known = self._known
        now: dict[str, Found | None] = {}
        stale: list[Marked] = []
        for item in marked:
            there = known.get(item.document_id)
            if there is not None and there.version >= item.newest:
                now[item.document_id] = there  # a settled document changes only after a new marker
            else:
                stale.append(item)
        read = map_in_order(lambda item: self._source.read(item.document_id, item.oldest), stale)
        now.update(zip((item.document_id for item in stale), read, strict=True))
        self._known = {name: found for name, found in now.items() if found is not None and found.settled}
        return now
