"""The digest of many files: of their names, sizes and what tells contents apart, in the order of the names' bytes.

One line of JSON a file, ``[name, size, hash]``, and before them a line that says what the hashes are: ``content``, the
SHA-256 of each file, or ``etags``, what a bucket says without being read. Nothing of it is of the host or the path.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cloudtrack.data.table_digest import DIGEST_LENGTH
from cloudtrack.errors import InvalidInput, NotFound, PermissionDenied
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.streaming import read_chunks

CONTENT, ETAGS = "content", "etags"


@dataclass(frozen=True)
class Listed:
    """One file: its name below the folder, its size in bytes, and its hash."""

    name: str
    size_bytes: int
    hash: str


@dataclass(frozen=True)
class Listing:
    """What all files are together."""

    digest: str
    files: int
    size_bytes: int


def digest_listing(files: Iterator[Listed], digest_of: str) -> Listing:
    """Reads the files once, in their order, and keeps none of them."""
    content = hashlib.sha256(f"{digest_of}\n".encode())
    count = size = 0
    for file in files:
        content.update(json.dumps([file.name, file.size_bytes, file.hash]).encode() + b"\n")
        count += 1
        size += file.size_bytes
    return Listing(content.hexdigest()[:DIGEST_LENGTH], count, size)


def list_folder(folder: Path) -> Iterator[Listed]:
    """The files of a folder with the SHA-256 of each, as a bucket would list them.

    A link to a file that is in the folder too counts as that file. Raises InvalidInput for a link that leads out, or to
    a folder, and for what is no file: a digest without it would say less than it seems to.
    """
    yield from _walk(os.fsencode(folder), os.path.realpath(os.fsencode(folder)) + b"/", b"")


def list_objects(store: ObjectStore, prefix: str, *, hash_content: bool) -> Iterator[Listed]:
    """The objects below a prefix, with their ETags, or with the SHA-256 of each, which reads it."""
    for info in store.list(prefix):
        if info.key.endswith("/"):
            continue  # what consoles make in place of a folder
        said = sha256_of(store.read(info.key).chunks)[0] if hash_content else info.etag.strip('"')
        yield Listed(info.key[len(prefix) :], info.size_bytes, said)


def sha256_of(chunks: Iterator[bytes]) -> tuple[str, int]:
    """The SHA-256 of a stream, and its size."""
    content, size = hashlib.sha256(), 0
    for chunk in chunks:
        content.update(chunk)
        size += len(chunk)
    return content.hexdigest(), size


def sha256_of_file(path: str | bytes | Path) -> tuple[str, int]:
    """The same of a file. Raises NotFound, PermissionDenied."""
    try:
        with open(path, "rb") as stream:
            return sha256_of(read_chunks(stream))
    except FileNotFoundError as error:
        raise NotFound(f"there is no file {os.fsdecode(path)!r}") from error
    except PermissionError as error:
        raise PermissionDenied(f"{os.fsdecode(path)!r} may not be read by this user") from error


def _walk(folder: bytes, root: bytes, above: bytes) -> Iterator[Listed]:
    try:
        with os.scandir(folder) as scan:
            entries = sorted((each.name + (b"/" if each.is_dir(follow_symlinks=False) else b""), each) for each in scan)
    except PermissionError as error:
        raise PermissionDenied(f"the folder {os.fsdecode(folder)!r} may not be read by this user") from error
    for name, entry in entries:
        if name.endswith(b"/"):
            yield from _walk(entry.path, root, above + name)
            continue
        shown = os.fsdecode(entry.path)
        if entry.is_symlink() and not os.path.realpath(entry.path).startswith(root):
            raise InvalidInput(f"{shown!r} is a link that leads out of the folder: put what it names in its place")
        if not entry.is_file():
            what = "a link to a folder, or to nothing" if entry.is_symlink() else "no file"
            raise InvalidInput(f"{shown!r} is {what}: a dataset is of files")
        sha256, size = sha256_of_file(entry.path)
        yield Listed(os.fsdecode(above + name), size, sha256)
