"""Which parts an index is made of."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from cloudtrack.storage.document import Document


class Part(BaseModel):
    """One part: immutable files, and which of their rows a later part has replaced."""

    model_config = ConfigDict(extra="allow")

    name: str
    rows: int
    size_bytes: int
    columns: int
    dead: list[int] = []
    """Numbers, from 0, of rows that do not count any more."""

    @property
    def live_rows(self) -> int:
        """How many rows count."""
        return self.rows - len(self.dead)


class Manifest(Document):
    """The parts of one index. A row is live in at most one of them."""

    format_name: ClassVar[str] = "cloudtrack.index-manifest/1"

    parts: list[Part] = []

    @property
    def live_rows(self) -> int:
        """How many rows the index has."""
        return sum(part.live_rows for part in self.parts)
