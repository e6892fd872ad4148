"""Where the rows of a collection come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from cloudtrack.index.columns import Schema
from cloudtrack.index.keys import IndexKeys
from cloudtrack.index.row import Row


@dataclass(frozen=True)
class Found:
    """A document as it is now. What is not ``settled`` may change without a new marker: its marker must stay."""

    row: Row
    settled: bool


class Source(Protocol):
    """The documents of a collection."""

    keys: IndexKeys
    schema: Schema

    def read(self, document_id: str) -> Found | None:
        """A document; None where there is none, or it is not in this collection, or it cannot be read."""
