"""What versions were made of: manifests, and the files that the registry keeps itself. Both are named by content.

A manifest is written before the event that names it, so that one without an event is the worst that a stop leaves.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from pathlib import Path

from cloudtrack.entities.manifest import Manifest, PinnedFile
from cloudtrack.entities.model_version import ModelVersion
from cloudtrack.errors import CorruptData, NotFound, ObjectExists, ObjectNotFound, Unavailable
from cloudtrack.registry import keys
from cloudtrack.registry.contents import Contents
from cloudtrack.storage.object_store import ObjectStore, Reading
from cloudtrack.storage.streaming import copy_stream


class Manifests:
    """The manifests of one store."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._contents = Contents(store)

    def write(self, manifest: Manifest) -> str:
        """Keep a manifest; its name. Two requests."""
        name, body = manifest.digest, manifest.to_bytes()
        key = self._contents.usable(keys.manifest(name))
        try:
            self._store.create(key, body)
        except ObjectExists as error:
            raise CorruptData(f"{key!r} was altered") from error
        except Unavailable as unknown:
            try:
                self.read(name)  # what was written is as good as an answer
            except CorruptData:
                raise unknown from None
        return name

    def read(self, name: str) -> Manifest:
        """Raises CorruptData where it is gone or was altered."""
        key = keys.manifest(name)
        try:
            body = self._store.get(key).body
        except ObjectNotFound as error:
            others = self._contents.names(key)
            if not others:
                raise CorruptData(f"{key!r} is missing: which files the version had is not known") from error
            key = others[-1]
            body = self._store.get(key).body
        if hashlib.sha256(body).hexdigest() != name:
            raise CorruptData(f"{key!r} was altered")
        return Manifest.from_bytes(repr(key), body)


class KeptFiles:
    """The files of versions that were registered with a copy: each once, whatever versions have it."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._contents = Contents(store)

    def open(self, version: ModelVersion, path: str, file: PinnedFile) -> Reading:
        """A file of a version, opened for streaming. Raises CorruptData where it is gone."""
        key = keys.kept_file(file.sha256)
        try:
            return self._store.read(key)
        except ObjectNotFound as error:
            if others := self._contents.names(key):
                return self._store.read(others[-1])
            raise CorruptData(
                f"the file {path!r} of version {version.version} of {version.name!r} is missing: no {error}"
            ) from error

    def keep(self, manifest: Manifest, read: Callable[[str], Reading]) -> None:
        """Copy the files of a manifest that are not here yet; ``read`` opens one by its path.

        Bounded memory: a file passes through the local disk. Raises CorruptData where one is not what was listed.
        """
        for path, file in manifest.files.items():
            key = self._contents.usable(keys.kept_file(file.sha256))
            if not self._has(key, file):
                self._copy(key, path, file, read(path))

    def _has(self, key: str, file: PinnedFile) -> bool:
        try:
            return self._store.stat(key).size_bytes == file.size
        except (NotFound, ObjectNotFound):
            return False

    def _copy(self, key: str, path: str, file: PinnedFile, reading: Reading) -> None:
        with tempfile.TemporaryDirectory(prefix="cloudtrack-") as folder:
            local = Path(folder) / "file"
            with local.open("wb") as stream:
                moved = copy_stream(reading.chunks, stream, None)
            if moved.sha256 != file.sha256:
                raise CorruptData(f"the file {path!r} of the model was changed while it was copied: copy it again")
            self._store.upload(key, local)
