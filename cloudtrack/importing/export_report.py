"""What came of an export."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from cloudtrack.errors import CloudtrackError, Conflict, PermissionDenied, Unauthenticated, Unavailable
from cloudtrack.importing.importer import OnProgress
from cloudtrack.importing.omissions import Omission, Omissions

_OF_SERVER = (Conflict, PermissionDenied, Unauthenticated, Unavailable)
"""Errors that end an export: they are not of the thing that was being written."""


@dataclass
class Written:
    """Of one kind: how many there are here, how many were written, how many were there already."""

    found: int = 0
    written: int = 0
    there: int = 0


@dataclass
class ServerReport:
    """Where all went, and what did not."""

    target: str
    counts: dict[str, Written] = field(default_factory=dict)
    omitted: list[Omission] = field(default_factory=list)

    @property
    def failures(self) -> int:
        """How many things should have been written, and were not."""
        return sum(omission.count for omission in self.omitted if omission.is_failure)

    @property
    def written(self) -> int:
        """How many things were written."""
        return sum(count.written for count in self.counts.values())


class Ledger:
    """Counts from many threads, and keeps what goes wrong with one thing from the others."""

    def __init__(self, report: ServerReport, on_progress: OnProgress) -> None:
        self.omissions = Omissions()
        self._report = report
        self._tell = on_progress
        self._lock = threading.Lock()

    def add(self, kind: str, *, written: int = 0, there: int = 0, found: int | None = None) -> None:
        """Count things of a kind."""
        with self._lock:
            count = self._report.counts.setdefault(kind, Written())
            count.found += written + there if found is None else found
            count.written += written
            count.there += there
            self._tell(kind, count.found)

    def attempt(self, kind: str, name: str, write: Callable[[], object]) -> bool:
        """Whether one thing could be written. Raises what is of the server, such as Unavailable."""
        try:
            write()
        except _OF_SERVER:
            raise
        except CloudtrackError as error:
            self.omissions.add(kind, name, error.message[:300], is_failure=True)
            return False
        return True
