"""One version as a model's state keeps it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from cloudtrack.entities.model_version import Stage


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
    staged: int = 0
    """The event that moved it to its stage; 0 for where it was registered."""
    run_id: str | None = None
    run_link: str | None = None
    model_id: str | None = None
    digest: str | None = None
    description: str = ""
    tags: dict[str, str] = {}
