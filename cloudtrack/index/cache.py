"""Parts on the local disk: immutable, so a copy is good for ever."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from pathlib import Path

from cloudtrack import config
from cloudtrack.index.columns import Schema
from cloudtrack.index.keys import IndexKeys
from cloudtrack.index.part_files import PartFiles
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.parallel import map_in_order


class PartCache:
    """The parts of one store's indexes that this machine has."""

    def __init__(self, store: ObjectStore, folder: Path | None = None) -> None:
        folder = folder or config.cache_dir()
        self._store = store
        self._folder = folder / hashlib.sha256(store.url.encode()).hexdigest()[:16]
        self._opened: dict[str, PartFiles] = {}
        self._lock = threading.Lock()

    def files(self, keys: IndexKeys, part: str, schema: Schema) -> PartFiles:
        """A part, downloaded where it is not here yet. Raises ObjectNotFound where it was merged away."""
        rows_key = keys.rows(part)
        with self._lock:
            files = self._opened.get(rows_key)
        if files is None or not (files.rows_path.exists() and files.entities_path.exists()):
            rows_path, entities_path = map_in_order(self._local, [rows_key, keys.entities(part)])
            files = PartFiles(rows_path, entities_path, schema)
            with self._lock:
                self._opened[rows_key] = files
        return files

    def forget(self, keys: IndexKeys, parts: set[str]) -> None:
        """Delete copies of all other parts of this index: they do not count any more."""
        kept = {keys.rows(part) for part in parts}
        with self._lock:
            for key in self._opened.keys() - kept:
                if key.startswith(keys.prefix):
                    del self._opened[key]
        for folder in (self._path(keys.rows("x")).parent, self._path(keys.entities("x")).parent):
            with contextlib.suppress(OSError):
                for path in folder.iterdir():
                    if path.stem not in parts and not path.name.startswith("."):
                        path.unlink(missing_ok=True)

    def _local(self, key: str) -> Path:
        there = self._store.local_path(key)
        if there is not None:
            return there
        path = self._path(key)
        if not path.exists():
            self._store.download(key, path)
        return path

    def _path(self, key: str) -> Path:
        return self._folder / key
