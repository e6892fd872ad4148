"""The files behind a server's artifact proxy, as ``Artifacts`` uses a store.

Keys are those of a store, below ``runs/<id>/artifacts/`` and ``logged_models/<id>/artifacts/``; on the wire they
have the users' spelling. Where the server signs URLs, large files go to the bucket by themselves, in parts, and
downloads come from there.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cloudtrack.errors import NotFound, ObjectNotFound
from cloudtrack.remote.addresses import PROXY, quoted
from cloudtrack.remote.connection import Connection
from cloudtrack.remote.multipart import MultipartUploads
from cloudtrack.remote.windows import Moved, Window, remaining_bytes
from cloudtrack.storage.object_store import Folder, Object, ObjectInfo, Reading
from cloudtrack.storage.quoting import quote_path, unquote_path
from cloudtrack.storage.streaming import Progress, copy_stream, opened, written_whole

_SINGLE_BYTES = 4 << 20
"""Larger files do not pass AWS Lambda."""


class ArtifactFiles:
    """Artifacts behind a server."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._multipart = MultipartUploads(connection)

    def upload(self, key: str, source: Path | BinaryIO, *, progress: Progress | None = None) -> None:
        """Stream a file, or a seekable binary stream from its position, to ``key``; in bounded memory."""
        path = unquote_path(key)
        moved = Moved(progress)
        with opened(source) as stream:
            start, size = stream.tell(), remaining_bytes(stream)
            if size > _SINGLE_BYTES and self._multipart.is_enabled:
                self._multipart.upload(path, source, stream, start, size, moved)
                return
            self._connection.send(
                "PUT", f"{PROXY}/artifacts/{quoted(path)}", lambda: Window(stream, start, size, moved), size_bytes=size
            )

    def get(self, key: str) -> Object:
        """A whole file in memory. Raises ObjectNotFound."""
        try:
            return Object(self._connection.read(_url(key), lambda chunks, _: b"".join(chunks)), "")
        except NotFound as error:
            raise _missing(key) from error

    def read(self, key: str) -> Reading:
        """A file, opened for streaming. Raises ObjectNotFound."""
        try:
            chunks, size = self._connection.open(_url(key))
        except NotFound as error:
            raise _missing(key) from error
        return Reading(size, chunks)

    def download(self, key: str, target: Path, *, progress: Progress | None = None) -> None:
        """Stream a file into ``target``, which appears whole or not at all. Raises ObjectNotFound."""
        moved = Moved(progress)

        def save(chunks: Iterator[bytes], _size: int) -> None:
            moved.restart()
            with written_whole(target) as stream:
                copy_stream(chunks, stream, moved)

        try:
            self._connection.read(_url(key), save)
        except NotFound as error:
            raise _missing(key) from error

    def stat(self, key: str) -> ObjectInfo:
        """Size of one file. Raises ObjectNotFound."""
        for info in self.list_folder(_folder_of(key)).objects:
            if info.key == key:
                return info
        raise _missing(key)

    def list_folder(self, prefix: str) -> Folder:
        """One level below ``prefix``, which ends in a slash."""
        answer = self._connection.get(f"{PROXY}/artifacts", path=unquote_path(prefix.removesuffix("/")))
        level = Folder()
        for file in answer.get("files", []):
            key = f"{prefix}{quote_path(file['path'])}"
            if file.get("is_dir"):
                level.folders.append(f"{key}/")
            else:
                level.objects.append(ObjectInfo(key, int(file.get("file_size", 0))))
        return level

    def list(self, key: str) -> Iterator[ObjectInfo]:
        """The file at ``key``, or all files below that folder, in key order; a request for each folder."""
        if key.endswith("/"):
            yield from self._below(key)
            return
        level = self.list_folder(_folder_of(key))
        yield from (info for info in level.objects if info.key == key)
        if f"{key}/" in level.folders:
            yield from self._below(f"{key}/")

    def delete(self, key: str) -> None:
        """Delete a file; one that is not there is no error."""
        self._connection.call("DELETE", _url(key), {})

    def _below(self, folder: str) -> Iterator[ObjectInfo]:
        level = self.list_folder(folder)
        found: list[ObjectInfo | str] = [*level.objects, *level.folders]
        for item in sorted(found, key=lambda item: item if isinstance(item, str) else item.key):
            if isinstance(item, str):
                yield from self._below(item)
            else:
                yield item


def _url(key: str) -> str:
    return f"{PROXY}/artifacts/{quoted(unquote_path(key))}"


def _folder_of(key: str) -> str:
    return f"{key.rpartition('/')[0]}/"


def _missing(key: str) -> ObjectNotFound:
    return ObjectNotFound(f"there is no file {unquote_path(key)!r}")
