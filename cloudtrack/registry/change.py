"""What an event changes: the base of all types."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Change(BaseModel):
    """What an event changes; the base of all types."""

    model_config = ConfigDict(extra="allow")

    def summary(self) -> str:
        """One line for people."""
        raise NotImplementedError


class Imported(BaseModel):
    """What somebody who imports says of the past: times (ms) and the user as they were where this came from.

    The event itself says when it was imported, and by whom.
    """

    model_config = ConfigDict(extra="allow")

    creation_time: int | None = None
    last_update_time: int | None = None
    user_id: str = ""
