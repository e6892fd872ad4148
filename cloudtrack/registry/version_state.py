"""One version as a model's state keeps it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from cloudtrack.entities.model_version import Stage


class Placing(BaseModel):
    """Who put a version into a stage, or pointed an alias to it, when and why."""

    model_config = ConfigDict(extra="allow")

    number: int
    """Of the event, in the history of the name that the model had then."""
    time_ms: int
    actor: str = ""
    comment: str = ""
    """Its beginning; the event has all of it."""


class VersionState(BaseModel):
    """One version; of a deleted one its number stays, so that it is not used again."""

    model_config = ConfigDict(extra="allow")

    version: int
    number: int = 0
    """The last event that changed what is shown of it."""
    deleted: bool = False
    created: int
    updated: int
    source: str
    user: str = ""
    stage: str = Stage.NONE
    staged: Placing | None = None
    """How it came to its stage; None where it was registered."""
    run_id: str | None = None
    run_link: str | None = None
    model_id: str | None = None
    digest: str | None = None
    manifest: str | None = None
    kept: bool = False
    description: str = ""
    tags: dict[str, str] = {}
