"""Files of a run that wait beside its spool until the store has them: ``<writer id>.files/<number>``."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from pydantic import BaseModel

from cloudtrack.errors import CorruptData

SUFFIX = ".files"
_CHUNK = 1 << 20


class WaitingFile(BaseModel):
    """A file that was logged while the store was away."""

    path: str
    """Among the run's artifacts."""
    name: str
    """In the folder of those that wait."""
    sha256: str
    size_bytes: int


class WaitingFiles:
    """The folder of one spool's files, which go when they were delivered. One thread adds at a time.

    Every copy of a spool has files of its own, so that nobody else looks for those that go.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._next = 0

    def keep(self, path: str, source: Path | BinaryIO) -> WaitingFile:
        """Copy a file, or a stream from its position, for later. Raises OSError: nothing is kept."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        last = max((int(each.name) for each in self._folder.iterdir() if each.name.isdecimal()), default=-1)
        self._next = max(self._next, last + 1)
        name = f"{self._next:06d}"
        target, digest, size = self._folder / name, hashlib.sha256(), 0
        try:
            handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            with os.fdopen(handle, "wb") as copy:
                stream = source.open("rb") if isinstance(source, Path) else source
                try:
                    while chunk := stream.read(_CHUNK):
                        copy.write(chunk)
                        digest.update(chunk)
                        size += len(chunk)
                finally:
                    if isinstance(source, Path):
                        stream.close()
        except BaseException:
            target.unlink(missing_ok=True)
            raise
        self._next += 1
        return WaitingFile(path=path, name=name, sha256=digest.hexdigest(), size_bytes=size)

    def find(self, file: WaitingFile) -> Path:
        """Where a file waits. Raises CorruptData where it is not there as it was."""
        found = self._folder / Path(file.name).name
        try:
            with found.open("rb") as stream:
                is_whole = hashlib.file_digest(stream, "sha256").hexdigest() == file.sha256
        except OSError:
            is_whole = False
        if not is_whole:
            raise CorruptData(f"{found}, which the artifact {file.path!r} waits in, is missing or was changed")
        return found

    def forget(self, files: Iterable[WaitingFile]) -> None:
        """Delete those that are delivered, and will not be again."""
        for file in files:
            with contextlib.suppress(OSError):
                (self._folder / Path(file.name).name).unlink()

    def remove(self) -> None:
        """Delete them all."""
        shutil.rmtree(self._folder, ignore_errors=True)
