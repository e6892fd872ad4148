"""The files of a run as people think of them: its artifacts, and the models it made, each a folder under its name.

A logged model has a folder of its own in the store. Where a run's artifacts have the same path, these come first.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Protocol

from cloudtrack.entities.artifact import FileInfo
from cloudtrack.errors import NotFound
from cloudtrack.storage.object_store import Reading
from cloudtrack.storage.streaming import Progress


class Files(Protocol):
    """The files of runs, or of logged models, by the owner's id."""

    def list(self, owner_id: str, path: str = "") -> list[FileInfo]: ...

    def walk(self, owner_id: str, path: str = "") -> Iterable[FileInfo]: ...

    def read(self, owner_id: str, path: str) -> bytes: ...

    def open(self, owner_id: str, path: str) -> Reading: ...

    def stat(self, owner_id: str, path: str) -> FileInfo: ...

    def download(
        self, owner_id: str, path: str, target_dir: str | os.PathLike[str], *, progress: Progress | None = None
    ) -> Path: ...


class RunFiles:
    """The files of runs; ``models_of`` gives the ids of the models that a run made, by name."""

    def __init__(self, artifacts: Files, model_files: Files, models_of: Callable[[str], dict[str, str]]) -> None:
        self._artifacts = artifacts
        self._model_files = model_files
        self._models_of = models_of

    def list(self, run_id: str, path: str = "") -> list[FileInfo]:
        """One level, by name. Empty for a file and for what is not there."""
        found = self._artifacts.list(run_id, path)
        if not path:
            taken = {info.path for info in found}
            models = [FileInfo(name, is_dir=True) for name in self._models_of(run_id) if name not in taken]
            return sorted([*found, *models], key=lambda info: info.path)
        if not found and (model := self._model_at(run_id, path)):
            name, model_id, rest = model
            return [_below(name, info) for info in self._model_files.list(model_id, rest)]
        return found

    def walk(self, run_id: str, path: str = "") -> Iterator[FileInfo]:
        """All files at or below a path, at any depth."""
        found = list(self._artifacts.walk(run_id, path))
        if not path:
            taken = {info.path.partition("/")[0] for info in found}
            models = [(name, model_id, "") for name, model_id in self._models_of(run_id).items() if name not in taken]
        else:
            model = None if found else self._model_at(run_id, path)
            models = [model] if model else []
        of_models = (
            _below(name, info) for name, model_id, rest in models for info in self._model_files.walk(model_id, rest)
        )
        return chain(found, of_models)

    def read(self, run_id: str, path: str) -> bytes:
        """A whole file in memory. Raises NotFound."""
        try:
            return self._artifacts.read(run_id, path)
        except NotFound:
            model = self._model_at(run_id, path)
            if model is None:
                raise
            return self._model_files.read(model[1], model[2])

    def download(
        self, run_id: str, path: str, target_dir: str | os.PathLike[str], *, progress: Progress | None = None
    ) -> Path:
        """Download a file, or a folder with all below it, into ``target_dir``; the local path. Raises NotFound."""
        root = Path(target_dir)
        if not path:
            taken = {info.path for info in self._artifacts.list(run_id)}
            self._artifacts.download(run_id, "", root, progress=progress)
            for name, model_id in self._models_of(run_id).items():
                if name not in taken:
                    self._model_files.download(model_id, "", root / name, progress=progress)
            return root
        try:
            return self._artifacts.download(run_id, path, root, progress=progress)
        except NotFound:
            model = self._model_at(run_id, path)
            if model is None:
                raise
            name, model_id, rest = model
            return self._model_files.download(model_id, rest, root / name, progress=progress)

    def _model_at(self, run_id: str, path: str) -> tuple[str, str, str] | None:
        """Name and id of the model that a path leads into, and the path in it."""
        name, _, rest = path.strip("/").partition("/")
        model_id = self._models_of(run_id).get(name)
        return None if model_id is None else (name, model_id, rest)


def _below(name: str, info: FileInfo) -> FileInfo:
    return replace(info, path=f"{name}/{info.path}")
