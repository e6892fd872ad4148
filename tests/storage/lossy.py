"""A store that loses answers: the write lands, and the caller hears that the store is away."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cloudtrack.errors import Unavailable
from cloudtrack.storage.object_store import Folder, Object, ObjectInfo, ObjectStore, Reading
from cloudtrack.storage.per_process import PerProcessStore
from cloudtrack.storage.streaming import Progress, Transfer


class ForwardingStore(PerProcessStore):
    """Passes everything on; tests override what they disturb."""

    def __init__(self, inner: ObjectStore) -> None:
        super().__init__(lambda: inner, lambda: inner)


class LossyStore(ForwardingStore):
    """Loses a share of the answers to writes, after the write has landed."""

    def __init__(self, inner: ObjectStore, *, share: float, seed: int) -> None:
        super().__init__(inner)
        self._share = share
        self._random = random.Random(seed)
        self.lost = 0

    def create(self, key: str, body: bytes) -> str:
        return self._maybe_lost(self.inner.create(key, body))

    def replace(self, key: str, body: bytes, etag: str) -> str:
        return self._maybe_lost(self.inner.replace(key, body, etag))

    def _maybe_lost(self, etag: str) -> str:
        if self._random.random() < self._share:
            self.lost += 1
            raise Unavailable("the answer was lost")
        return etag


WRITES = ("create", "replace", "delete", "upload")


class WatchedStore(ForwardingStore, ABC):
    """Says of each request what it is before it is made."""

    @abstractmethod
    def _before(self, verb: str, key: str) -> None:
        """A request: get (also of a part or a stream), head, list (by prefix), create, replace, delete or upload."""

    def get(self, key: str, *, unless_etag: str = "") -> Object:
        self._before("get", key)
        return super().get(key, unless_etag=unless_etag)

    def get_range(self, key: str, start: int, length: int) -> bytes:
        self._before("get", key)
        return super().get_range(key, start, length)

    def stat(self, key: str) -> ObjectInfo:
        self._before("head", key)
        return super().stat(key)

    def create(self, key: str, body: bytes) -> str:
        self._before("create", key)
        return super().create(key, body)

    def replace(self, key: str, body: bytes, etag: str) -> str:
        self._before("replace", key)
        return super().replace(key, body, etag)

    def delete(self, key: str) -> None:
        self._before("delete", key)
        super().delete(key)

    def list(self, prefix: str = "", *, start_after: str = "") -> Iterator[ObjectInfo]:
        self._before("list", prefix)
        return super().list(prefix, start_after=start_after)

    def list_folder(self, prefix: str = "") -> Folder:
        self._before("list", prefix)
        return super().list_folder(prefix)

    def upload(self, key: str, source: Path | BinaryIO, *, progress: Progress | None = None) -> Transfer:
        self._before("upload", key)
        return super().upload(key, source, progress=progress)

    def read(self, key: str, *, start: int = 0, length: int | None = None) -> Reading:
        self._before("get", key)
        return super().read(key, start=start, length=length)


class CountingStore(WatchedStore):
    """Counts requests by verb, and remembers the keys of writes."""

    def __init__(self, inner: ObjectStore) -> None:
        super().__init__(inner)
        self.counts: dict[str, int] = {}
        self.written: list[str] = []

    @property
    def requests(self) -> int:
        """All requests so far."""
        return sum(self.counts.values())

    @property
    def writes(self) -> int:
        """Requests that change something."""
        return sum(self.counts.get(verb, 0) for verb in WRITES)

    def reset(self) -> None:
        """Count from zero."""
        self.counts.clear()
        self.written.clear()

    def _before(self, verb: str, key: str) -> None:
        self.counts[verb] = self.counts.get(verb, 0) + 1
        if verb in ("create", "replace", "upload"):
            self.written.append(key)


class Stopped(Exception):
    """The process is gone."""


class StoppingStore(WatchedStore):
    """Dies before the write number ``writes + 1``, as a killed process does: nothing works afterwards."""

    def __init__(self, inner: ObjectStore, *, writes: int) -> None:
        super().__init__(inner)
        self._left = writes

    def _before(self, verb: str, key: str) -> None:
        if self._left == 0:
            raise Stopped
        if verb in WRITES:
            self._left -= 1
