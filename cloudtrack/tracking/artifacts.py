"""Artifacts: the files of a run or of a logged model, under their own names, in its folder of the store."""

from __future__ import annotations

import io
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from cloudtrack.entities.artifact import FileInfo
from cloudtrack.entities.names import check_logged_model_id, check_run_id
from cloudtrack.errors import InvalidInput, NotFound, ObjectNotFound
from cloudtrack.storage.object_store import Folder, Object, ObjectInfo, Reading
from cloudtrack.storage.parallel import map_in_order
from cloudtrack.storage.quoting import unquote_path
from cloudtrack.storage.streaming import Progress
from cloudtrack.tracking import keys


@dataclass(frozen=True)
class Owner:
    """What artifacts belong to: how it is called, what its ids are, and where its folder is."""

    noun: str
    check_id: Callable[[str], str]
    key: Callable[[str, str], str]
    """From a checked id and a path ("" for the folder itself, which ends in a slash) to a key."""


RUN = Owner("run", check_run_id, keys.artifacts)
LOGGED_MODEL = Owner("logged model", check_logged_model_id, keys.logged_model_artifacts)


class FileStore(Protocol):
    """What artifacts need of the place where files are: of an ``ObjectStore``, or of a server."""

    def upload(self, key: str, source: Path | BinaryIO, /, *, progress: Progress | None = None) -> object: ...

    def get(self, key: str, /) -> Object: ...

    def read(self, key: str, /) -> Reading: ...

    def download(self, key: str, target: Path, /, *, progress: Progress | None = None) -> object: ...

    def stat(self, key: str, /) -> ObjectInfo: ...

    def list(self, prefix: str, /) -> Iterator[ObjectInfo]: ...

    def list_folder(self, prefix: str, /) -> Folder: ...

    def delete(self, key: str, /) -> None: ...


