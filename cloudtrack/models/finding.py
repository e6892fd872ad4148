"""Finding models by URI: the same over a store and over a server."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from cloudtrack.entities.logged_model import EXTERNAL_TAG, LoggedModel, LoggedModelStatus
from cloudtrack.entities.manifest import Manifest, PinnedFile
from cloudtrack.entities.model_uri import (
    LoggedModelFolder,
    RegisteredVersion,
    ReleaseMember,
    RunModel,
    is_local_uri,
    local_path,
    parse_model_uri,
    version_uri,
)
from cloudtrack.entities.model_version import ModelVersion
from cloudtrack.entities.names import check_run_id
from cloudtrack.entities.release import Release
from cloudtrack.entities.run import Run
from cloudtrack.errors import InvalidInput, NotFound
from cloudtrack.models.digests import verify_model
from cloudtrack.models.model_file import FILE_NAME as MODEL_FILE_NAME
from cloudtrack.models.model_file import Model
from cloudtrack.models.pinning import StoredFolder, check_local
from cloudtrack.models.run_files import Files, RunFiles
from cloudtrack.models.temporary_folders import keep_while
from cloudtrack.models.version_files import VersionFiles
from cloudtrack.storage.object_store import Reading
from cloudtrack.storage.progress_line import progress_line

Loaded = TypeVar("Loaded")
_MOST_HOPS = 5
"""A version whose source is another version, and so on."""


@dataclass(frozen=True)
class KeptFolder:
    """The folder of a version whose files the registry keeps itself."""

    version: ModelVersion
    path: str = ""

    @property
    def uri(self) -> str:
        """The URI of the version."""
        return version_uri(self.version.name, self.version.version)


ModelFolder = RunModel | LoggedModelFolder | KeptFolder


class _Runs(Protocol):
    def get(self, run_id: str) -> Run: ...


class _LoggedModels(Protocol):
    def get(self, model_id: str) -> LoggedModel: ...

    def search(
        self, experiment_ids: Sequence[str], filter_string: str, *, max_results: int | None
    ) -> Sequence[LoggedModel]: ...


class FoundVersions(Protocol):
    def manifest(self, version: ModelVersion) -> Manifest: ...

    def get(self, name: str, version: int | str) -> ModelVersion: ...

    def resolve(self, name: str, reference: str, at_ms: int | None) -> ModelVersion: ...


class FoundFiles(Protocol):
    def open(self, version: ModelVersion, path: str, file: PinnedFile) -> Reading: ...


class _Releases(Protocol):
    def get(self, name: str, number: int | None = None) -> Release: ...

    def at(self, name: str, time_ms: int) -> Release: ...


class ModelFinder:
    """The verbs on models that need several services; a client has these services as attributes."""

    artifacts: Files
    logged_model_artifacts: Files
    runs: _Runs
    logged_models: _LoggedModels
    model_versions: FoundVersions
    kept_files: FoundFiles
    releases: _Releases

    def find_version(self, model_uri: str) -> ModelVersion:
        """The registered version that a ``models:/`` or ``release:/`` URI means. Raises NotFound, InvalidInput."""
        location = parse_model_uri(model_uri)
        if not isinstance(location, RegisteredVersion | ReleaseMember):
            raise InvalidInput(f"{model_uri!r} is no version of a registered model, such as models:/churn/3")
        return self.resolve_version(location)

    def folder_of(self, version: ModelVersion) -> StoredFolder:
        """Where the files of a version are."""
        return self._folder(self._locate(version_uri(version.name, version.version))[0])

    def resolve_version(self, location: RegisteredVersion | ReleaseMember) -> ModelVersion:
        """The version that a registered name's reference, or a member of a release, means. Raises NotFound."""
        if isinstance(location, RegisteredVersion):
            return self.model_versions.resolve(location.name, location.reference, location.at_ms)
        if location.at_ms is not None:
            release = self.releases.at(location.release, location.at_ms)
        else:
            release = self.releases.get(location.release, location.number)
        member = release.member(location.member)
        try:
            return self.model_versions.get(member.name, member.version)
        except NotFound as error:
            raise NotFound(
                f"member {location.member!r} of release {release.name!r} at number {release.number}: {error.message}"
            ) from error

    def locate_model(self, model_uri: str) -> ModelFolder:
        """Where a model's folder is. Raises NotFound, InvalidInput."""
        return self._locate(model_uri)[0]

    def _locate(self, model_uri: str) -> tuple[ModelFolder, ModelVersion | None]:
        """Where a model's folder is; and what it was registered as: the first version that has a manifest or digest."""
        registered = None
        location = parse_model_uri(model_uri)
        for _ in range(_MOST_HOPS):
            if isinstance(location, RunModel):
                return self._in_run(location), registered
            if isinstance(location, LoggedModelFolder):
                return location, registered
            version = self.resolve_version(location)
            if registered is None or not (registered.manifest or registered.digest):
                registered = version
            if version.kept:
                return KeptFolder(version), registered
            if not version.source.startswith(("runs:/", "models:/")):
                raise InvalidInput(
                    f"version {version.version} of {version.name!r} has the source {version.source!r}, "
                    "which is not in this store"
                )
            location = parse_model_uri(version.source)
        raise InvalidInput(f"{model_uri!r} leads from version to version without an end")

    @property
    def run_files(self) -> RunFiles:
        """The files of runs, with the models that they made."""
        return RunFiles(self.artifacts, self.logged_model_artifacts, self.models_of_run)

    def models_of_run(self, run_id: str) -> dict[str, str]:
        """The ids of the models that a run made and that are whole, by name; the newest of each name."""
        experiment_id = self.runs.get(run_id).info.experiment_id
        ready = f"source_run_id = '{check_run_id(run_id)}' AND status = '{LoggedModelStatus.READY}'"
        with_files = f"{ready} AND tags.`{EXTERNAL_TAG}` IS NULL"
        newest_first = self.logged_models.search([experiment_id], with_files, max_results=None)
        return {model.name: model.model_id for model in reversed(newest_first)}

    def _in_run(self, location: RunModel) -> ModelFolder:
        """The folder among the run's artifacts; where there is no model, that of a model that the run made."""
        try:
            self.artifacts.stat(location.run_id, f"{location.path}/{MODEL_FILE_NAME}")
        except NotFound:
            name, _, rest = location.path.partition("/")
            if model_id := self.models_of_run(location.run_id).get(name):
                return LoggedModelFolder(model_id, rest)
        return location

    def download_model(self, model_uri: str, target_dir: Path) -> Path:
        """Download a model's folder into ``target_dir``; its local path.

        Raises CorruptData where a file is not the one that was saved, or the model not the one that was registered.
        """
        folder, registered = self._locate(model_uri)
        files, owner_id = self._files_of(folder)
        local = target_dir / folder.path if folder.path else target_dir
        is_new = not local.exists() or not any(local.iterdir())
        with progress_line(f"downloading {model_uri}") as progress:
            files.download(owner_id, folder.path, target_dir, progress=progress)
        if registered is not None and registered.manifest is not None:
            check_local(local, self.model_versions.manifest(registered), alone=is_new)
        else:
            verify_model(local, registered.digest if registered else None, alone=is_new)
        return local

    def read_model_file(self, model_uri: str) -> Model:
        """The content of a model's ``MLmodel``. Raises NotFound, CorruptData."""
        return Model.from_bytes(self._read_model_file(model_uri, self.locate_model(model_uri)))

    def _read_model_file(self, model_uri: str, folder: ModelFolder) -> bytes:
        stored = self._folder(folder)
        try:
            return stored.read(MODEL_FILE_NAME)
        except NotFound as error:
            raise NotFound(f"there is no model at {model_uri!r}: no file {stored.at(MODEL_FILE_NAME)}") from error

    def _folder(self, folder: ModelFolder) -> StoredFolder:
        files, owner_id = self._files_of(folder)
        return StoredFolder(files, owner_id, folder.path)

    def _files_of(self, folder: ModelFolder) -> tuple[Files, str]:
        """The files that a model's folder is among, and the id of their owner."""
        if isinstance(folder, RunModel):
            return self.artifacts, folder.run_id
        if isinstance(folder, KeptFolder):
            return VersionFiles(self.kept_files, folder.version, self.model_versions.manifest(folder.version)), ""
        return self.logged_model_artifacts, folder.model_id


