"""What a sweep is after."""

from __future__ import annotations

from enum import StrEnum


class Goal(StrEnum):
    """Whether a low value of the metric is good, or a high one."""

    MINIMIZE = "minimize"
    MAXIMIZE = "maximize"

    def is_better(self, value: float, other: float) -> bool:
        """Whether the first is the better value."""
        return value < other if self is Goal.MINIMIZE else value > other
