"""The files of a model in a store: listing them with their digests, and comparing them with a list that was kept."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from cloudtrack.entities.artifact import FileInfo
from cloudtrack.entities.manifest import MOST_FILES, MOST_TEXT_BYTES, Manifest, PinnedFile
from cloudtrack.environments.specification import REQUIREMENTS
from cloudtrack.errors import CorruptData
from cloudtrack.models.digests import FOREIGN, local_files, sha256_of
from cloudtrack.models.model_file import FILE_NAME, Model
from cloudtrack.models.run_files import Files
from cloudtrack.storage.object_store import Reading
from cloudtrack.storage.parallel import map_in_order
from cloudtrack.storage.streaming import Transfer


class StoredFolder:
    """A model's folder among the files of a run, of a logged model or of the registry."""

    def __init__(self, files: Files, owner_id: str, path: str) -> None:
        self._files = files
        self._owner_id = owner_id
        self._path = path

    def listed(self) -> dict[str, int]:
        """Sizes in bytes by path, MLmodel too."""
        start = f"{self._path}/" if self._path else ""
        found: Iterable[FileInfo] = self._files.walk(self._owner_id, self._path)
        return {info.path[len(start) :]: info.file_size or 0 for info in found if info.path.startswith(start)}

    def at(self, path: str) -> str:
        """The path of a file as its owner has it."""
        return f"{self._path}/{path}" if self._path else path

    def sha256(self, path: str) -> Transfer:
        """Size and digest of one file, read in pieces."""
        digest, size = hashlib.sha256(), 0
        for chunk in self.open(path).chunks:
            digest.update(chunk)
            size += len(chunk)
        return Transfer(size, digest.hexdigest())

    def open(self, path: str) -> Reading:
        """A file, opened for streaming. Raises NotFound."""
        return self._files.open(self._owner_id, self.at(path))

    def read(self, path: str) -> bytes:
        """A whole file. Raises NotFound."""
        return self._files.read(self._owner_id, self.at(path))


def list_files(folder: StoredFolder, body: bytes, model: Model, limit_bytes: int | None) -> Manifest | None:
    """The manifest of a model as it is now; ``body`` are the bytes of its MLmodel.

    Nothing is read of files that MLmodel has the digests of; the others are, where they have at most ``limit_bytes``
    together, and None is returned for more. Raises CorruptData where a file is missing that MLmodel lists.
    """
    sizes = folder.listed()
    known = dict(model.file_digests or {})
    if missing := sorted(known.keys() - sizes.keys()):
        raise CorruptData(f"the file {missing[0]!r} of the model is missing")
    known[FILE_NAME] = hashlib.sha256(body).hexdigest()
    sizes[FILE_NAME] = len(body)
    for path in FOREIGN:
        sizes.pop(path, None)
    unknown = [path for path in sizes if path not in known]
    if len(sizes) > MOST_FILES or (limit_bytes is not None and sum(sizes[path] for path in unknown) > limit_bytes):
        return None
    read = dict(zip(unknown, map_in_order(folder.sha256, unknown), strict=True))
    for path, found in read.items():
        known[path], sizes[path] = found.sha256, found.size_bytes
    files = {path: PinnedFile(size=sizes[path], sha256=known[path]) for path in sorted(sizes)}
    return Manifest(files=files, texts=_texts(folder, body, files))


def _texts(folder: StoredFolder, body: bytes, files: Mapping[str, PinnedFile]) -> dict[str, str]:
    """The text of MLmodel and of the requirements, where they are short and what is listed."""
    bodies = {FILE_NAME: body}
    if REQUIREMENTS in files and files[REQUIREMENTS].size <= MOST_TEXT_BYTES:
        bodies[REQUIREMENTS] = folder.read(REQUIREMENTS)
    found = {}
    for path, content in bodies.items():
        if len(content) <= MOST_TEXT_BYTES and hashlib.sha256(content).hexdigest() == files[path].sha256:
            with contextlib.suppress(UnicodeDecodeError):
                found[path] = content.decode()
    return found


def check_stored(folder: StoredFolder, manifest: Manifest) -> None:
    """Read all files where they are, and compare them with a manifest. Raises CorruptData naming the first other."""
    sizes = folder.listed()
    _check_names(sizes, manifest)
    _check_sizes(sizes, manifest)
    paths = sorted(manifest.files)
    found = map_in_order(folder.sha256, paths)
    _check_digests({path: each.sha256 for path, each in zip(paths, found, strict=True)}, manifest)


def check_local(folder: Path, manifest: Manifest, *, alone: bool = True) -> None:
    """Compare a model's folder on the disk with a manifest. ``alone`` says that nothing else is in the folder.

    Raises CorruptData naming the first file that differs.
    """
    sizes = {
        path: (folder / path).stat().st_size for path in (FILE_NAME, *local_files(folder)) if (folder / path).is_file()
    }
    _check_names(sizes if alone else sizes.keys() & manifest.files.keys(), manifest)
    _check_sizes(sizes, manifest)
    _check_digests({path: sha256_of(folder / path) for path in sorted(manifest.files)}, manifest)


def _check_names(there: Iterable[str], manifest: Manifest) -> None:
    names = set(there) - set(FOREIGN)
    if missing := sorted(manifest.files.keys() - names):
        raise CorruptData(f"the file {missing[0]!r} of the model is missing")
    if added := sorted(names - manifest.files.keys()):
        raise CorruptData(f"the file {added[0]!r} was not saved with the model: it was put there later")


def _check_sizes(sizes: Mapping[str, int], manifest: Manifest) -> None:
    for path, file in sorted(manifest.files.items()):
        if sizes[path] != file.size:
            raise _changed(path)


def _check_digests(digests: Mapping[str, str], manifest: Manifest) -> None:
    for path, file in sorted(manifest.files.items()):
        if digests[path] != file.sha256:
            raise _changed(path)


def _changed(path: str) -> CorruptData:
    return CorruptData(f"the file {path!r} is not the one that was registered: it was changed or replaced")