class Artifacts:
    """The artifacts of one store's runs, or of its logged models; the first argument is the owner's id.

    A path is relative to the owner's artifact folder; "" is that folder. ``progress`` is called with
    numbers of bytes as they move, from any thread.
    """

    def __init__(self, store: FileStore, owner: Owner = RUN) -> None:
        self._store = store
        self._owner = owner

    @property
    def files(self) -> FileStore:
        """Where the files are."""
        return self._store

    def log_file(
        self, owner_id: str, local_path: str | os.PathLike[str], folder: str = "", *, progress: Progress | None = None
    ) -> None:
        """Upload one file into ``folder`` under its own name; a file that is there is replaced."""
        path = Path(local_path)
        if not path.exists():
            raise NotFound(f"there is no file {str(path)!r} to log")
        if path.is_dir():
            raise InvalidInput(f"{str(path)!r} is a folder; log it with log_artifacts")
        self.upload(owner_id, path, _join(folder, path.name), progress=progress)

    def log_folder(
        self, owner_id: str, local_dir: str | os.PathLike[str], folder: str = "", *, progress: Progress | None = None
    ) -> None:
        """Upload all files below a local folder, with their relative paths. Names are checked before any moves."""
        root = Path(local_dir)
        if not root.is_dir():
            raise NotFound(f"there is no folder {str(root)!r} to log")
        files = [path for path in sorted(root.rglob("*")) if path.is_file()]
        moves = [(path, _join(folder, path.relative_to(root).as_posix())) for path in files]
        for _, path in moves:
            self.key(owner_id, path)
        map_in_order(lambda move: self.upload(owner_id, move[0], move[1], progress=progress), moves)

    def upload(self, owner_id: str, source: Path | BinaryIO, path: str, *, progress: Progress | None = None) -> None:
        """Upload a file, or a seekable binary stream, to ``path``."""
        self._store.upload(self.key(owner_id, path), source, progress=progress)

    def log_text(self, owner_id: str, text: str, path: str) -> None:
        """Write text as UTF-8."""
        self.upload(owner_id, io.BytesIO(text.encode()), path)

    def log_dict(self, owner_id: str, dictionary: Any, path: str) -> None:
        """Write as YAML where the path ends in .yml or .yaml, else as JSON."""
        if path.lower().endswith((".yml", ".yaml")):
            import yaml

            text = yaml.safe_dump(dictionary, sort_keys=False, allow_unicode=True)
        else:
            text = json.dumps(dictionary, indent=2, ensure_ascii=False, default=str)
        self.log_text(owner_id, text, path)

    def log_saved(self, owner_id: str, save: Callable[[Path], object], path: str) -> None:
        """Upload what ``save`` writes into the file it is given, which has the name that ``path`` ends in."""
        self.key(owner_id, path)
        with tempfile.TemporaryDirectory(prefix="cloudtrack-") as folder:
            local = Path(folder) / path.rpartition("/")[2]
            save(local)
            self.upload(owner_id, local, path)

    def list(self, owner_id: str, path: str = "") -> list[FileInfo]:
        """One level: files and folders of ``path``, by name. Empty for a file and for what is not there."""
        root = self.key(owner_id)
        prefix = f"{self.key(owner_id, path)}/" if path else root
        level = self._store.list_folder(prefix)
        folders = [FileInfo(unquote_path(key[len(root) : -1]), is_dir=True) for key in level.folders]
        files = [_file_info(root, info) for info in level.objects]
        return sorted(folders + files, key=lambda info: info.path)

    def walk(self, owner_id: str, path: str = "") -> Iterable[FileInfo]:
        """All files at or below ``path``, at any depth, in key order."""
        return (info for _, info in self._walk(owner_id, path))

    def read(self, owner_id: str, path: str) -> bytes:
        """A whole file in memory. Raises NotFound."""
        try:
            return self._store.get(self.key(owner_id, path)).body
        except ObjectNotFound as error:
            raise NotFound(f"{self._owner.noun} {owner_id} has no artifact {path!r}") from error

    def stat(self, owner_id: str, path: str) -> FileInfo:
        """Size of one file. Raises NotFound, also for a folder."""
        try:
            info = self._store.stat(self.key(owner_id, path))
        except ObjectNotFound as error:
            raise NotFound(f"{self._owner.noun} {owner_id} has no artifact {path!r}") from error
        return FileInfo(path, is_dir=False, file_size=info.size_bytes)

    def open(self, owner_id: str, path: str) -> Reading:
        """A file, opened for streaming. Raises NotFound."""
        try:
            return self._store.read(self.key(owner_id, path))
        except ObjectNotFound as error:
            raise NotFound(f"{self._owner.noun} {owner_id} has no artifact {path!r}") from error

    def download(
        self, owner_id: str, path: str, target_dir: str | os.PathLike[str], *, progress: Progress | None = None
    ) -> Path:
        """Download a file, or a folder with all below it, into ``target_dir``; the local path. Raises NotFound."""
        files = list(self._walk(owner_id, path))
        if path and not files:
            raise NotFound(f"{self._owner.noun} {owner_id} has no artifact {path!r}")
        root = Path(target_dir)
        (root / path).parent.mkdir(parents=True, exist_ok=True)

        def fetch(file: tuple[str, FileInfo]) -> None:
            key, info = file
            self._store.download(key, _inside(root, info.path), progress=progress)

        map_in_order(fetch, files)
        return root / path if path else root

    def delete(self, owner_id: str, path: str = "") -> None:
        """Delete a file, or a folder with all below it. What is not there is no error."""
        map_in_order(lambda file: self._store.delete(file[0]), list(self._walk(owner_id, path)))

    def key(self, owner_id: str, path: str = "") -> str:
        """The key of a file; without a path that of the folder, which ends in a slash. Raises InvalidInput."""
        return self._owner.key(self._owner.check_id(owner_id), path)

    def _walk(self, owner_id: str, path: str) -> Iterable[tuple[str, FileInfo]]:
        """Keys as they are stored, which other tools may have written, and what callers see of them."""
        root = self.key(owner_id)
        key = self.key(owner_id, path) if path else root
        for info in self._store.list(key):
            if not path or info.key == key or info.key.startswith(f"{key}/"):
                yield info.key, _file_info(root, info)


def _join(folder: str, name: str) -> str:
    return f"{folder.strip('/')}/{name}" if folder and folder.strip("/") else name


def _file_info(root: str, info: ObjectInfo) -> FileInfo:
    return FileInfo(unquote_path(info.key[len(root) :]), is_dir=False, file_size=info.size_bytes)


def _inside(root: Path, path: str) -> Path:
    """A local path below ``root``, whatever a foreign writer put into a key."""
    target = root / path
    if path.startswith("/") or ".." in path.split("/") or "\x00" in path:
        raise InvalidInput(f"the artifact path {path!r} leads out of its folder; it is not downloaded")
    return target
