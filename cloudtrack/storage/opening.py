"""From a URL to a store."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cloudtrack import config
from cloudtrack.errors import InvalidInput, MissingDependency
from cloudtrack.storage.folder import FolderStore
from cloudtrack.storage.forking import wait_for_imports
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.offline import OfflineStore
from cloudtrack.storage.per_process import PerProcessStore
from cloudtrack.storage.plugin_uri import without_prefix
from cloudtrack.storage.public_url import strip_credentials
from cloudtrack.storage.s3_options import S3Options, parse_s3_url

_memory_stores: dict[str, MemoryStore] = {}


def open_store(url: str, **options: str | None) -> ObjectStore:
    """The store at ``url``; nothing is read or written yet.

    - ``s3://bucket/prefix``, with ``endpoint_url``, ``region``, ``profile``, ``role_arn``, ``kms_key`` and ``form``
      as arguments or in the URL's query; see ``S3Options``.
    - ``file:///path``, or a path; ``~`` is the home folder.
    - ``memory://name``: the same store for the same name, while this process lives.
    - ``cloudtrack+s3://...`` and ``cloudtrack+file:...``, as MLflow is told of a store: what is behind the plus.

    Where ``CLOUDTRACK_OFFLINE`` is set, every use of it raises Unavailable. Raises InvalidInput, MissingDependency.
    """
    store = _open(without_prefix(url), options)
    return OfflineStore(store) if config.is_offline() and not isinstance(store, MemoryStore) else store


def _open(url: str, options: Mapping[str, str | None]) -> ObjectStore:
    try:
        scheme = urlsplit(url).scheme if "://" in url else ""
    except ValueError as error:
        raise InvalidInput(f"{strip_credentials(url)!r} is no URL: {error}") from error
    if scheme == "s3":
        return _open_s3(url, options)
    if options:
        raise InvalidInput(
            f"the option {next(iter(options))!r} is for s3:// stores; {strip_credentials(url)!r} is none"
        )
    if scheme == "memory":
        name = url[len("memory://") :]
        return _memory_stores.setdefault(name, MemoryStore(name))
    if scheme == "file":
        parts = urlsplit(url)
        if parts.netloc not in ("", "localhost"):
            raise InvalidInput(f"{url!r} names the machine {parts.netloc!r}: write file:///path with three slashes")
        return FolderStore(unquote(parts.path))
    if scheme in ("http", "https"):
        raise InvalidInput(
            f"{strip_credentials(url)!r} is a server, not a store: set_tracking_uri and cloudtrack.connect open it; "
            "here a folder or s3://bucket/prefix is needed"
        )
    if url.startswith(config.GRANT_SCHEME):
        raise InvalidInput(f"{url!r} is a grant, not a store: set_tracking_uri and cloudtrack.connect open it")
    if scheme or not url:
        raise InvalidInput(
            f"{strip_credentials(url)!r} is no store: use a folder's path, file:///path, s3://bucket/prefix or memory://name"
        )
    if "\x00" in url:
        raise InvalidInput("a folder's path has no NUL character")
    try:
        return FolderStore(Path(url).expanduser())
    except RuntimeError as error:
        raise InvalidInput(f"{url!r} is a folder of a user whom this machine does not know") from error


def _open_s3(url: str, arguments: Mapping[str, str | None]) -> ObjectStore:
    options = parse_s3_url(url, arguments)
    has_obstore = importlib.util.find_spec("obstore") is not None
    if options.form == "obstore" and not has_obstore:
        raise MissingDependency('the form "obstore" needs obstore: pip install "cloudtrack[fast]"')
    if options.form == "s3fs" or not has_obstore:
        return PerProcessStore(lambda: _s3fs_store(options), lambda: _s3fs_store(options))
    return PerProcessStore(lambda: _obstore_store(options), lambda: _s3fs_store(options))


def _obstore_store(options: S3Options) -> ObjectStore:
    from cloudtrack.storage.s3_obstore import S3ObstoreStore

    return S3ObstoreStore(options, config.environment())


def _s3fs_store(options: S3Options) -> ObjectStore:
    from cloudtrack.storage.s3_fsspec import S3FsspecStore

    return S3FsspecStore(options)


os.register_at_fork(before=wait_for_imports)  # whoever opens a store has threads that import