def load_from(
    model_uri: str,
    finder: Callable[[], ModelFinder],
    target_dir: str | os.PathLike[str] | None,
    load: Callable[[Path], Loaded],
    *,
    reader: Callable[[Loaded], Any] = lambda loaded: loaded,
) -> Loaded:
    """What ``load`` makes of a model's folder on the local disk (see ``local_folder``).

    Without ``target_dir`` a download stays as long as what may read it late: what was loaded, or the ``reader`` in it.
    """
    if is_local_uri(model_uri) or target_dir is not None:
        with local_folder(model_uri, finder, target_dir) as folder:
            return load(folder)
    download = tempfile.mkdtemp(prefix="cloudtrack-")
    try:
        loaded = load(finder().download_model(model_uri, Path(download)))
    except BaseException:
        shutil.rmtree(download, ignore_errors=True)
        raise
    keep_while(reader(loaded), download)
    return loaded


@contextmanager
def local_folder(
    model_uri: str, finder: Callable[[], ModelFinder], target_dir: str | os.PathLike[str] | None = None
) -> Iterator[Path]:
    """A model's folder on the local disk; downloaded by a finder, where the URI names one of a store.

    Takes a local folder too. Without ``target_dir`` a download is gone afterwards.
    """
    if is_local_uri(model_uri):
        yield Path(local_path(model_uri))
    elif target_dir is not None:
        yield finder().download_model(model_uri, Path(target_dir))
    else:
        with tempfile.TemporaryDirectory(prefix="cloudtrack-") as folder:
            yield finder().download_model(model_uri, Path(folder))
