"""Registering models, and binding versions to the files that they have: the same over a store and over a server."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Protocol

from cloudtrack import clock
from cloudtrack.entities.manifest import Manifest
from cloudtrack.entities.model_uri import LoggedModelFolder, RunModel, version_uri
from cloudtrack.entities.model_version import ModelVersion
from cloudtrack.entities.registered_model import RegisteredModel
from cloudtrack.errors import CorruptData, InvalidInput
from cloudtrack.models.digests import digest_of
from cloudtrack.models.finding import FoundFiles, FoundVersions, KeptFolder, ModelFinder, ModelFolder
from cloudtrack.models.model_file import Model
from cloudtrack.models.pinning import StoredFolder, check_stored, list_files
from cloudtrack.storage.mentioning import is_late
from cloudtrack.storage.object_store import Reading

_MOST_READ_NOW_BYTES = 64 << 20


class _RegisteredModels(Protocol):
    def get_or_create(self, name: str) -> RegisteredModel: ...


class _ModelVersions(FoundVersions, Protocol):
    def create(
        self,
        name: str,
        source: str,
        *,
        run_id: str | None,
        tags: Mapping[str, Any] | None,
        run_link: str | None = None,
        description: str | None,
        model_id: str | None,
        digest: str | None = None,
        manifest: Manifest | None = None,
        kept: bool = False,
    ) -> ModelVersion: ...

    def pin(self, name: str, version: int | str, manifest: Manifest, *, kept: bool) -> ModelVersion: ...


class _KeptFiles(FoundFiles, Protocol):
    def keep(self, manifest: Manifest, read: Callable[[str], Reading]) -> None: ...


class ModelRegistrar(ModelFinder):
    """The verbs on registered models that need several services; a client has these services as attributes."""

    registered_models: _RegisteredModels
    model_versions: _ModelVersions
    kept_files: _KeptFiles
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
        began = clock.now_ms()
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
        self.registered_models.get_or_create(name)
        made = self.model_versions.create(
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
        if is_kept and is_late(began):
            self._keep(self._folder(source), manifest)
        return made

    def create_version(
        self,
        name: str,
        source: str,
        *,
        run_id: str | None = None,
        tags: Mapping[str, Any] | None = None,
        run_link: str | None = None,
        description: str | None = None,
        model_id: str | None = None,
    ) -> ModelVersion:
        """The next version of a name, which must exist, from a model URI; its files are not listed. Raises NotFound."""
        location = self.locate_model(source)
        return self.model_versions.create(
            name,
            location.uri,
            run_id=run_id or (location.run_id if isinstance(location, RunModel) else None),
            tags=tags,
            run_link=run_link,
            description=description,
            model_id=model_id or (location.model_id if isinstance(location, LoggedModelFolder) else None),
        )

    def pin_version(self, name: str, version: int | str, *, copy: bool = False) -> ModelVersion:
        """Pin a version that was registered without a manifest to the files that it has now, all of which are read.

        ``copy`` has the registry keep the files itself. Raises CorruptData where they are not those of the version's
        digest or manifest.
        """
        began = clock.now_ms()
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
        pinned = self.model_versions.pin(name, there.version, manifest, kept=copy)
        if copy and is_late(began):
            self._keep(folder, manifest)
        return pinned

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
