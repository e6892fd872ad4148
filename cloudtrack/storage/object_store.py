"""The contract for storage: a flat map from keys to bodies, changed only under a condition.

There is no blind ``put``. State changes by claiming a new key (``create``) or by replacing the
version that was read (``replace``); both are atomic and linearizable, and readers never see half a
body. Users' own files are the one exception: ``upload`` streams a file to its key, and the last
upload of a name wins, as users expect of files.

Implementations promise, and ``tests/storage/conformance.py`` checks of each:

- ``create`` raises ObjectExists only where the key holds a *different* body: after a lost answer it
  reads back and recognises its own. A body that must win a race therefore carries something unique.
- ``replace`` raises ObjectChanged when the object is another version or gone. After a lost answer it
  recognises its own body; when a rival may have replaced that meanwhile it raises ObjectChanged with
  ``certain=False``, and only the layer above can tell (see ``document.py``).
- ``list`` yields keys in order of their UTF-8 bytes and shows everything written before it began.
  Order is relied on only among fixed-width names within one folder.
- Throttling, resets and time-outs are retried a bounded number of times with full jitter, then raise
  Unavailable: the write may or may not have happened.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from cloudtrack.errors import InvalidInput
from cloudtrack.storage.streaming import Progress, Transfer, copy_stream, written_whole

if TYPE_CHECKING:
    from cloudtrack.storage.signing import Signer

MAX_KEY_BYTES = 1024
"""The longest key, with the store's own prefix, that S3 takes (UTF-8 bytes)."""


@dataclass(frozen=True, slots=True)
class Object:
    """A body and the etag it was read with."""

    body: bytes
    etag: str


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What is known of an object without reading it; the etag where the store does not compute it from the bytes."""

    key: str
    size_bytes: int
    etag: str = ""
    modified_ms: int = 0


@dataclass(frozen=True, slots=True)
class Folder:
    """One level of keys: the names below a prefix up to the next ``/``."""

    folders: list[str] = field(default_factory=list)
    """Prefixes of the level, each ending in ``/``, in order."""
    objects: list[ObjectInfo] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Reading:
    """An object being read: its whole size, its etag where reading it is no work, and what was asked for, once."""

    size_bytes: int
    chunks: Iterator[bytes]
    """Pieces of the range, none of them empty."""
    etag: str = ""


class NotModified(Exception):
    """The object still has the etag the caller named; an answer, not an error."""


class ObjectStore(ABC):
    """A flat map from keys to bodies: atomic, strongly consistent, never overwritten blindly.

    Keys are relative paths such as ``runs/ab12/run.json``: one or more segments joined by ``/``, no
    empty segment, no ``.`` or ``..``, no control character. A store may be used by many threads.
    """

    @property
    @abstractmethod
    def url(self) -> str:
        """Where the store is, as ``open_store`` takes it; never with a credential."""

    @property
    def address(self) -> str:
        """The same with the options that it was opened with, for other processes."""
        return self.url

    @property
    def signer(self) -> Signer | None:
        """Signs requests that others send to the store by themselves; None where only this process can reach it."""
        return None

    def local_path(self, key: str) -> Path | None:  # noqa: ARG002 - most stores have none
        """The file that holds the object, for reading only; None where it is not one of this machine's.

        Raises ObjectNotFound where the store is a folder and there is no such object.
        """
        return None

    @abstractmethod
    def get(self, key: str, *, unless_etag: str = "") -> Object:
        """Body and etag, read together.

        Raises ObjectNotFound, and NotModified where the object still has the etag ``unless_etag``.
        """

    @abstractmethod
    def get_range(self, key: str, start: int, length: int) -> bytes:
        """Up to ``length`` bytes from offset ``start``; fewer, or none, at the end. Raises ObjectNotFound."""

    @abstractmethod
    def stat(self, key: str) -> ObjectInfo:
        """Size and time of one object. Raises ObjectNotFound, also for what is a folder."""

    @abstractmethod
    def create(self, key: str, body: bytes) -> str:
        """Claim a new key; the new etag. Raises ObjectExists where it holds another body."""

    @abstractmethod
    def replace(self, key: str, body: bytes, etag: str) -> str:
        """Replace the version that has ``etag``; the new etag. Raises ObjectChanged, also when it is gone."""

    @abstractmethod
    def delete(self, key: str) -> None:
        """Delete; deleting what is not there is no error."""

    @abstractmethod
    def list(self, prefix: str = "", *, start_after: str = "") -> Iterator[ObjectInfo]:
        """All objects whose key begins with ``prefix`` and is greater than ``start_after``, in key order."""

    @abstractmethod
    def list_folder(self, prefix: str = "") -> Folder:
        """One level below ``prefix``, which is empty or ends in ``/``."""

    @abstractmethod
    def upload(self, key: str, source: Path | BinaryIO, *, progress: Progress | None = None) -> Transfer:
        """Stream a file, or a seekable binary stream from its position, to ``key``; atomic, the last upload wins.

        Memory is bounded whatever the size. The digest is computed while streaming.
        """

    @abstractmethod
    def read(self, key: str, *, start: int = 0, length: int | None = None) -> Reading:
        """Open an object for streaming, in bounded memory: one version of it, whole. Raises ObjectNotFound.

        With a range, up to ``length`` bytes from offset ``start``; fewer, or none, at the end. ObjectChanged is
        raised, also by the pieces, where the object is replaced while it is read.
        """

    def download(self, key: str, target: Path, *, progress: Progress | None = None) -> Transfer:
        """Stream an object into the file ``target``, which appears whole or not at all. Raises ObjectNotFound."""
        reading = self.read(key)
        with written_whole(target) as stream:
            return copy_stream(reading.chunks, stream, progress)

    def close(self) -> None:  # noqa: B027 - most stores hold nothing
        """Give back connections; the store is not used afterwards."""


def check_key(key: str, *, prefix_bytes: int = 0) -> str:
    """The key itself, when it is a legal one; InvalidInput otherwise.

    ``prefix_bytes`` is the length of what the store puts before the key.
    """
    if not key or key.startswith("/") or key.endswith("/") or "//" in key:
        raise InvalidInput(f"{key[:80]!r} is not a key: it must be segments joined by single slashes")
    if any(segment in (".", "..") for segment in key.split("/")):
        raise InvalidInput(f"{key[:80]!r} is not a key: '.' and '..' are not allowed")
    if any(ord(char) < 32 or ord(char) == 127 for char in key):
        raise InvalidInput(f"{key[:80]!r} is not a key: it has a control character")
    try:
        size = len(key.encode()) + prefix_bytes
    except UnicodeEncodeError as error:
        raise InvalidInput(f"{key[:80]!r} is not a key: it is not valid Unicode") from error
    if size > MAX_KEY_BYTES:
        raise InvalidInput(f"the key {key[:60]!r}... is {size} bytes long; storage takes at most {MAX_KEY_BYTES}")
    return key


def check_prefix(prefix: str) -> str:
    """A listing prefix: empty, or the beginning of a legal key."""
    if prefix:
        check_key(prefix[:-1] if prefix.endswith("/") else prefix)
    return prefix
