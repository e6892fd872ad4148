"""Finding models by URI, and registering them: the same over a store and over a server."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

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
from cloudtrack.entities.registered_model import RegisteredModel
from cloudtrack.entities.release import Release
from cloudtrack.entities.run import Run
from cloudtrack.errors import AlreadyExists, CorruptData, InvalidInput, NotFound
from cloudtrack.models.digests import digest_of, verify_model
from cloudtrack.models.model_file import FILE_NAME as MODEL_FILE_NAME
from cloudtrack.models.model_file import Model
from cloudtrack.models.pinning import StoredFolder, check_local, check_stored, list_files
from cloudtrack.models.run_files import Files, RunFiles
from cloudtrack.models.temporary_folders import keep_while
from cloudtrack.models.version_files import VersionFiles
from cloudtrack.storage.object_store import Reading

Loaded = TypeVar("Loaded")
_MOST_READ_NOW_BYTES = 64 << 20
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


class _RegisteredModels(Protocol):
    def create(self, name: str) -> RegisteredModel: ...


class _ModelVersions(Protocol):
    def create(
        self,
        name: str,
        source: str,
        *,
        run_id: str | None,
        model_id: str | None,
        digest: str | None,
        manifest: Manifest | None,
        kept: bool,
        tags: Mapping[str, Any] | None,
        description: str | None,
    ) -> ModelVersion: ...

    def pin(self, name: str, version: int | str, manifest: Manifest, *, kept: bool) -> ModelVersion: ...

    def manifest(self, version: ModelVersion) -> Manifest: ...

    def get(self, name: str, version: int | str) -> ModelVersion: ...

    def resolve(self, name: str, reference: str, at_ms: int | None) -> ModelVersion: ...


class _KeptFiles(Protocol):
    def open(self, version: ModelVersion, path: str, file: PinnedFile) -> Reading: ...

    def keep(self, manifest: Manifest, read: Callable[[str], Reading]) -> None: ...


class _Releases(Protocol):
    def get(self, name: str, number: int | None = None) -> Release: ...

    def at(self, name: str, time_ms: int) -> Release: ...


class ModelFinder:
    """The verbs on models that need several services; a client has these services as attributes."""

    artifacts: Files
    logged_model_artifacts: Files
    runs: _Runs
    logged_models: _LoggedModels
    registered_models: _RegisteredModels
    model_versions: _ModelVersions
    kept_files: _KeptFiles
    releases: _Releases
    most_hashed_bytes: ClassVar[int] = 1 << 30
    """A model whose files have more, and whose MLmodel does not say their digests, is registered without a manifest."""

    def register_model(
        self,
        model_uri: str,
        name: str,
        *,
        tags: Mapping[str, Any] | None = None,
        description: str | None = None,
        copy: bool = False,
    ) -> ModelVersion:
        """Register a logged model as the next version of ``name``, which is made where it does not exist.

        The version is pinned to the files that it has now, unless that means reading very many bytes (see
        ``most_hashed_bytes`` and ``pin_version``). ``copy`` has the registry keep the files itself, so that the version
        outlives its run. Raises NotFound where there is no model at the URI, CorruptData where a file of it is missing.
        """
        source, registered = self._locate(model_uri)
        body = self._read_model_file(model_uri, source)
        model = Model.from_bytes(body)
        if isinstance(source, KeptFolder):
            origin, is_kept = source.uri, True
            manifest: Manifest | None = self.model_versions.manifest(source.version)
        else:
            folder = self._folder(source)
            origin, is_kept = source.uri, copy
            manifest = list_files(folder, body, model, None if copy else self.most_hashed_bytes)
            if copy:
                self._keep(folder, manifest)
        run_id, model_id = self._made_by(source)
        if registered is not None:
            run_id, model_id = run_id or registered.run_id, model_id or registered.model_id
        with contextlib.suppress(AlreadyExists):
            self.registered_models.create(name)
        return self.model_versions.create(
            name,
            origin,
            run_id=run_id,
            model_id=model_id,
            digest=digest_of(model),
            manifest=manifest,
            kept=is_kept,
            tags=tags,
            description=description,
        )

    def pin_version(self, name: str, version: int | str, *, copy: bool = False) -> ModelVersion:
        """Pin a version that was registered without a manifest to the files that it has now, all of which are read.

        ``copy`` has the registry keep the files itself. Raises CorruptData where they are not those of the version's
        digest or manifest.
        """
        there = self.model_versions.get(name, version)
        source, registered = self._locate(version_uri(name, there.version))
        if isinstance(source, KeptFolder):
            return there
        folder = self._folder(source)
        body = self._read_model_file(source.uri, source)
        model = Model.from_bytes(body)
        expected = registered.digest if registered else None
        if expected is not None and digest_of(model) != expected:
            raise CorruptData(f"version {there.version} of {name!r} is not the model that was registered any more")
        manifest = list_files(folder, body, model.model_copy(update={"file_digests": None}), None)
        for path, digest in (model.file_digests or {}).items():
            if manifest is None or path not in manifest.files or manifest.files[path].sha256 != digest:
                raise CorruptData(f"the file {path!r} is not the one that was saved with the model: it was changed")
        if manifest is None:
            raise InvalidInput(f"version {there.version} of {name!r} has more files than can be pinned")
        if copy:
            self._keep(folder, manifest)
        return self.model_versions.pin(name, there.version, manifest, kept=copy)

    def find_version(self, model_uri: str) -> ModelVersion:
        """The registered version that a ``models:/`` or ``release:/`` URI means. Raises NotFound, InvalidInput."""
        location = parse_model_uri(model_uri)
        if not isinstance(location, RegisteredVersion | ReleaseMember):
            raise InvalidInput(f"{model_uri!r} is no version of a registered model, such as models:/churn/3")
        return self.resolve_version(location)

    def manifest_of(self, version: ModelVersion) -> Manifest:
        """The files of a version: as it is pinned, or as they are now, where little must be read for that.

        Raises InvalidInput where it must be pinned first, CorruptData, NotFound.
        """
        if version.manifest:
            return self.model_versions.manifest(version)
        source, _ = self._locate(version_uri(version.name, version.version))
        body = self._read_model_file(source.uri, source)
        manifest = list_files(self._folder(source), body, Model.from_bytes(body), _MOST_READ_NOW_BYTES)
        if manifest is None:
            raise InvalidInput(
                f"the files of version {version.version} of {version.name!r} are not listed: make the list with "
                f"`cloudtrack models pin {version.name} {version.version}`"
            )
        return manifest

    def folder_of(self, version: ModelVersion) -> StoredFolder:
        """Where the files of a version are."""
        return self._folder(self._locate(version_uri(version.name, version.version))[0])

    def verify_version(self, name: str, version: int | str) -> None:
        """Read all files of a version where they are, and compare them with what was registered.

        Raises CorruptData naming the first that was changed, is missing or was added.
        """
        source, registered = self._locate(version_uri(name, self.model_versions.get(name, version).version))
        if registered is not None and registered.manifest is not None:
            check_stored(self._folder(source), self.model_versions.manifest(registered))
            return
        with tempfile.TemporaryDirectory(prefix="cloudtrack-") as target:
            self.download_model(version_uri(name, int(version)), Path(target))

    def _keep(self, folder: StoredFolder, manifest: Manifest | None) -> None:
        if manifest is None:
            raise InvalidInput("the model has more files than the registry can keep")
        self.kept_files.keep(manifest, folder.open)

    def _made_by(self, source: ModelFolder) -> tuple[str | None, str | None]:
        """The run and the logged model behind a folder."""
        match source:
            case RunModel(run_id=run_id):
                return run_id, None
            case LoggedModelFolder(model_id=model_id):
                return self.logged_models.get(model_id).source_run_id or None, model_id
            case KeptFolder(version=version):
                return version.run_id, version.model_id

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
        files.download(owner_id, folder.path, target_dir)
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
