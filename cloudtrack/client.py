"""One store, and the services on it."""

from __future__ import annotations

import contextlib
import copy
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cloudtrack import config
from cloudtrack.entities.model_uri import LoggedModelFolder, RegisteredVersion, RunModel, parse_model_uri
from cloudtrack.entities.model_version import ModelVersion
from cloudtrack.errors import AlreadyExists, InvalidInput, NotFound, Unavailable
from cloudtrack.models.model_file import FILE_NAME as MODEL_FILE_NAME
from cloudtrack.models.model_file import Model
from cloudtrack.registry.aliases import Aliases
from cloudtrack.registry.history import History
from cloudtrack.registry.model_versions import ModelVersions
from cloudtrack.registry.registered_models import RegisteredModels
from cloudtrack.registry.registry import Registry
from cloudtrack.registry.stages import Stages
from cloudtrack.registry.webhooks import Webhooks
from cloudtrack.storage.marker import initialize
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.opening import open_store
from cloudtrack.tracking.artifacts import LOGGED_MODEL, Artifacts
from cloudtrack.tracking.experiments import Experiments
from cloudtrack.tracking.logged_models import LoggedModels
from cloudtrack.tracking.metrics import Metrics
from cloudtrack.tracking.run_documents import RunDocuments
from cloudtrack.tracking.runs import Runs
from cloudtrack.tracking.sync import SyncReport, sync_spools

ModelFolder = RunModel | LoggedModelFolder
_MOST_HOPS = 5
"""A version whose source is another version, and so on."""


class Client:
    """A cloudtrack store with its services as attributes: ``client.runs``, ``client.stages`` ...

    ``uri`` is a folder, ``s3://bucket/prefix``, ``file:///path`` or ``memory://name``, or a store that is
    open already; without it the environment decides (see ``cloudtrack.config``). A store that does not exist is made, unless
    ``create`` is False: then NotFound is raised. ``options`` are those of ``open_store``.

    Raises InvalidInput for a URI that cannot be right or a server that ignores conditional writes,
    PermissionDenied, and NotFound for a missing bucket. A store that cannot be reached just now is no
    error here: runs start all the same, and whatever needs the store says so.
    """

    def __init__(
        self,
        uri: str | os.PathLike[str] | ObjectStore | None = None,
        *,
        user: str | None = None,
        spool_dir: str | os.PathLike[str] | None = None,
        create: bool = True,
        **options: Any,
    ) -> None:
        self.store = uri if isinstance(uri, ObjectStore) else open_store(_place(uri), **options)
        self.user = user or config.user()
        self._create = create
        self._is_ready = False
        self._spool_dir = Path(spool_dir) if spool_dir else config.spool_dir()
        documents = RunDocuments(self.store)
        self.experiments = Experiments(self.store)
        self.runs = Runs(self.store, documents, self.experiments, spool_dir=self._spool_dir, make_ready=self.make_ready)
        self.metrics = Metrics(documents)
        self.artifacts = Artifacts(self.store)
        self.logged_models = LoggedModels(self.store, self.experiments)
        self.logged_model_artifacts = Artifacts(self.store, LOGGED_MODEL)
        self._open_registry()
        with contextlib.suppress(Unavailable):  # each use says so; a run starts offline
            self.make_ready()

    @property
    def uri(self) -> str:
        """Where the store is."""
        return self.store.url

    def acting_as(self, user: str) -> Client:
        """The same store and services, with another author of registry events."""
        other = copy.copy(self)
        other.user = user
        other._open_registry()
        return other

    def _open_registry(self) -> None:
        registry = Registry(self.store, actor=self.user)
        self.registered_models = RegisteredModels(registry)
        self.model_versions = ModelVersions(registry)
        self.stages = Stages(registry)
        self.aliases = Aliases(registry)
        self.history = History(registry)
        self.webhooks = Webhooks(self.store)

    def make_ready(self) -> None:
        """Check that this is a store of a format we know, and make it where it does not exist. Once."""
        if not self._is_ready:
            initialize(self.store, create=self._create, fill=self.experiments.create_default)
            self._is_ready = True

    def register_model(
        self, model_uri: str, name: str, *, tags: Mapping[str, Any] | None = None, description: str | None = None
    ) -> ModelVersion:
        """Register a logged model as the next version of ``name``, which is made where it does not exist.

        Raises NotFound where there is no model at the URI.
        """
        source = self.locate_model(model_uri)
        self.read_model_file(source.uri)
        run_id: str | None
        if isinstance(source, RunModel):
            run_id, model_id = source.run_id, None
        else:
            model_id = source.model_id
            run_id = self.logged_models.get(model_id).source_run_id or None
        with contextlib.suppress(AlreadyExists):
            self.registered_models.create(name)
        return self.model_versions.create(
            name, source.uri, run_id=run_id, model_id=model_id, tags=tags, description=description
        )

    def locate_model(self, model_uri: str) -> ModelFolder:
        """Where a model's folder is. Raises NotFound, InvalidInput."""
        location = parse_model_uri(model_uri)
        for _ in range(_MOST_HOPS):
            if not isinstance(location, RegisteredVersion):
                return location
            version = self.model_versions.resolve(location.name, location.reference)
            if not version.source.startswith(("runs:/", "models:/")):
                raise InvalidInput(
                    f"version {version.version} of {version.name!r} has the source {version.source!r}, "
                    "which is not in this store"
                )
            location = parse_model_uri(version.source)
        raise InvalidInput(f"{model_uri!r} leads from version to version without an end")

    def model_files(self, folder: ModelFolder) -> tuple[Artifacts, str]:
        """The artifacts that a model's folder is among, and the id of their owner."""
        if isinstance(folder, RunModel):
            return self.artifacts, folder.run_id
        return self.logged_model_artifacts, folder.model_id

    def download_model(self, model_uri: str, target_dir: Path) -> Path:
        """Download a model's folder into ``target_dir``; its local path."""
        folder = self.locate_model(model_uri)
        artifacts, owner_id = self.model_files(folder)
        return artifacts.download(owner_id, folder.path, target_dir)

    def read_model_file(self, model_uri: str) -> Model:
        """The content of a model's ``MLmodel``. Raises NotFound, CorruptData."""
        folder = self.locate_model(model_uri)
        artifacts, owner_id = self.model_files(folder)
        path = f"{folder.path}/{MODEL_FILE_NAME}" if folder.path else MODEL_FILE_NAME
        try:
            return Model.from_bytes(artifacts.read(owner_id, path))
        except NotFound as error:
            raise NotFound(f"there is no model at {model_uri!r}: no file {path}") from error

    def sync(self) -> SyncReport:
        """Deliver what earlier processes of this machine could not."""
        self.make_ready()
        return sync_spools(self._spool_dir, self.runs.delivery, self.store.url)

    def close(self) -> None:
        """Deliver what is logged and give back connections."""
        self.runs.close()
        self.store.close()


def _place(uri: str | os.PathLike[str] | None) -> str:
    return os.fspath(uri) if uri else config.store_uri()
