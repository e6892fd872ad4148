"""A store in this process's memory, for tests and for trying things out."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cloudtrack import clock
from cloudtrack.errors import ObjectChanged, ObjectExists, ObjectNotFound
from cloudtrack.storage.object_store import (
    Folder,
    NotModified,
    Object,
    ObjectInfo,
    ObjectStore,
    Reading,
    check_key,
    check_prefix,
)
from cloudtrack.storage.streaming import Progress, Transfer, opened


class MemoryStore(ObjectStore):
    """Objects in a dictionary behind one lock: the reference for every other store."""

    def __init__(self, name: str = "") -> None:
        self._name = name
        self._objects: dict[str, tuple[bytes, str, int]] = {}
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"memory://{self._name}"

    def get(self, key: str, *, unless_etag: str = "") -> Object:
        body, etag, _ = self._read(key)
        if unless_etag and etag == unless_etag:
            raise NotModified(key)
        return Object(body, etag)

    def get_range(self, key: str, start: int, length: int) -> bytes:
        return self._read(key)[0][start : start + length]

    def stat(self, key: str) -> ObjectInfo:
        body, etag, modified_ms = self._read(key)
        return ObjectInfo(key, len(body), etag, modified_ms)

    def create(self, key: str, body: bytes) -> str:
        with self._lock:
            there = self._objects.get(check_key(key))
            if there is not None and there[0] != body:
                raise ObjectExists(f"{key!r} exists already", body=there[0], etag=there[1])
            return there[1] if there is not None else self._put(key, body)

    def replace(self, key: str, body: bytes, etag: str) -> str:
        with self._lock:
            there = self._objects.get(check_key(key))
            if there is None or there[1] != etag:
                raise ObjectChanged(f"{key!r} is no longer the version that was read")
            return self._put(key, body)

    def delete(self, key: str) -> None:
        with self._lock:
            self._objects.pop(check_key(key), None)

    def list(self, prefix: str = "", *, start_after: str = "") -> Iterator[ObjectInfo]:
        check_prefix(prefix)
        with self._lock:
            found = [
                ObjectInfo(key, len(body), etag, modified_ms)
                for key, (body, etag, modified_ms) in self._objects.items()
                if key.startswith(prefix) and key.encode() > start_after.encode()
            ]
        return iter(sorted(found, key=lambda info: info.key.encode()))

    def list_folder(self, prefix: str = "") -> Folder:
        folders: dict[str, None] = {}
        objects: list[ObjectInfo] = []
        for info in self.list(prefix):
            name, slash, _ = info.key[len(prefix) :].partition("/")
            if slash:
                folders[f"{prefix}{name}/"] = None
            else:
                objects.append(info)
        return Folder(list(folders), objects)

    def upload(self, key: str, source: Path | BinaryIO, *, progress: Progress | None = None) -> Transfer:
        check_key(key)
        with opened(source) as stream:
            body = stream.read()
        with self._lock:
            self._put(key, body)
        if progress:
            progress(len(body))
        return Transfer(len(body), hashlib.sha256(body).hexdigest())

    def read(self, key: str, *, start: int = 0, length: int | None = None) -> Reading:
        body, etag, _ = self._read(key)
        asked = body[start:] if length is None else body[start : start + length]
        return Reading(len(body), iter([asked] if asked else []), etag)

    def _read(self, key: str) -> tuple[bytes, str, int]:
        with self._lock:
            try:
                return self._objects[check_key(key)]
            except KeyError:
                raise ObjectNotFound(f"there is no object {key!r} in {self.url}") from None

    def _put(self, key: str, body: bytes) -> str:
        etag = hashlib.sha256(body).hexdigest()[:32]
        self._objects[key] = (bytes(body), etag, clock.now_ms())
        return etag
