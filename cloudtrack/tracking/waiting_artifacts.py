"""The artifacts of a run that this process writes: while the store is away, its files wait in the run's spool."""

from __future__ import annotations

import io
from pathlib import Path
from typing import BinaryIO

from cloudtrack.errors import NotFound, Unavailable
from cloudtrack.storage.streaming import Progress
from cloudtrack.tracking.artifacts import Artifacts
from cloudtrack.tracking.run_writer import RunWriter


class WaitingArtifacts(Artifacts):
    """Uploads at once where that is possible. Files of one run come to the store in the order they were logged in."""

    def __init__(self, behind: Artifacts, writer: RunWriter) -> None:
        super().__init__(behind.files)
        self._writer = writer

    def upload(self, owner_id: str, source: Path | BinaryIO, path: str, *, progress: Progress | None = None) -> None:
        """Upload, or keep for later. Raises Unavailable where the spool folder cannot be written either."""
        if owner_id != self._writer.run_id:
            super().upload(owner_id, source, path, progress=progress)
            return
        self.key(owner_id, path)
        start = 0 if isinstance(source, Path) else source.tell()
        reason = "the store is away, or earlier files wait for it"
        if not self._writer.has_waiting_files and not self._writer.is_away:
            try:
                super().upload(owner_id, source, path, progress=progress)
                return
            except Unavailable as error:
                reason = str(error)
                if not isinstance(source, Path):
                    source.seek(start)
        try:
            self._writer.keep_file(path, source)
        except OSError as error:
            raise Unavailable(
                f"{path!r} could not be stored ({reason}), nor kept in the spool folder: {error.strerror or error}"
            ) from error


class WaitingTables(WaitingArtifacts):
    """The same for tables, whose rows are added to those that are there: this process knows what it wrote last."""

    def upload(self, owner_id: str, source: Path | BinaryIO, path: str, *, progress: Progress | None = None) -> None:
        """As of other files."""
        body = source.read_bytes() if isinstance(source, Path) else source.read()
        super().upload(owner_id, io.BytesIO(body), path, progress=progress)
        self._writer.tables[path] = body

    def read(self, owner_id: str, path: str) -> bytes:
        """The table as it will be when all that waits has come. Raises NotFound, Unavailable."""
        last = self._writer.tables.get(path)
        if last is not None and (self._writer.is_away or self._writer.has_waiting_files):
            return last
        try:
            return super().read(owner_id, path)
        except Unavailable:
            if last is not None:
                return last
            if self._writer.has_begun_here:
                raise NotFound(f"run {owner_id} has no table {path!r}") from None
            raise
