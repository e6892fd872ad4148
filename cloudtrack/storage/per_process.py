"""A store that survives a fork: each process connects anew.

s3fs refuses to work in a forked child. obstore has threads of its own, which a child does not inherit:
any use of it there hangs, also through a new client. So a child connects by another form.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from cloudtrack.storage.object_store import Folder, Object, ObjectInfo, ObjectStore, Reading
from cloudtrack.storage.streaming import Progress, Transfer

if TYPE_CHECKING:
    from cloudtrack.storage.signing import Signer


class PerProcessStore(ObjectStore):
    """Forwards to a store that is made by ``connect`` in the process that opened it, by ``reconnect`` in its forks."""

    def __init__(self, connect: Callable[[], ObjectStore], reconnect: Callable[[], ObjectStore]) -> None:
        self._reconnect = reconnect
        self._lock = threading.Lock()
        self._store = connect()
        self._process = os.getpid()

    @property
    def inner(self) -> ObjectStore:
        """The store of this process."""
        if self._process != os.getpid():
            self._lock = threading.Lock()  # a thread of the parent may have held the old one
            with self._lock:
                if self._process != os.getpid():
                    self._store = self._reconnect()
                    self._process = os.getpid()
        return self._store

    @property
    def url(self) -> str:
        return self._store.url

    @property
    def address(self) -> str:
        return self._store.address

    @property
    def signer(self) -> Signer | None:
        return self.inner.signer

    def local_path(self, key: str) -> Path | None:
        return self.inner.local_path(key)

    def get(self, key: str, *, unless_etag: str = "") -> Object:
        return self.inner.get(key, unless_etag=unless_etag)

    def get_range(self, key: str, start: int, length: int) -> bytes:
        return self.inner.get_range(key, start, length)

    def stat(self, key: str) -> ObjectInfo:
        return self.inner.stat(key)

    def create(self, key: str, body: bytes) -> str:
        return self.inner.create(key, body)

    def replace(self, key: str, body: bytes, etag: str) -> str:
        return self.inner.replace(key, body, etag)

    def delete(self, key: str) -> None:
        self.inner.delete(key)

    def list(self, prefix: str = "", *, start_after: str = "") -> Iterator[ObjectInfo]:
        return self.inner.list(prefix, start_after=start_after)

    def list_folder(self, prefix: str = "") -> Folder:
        return self.inner.list_folder(prefix)

    def upload(self, key: str, source: Path | BinaryIO, *, progress: Progress | None = None) -> Transfer:
        return self.inner.upload(key, source, progress=progress)

    def read(self, key: str, *, start: int = 0, length: int | None = None) -> Reading:
        return self.inner.read(key, start=start, length=length)

    def close(self) -> None:
        self.inner.close()
