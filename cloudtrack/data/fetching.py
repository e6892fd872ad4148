"""Bringing the files of a source to this machine."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cloudtrack.errors import CloudtrackError, InvalidInput, NotFound, ObjectNotFound, PermissionDenied, Unavailable
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.opening import open_store
from cloudtrack.storage.places import fetch_all
from cloudtrack.storage.public_url import strip_credentials
from cloudtrack.storage.s3_options import parse_s3_url
from cloudtrack.storage.streaming import CHUNK_BYTES, copy_stream, written_whole

_TIMEOUT_S = 60


def fetch_uri(uri: str, folder: str | None) -> str:
    """The path to a file or a folder on this machine. Raises NotFound, PermissionDenied, Unavailable."""
    if is_local(uri):
        return _copy(local_path(uri), folder)
    target = _target(folder)
    if uri.startswith("s3://"):
        return str(_download(uri, target))
    if "::" in uri:
        raise InvalidInput(f"{strip_credentials(uri)!r} is a chain of protocols: name the file itself")
    fetch_all(uri, target)
    return str(target)


def fetch_url(url: str, folder: str | None) -> str:
    """The path to what a web server has. Raises NotFound, PermissionDenied, Unavailable."""
    name = unquote(strip_credentials(url)).rpartition("/")[2]
    target = _target(folder) / (name if name not in ("", ".", "..") and "\0" not in name else "data")
    with reading_url(url) as chunks, written_whole(target) as stream:
        copy_stream(chunks, stream, None)
    return str(target)


@contextmanager
def reading_url(url: str) -> Iterator[Iterator[bytes]]:
    """The pieces of what a web server has. Raises NotFound, PermissionDenied, Unavailable."""
    import urllib3

    shown = strip_credentials(url)
    if not shown:
        raise InvalidInput("what begins with http:// or https:// must be a URL")
    try:
        with urllib3.PoolManager() as pool:
            answer = pool.request("GET", url, preload_content=False, timeout=_TIMEOUT_S)
            _check_status(answer.status, shown)
            yield answer.stream(CHUNK_BYTES)
    except urllib3.exceptions.HTTPError as error:
        raise Unavailable(f"{shown!r} cannot be read: {type(error).__name__}") from error


def is_local(place: str) -> bool:
    """Whether it is a path, or a ``file://`` URL."""
    return "://" not in place or place.startswith("file://")


def local_path(place: str) -> Path:
    """The path of one that is local, absolute."""
    path = place
    if place.startswith("file://"):
        try:
            path = unquote(urlsplit(place).path)
        except ValueError as error:
            raise InvalidInput("what begins with file:// must be a URL") from error
    if "\0" in path:
        raise InvalidInput("a path has no NUL character")
    return Path(os.path.abspath(os.path.expanduser(path)))


def open_bucket(uri: str) -> tuple[ObjectStore, str]:
    """The bucket of an ``s3://`` URI, and the key that the URI names. Raises InvalidInput."""
    options = parse_s3_url(uri, {})
    named = {name: getattr(options, name) for name in ("endpoint_url", "region", "profile", "role_arn", "form")}
    return open_store(f"s3://{options.bucket}", **{key: value for key, value in named.items() if value}), options.prefix


def _download(uri: str, folder: Path) -> Path:
    store, key = open_bucket(uri)
    try:
        if key:
            target = folder / key.rpartition("/")[2]
            try:
                store.download(key, target)
            except ObjectNotFound:
                pass
            else:
                return target
        prefix = f"{key}/" if key else ""
        found = [info.key for info in store.list(prefix) if not info.key.endswith("/")]
        if not found:
            raise NotFound(f"there is no object {strip_credentials(uri)!r}, and none below it")
        for each in found:
            store.download(each, folder / each[len(prefix) :])
        return folder
    finally:
        store.close()


def _copy(path: Path, folder: str | None) -> str:
    if not path.exists():
        raise NotFound(f"there is no file or folder {str(path)!r} on this machine")
    if folder is None:
        return str(path)
    target = Path(folder) / path.name
    try:
        if path.is_dir():
            shutil.copytree(path, target, dirs_exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    except PermissionError as error:
        raise PermissionDenied(f"{str(path)!r} may not be copied to {folder!r} by this user") from error
    except (OSError, shutil.Error) as error:
        raise Unavailable(f"{str(path)!r} cannot be copied to {folder!r}: {type(error).__name__}") from error
    return str(target)


def _target(folder: str | None) -> Path:
    return Path(folder) if folder else Path(tempfile.mkdtemp(prefix="cloudtrack-data-"))


def _check_status(status: int, shown: str) -> None:
    if status == 200:
        return
    kinds: dict[int, type[CloudtrackError]] = {
        401: PermissionDenied,
        403: PermissionDenied,
        404: NotFound,
        410: NotFound,
    }
    raise kinds.get(status, Unavailable)(f"{shown!r} was not given: the server answered {status}")
