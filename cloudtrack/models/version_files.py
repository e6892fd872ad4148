"""The files of a version that the registry keeps itself, as ``Files``: by the manifest, in one folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from cloudtrack.entities.artifact import FileInfo
from cloudtrack.entities.manifest import Manifest, PinnedFile
from cloudtrack.entities.model_version import ModelVersion
from cloudtrack.errors import NotFound
from cloudtrack.storage.object_store import Reading
from cloudtrack.storage.parallel import map_in_order
from cloudtrack.storage.streaming import Progress, copy_stream, written_whole


class Kept(Protocol):
    """Where the files are: in a store, or behind a server."""

    def open(self, version: ModelVersion, path: str, file: PinnedFile) -> Reading: ...


class VersionFiles:
    """The files of one version; an owner's id is not needed."""

    def __init__(self, kept: Kept, version: ModelVersion, manifest: Manifest) -> None:
        self._kept = kept
        self._version = version
        self._manifest = manifest

    def list(self, owner_id: str, path: str = "") -> list[FileInfo]:
        """One level, by name."""
        start = f"{path}/" if path else ""
        found: dict[str, FileInfo] = {}
        for info in self.walk(owner_id, path):
            name, slash, _ = info.path.removeprefix(start).partition("/")
            found.setdefault(name, FileInfo(start + name, is_dir=True) if slash else info)
        return [found[name] for name in sorted(found)]

    def walk(self, owner_id: str, path: str = "") -> Iterator[FileInfo]:  # noqa: ARG002 - of one version
        """All files at or below a path."""
        for name, file in self._manifest.files.items():
            if not path or name == path or name.startswith(f"{path}/"):
                yield FileInfo(name, is_dir=False, file_size=file.size)

    def read(self, owner_id: str, path: str) -> bytes:
        """A whole file in memory. Raises NotFound, CorruptData."""
        return b"".join(self.open(owner_id, path).chunks)

    def open(self, owner_id: str, path: str) -> Reading:  # noqa: ARG002 - of one version
        """A file, opened for streaming. Raises NotFound, CorruptData."""
        return self._kept.open(self._version, path, self.file(path))

    def stat(self, owner_id: str, path: str) -> FileInfo:  # noqa: ARG002 - of one version
        """Size of one file. Raises NotFound."""
        return FileInfo(path, is_dir=False, file_size=self.file(path).size)

    def download(
        self, owner_id: str, path: str, target_dir: str | os.PathLike[str], *, progress: Progress | None = None
    ) -> Path:
        """Download a file, or a folder with all below it, into ``target_dir``; the local path. Raises NotFound."""
        root = Path(target_dir)

        def fetch(info: FileInfo) -> None:
            with written_whole(root / info.path) as stream:
                copy_stream(self.open(owner_id, info.path).chunks, stream, progress)

        map_in_order(fetch, self.walk(owner_id, path))
        return root / path if path else root

    def file(self, path: str) -> PinnedFile:
        """Size and digest of one file. Raises NotFound."""
        if path not in self._manifest.files:
            raise NotFound(f"version {self._version.version} of {self._version.name!r} has no file {path!r}")
        return self._manifest.files[path]
