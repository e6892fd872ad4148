"""Segments as local files: those of a folder as they are, others as copies that this process keeps for a while.

A segment never changes, so a copy is good for as long as a document mentions the segment.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cloudtrack import ids
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.parallel import map_in_order

_MOST_BYTES = 256 << 20


class SegmentFiles:
    """The local files of one store's segments. Any thread may use it; a forked child has copies of its own."""

    def __init__(self, store: ObjectStore, *, most_bytes: int = _MOST_BYTES) -> None:
        """Copies that nobody reads are given up beyond ``most_bytes``, the least recently used first."""
        self._store = store
        self._most_bytes = most_bytes
        self._of_process: dict[int, _Copies] = {}

    @contextmanager
    def opened(self, keys: Sequence[str]) -> Iterator[list[Path]]:
        """The files of these objects, which stay where they are for the time being. Raises ObjectNotFound."""
        copies = self._of_process.setdefault(os.getpid(), _Copies())
        taken: list[_Copy] = []
        try:
            yield map_in_order(lambda key: self._path(key, copies, taken), keys)
        finally:
            copies.give_back(taken, self._most_bytes)

    def forget(self, key: str) -> None:
        """The object is gone: so is its copy."""
        copies = self._of_process.get(os.getpid())
        if copies:
            copies.remove(key)

    def _path(self, key: str, copies: _Copies, taken: list[_Copy]) -> Path:
        there = self._store.local_path(key)
        if there is not None:
            return there
        copy = copies.take(key)
        if copy is None:
            path = copies.new_path()
            copy = copies.add(key, _Copy(path, self._store.download(key, path).size_bytes))
        taken.append(copy)
        return copy.path


@dataclass
class _Copy:
    path: Path
    size_bytes: int
    readers: int = 0


class _Copies:
    """What one process has copied; the folder goes when the process ends."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_key: dict[str, _Copy] = {}  # the least recently used first
        self._folder: Path | None = None

    def take(self, key: str) -> _Copy | None:
        """The copy of an object, for one reader more."""
        with self._lock:
            copy = self._by_key.pop(key, None)
            if copy is None or not copy.path.exists():  # old files of the temporary folder may be swept away
                return None
            return self._taken(key, copy)

    def add(self, key: str, new: _Copy) -> _Copy:
        """A new copy, or the one that another thread was faster with; for one reader more."""
        with self._lock:
            there = self._by_key.pop(key, None)
            if there is not None:
                new.path.unlink(missing_ok=True)
            return self._taken(key, there or new)

    def give_back(self, copies: Sequence[_Copy], most_bytes: int) -> None:
        """One reader less of each."""
        with self._lock:
            for copy in copies:
                copy.readers -= 1
            size = sum(copy.size_bytes for copy in self._by_key.values())
            for key, copy in list(self._by_key.items()):
                if size > most_bytes and not copy.readers:
                    self._by_key.pop(key).path.unlink(missing_ok=True)
                    size -= copy.size_bytes

    def remove(self, key: str) -> None:
        """Whoever reads it just now reads it to the end, or finds it gone as the object is."""
        with self._lock:
            copy = self._by_key.pop(key, None)
        if copy:
            copy.path.unlink(missing_ok=True)

    def new_path(self) -> Path:
        """A name that no file has."""
        with self._lock:
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="cloudtrack-segments-"))
                weakref.finalize(self, _remove, self._folder, os.getpid())
            return self._folder / f"{ids.new_commit_id()}.parquet"

    def _taken(self, key: str, copy: _Copy) -> _Copy:
        self._by_key[key] = copy
        copy.readers += 1
        return copy


def _remove(folder: Path, process: int) -> None:
    """Only by the process that made it: a forked child ends, too."""
    if process == os.getpid():
        shutil.rmtree(folder, ignore_errors=True)
