"""The metric that an experiment is about: a tag of it says ``{"key": "loss", "direction": "min"}``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

PRIMARY_METRIC_TAG = "cloudtrack.primary_metric"


@dataclass(frozen=True)
class PrimaryMetric:
    """A metric's key, and whether the least value is the best one."""

    key: str
    is_less_better: bool = False

    @property
    def column(self) -> str:
        """The column of its last values."""
        return f"metrics.{self.key}"


def primary_metric(tags: Mapping[str, str]) -> PrimaryMetric | None:
    """What the tags of an experiment say; None where they say nothing that can be read. The direction is ``max``."""
    try:
        found = json.loads(tags.get(PRIMARY_METRIC_TAG, ""))
        key, direction = found["key"], found.get("direction", "max")
    except (ValueError, LookupError, TypeError, AttributeError):
        return None
    if not isinstance(key, str) or not key or direction not in ("min", "max"):
        return None
    return PrimaryMetric(key, direction == "min")
