"""What the program that called calls its data."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

UNKNOWN_DATASET = "unknown_dataset"
_NOT_THE_PROGRAM = ("cloudtrack", "sklearn", "pyspark")


def name_in_program(data: Any) -> str:
    """The name of the variable that holds this object where the call came from; ``unknown_dataset`` where none does."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _NOT_THE_PROGRAM:
        frame = frame.f_back
    if frame is None:
        return UNKNOWN_DATASET
    for names in (frame.f_locals, frame.f_globals):
        found = next((name for name, value in list(names.items()) if value is data and not name.startswith("_")), None)
        if found is not None:
            return found
    return UNKNOWN_DATASET
