"""One of the two stores of a merge, as one listing found it."""

from __future__ import annotations

from itertools import groupby

from cloudtrack import clock
from cloudtrack.errors import ObjectNotFound
from cloudtrack.maintenance.owners import Owned, owner_of
from cloudtrack.registry import keys as registry_keys
from cloudtrack.storage.object_store import ObjectInfo, ObjectStore
from cloudtrack.tracking import keys

_PLACES = (registry_keys.RELEASES, registry_keys.MODELS, keys.LOGGED_MODELS, keys.RUNS, keys.EXPERIMENTS)
"""In this order: what is listed later has all that what was listed before refers to."""
_SETTLED_MS = 2_000
"""A file that is younger may be written again within the tick of its clock."""


class Side:
    """A store, and what it has by owner: ``runs/<id>/`` and so on."""

    def __init__(self, store: ObjectStore) -> None:
        self.store = store
        self._listed_ms = 0
        self._shows_etags = False
        self._owned: dict[str, dict[str, list[ObjectInfo]]] = {}

    def read(self) -> Side:
        """List the store; a request for each thousand objects. Itself."""
        self._listed_ms = clock.now_ms()
        for place in _PLACES:
            grouped = groupby(filter(_counts, self.store.list(place)), key=lambda info: owner_of(info.key))
            self._owned[place] = {owner: list(some) for owner, some in grouped}
            self._shows_etags |= any(infos[0].etag for infos in self._owned[place].values())
        return self

    def owners(self, place: str) -> list[Owned]:
        """What is in a place, in key order."""
        return sorted(self._owned[place].items())

    def infos(self, owner: str) -> dict[str, ObjectInfo]:
        """The objects of one owner by key; none where there is no such owner."""
        place = owner[: owner.index("/") + 1]
        return {info.key: info for info in self._owned[place].get(owner, ())}

    def look(self, owner: str) -> dict[str, ObjectInfo]:
        """The same, listed anew."""
        place = owner[: owner.index("/") + 1]
        found = [info for info in self.store.list(owner) if owner_of(info.key) == owner and _counts(info)]
        self._owned[place][owner] = found
        return {info.key: info for info in found}

    def mark(self, info: ObjectInfo) -> str:
        """What changes whenever the object is written; empty where the listing cannot tell."""
        if info.etag:
            return f"etag {info.etag}"
        if info.modified_ms > self._listed_ms - _SETTLED_MS:
            return ""
        return f"time {info.modified_ms} {info.size_bytes}"

    def mark_written(self, etag: str) -> str:
        """The same of what has just been written; empty where listings of this store show no etags."""
        return f"etag {etag}" if self._shows_etags else ""

    def stat(self, key: str) -> ObjectInfo | None:
        """An object as it is now; None where there is none. One request."""
        try:
            return self.store.stat(key)
        except ObjectNotFound:
            return None


def _counts(info: ObjectInfo) -> bool:
    """Whether it is part of a merge: indexes are each store's own."""
    return not (info.key.startswith(keys.EXPERIMENTS) and "/index/" in info.key)


def are_equal(mine: ObjectInfo, theirs: ObjectInfo) -> bool:
    """Whether two listings prove equal bytes: etags of one algorithm are digests, or never equal."""
    return bool(mine.etag) and mine.etag.strip('"') == theirs.etag.strip('"') and mine.size_bytes == theirs.size_bytes
