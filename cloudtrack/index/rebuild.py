"""An index made anew: new parts, which then replace all that were there."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from cloudtrack.errors import Conflict, ObjectChanged, ObjectExists
from cloudtrack.index.manifest import Part
from cloudtrack.index.part_files import write_part
from cloudtrack.index.parts import Parts
from cloudtrack.index.row import Row


class Rebuild:
    """One rebuilding. It stands on the manifest as it was at the beginning."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._before = parts.read()
        self._new: list[Part] = []

    def add(self, rows: Sequence[Row]) -> None:
        """Rows of settled documents, each document once."""
        if rows:
            with tempfile.TemporaryDirectory(prefix="cloudtrack-index-") as folder:
                place = Path(folder)
                files = write_part(rows, place / "rows", place / "entities", self._parts.source.schema)
                self._new.append(self._parts.upload(files, len(rows)))

    def commit(self) -> None:
        """Let the new parts count, and no others. Raises Conflict where a rival changed the index meanwhile."""
        old = {part.name for part in self._before.document.parts} if self._before else set()
        try:
            self._parts.write(self._before, self._new)
        except (ObjectChanged, ObjectExists) as error:
            new = {part.name for part in self._new}
            if not self._parts.mentions(new):
                self._parts.delete(new)
                raise Conflict("the index was compacted by another process while it was made anew") from error
        self._parts.delete(old)
