"""Grants that are closed, and pages of shares whose links have ended: nobody can use them any more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cloudtrack.errors import CorruptData, ObjectNotFound
from cloudtrack.maintenance.gc_plan import Candidate, Kind
from cloudtrack.storage.document import DocumentStore
from cloudtrack.storage.object_store import ObjectInfo, ObjectStore
from cloudtrack.tracking import keys
from cloudtrack.tracking.grants import GrantDocument, end_of_share


def closed_grant(store: ObjectStore, owner: str, infos: Sequence[ObjectInfo]) -> Iterator[Candidate]:
    """All objects of a grant that is closed; one request. None of one that is not: its deliveries are still to come."""
    key = keys.grant(owner.split("/")[1])
    if not any(info.key == key for info in infos):
        return
    try:
        grant = DocumentStore(store, GrantDocument).get(key).document
    except (ObjectNotFound, CorruptData):
        return
    if grant.closed is not None:
        yield from (Candidate.of(Kind.GRANT, info) for info in infos)


def ended_shares(infos: Sequence[ObjectInfo], before_ms: int) -> Iterator[Candidate]:
    """Pages whose links ended before that."""
    for info in infos:
        end = end_of_share(info.key)
        if end is not None and end < before_ms:
            yield Candidate.of(Kind.SHARE, info)
