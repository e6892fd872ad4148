"""A store whose process is killed when it is about to write once more, and copies of stores to kill it on."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from cloudtrack.storage.folder import FolderStore
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.storage.object_store import Folder, Object, ObjectInfo, ObjectStore, Reading
from cloudtrack.storage.streaming import Progress, Transfer
from tests.storage.lossy import ForwardingStore, Stopped

Copy = Callable[[], ObjectStore]
"""Makes a store with the same objects, of which nobody else knows."""


class CrashingStore(ForwardingStore):
    """Does ``writes`` writes; the next one, and every request after it, raises Stopped and does nothing."""

    def __init__(self, inner: ObjectStore, *, writes: int) -> None:
        super().__init__(inner)
        self._left = writes
        self._counting = threading.Lock()
        self.is_dead = False

    def _write(self) -> None:
        with self._counting:
            self.is_dead = self.is_dead or self._left == 0
            self._left -= 1
        self._live()

    def _live(self) -> None:
        if self.is_dead:
            raise Stopped

    def get(self, key: str, *, unless_etag: str = "") -> Object:
        self._live()
        return super().get(key, unless_etag=unless_etag)

    def get_range(self, key: str, start: int, length: int) -> bytes:
        self._live()
        return super().get_range(key, start, length)

    def stat(self, key: str) -> ObjectInfo:
        self._live()
        return super().stat(key)

    def list(self, prefix: str = "", *, start_after: str = "") -> Iterator[ObjectInfo]:
        self._live()
        return super().list(prefix, start_after=start_after)

    def list_folder(self, prefix: str = "") -> Folder:
        self._live()
        return super().list_folder(prefix)

    def read(self, key: str, *, start: int = 0, length: int | None = None) -> Reading:
        self._live()
        return super().read(key, start=start, length=length)

    def create(self, key: str, body: bytes) -> str:
        self._write()
        return super().create(key, body)

    def replace(self, key: str, body: bytes, etag: str) -> str:
        self._write()
        return super().replace(key, body, etag)

    def delete(self, key: str) -> None:
        self._write()
        super().delete(key)

    def upload(self, key: str, source: Path | BinaryIO, *, progress: Progress | None = None) -> Transfer:
        self._write()
        return super().upload(key, source, progress=progress)


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
