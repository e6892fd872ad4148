"""The file that somebody asked to be written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from cloudtrack.errors import CloudtrackError, InvalidInput
from cloudtrack.storage.streaming import written_whole


@contextmanager
def target_file(path: Path) -> Iterator[BinaryIO]:
    """A stream for writing it; it appears whole or not at all. Raises InvalidInput where it cannot be written."""
    try:
        with written_whole(path) as stream:
            yield stream
    except CloudtrackError:
        raise
    except OSError as error:
        raise InvalidInput(f"{path} cannot be written: {error.strerror or error}") from error
