"""A file on the local disk where a run's data waits until the store has it.

    <writer id>.spool = one record after another
    first record      = the header of the file: store, writer, and the run as it was created
    others            = frames: a sequence number and what was logged, points as packed columns
    <writer id>.files = files that were logged while the store was away, which frames name

The writer holds a lock on the file while it lives, so ``sync`` leaves it alone; the kernel drops the
lock of a process that dies. A record that was cut off by a crash ends the file. Frames are numbered,
and the run's document knows the last one it has of each writer, so a spool can be replayed any number
of times, from any copy.
"""

from __future__ import annotations

import io
import threading
from pathlib import Path
from typing import BinaryIO, cast

from pydantic import BaseModel

from cloudtrack.tracking import waiting_files
from cloudtrack.tracking.documents import RunDocument
from cloudtrack.tracking.frames import Frame, pack_frame, parse_frame
from cloudtrack.tracking.locked_files import create_locked, open_locked, write_at
from cloudtrack.tracking.records import pack_record, read_records
from cloudtrack.tracking.waiting_files import WaitingFiles

SUFFIX = ".spool"
_KEEP_BYTES = 8 << 20
"""A spool that the store has whole is cut back when it is larger than this."""


class SpoolHeader(BaseModel):
    """Whose data this is, and all that is needed to make the run where the store has not heard of it."""

    format: str = "cloudtrack.spool/1"
    store_url: str
    writer: str
    run: RunDocument
    experiment_name: str = ""

    def to_record(self) -> bytes:
        """As it stands before the frames."""
        return pack_record(self.model_dump_json().encode())


class Spool:
    """One writer's spool file. One thread appends and reads; ``close`` may come from another."""

    def __init__(
        self,
        stream: BinaryIO,
        header: SpoolHeader,
        start: int,
        path: Path | None,
        files: WaitingFiles | None = None,
    ) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self.header = header
        self.path = path
        self.files = WaitingFiles(path.with_suffix(waiting_files.SUFFIX)) if path else files
        """Where files wait that its frames name; None where there is no disk."""
        self._start = start  # where the frames begin
        self._sent = start  # up to here the store has everything
        self._end = start
        self._damaged = False

    @classmethod
    def create(cls, folder: Path, header: SpoolHeader) -> Spool:
        """A new file, locked by this process. Raises OSError where the folder cannot be written."""
        path = folder / f"{header.writer}{SUFFIX}"
        stream, start = create_locked(path, header.to_record())
        return cls(stream, header, start, path)

    @classmethod
    def in_memory(cls, header: SpoolHeader, files: WaitingFiles | None = None) -> Spool:
        """A spool for a process that has no disk to write to: what is unsent dies with the process.

        ``files`` are those that wait since there was one.
        """
        return cls(cast(BinaryIO, io.BytesIO()), header, 0, None, files)

    @classmethod
    def open(cls, path: Path) -> Spool:
        """An existing file, for replay. Raises StateError where its writer lives, CorruptData where it is no spool."""
        stream, header = open_locked(path, "spool", SpoolHeader)
        spool = cls(stream, header, stream.tell(), path)
        spool._end = path.stat().st_size
        return spool

    @property
    def has_unsent(self) -> bool:
        """Whether the store lacks something that is here."""
        return self._end > self._sent

    def append(self, frame: Frame) -> None:
        """Add a frame; it survives the end of this process from here on. Raises OSError."""
        with self._lock:
            self._end = write_at(self._stream, self._end, pack_frame(frame))

    def read_unsent(self, *, limit_points: int) -> tuple[list[Frame], int]:
        """The oldest frames that the store lacks, and the mark to hand to ``acknowledge`` when it has them.

        Ends with the frame that reaches ``limit_points``. Without a frame, the rest of the file is damaged.
        """
        frames: list[Frame] = []
        points = 0
        with self._lock:
            self._stream.seek(self._sent)
            for head, columns in read_records(self._stream):
                frames.append(parse_frame(head, columns))
                points += len(frames[-1].changes.points)
                if points >= limit_points:
                    break
            if points >= limit_points:
                return frames, self._stream.tell()
            self._damaged = self._stream.tell() < self._end
            return frames, self._end

    def read_unsent_records(self, *, limit_bytes: int) -> tuple[bytes, int]:
        """The oldest whole records that the store lacks, as they are, at least one; and the mark, as above."""
        with self._lock:
            self._stream.seek(self._sent)
            end = self._sent
            for _ in read_records(self._stream):
                if end > self._sent and self._stream.tell() - self._sent > limit_bytes:
                    break
                end = self._stream.tell()
            else:
                self._damaged = end < self._end
            self._stream.seek(self._sent)
            records = self._stream.read(end - self._sent)
            return records, self._end if self._damaged else end

    def acknowledge(self, mark: int) -> None:
        """The store has all frames up to the mark. A large file whose frames are all sent is cut back."""
        with self._lock:
            self._sent = mark
            if self._sent == self._end and self._end > _KEEP_BYTES:
                self._stream.truncate(self._start)
                self._sent = self._end = self._start

    def abandon(self) -> None:
        """In a forked child: let go of the parent's file. Takes no lock: a thread of the parent may have held it."""
        self._stream.close()

    def drop(self) -> None:
        """Let go of the file and delete it, whatever the store lacks."""
        self.acknowledge(self._end)
        self.close()

    def close(self) -> None:
        """Let go of the file; it is deleted where the store has all of it, and set aside where it has damage."""
        with self._lock:
            if self.files is not None and not self.has_unsent:
                self.files.remove()
            if self.path is not None and not self.has_unsent:
                if self._damaged:
                    self.path.rename(self.path.with_suffix(".damaged"))
                else:
                    self.path.unlink(missing_ok=True)
            self._stream.close()
