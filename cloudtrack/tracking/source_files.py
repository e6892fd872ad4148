"""The files that say where a run comes from, beside its document; each is written once."""

from __future__ import annotations

from cloudtrack.entities.names import check_run_id
from cloudtrack.errors import InvalidInput, ObjectNotFound
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.tracking import keys

PATCH = "code.patch"
PACKAGES = "packages.txt"
_KEYS = {PATCH: keys.source_patch, PACKAGES: keys.packages}


class SourceFiles:
    """The source files of one store's runs."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def create(self, run_id: str, name: str, body: bytes) -> None:
        """Write ``code.patch`` or ``packages.txt``. Raises AlreadyExists where the run has another one."""
        self._store.create(_key(run_id, name), body)

    def read(self, run_id: str, name: str) -> bytes | None:
        """What was written; None where nothing was."""
        try:
            return self._store.get(_key(run_id, name)).body
        except ObjectNotFound:
            return None


def _key(run_id: str, name: str) -> str:
    if name not in _KEYS:
        raise InvalidInput(f"{name!r} is no source file of a run: {' or '.join(_KEYS)}")
    return _KEYS[name](check_run_id(run_id))
