"""Grants as they are stored: one run that somebody without a login may send, until an instant.

A grant has a number of *slots*, keys below its inbox. For each the holder has a signed request that can make the
object once. What a slot holds is a *delivery*, which ``cloudtrack grant collect`` brings to the run; the code that
sends and collects is ``cloudtrack.grants``.
"""

from __future__ import annotations

import re
from typing import ClassVar

from cloudtrack.storage.document import Document

GRANT_TAG = "cloudtrack.grant"
"""Of the run: the grant's id."""
EXPIRES_TAG = "cloudtrack.grant.expires"
"""Of the run: when the grant ends, in words."""
LATE_MS = 3_600_000
"""S3 looks at the time where a request begins: what began in time may be stored so much later."""
_SLOT = re.compile(r"grants/[^/]+/inbox/(\d{4})")
_SHARE = re.compile(r"shares/(\d{13})-[0-9a-f]{32}/index\.html")


class GrantDocument(Document):
    """The truth about a grant. Times are in ms. Signatures are not in it."""

    format_name: ClassVar[str] = "cloudtrack.grant/1"

    grant_id: str
    run_id: str
    experiment_id: str
    created: int
    created_by: str = ""
    expires: int
    slots: int
    max_bytes: int
    """What the run's artifacts may have in all."""
    revoked: int | None = None
    refused: dict[str, str] = {}
    """By slot: why what it holds does not come to the run."""
    closed: int | None = None
    """When the inbox was emptied for the last time."""

    def state(self, now_ms: int) -> str:
        """``open``, ``revoked``, ``expired`` (there may be something to collect) or ``closed``."""
        if self.closed is not None:
            return "closed"
        if self.revoked is not None:
            return "revoked"
        return "expired" if now_ms >= self.expires else "open"

    def is_over(self, now_ms: int) -> bool:
        """Whether nothing can come any more."""
        return now_ms >= self.expires + LATE_MS


def slot_in(key: str) -> int | None:
    """The number of the slot that a key is."""
    match = _SLOT.fullmatch(key)
    return int(match[1]) if match else None


def end_of_share(key: str) -> int | None:
    """When the share ends whose page is under this key (ms)."""
    match = _SHARE.fullmatch(key)
    return int(match[1]) if match else None
