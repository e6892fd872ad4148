"""Bringing a purge: what was purged in the source, and has not changed in the target since, is purged there too.

Under the same marks as a purge (see ``maintenance.purging``), so that no version is registered from it meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from cloudtrack.errors import ObjectChanged
from cloudtrack.index.keys import IndexKeys
from cloudtrack.index.pending import announce
from cloudtrack.merging.way import Way
from cloudtrack.storage.document import DocumentStore, Stored
from cloudtrack.tracking.graves import Grave, Kind
from cloudtrack.tracking.purges import M, Mortal, claim, is_purged, name_of, withdraw

USER = "cloudtrack merge"
"""Whose marks these are."""
NeededBy = Callable[[str], str]
"""What in the target needs a thing, by its id; empty for nothing."""


class Refused(Exception):
    """It stays in the target; the reason for people."""


def is_only_marked(document: Mortal) -> bool:
    """Whether the last commit to a document was the mark of a merge that was cut off: it changed nothing."""
    return document.purge is not None and document.purge.user_id == USER and not is_purged(document)


def bury(way: Way, kind: Kind[M], its_id: str, body: bytes, theirs: Stored[M], needed_by: NeededBy) -> None:
    """Purge the target's ``theirs``; ``body`` is the source's tombstone.

    Raises Refused, and ObjectChanged where a rival was faster.
    """
    _check(way, its_id, theirs.document, needed_by)
    if way.is_dry:
        return
    store, key = way.target.store, kind.key(its_id)
    grave = Grave(store, kind, its_id)

    def mark(draft: M) -> bool | None:
        if draft.recent[-1:] != [theirs.document.commit]:
            raise ObjectChanged(key)
        return claim(draft, USER)

    claimed = grave.change(mark)
    assert claimed.purge is not None  # noqa: S101 - it was claimed
    try:
        _check(way, its_id, claimed, needed_by)
    except Refused:
        grave.change(partial(withdraw, claimed=claimed.purge.claim))
        raise
    now = DocumentStore(store, kind.document).get(key)
    if now.document.commit != claimed.commit:
        raise ObjectChanged(key)
    tombstone: M = Stored.parse(kind.document, key, body, "").document
    announce(store, IndexKeys(kind.index(tombstone)), its_id, tombstone.version)
    store.replace(key, body, now.etag)
    grave.clear()


def _check(way: Way, its_id: str, document: Mortal, needed_by: NeededBy) -> None:
    what, here, there = name_of(document), way.target.store.url, way.source.store.url
    if document.purge is not None and document.purge.user_id != USER:
        raise Refused(f"{what} is being purged in {here} by {document.purge.user_id}")
    if need := needed_by(its_id):
        raise Refused(f"{what} was purged in {there}, and in {here} {need}")
