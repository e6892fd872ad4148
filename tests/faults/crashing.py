"""A store whose process is killed when it is about to write once more, and copies of stores to kill it on."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

from cloudtrack.storage.folder import FolderStore
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.storage.object_store import ObjectStore
from tests.storage.lossy import WRITES, Stopped, WatchedStore

Copy = Callable[[], ObjectStore]
"""Makes a store with the same objects, of which nobody else knows."""


class CrashingStore(WatchedStore):
    """Does ``writes`` writes; the next one, and every request after it, raises Stopped and does nothing."""

    def __init__(self, inner: ObjectStore, *, writes: int) -> None:
        super().__init__(inner)
        self._left = writes
        self._counting = threading.Lock()
        self.is_dead = False

    def _before(self, verb: str, key: str) -> None:
        if verb in WRITES:
            with self._counting:
                self.is_dead = self.is_dead or self._left == 0
                self._left -= 1
        if self.is_dead:
            raise Stopped


def memory_copies(original: ObjectStore) -> Copy:
    """Copies in memory."""
    bodies = {info.key: original.get(info.key).body for info in original.list()}

    def copy() -> ObjectStore:
        store = MemoryStore()
        for key, body in bodies.items():
            store.create(key, body)
        return store

    return copy


def folder_copies(original: Path, targets: Path) -> Copy:
    """Copies of a store in a folder, in folders of ``targets``."""
    numbers = iter(range(1 << 30))

    def copy() -> ObjectStore:
        target = targets / f"copy-{next(numbers)}"
        shutil.copytree(original, target)
        return FolderStore(target)

    return copy
