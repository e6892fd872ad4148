"""Logged models: a model with an id of its own, made by a run, with params, tags and metrics."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from cloudtrack.entities.run import Metric
from cloudtrack.entities.shown import Shown

EXTERNAL_TAG = "mlflow.model.isExternal"
"""A tag of models whose files are kept elsewhere."""


class LoggedModelStatus:
    """Whether a logged model's files are there."""

    PENDING = "PENDING"
    READY = "READY"
    FAILED = "FAILED"
    NAMES = (PENDING, READY, FAILED)


@dataclass(frozen=True, slots=True)
class LoggedModel(Shown):
    """A model that a run made. Times are milliseconds since the epoch.

    ``metrics`` holds the last point of each key and dataset.
    """

    experiment_id: str
    model_id: str
    name: str
    artifact_location: str
    creation_timestamp: int
    last_updated_timestamp: int
    model_type: str = ""
    source_run_id: str = ""
    status: str = LoggedModelStatus.PENDING
    creator_id: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    metrics: list[Metric] = field(default_factory=list)

    @property
    def model_uri(self) -> str:
        """How the model is named elsewhere."""
        return f"models:/{self.model_id}"

    def to_dictionary(self) -> dict[str, Any]:
        """The fields by name."""
        return {each.name: getattr(self, each.name) for each in fields(LoggedModel)}
