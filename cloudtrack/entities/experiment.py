"""Experiments: named groups of runs."""

from __future__ import annotations

from dataclasses import dataclass, field

from cloudtrack.entities.shown import Shown


class LifecycleStage:
    """Whether a thing is in use, in the trash, or gone for ever."""

    ACTIVE = "active"
    DELETED = "deleted"
    PURGED = "purged"
    """Of what is left where a thing was: nobody is shown it."""


class ViewType:
    """Which lifecycle stages a search looks at; numbers as on MLflow's wire."""

    ACTIVE_ONLY = 1
    DELETED_ONLY = 2
    ALL = 3

    @classmethod
    def shows(cls, view_type: int, lifecycle_stage: str) -> bool:
        """Whether a search with this view shows a thing in this stage."""
        if view_type == cls.ALL:
            return True
        return (lifecycle_stage == LifecycleStage.DELETED) == (view_type == cls.DELETED_ONLY)


@dataclass(frozen=True, slots=True)
class ExperimentTag:
    """A key and a value on an experiment."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Experiment(Shown):
    """A named group of runs. Times are milliseconds since the epoch."""

    experiment_id: str
    name: str
    artifact_location: str = ""
    lifecycle_stage: str = LifecycleStage.ACTIVE
    tags: dict[str, str] = field(default_factory=dict)
    creation_time: int | None = None
    last_update_time: int | None = None
