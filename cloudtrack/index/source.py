"""Where the rows of a collection come from."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from cloudtrack.errors import CorruptData, InvalidInput, NotFound, ObjectNotFound
from cloudtrack.index.columns import Schema
from cloudtrack.index.keys import IndexKeys
from cloudtrack.index.row import Row

T = TypeVar("T")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Found:
    """A document at one version: its rows, most often one, and also those that it no longer shows (see ``gone``).

    What is not ``settled`` may change without a new marker: its marker must stay.
    """

    version: int
    rows: list[Row]
    settled: bool

    @classmethod
    def one(cls, row: Row, *, settled: bool) -> Found:
        """A document that is one row."""
        return cls(row.version, [row], settled)


class Source(Protocol):
    """The documents of a collection."""

    keys: IndexKeys
    schema: Schema

    def read(self, document_id: str, since: int = 0) -> Found | None:
        """A document; None where there is none, or it is not in this collection, or it cannot be read.

        Of one with many rows those that version ``since`` or a later one changed are enough; all of them from 0 on.
        """


def readable(read: Callable[[], T]) -> T | None:
    """What ``read`` gives; None for a document that is not there, or is no document.

    It may be about to be created, or its creation was cut off; and one bad object must not hide all others.
    """
    try:
        return read()
    except (ObjectNotFound, NotFound):
        return None
    except (CorruptData, InvalidInput) as error:
        _log.warning("left out of the search: %s", error)
        return None
