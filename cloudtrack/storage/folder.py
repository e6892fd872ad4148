"""A store in a folder: one file an object, exact among any number of processes of one machine.

``create`` writes a file aside and links it to its name: the link fails where the name is taken.
``replace`` and ``delete`` hold an advisory lock (``flock``) on one of 256 lock files, compare the
content's digest, and rename. The kernel drops the lock of a process that dies. Needs a POSIX system
and a file system with hard links and locks shared by all writers (a local disk; NFS 4).
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import stat
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from cloudtrack import ids
from cloudtrack.errors import (
    CloudtrackError,
    InvalidInput,
    ObjectChanged,
    ObjectExists,
    ObjectNotFound,
    PermissionDenied,
    Unavailable,
)
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
from cloudtrack.storage.streaming import CHUNK_BYTES, Progress, Transfer, copy_stream, opened, read_chunks

_PRIVATE = ".cloudtrack"
"""Folder inside the root for lock files and files not yet in place; holds no objects."""
_LOCK_FILES = 256
_PLACE_ATTEMPTS = 100
_READ_ONLY = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK  # a pipe that somebody put there hangs nobody
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


class FolderStore(ObjectStore):
    """Objects as files below ``root``, which is made when the first object is written."""

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self._root = os.path.abspath(os.fspath(root))
        if os.path.exists(self._root) and not os.path.isdir(self._root):
            raise InvalidInput(f"{self._root} is a file; a store needs a folder")

    @property
    def url(self) -> str:
        return Path(self._root).as_uri()

    @property
    def root(self) -> Path:
        """The folder, as an absolute path."""
        return Path(self._root)

    def local_path(self, key: str) -> Path | None:
        self.stat(key)
        return Path(self._path(key))

    def get(self, key: str, *, unless_etag: str = "") -> Object:
        with self._translated(key), self._open(key) as stream:
            body = stream.read()
        etag = _etag(body)
        if etag == unless_etag:
            raise NotModified(key)
        return Object(body, etag)

    def get_range(self, key: str, start: int, length: int) -> bytes:
        with self._translated(key), self._open(key) as stream:
            stream.seek(start)
            return stream.read(length)

    def stat(self, key: str) -> ObjectInfo:
        with self._translated(key), self._open(key) as stream:
            status = os.fstat(stream.fileno())
        return _info(key, status)

    def create(self, key: str, body: bytes) -> str:
        path = self._path(key)
        with self._translated(key), self._written_aside(body) as partial:
            try:
                self._place(os.link, partial, path)
            except FileExistsError:
                pass
            else:
                return _etag(body)
        there = self.get(key)
        if there.body != body:
            raise ObjectExists(f"{key!r} exists already", body=there.body, etag=there.etag)
        return there.etag

    def replace(self, key: str, body: bytes, etag: str) -> str:
        path = self._path(key)
        with self._translated(key), self._written_aside(body) as partial, self._locked(key):
            try:
                current = self.get(key).etag
            except ObjectNotFound:
                current = ""
            if current != etag:
                raise ObjectChanged(f"{key!r} is no longer the version that was read")
            os.rename(partial, path)
        return _etag(body)

    def delete(self, key: str) -> None:
        path = self._path(key)
        with self._translated(key):
            try:
                with self._locked(key):
                    os.unlink(path)
            except (FileNotFoundError, NotADirectoryError):
                return
            self._remove_empty_folders(path)

    def list(self, prefix: str = "", *, start_after: str = "") -> Iterator[ObjectInfo]:
        check_prefix(prefix)
        folder, _, _ = prefix.rpartition("/")
        with self._translated(prefix):
            yield from self._walk(f"{folder}/" if folder else "", prefix, start_after)

    def list_folder(self, prefix: str = "") -> Folder:
        check_prefix(prefix)
        folder = Folder()
        with self._translated(prefix):
            for name, entry in self._entries(prefix):
                if name.endswith("/"):
                    folder.folders.append(prefix + name)
                else:
                    folder.objects.append(_info(prefix + name, entry.stat(follow_symlinks=False)))
        return folder

    def upload(self, key: str, source: Path | BinaryIO, *, progress: Progress | None = None) -> Transfer:
        path = self._path(key)
        with opened(source) as stream, self._translated(key):
            partial, handle = self._new_partial()
            try:
                with os.fdopen(handle, "wb") as target:
                    moved = copy_stream(read_chunks(stream), target, progress)
                with self._locked(key):
                    self._place(os.rename, partial, path)
            except BaseException:
                Path(partial).unlink(missing_ok=True)
                raise
        return moved

    def read(self, key: str, *, start: int = 0, length: int | None = None) -> Reading:
        with self._translated(key):
            source = self._open(key)
            size = os.fstat(source.fileno()).st_size
            source.seek(start)
        return Reading(size, _closing(source, size if length is None else length))

    def _path(self, key: str) -> str:
        check_key(key)
        if key.startswith(f"{_PRIVATE}/"):
            raise InvalidInput(f"{key!r} is not a key: {_PRIVATE!r} is the folder's own")
        if self._leads_out(key):
            raise PermissionDenied(f"{key!r} is behind a symbolic link; a store does not follow links")
        return f"{self._root}/{key}"

    def _leads_out(self, key: str) -> bool:
        """Whether one of the folders of a key, or of a prefix, is a symbolic link."""
        return any(os.path.islink(f"{self._root}/{key[:end]}") for end, sign in enumerate(key) if sign == "/")

    def _open(self, key: str) -> BinaryIO:
        try:
            handle = os.open(self._path(key), _READ_ONLY)
        except NotADirectoryError as error:
            raise self._missing(key) from error
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise self._missing(key)
        return os.fdopen(handle, "rb")

    def _entries(self, prefix: str) -> Sequence[tuple[str, os.DirEntry[str]]]:
        """One level in key order; a folder's name ends in ``/``. Links, pipes and devices are no objects."""
        if self._leads_out(prefix):
            return []
        try:
            with os.scandir(f"{self._root}/{prefix}") as scan:
                entries = [
                    (f"{entry.name}/" if entry.is_dir(follow_symlinks=False) else entry.name, entry)
                    for entry in scan
                    if (entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False))
                    and not (prefix == "" and entry.name == _PRIVATE)
                ]
        except (FileNotFoundError, NotADirectoryError):
            return []
        return sorted(entries, key=lambda item: os.fsencode(item[0]))

    def _walk(self, folder: str, prefix: str, start_after: str) -> Iterator[ObjectInfo]:
        after = start_after.encode()
        for name, entry in self._entries(folder):
            key = folder + name
            if name.endswith("/"):
                wanted = key.startswith(prefix) or prefix.startswith(key)
                passed = key.encode() < after and not start_after.startswith(key)
                if wanted and not passed:
                    yield from self._walk(key, prefix, start_after)
            elif key.startswith(prefix) and key.encode() > after:
                try:
                    yield _info(key, entry.stat(follow_symlinks=False))
                except FileNotFoundError:
                    continue  # deleted since the scan

    def _make_folders(self, path: str) -> None:
        folder = os.path.dirname(path)
        try:
            os.makedirs(folder, exist_ok=True)
        except FileExistsError as error:
            if os.path.isfile(folder):  # not to be taken for the object itself
                raise NotADirectoryError(errno.ENOTDIR, "a file is in the way", folder) from error
            raise

    def _place(self, move: Callable[[str, str], None], partial: str, path: str) -> None:
        """Link or rename a file to its name; a rival's ``delete`` may remove the folder just made."""
        for _ in range(_PLACE_ATTEMPTS):
            self._make_folders(path)
            with contextlib.suppress(FileNotFoundError):
                move(partial, path)
                return
        raise Unavailable(f"the folder of {path} is removed again and again by another process")

    def _remove_empty_folders(self, path: str) -> None:
        """Folders are not objects: one that holds nothing any more is not listed."""
        folder = os.path.dirname(path)
        with contextlib.suppress(OSError):  # not empty, or removed by another
            while folder != self._root:
                os.rmdir(folder)
                folder = os.path.dirname(folder)

    def _new_partial(self) -> tuple[str, int]:
        partial = f"{self._root}/{_PRIVATE}/partial/{ids.new_commit_id()}"
        try:
            return partial, os.open(partial, _NEW_FILE, 0o666)
        except FileNotFoundError:
            self._make_folders(partial)
            return partial, os.open(partial, _NEW_FILE, 0o666)

    @contextmanager
    def _written_aside(self, body: bytes) -> Iterator[str]:
        """A file with the body, on disk, that is gone afterwards unless it was renamed."""
        partial, handle = self._new_partial()
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(body)
                stream.flush()
                os.fsync(stream.fileno())
            yield partial
        finally:
            Path(partial).unlink(missing_ok=True)

    @contextmanager
    def _locked(self, key: str) -> Iterator[None]:
        path = f"{self._root}/{_PRIVATE}/locks/{zlib.crc32(key.encode()) % _LOCK_FILES:02x}"
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            handle = os.open(path, flags, 0o666)
        except FileNotFoundError:
            self._make_folders(path)
            handle = os.open(path, flags, 0o666)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    @contextmanager
    def _translated(self, key: str) -> Iterator[None]:
        """Operating system errors in this store's words."""
        try:
            yield
        except CloudtrackError:
            raise
        except OSError as error:
            raise self._translate(key, error) from error

    def _translate(self, key: str, error: OSError) -> CloudtrackError:
        if error.errno in (errno.ENOENT, errno.EISDIR):
            return self._missing(key)
        if error.errno in (errno.ENOTDIR, errno.EEXIST):
            return InvalidInput(f"cannot store {key!r}: part of its path is a file already")
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            return PermissionDenied(f"the folder {self._root} does not allow access to {key!r}: {error.strerror}")
        if error.errno == errno.ELOOP:
            return PermissionDenied(f"{key!r} is a symbolic link; a store does not follow links")
        if error.errno == errno.ENAMETOOLONG:
            return InvalidInput(f"the key {key[:60]!r}... has a name too long for the file system (255 bytes)")
        return Unavailable(f"cannot access {key!r} in {self._root}: {error.strerror or error}")

    def _missing(self, key: str) -> ObjectNotFound:
        return ObjectNotFound(f"there is no object {key!r} in {self.url}")


def _etag(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:32]


def _info(key: str, status: os.stat_result) -> ObjectInfo:
    return ObjectInfo(key, status.st_size, "", status.st_mtime_ns // 1_000_000)


def _closing(source: BinaryIO, length: int) -> Iterator[bytes]:
    with source:
        while chunk := source.read(min(length, CHUNK_BYTES)):
            yield chunk
            length -= len(chunk)
