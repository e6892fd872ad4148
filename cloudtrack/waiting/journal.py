"""A file on the local disk where calls wait until the store is back.

    <writer id>.journal = one record after another
    first record        = the header: store, writer, and who acts
    others              = calls, in the order in which they were made
    <writer id>.files   = files of logged models, which calls name

It is written as a spool is (see ``tracking.spool``), and may be delivered any number of times, from any copy: each call
has a name under which the registry does it once, and the store knows what came of it (see ``registry.journals``).
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import BinaryIO

from pydantic import BaseModel, ValidationError

from cloudtrack.errors import CorruptData
from cloudtrack.tracking import waiting_files
from cloudtrack.tracking.locked_files import create_locked, open_locked, write_at
from cloudtrack.tracking.records import pack_record, read_records
from cloudtrack.tracking.waiting_files import WaitingFiles
from cloudtrack.waiting.call import Call

SUFFIX = ".journal"


class JournalHeader(BaseModel):
    """Whose calls these are."""

    format: str = "cloudtrack.journal/1"
    store_url: str
    writer: str
    user: str
    """Who is noted in the history of the registry."""


class Journal:
    """The calls of one process that wait, in a file of its own."""

    def __init__(self, path: Path, stream: BinaryIO, header: JournalHeader) -> None:
        """``stream`` stands behind the header. Raises CorruptData for a call that this version does not know."""
        self.path = path
        self.header = header
        self.files = WaitingFiles(path.with_suffix(waiting_files.SUFFIX))
        self._stream = stream
        self._lock = threading.Lock()
        self.calls = [_parsed(path, head) for head, _ in read_records(stream)]
        self._end = stream.tell()
        self.is_damaged = self._end < path.stat().st_size
        """Whether something follows that cannot be read."""

    @classmethod
    def create(cls, folder: Path, header: JournalHeader) -> Journal:
        """A new file, locked by this process. Raises OSError where the folder cannot be written."""
        path = folder / f"{header.writer}{SUFFIX}"
        stream, _ = create_locked(path, pack_record(header.model_dump_json().encode()))
        return cls(path, stream, header)

    @classmethod
    def open(cls, path: Path) -> Journal:
        """An existing file. Raises StateError where its writer lives, CorruptData where it is no journal."""
        stream, header = open_locked(path, "journal", JournalHeader)
        try:
            return cls(path, stream, header)
        except CorruptData:
            stream.close()
            raise

    def append(self, call: Call) -> Call:
        """Add a call, which gets its number; it survives the end of this process from here on.

        Raises OSError: then nothing was added.
        """
        with self._lock:
            numbered = call.model_copy(update={"number": len(self.calls) + 1})
            try:
                self._end = write_at(self._stream, self._end, pack_record(numbered.model_dump_json().encode()))
            except OSError:
                self._stream.truncate(self._end)
                raise
            self.calls.append(numbered)
            return numbered

    def abandon(self) -> None:
        """Let go of the file, which stays."""
        self._stream.close()

    def close(self) -> None:
        """Let go of the file, whose calls all came to an end: it is deleted, and set aside where it has damage."""
        with self._lock:
            self.files.remove()
            if self.is_damaged:
                self.path.rename(self.path.with_suffix(".damaged"))
            else:
                self.path.unlink(missing_ok=True)
            self._stream.close()


def _parsed(path: Path, head: bytes) -> Call:
    try:
        return Call.model_validate_json(head)
    except ValidationError as error:
        raise CorruptData(f"{path} has a call that this version of cloudtrack does not read") from error
