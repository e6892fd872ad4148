"""Grants and shares: documents, slots and pages, and what nobody collected."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cloudtrack import clock
from cloudtrack.maintenance.fsck_finding import Finding
from cloudtrack.maintenance.fsck_tracking import parsed, unknown
from cloudtrack.storage.object_store import ObjectInfo, ObjectStore
from cloudtrack.tracking import keys
from cloudtrack.tracking.grants import GrantDocument, end_of_share, slot_in


def check_grant(store: ObjectStore, grant_id: str, infos: Sequence[ObjectInfo]) -> Iterator[Finding]:
    """The objects of one grant; one request."""
    key = keys.grant(grant_id)
    found = {info.key for info in infos}
    slots = {each for each in found if slot_in(each) is not None}
    yield from unknown(sorted(found - slots - {key}))
    if key not in found:
        yield Finding("ownerless", keys.grant_inbox(grant_id), f"{len(slots)} deliveries have no grant")
        return
    grant = yield from parsed(store, GrantDocument, key)
    if grant is None:
        return
    if grant.grant_id != grant_id:
        yield Finding("document-misplaced", key, f"it says that it is grant {grant.grant_id!r}")
    elif grant.closed is None and grant.is_over(clock.now_ms()):
        yield Finding("grant-uncollected", key, f"it has ended, and {len(slots)} deliveries were not collected")


def check_share(infos: Sequence[ObjectInfo]) -> Iterator[Finding]:
    """The page of one share."""
    yield from unknown(info.key for info in infos if end_of_share(info.key) is None)
