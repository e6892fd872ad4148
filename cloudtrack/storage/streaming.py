"""Moving bytes in bounded memory: local files that appear whole, digests computed on the way."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cloudtrack import ids

CHUNK_BYTES = 1 << 20

Progress = Callable[[int], None]
"""Called with the number of bytes moved since the last call; from whichever thread moves them."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """What an upload or a download moved."""

    size_bytes: int
    sha256: str


@contextmanager
def opened(source: Path | BinaryIO) -> Iterator[BinaryIO]:
    """``source`` as a binary stream; closed afterwards only where it was opened here."""
    if isinstance(source, Path):
        with source.open("rb") as stream:
            yield stream
    else:
        yield source


def read_chunks(stream: BinaryIO, chunk_bytes: int = CHUNK_BYTES) -> Iterator[bytes]:
    """The rest of a stream, in pieces."""
    while chunk := stream.read(chunk_bytes):
        yield chunk


def copy_stream(chunks: Iterable[bytes], target: BinaryIO, progress: Progress | None) -> Transfer:
    """Write all chunks; count, hash and report them on the way."""
    digest = hashlib.sha256()
    size = 0
    for chunk in chunks:
        target.write(chunk)
        digest.update(chunk)
        size += len(chunk)
        if progress:
            progress(len(chunk))
    return Transfer(size, digest.hexdigest())


@contextmanager
def written_whole(target: Path) -> Iterator[BinaryIO]:
    """A stream for writing ``target``: a new file beside it, renamed onto it when all went well."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name[:100]}.{ids.new_commit_id()}.part")
    try:
        with partial.open("xb") as stream:
            yield stream
        partial.replace(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
