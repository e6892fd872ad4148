"""Folds what has changed into the indexes, at the times that the template says. Many at once are safe.

It stops in time: what is left is the next one's, which begins elsewhere.
"""

from __future__ import annotations

import logging
from functools import cache
from typing import Any

from cloudtrack import ids
from cloudtrack.client import Client
from cloudtrack.maintenance.compacting import with_markers

_ENOUGH_MS = 120_000
"""With less time left no further index is begun."""

_log = logging.getLogger("cloudtrack.compaction")
_log.setLevel(logging.INFO)


def handler(_event: object, context: Any) -> dict[str, int]:
    """How many documents were folded, and into how many indexes. Raises Unavailable."""
    client = _client()
    folded = looked_at = 0
    for indexes, name in ids.shuffled(with_markers(client.store, client.indexes)):
        if context.get_remaining_time_in_millis() < _ENOUGH_MS:
            break
        done = indexes.compact(name)
        looked_at += 1
        folded += done.folded
        if done.folded:
            _log.info("%s: %s", indexes.prefix(name), done)
    return {"indexes": looked_at, "folded": folded}


@cache
def _client() -> Client:
    return Client(create=False)
