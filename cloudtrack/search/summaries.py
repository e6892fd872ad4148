"""Summaries of a metric: ``loss.min`` is the least value of the metric ``loss``. Pure.

They are kept under the key ``loss@min``, which no metric can have. A metric whose own key is ``loss.min`` goes before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

SUMMARIES = ("min", "max", "mean", "count")


def summary_key(kind: str, key: str) -> str:
    """The key of the summary that ``kind.key`` may name; empty where it can name none."""
    metric, _, summary = key.rpartition(".")
    return f"{metric}@{summary}" if kind == "metrics" and metric and summary in SUMMARIES else ""


def look_up(lookup: Callable[[str, str], Any], kind: str, key: str) -> Any:
    """What ``lookup`` has under the key, or else under that of the summary."""
    found = lookup(kind, key)
    if found is None and (summary := summary_key(kind, key)):
        return lookup(kind, summary)
    return found
