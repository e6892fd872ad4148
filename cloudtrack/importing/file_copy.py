"""Copies foreign files into a store, one after another, and says which could not be."""

from __future__ import annotations

from collections.abc import Iterator

from cloudtrack.errors import CorruptData, InvalidInput, NotFound
from cloudtrack.importing.foreign import ForeignFile
from cloudtrack.importing.omissions import Omissions
from cloudtrack.tracking.artifacts import Artifacts


class FileCopy:
    """``is_left_out`` copies nothing: the user wants no artifacts."""

    def __init__(self, omissions: Omissions, *, is_left_out: bool = False) -> None:
        self._omissions = omissions
        self._is_left_out = is_left_out

    def copy(self, artifacts: Artifacts, owner_id: str, files: Iterator[ForeignFile], owner: str) -> int:
        """How many files were copied. One that is there is replaced: it may have been cut off."""
        if self._is_left_out:
            return 0
        copied = 0
        for file in files:
            try:
                artifacts.key(owner_id, file.path)
                with file.open() as stream:
                    artifacts.upload(owner_id, stream, file.path)
                copied += 1
            except (OSError, InvalidInput, NotFound, CorruptData) as error:
                reason = str(getattr(error, "message", None) or getattr(error, "strerror", None) or error)
                self._omissions.add("artifacts", f"{owner}: {file.path}", reason[:200], is_failure=True)
        return copied
