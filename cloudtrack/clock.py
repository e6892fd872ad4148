"""The only reader of the system clock. Times are milliseconds since 1970-01-01 UTC."""

from __future__ import annotations

import time
from datetime import UTC, datetime

sleep = time.sleep
monotonic = time.monotonic


def now_ms() -> int:
    """The wall clock, in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def now() -> datetime:
    """The wall clock in UTC."""
    return datetime.now(UTC)


def from_ms(timestamp_ms: int) -> datetime:
    """An instant in UTC."""
    return datetime.fromtimestamp(timestamp_ms / 1000, UTC)


def format_ms(timestamp_ms: int) -> str:
    """An instant as ISO 8601 in UTC with milliseconds, such as ``2026-05-01T12:00:00.000Z``."""
    try:
        moment = from_ms(timestamp_ms)
    except (ValueError, OverflowError, OSError):
        return f"{timestamp_ms} ms after 1970"  # in no year that a calendar has
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{timestamp_ms % 1000:03d}Z"
