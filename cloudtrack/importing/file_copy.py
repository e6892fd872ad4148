"""Copies foreign files into a store, one after another; a name that cannot be is said."""

from __future__ import annotations

from collections.abc import Iterator

from cloudtrack.errors import CloudtrackError, InvalidInput
from cloudtrack.importing.foreign import ForeignFile
from cloudtrack.importing.omissions import Omissions
from cloudtrack.tracking.artifacts import Artifacts


class FileCopy:
    """``is_left_out`` copies nothing: the user wants no artifacts."""

    def __init__(self, omissions: Omissions, *, is_left_out: bool = False) -> None:
        self._omissions = omissions
        self._is_left_out = is_left_out

    def copy(self, artifacts: Artifacts, owner_id: str, files: Iterator[ForeignFile], owner: str) -> int:
        """How many files were copied. One that is there is replaced: it may have been cut off.

        Raises InvalidInput for a file that cannot be read: then its owner does not come, and may come later.
        """
        if self._is_left_out:
            return 0
        copied = 0
        for file in files:
            try:
                artifacts.key(owner_id, file.path)
            except InvalidInput as error:
                self._omissions.add("artifacts", f"{owner}: {file.path}", error.message, is_failure=True)
                continue
            try:
                with file.open() as stream:
                    artifacts.upload(owner_id, stream, file.path)
            except CloudtrackError:  # some are errors of the system too, and are the store's
                raise
            except OSError as error:
                raise InvalidInput(f"its artifact {file.path!r} cannot be read: {error.strerror or error}") from error
            copied += 1
        return copied
