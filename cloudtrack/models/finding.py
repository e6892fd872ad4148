"""Finding models by URI, and registering them: the same over a store and over a server."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

from cloudtrack.entities.logged_model import EXTERNAL_TAG, LoggedModel, LoggedModelStatus
from cloudtrack.entities.model_uri import LoggedModelFolder, RunModel, is_local_uri, local_path, parse_model_uri
from cloudtrack.entities.model_version import ModelVersion
from cloudtrack.entities.names import check_run_id
from cloudtrack.entities.registered_model import RegisteredModel
from cloudtrack.entities.run import Run
from cloudtrack.errors import AlreadyExists, InvalidInput, NotFound
from cloudtrack.models.digests import digest_of, verify_model
from cloudtrack.models.kept_files import keep_while
from cloudtrack.models.model_file import FILE_NAME as MODEL_FILE_NAME
from cloudtrack.models.model_file import Model
from cloudtrack.models.run_files import Files, RunFiles

Loaded = TypeVar("Loaded")
ModelFolder = RunModel | LoggedModelFolder
_MOST_HOPS = 5
"""A version whose source is another version, and so on."""


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
        tags: Mapping[str, Any] | None,
        description: str | None,
    ) -> ModelVersion: ...

    def resolve(self, name: str, reference: str, at_ms: int | None) -> ModelVersion: ...


class ModelFinder:
    """The verbs on models that need several services; a client has these services as attributes."""

    artifacts: Files
    logged_model_artifacts: Files
    runs: _Runs
    logged_models: _LoggedModels
    registered_models: _RegisteredModels
    model_versions: _ModelVersions

    def register_model(
        self, model_uri: str, name: str, *, tags: Mapping[str, Any] | None = None, description: str | None = None
    ) -> ModelVersion:
        """Register a logged model as the next version of ``name``, which is made where it does not exist.

        Raises NotFound where there is no model at the URI.
        """
        source = self.locate_model(model_uri)
        digest = digest_of(self.read_model_file(source.uri))
        run_id: str | None
        if isinstance(source, RunModel):
            run_id, model_id = source.run_id, None
        else:
            model_id = source.model_id
            run_id = self.logged_models.get(model_id).source_run_id or None
        with contextlib.suppress(AlreadyExists):
            self.registered_models.create(name)
        return self.model_versions.create(
            name, source.uri, run_id=run_id, model_id=model_id, digest=digest, tags=tags, description=description
        )

    def locate_model(self, model_uri: str) -> ModelFolder:
        """Where a model's folder is. Raises NotFound, InvalidInput."""
        return self._locate(model_uri)[0]

    def _locate(self, model_uri: str) -> tuple[ModelFolder, str | None]:
        """Where a model's folder is, and the digest that a registered version has of it."""
        digest = None
        location = parse_model_uri(model_uri)
        for _ in range(_MOST_HOPS):
            if isinstance(location, RunModel):
                return self._in_run(location), digest
            if isinstance(location, LoggedModelFolder):
                return location, digest
            version = self.model_versions.resolve(location.name, location.reference, location.at_ms)
            if not version.source.startswith(("runs:/", "models:/")):
                raise InvalidInput(
                    f"version {version.version} of {version.name!r} has the source {version.source!r}, "
                    "which is not in this store"
                )
            digest = digest or version.digest
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
        folder, digest = self._locate(model_uri)
        files, owner_id = self._files_of(folder)
        local = target_dir / folder.path if folder.path else target_dir
        is_new = not local.exists() or not any(local.iterdir())
        files.download(owner_id, folder.path, target_dir)
        verify_model(local, digest, alone=is_new)
        return local

    def read_model_file(self, model_uri: str) -> Model:
        """The content of a model's ``MLmodel``. Raises NotFound, CorruptData."""
        folder = self.locate_model(model_uri)
        files, owner_id = self._files_of(folder)
        path = f"{folder.path}/{MODEL_FILE_NAME}" if folder.path else MODEL_FILE_NAME
        try:
            return Model.from_bytes(files.read(owner_id, path))
        except NotFound as error:
            raise NotFound(f"there is no model at {model_uri!r}: no file {path}") from error

    def _files_of(self, folder: ModelFolder) -> tuple[Files, str]:
        """The files that a model's folder is among, and the id of their owner."""
        if isinstance(folder, RunModel):
            return self.artifacts, folder.run_id
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
