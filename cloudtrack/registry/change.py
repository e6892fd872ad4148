"""What an event changes: the base of all types."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Change(BaseModel):
    """What an event changes; the base of all types."""

    model_config = ConfigDict(extra="allow")

    def summary(self) -> str:
        """One line for people."""
        raise NotImplementedError
