"""Whether this machine can use a store, step by step, and what to do where it cannot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cloudtrack import clock, ids
from cloudtrack.errors import CloudtrackError, ObjectChanged, ObjectExists
from cloudtrack.storage.marker import read_marker
from cloudtrack.storage.object_store import ObjectStore

_FOLDER = "doctor/"


@dataclass(frozen=True)
class Check:
    """One step: what was tried, whether it worked, how long it took, what was seen."""

    name: str
    ok: bool
    latency_ms: float
    detail: str


class Checkup:
    """Tries the verbs of a store under a key of its own, and cleans up."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._key = f"{_FOLDER}{ids.new_commit_id()}"

    def run(self) -> list[Check]:
        """All steps, in order; after a failed one only those that can still tell something."""
        steps: list[tuple[str, Callable[[], str]]] = [
            ("format", self._format),
            ("write", self._write),
            ("read", self._read),
            ("list", self._list),
            ("create refuses to overwrite", self._refuse_create),
            ("replace refuses a stale version", self._refuse_replace),
            ("delete", self._delete),
        ]
        checks: list[Check] = []
        for name, step in steps:
            checks.append(timed(name, step))
            if name == "write" and not checks[-1].ok:
                checks.append(timed("list", self._list))
                break
        return checks

    def _format(self) -> str:
        marker = read_marker(self._store)
        return f"a store of format {marker.format}" if marker else "no store here yet; the first run makes it"

    def _write(self) -> str:
        self._etag = self._store.create(self._key, b"1")
        return "can write"

    def _read(self) -> str:
        return f"read {len(self._store.get(self._key).body)} byte"

    def _list(self) -> str:
        return f"{sum(1 for _ in self._store.list(_FOLDER))} object(s) under {_FOLDER}"

    def _refuse_create(self) -> str:
        try:
            self._store.create(self._key, b"2")
        except ObjectExists:
            return "If-None-Match is honoured"
        raise CloudtrackError("the server overwrote an object: it ignores If-None-Match, so cloudtrack cannot use it")

    def _refuse_replace(self) -> str:
        newer = self._store.replace(self._key, b"3", self._etag)
        try:
            self._store.replace(self._key, b"4", self._etag)
        except ObjectChanged:
            self._etag = newer
            return "If-Match is honoured"
        raise CloudtrackError("the server replaced a newer object: it ignores If-Match, so cloudtrack cannot use it")

    def _delete(self) -> str:
        self._store.delete(self._key)
        return "can delete"


def timed(name: str, step: Callable[[], str]) -> Check:
    """One step, which says what it saw or raises CloudtrackError."""
    before = clock.monotonic()
    try:
        detail, ok = step(), True
    except CloudtrackError as error:
        detail, ok = error.message, False
    return Check(name, ok, round((clock.monotonic() - before) * 1000, 2), detail)
