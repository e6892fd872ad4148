"""MLflow's words and numbers, as its files, tables and answers have them."""

from __future__ import annotations

import re
from typing import Any

from cloudtrack.entities.experiment import LifecycleStage
from cloudtrack.entities.logged_model import LoggedModelStatus
from cloudtrack.entities.run import RunStatus
from cloudtrack.errors import CorruptData

DELETED_STAGE = "Deleted_Internal"
"""The stage of versions that were deleted."""
DEFAULT_EXPERIMENT = "0"
_RUN_STATUS = {
    "1": RunStatus.RUNNING,
    "2": RunStatus.SCHEDULED,
    "3": RunStatus.FINISHED,
    "4": RunStatus.FAILED,
    "5": RunStatus.KILLED,
}
_MODEL_STATUS = {
    "0": LoggedModelStatus.PENDING,
    "1": LoggedModelStatus.PENDING,
    "2": LoggedModelStatus.READY,
    "3": LoggedModelStatus.FAILED,
    "LOGGED_MODEL_PENDING": LoggedModelStatus.PENDING,
    "LOGGED_MODEL_READY": LoggedModelStatus.READY,
    "LOGGED_MODEL_UPLOAD_FAILED": LoggedModelStatus.FAILED,
    "LOGGED_MODEL_STATUS_UNSPECIFIED": LoggedModelStatus.PENDING,
}
_MODEL_URI = re.compile(r"models:/(m-[0-9a-f]{32})(?:/.*)?")


def run_status(value: Any) -> str:
    """From a name or a number. Raises CorruptData."""
    found = _RUN_STATUS.get(str(value), str(value))
    if found not in RunStatus.NAMES:
        raise CorruptData(f"{str(value)[:40]!r} is no status of a run")
    return found


def model_status(value: Any) -> str:
    """From a name or a number. Raises CorruptData."""
    found = _MODEL_STATUS.get(str(value), str(value))
    if found not in LoggedModelStatus.NAMES:
        raise CorruptData(f"{str(value)[:40]!r} is no status of a logged model")
    return found


def stage_of_life(value: Any) -> str:
    """Active or deleted."""
    return LifecycleStage.DELETED if str(value) == LifecycleStage.DELETED else LifecycleStage.ACTIVE


def model_id_in(source: str) -> str | None:
    """The logged model that a version's source names."""
    found = _MODEL_URI.fullmatch(source)
    return found[1] if found else None
