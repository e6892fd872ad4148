"""One store, and the services on it."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

from cloudtrack import config
from cloudtrack.errors import Unavailable
from cloudtrack.registry.aliases import Aliases
from cloudtrack.registry.history import History
from cloudtrack.registry.model_versions import ModelVersions
from cloudtrack.registry.registered_models import RegisteredModels
from cloudtrack.registry.registry import Registry
from cloudtrack.registry.stages import Stages
from cloudtrack.storage.marker import initialize
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.opening import open_store
from cloudtrack.tracking.artifacts import Artifacts
from cloudtrack.tracking.experiments import Experiments
from cloudtrack.tracking.metrics import Metrics
from cloudtrack.tracking.run_documents import RunDocuments
from cloudtrack.tracking.runs import Runs
from cloudtrack.tracking.sync import SyncReport, sync_spools


class Client:
    """A cloudtrack store with its services as attributes: ``client.runs``, ``client.stages`` ...

    ``uri`` is a folder, ``s3://bucket/prefix``, ``file:///path`` or ``memory://name``; without it the
    environment decides (see ``cloudtrack.config``). A store that does not exist is made, unless
    ``create`` is False: then NotFound is raised. ``options`` are those of ``open_store``.

    Raises InvalidInput for a URI that cannot be right or a server that ignores conditional writes,
    PermissionDenied, and NotFound for a missing bucket. A store that cannot be reached just now is no
    error here: runs start all the same, and whatever needs the store says so.
    """

    def __init__(
        self,
        uri: str | os.PathLike[str] | None = None,
        *,
        user: str | None = None,
        spool_dir: str | os.PathLike[str] | None = None,
        create: bool = True,
        **options: Any,
    ) -> None:
        self.store: ObjectStore = open_store(os.fspath(uri) if uri else config.store_uri(), **options)
        self.user = user or config.user()
        self._create = create
        self._is_ready = False
        self._spool_dir = Path(spool_dir) if spool_dir else config.spool_dir()
        documents = RunDocuments(self.store)
        self.experiments = Experiments(self.store)
        self.runs = Runs(self.store, documents, self.experiments, spool_dir=self._spool_dir, make_ready=self.make_ready)
        self.metrics = Metrics(documents)
        self.artifacts = Artifacts(self.store)
        registry = Registry(self.store, actor=self.user)
        self.registered_models = RegisteredModels(registry)
        self.model_versions = ModelVersions(registry)
        self.stages = Stages(registry)
        self.aliases = Aliases(registry)
        self.history = History(registry)
        with contextlib.suppress(Unavailable):  # each use says so; a run starts offline
            self.make_ready()

    @property
    def uri(self) -> str:
        """Where the store is."""
        return self.store.url

    def make_ready(self) -> None:
        """Check that this is a store of a format we know, and make it where it does not exist. Once."""
        if not self._is_ready:
            initialize(self.store, create=self._create, fill=self.experiments.create_default)
            self._is_ready = True

    def sync(self) -> SyncReport:
        """Deliver what earlier processes of this machine could not."""
        self.make_ready()
        return sync_spools(self._spool_dir, self.runs.delivery, self.store.url)

    def close(self) -> None:
        """Deliver what is logged and give back connections."""
        self.runs.close()
        self.store.close()
