"""How long an object may be there before something mentions it: what those who write agree on with those who clean up.

Whoever writes an object, or finds one to use, mentions it within an hour, or begins again. Whoever cleans up removes
only what nothing mentioned for a day at the least. A process that slept in between finds that it is late.
"""

from __future__ import annotations

from cloudtrack import clock

MENTIONED_WITHIN_MS = 3_600_000
LEAST_GRACE_MS = 24 * MENTIONED_WITHIN_MS


def is_late(since_ms: int) -> bool:
    """Whether what was written or found at this time, by the wall clock, cannot be relied on any more."""
    return abs(clock.now_ms() - since_ms) > MENTIONED_WITHIN_MS
