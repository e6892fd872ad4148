"""Datasets that are files: one, or all below a folder or a prefix of a bucket."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from cloudtrack.data.dataset import Dataset, name_of
from cloudtrack.data.fetching import is_local, local_path, open_bucket, reading_url
from cloudtrack.data.listing import (
    CONTENT,
    ETAGS,
    Listing,
    digest_listing,
    list_folder,
    list_objects,
    sha256_of,
    sha256_of_file,
)
from cloudtrack.data.sources import source_of
from cloudtrack.data.table_digest import DIGEST_LENGTH
from cloudtrack.errors import InvalidInput, NotFound
from cloudtrack.storage.places import reading
from cloudtrack.storage.public_url import strip_credentials
from cloudtrack.storage.streaming import read_chunks


def from_file(path: str | Path, name: str | None = None, digest: str | None = None) -> Dataset:
    """One file: a path, an ``s3://`` URI, or a URI of any protocol that fsspec reads.

    The digest is of its bytes, which are read, unless one is given. Raises NotFound, PermissionDenied, Unavailable.
    """
    place = _absolute(path)
    if digest is None:
        sha256, size = _hash_file(place)
        digest, profile = sha256[:DIGEST_LENGTH], {"num_files": 1, "num_bytes": size}
    else:
        profile = {"num_files": 1}
    return _dataset(place, name, digest, profile)


def from_prefix(
    path: str | Path, name: str | None = None, digest: str | None = None, *, hash_content: bool = False
) -> Dataset:
    """All files below a folder, or all objects below an ``s3://`` prefix.

    The digest is of their names below it, their sizes, and for a folder of their contents. Of a bucket no object is
    read, one request lists 1,000: the digest is of the ETags, which change when an object is written anew in other
    parts or with another key. With ``hash_content`` every object is read, and the digest is that of a folder with the
    same files.
    Raises NotFound where there are none, InvalidInput for a link that leads out of the folder.
    """
    place = _absolute(path)
    if digest is not None:
        return _dataset(place, name, digest, {})
    if is_local(place):
        listing, digest_of = _of_folder(local_path(place)), CONTENT
    elif place.startswith("s3://"):
        listing, digest_of = _of_bucket(place, hash_content=hash_content), CONTENT if hash_content else ETAGS
    else:
        raise InvalidInput(
            f"{strip_credentials(place)!r} is neither a folder nor an s3:// prefix; from_file takes one file"
        )
    if not listing.files:
        raise NotFound(f"there are no files below {strip_credentials(place)!r}; one file is for from_file")
    profile = {"num_files": listing.files, "num_bytes": listing.size_bytes, "digest_of": digest_of}
    return _dataset(place, name, listing.digest, profile)


def _of_folder(folder: Path) -> Listing:
    if not os.path.isdir(folder):
        raise NotFound(
            f"there is no folder {str(folder)!r}" + ("; it is a file: from_file" if os.path.exists(folder) else "")
        )
    return digest_listing(list_folder(folder), CONTENT)


def _of_bucket(uri: str, *, hash_content: bool) -> Listing:
    store, key = open_bucket(uri)
    try:
        files = list_objects(store, f"{key}/" if key else "", hash_content=hash_content)
        return digest_listing(files, CONTENT if hash_content else ETAGS)
    finally:
        store.close()


def _hash_file(place: str) -> tuple[str, int]:
    if is_local(place):
        path = local_path(place)
        if os.path.isdir(path):  # False also where it may not be looked at
            raise InvalidInput(f"{str(path)!r} is a folder: from_prefix takes it")
        return sha256_of_file(path)
    if place.startswith("s3://"):
        store, key = open_bucket(place)
        try:
            return sha256_of(store.read(key).chunks)
        finally:
            store.close()
    if place.startswith(("http://", "https://")):
        with reading_url(place) as chunks:
            return sha256_of(chunks)
    with reading(place) as stream:
        return sha256_of(read_chunks(stream))


def _absolute(path: str | Path) -> str:
    text = str(path)
    return str(local_path(text)) if is_local(text) else text


def _dataset(place: str, name: str | None, digest: str, profile: dict[str, Any]) -> Dataset:
    source = source_of(place)
    own_name = strip_credentials(place).rstrip("/").rpartition("/")[2]
    return Dataset(name=name_of(name, own_name), digest=digest, source=source, profile=profile)
