"""Files of records that one process writes, and that others leave alone while it lives.

The writer holds a lock on its file; the kernel drops the lock of a process that dies.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

from pydantic import BaseModel, ValidationError

from cloudtrack.errors import CorruptData, StateError
from cloudtrack.tracking.records import read_records

H = TypeVar("H", bound=BaseModel)


def create_locked(path: Path, header: bytes) -> tuple[BinaryIO, int]:
    """A new file that begins with this record, locked by this process; and where it ends. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    fcntl.flock(handle, fcntl.LOCK_EX)
    stream = cast(BinaryIO, os.fdopen(handle, "r+b", buffering=0))
    return stream, write_at(stream, 0, header)


def open_locked(path: Path, noun: str, kind: type[H]) -> tuple[BinaryIO, H]:
    """An existing file, locked, behind its header; and the header.

    Raises StateError where its writer lives, CorruptData where it is none.
    """
    stream = cast(BinaryIO, path.open("r+b", buffering=0))
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        stream.seek(0)
        first = next(read_records(stream), None)
        if first is None:
            raise CorruptData(f"{path} is not a {noun} file: it has no header")
        return stream, kind.model_validate_json(first[0])
    except BlockingIOError as error:
        stream.close()
        raise StateError(f"{path.name} belongs to a process that is still running") from error
    except ValidationError as error:
        stream.close()
        raise CorruptData(f"{path} is not a {noun} file that this version of cloudtrack reads") from error
    except CorruptData:
        stream.close()
        raise


def write_at(stream: BinaryIO, offset: int, record: bytes) -> int:
    """Write a whole record; where it ends. Raises OSError."""
    stream.seek(offset)
    view = memoryview(record)
    while view:
        view = view[stream.write(view) :]
    return offset + len(record)
