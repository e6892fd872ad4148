"""What became of one thing that was to be imported."""

from __future__ import annotations

from enum import Enum


class Outcome(Enum):
    """Written now, or there already."""

    IMPORTED = "imported"
    THERE = "there already"
