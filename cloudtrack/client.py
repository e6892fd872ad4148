"""One store, and the services on it."""

from __future__ import annotations

import contextlib
import copy
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from cloudtrack import config
from cloudtrack.entities.html import card
from cloudtrack.errors import Unavailable
from cloudtrack.index.cache import PartCache
from cloudtrack.index.indexes import Indexes
from cloudtrack.lineage.diffs import ModelDiffs
from cloudtrack.lineage.lineage import Lineage
from cloudtrack.maintenance.purging import Purging
from cloudtrack.mlflow_names import find_name
from cloudtrack.models.evidence import ModelEvidence
from cloudtrack.models.registering import ModelRegistrar
from cloudtrack.registry.activity_log import ActivityLog
from cloudtrack.registry.aliases import Aliases
from cloudtrack.registry.approvals import Approvals
from cloudtrack.registry.boards import Boards
from cloudtrack.registry.chain import OnCommit
from cloudtrack.registry.comments import VersionComments
from cloudtrack.registry.feed import Feed
from cloudtrack.registry.history import History
from cloudtrack.registry.inbox import Inbox
from cloudtrack.registry.journals import Journals
from cloudtrack.registry.manifests import KeptFiles
from cloudtrack.registry.model_index import ModelIndex
from cloudtrack.registry.model_versions import ModelVersions
from cloudtrack.registry.origins import Origins
from cloudtrack.registry.policies import Policies
from cloudtrack.registry.registered_models import RegisteredModels
from cloudtrack.registry.registry import Registry
from cloudtrack.registry.release_chain import ReleaseChain
from cloudtrack.registry.releases import Releases
from cloudtrack.registry.stages import Stages
from cloudtrack.registry.timelines import Timelines
from cloudtrack.registry.webhooks import Webhooks
from cloudtrack.storage.marker import initialize
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.opening import open_store
from cloudtrack.tracking.artifacts import LOGGED_MODEL, Artifacts
from cloudtrack.tracking.console import ConsoleLogs
from cloudtrack.tracking.experiment_index import ExperimentIndex
from cloudtrack.tracking.experiment_table import ExperimentTables
from cloudtrack.tracking.experiments import Experiments
from cloudtrack.tracking.graves import check_origins
from cloudtrack.tracking.logged_model_index import LoggedModelIndex
from cloudtrack.tracking.logged_models import LoggedModels
from cloudtrack.tracking.metrics import Metrics
from cloudtrack.tracking.run_documents import RunDocuments
from cloudtrack.tracking.run_index import RunIndex
from cloudtrack.tracking.run_table import RunTables
from cloudtrack.tracking.runs import Runs
from cloudtrack.tracking.source_files import SourceFiles
from cloudtrack.tracking.sync import SyncReport, sync_spools

if TYPE_CHECKING:
    from cloudtrack.maintenance.collecting import Garbages
    from cloudtrack.maintenance.costing import Costs
    from cloudtrack.maintenance.fsck import Fsck
    from cloudtrack.merging.merging import Merging
    from cloudtrack.remote.client import RemoteClient

AnyClient: TypeAlias = "Client | RemoteClient"
"""What ``connect`` gives: the same services over a store, or over a server."""


def connect(
    uri: str | os.PathLike[str] | None = None,
    *,
    user: str | None = None,
    spool_dir: str | os.PathLike[str] | None = None,
    create: bool = True,
    **options: Any,
) -> AnyClient:
    """A client of the store at a folder or in a bucket, of the server at ``http://`` or ``https://``, or of the one
    run that the grant at ``grant:/path`` is for.

    Arguments are those of ``Client``; ``create`` and ``options`` are for stores.
    """
    place = _place(uri)
    if place.startswith(config.GRANT_SCHEME):
        return _granted(place, user, spool_dir)
    if not place.startswith(("http://", "https://")):
        return Client(place, user=user, spool_dir=spool_dir, create=create, **options)
    from cloudtrack.remote.client import RemoteClient

    return RemoteClient(place, user=user, spool_dir=spool_dir)


class Client(ModelRegistrar):
    """A cloudtrack store with its services as attributes: ``client.runs``, ``client.stages`` ...

    ``uri`` is a folder, ``s3://bucket/prefix``, ``file:///path`` or ``memory://name``, or a store that is
    open already; without it the environment decides (see ``cloudtrack.config``). A store that does not
    exist is made, unless ``create`` is False: then NotFound is raised. ``options`` are those of ``open_store``.

    Raises InvalidInput for a URI that cannot be right or a server that ignores conditional writes,
    PermissionDenied, and NotFound for a missing bucket. A store that cannot be reached just now is no
    error here: runs start all the same, and whatever needs the store says so.
    """

    artifacts: Artifacts
    logged_model_artifacts: Artifacts
    runs: Runs
    logged_models: LoggedModels
    registered_models: RegisteredModels
    model_versions: ModelVersions
    kept_files: KeptFiles
    releases: Releases

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
        cache = PartCache(self.store)
        self.experiment_index = ExperimentIndex(self.store, cache)
        self.run_index = RunIndex(self.store, cache)
        self.logged_model_index = LoggedModelIndex(self.store, cache)
        self.model_index = ModelIndex(self.store, cache)
        self.experiments = Experiments(self.store, self.experiment_index)
        self.logged_models = LoggedModels(self.store, self.experiments, self.logged_model_index)
        self.runs = Runs(
            self.store,
            documents,
            self.experiments,
            self.run_index,
            self.logged_models,
            spool_dir=self._spool_dir,
            make_ready=self.make_ready,
        )
        self.run_tables = RunTables(self.run_index, self.experiments)
        self.experiment_tables = ExperimentTables(self.experiments, self.run_index)
        self.metrics = Metrics(documents)
        self.artifacts = Artifacts(self.store)
        self.logged_model_artifacts = Artifacts(self.store, LOGGED_MODEL)
        self.source_files = SourceFiles(self.store)
        self.console = ConsoleLogs(self.store)
        self.webhooks = Webhooks(self.store)
        self._evidence = ModelEvidence(self)
        self.feed = Feed(self.store, cache)
        self.on_commit: list[OnCommit] = []
        self.kept_files = KeptFiles(self.store)
        self.journals = Journals(self.store)
        self._origins = Origins(self.store, self.model_index, cache)
        self._open_registry()
        with contextlib.suppress(Unavailable):  # each use says so; a run starts offline
            self.make_ready()

    @property
    def indexes(self) -> list[Indexes]:
        """The indexes of the store, a kind of document each."""
        return [self.experiment_index, self.run_index, self.logged_model_index, self.model_index]

    @property
    def uri(self) -> str:
        """Where the store is."""
        return self.store.url

    def _repr_html_(self) -> str:
        return card("Store", self.uri, {"user": self.user})

    @property
    def address(self) -> str:
        """Where the store is and how it is reached, for other processes."""
        return self.store.address

    @property
    def merging(self) -> Merging:
        """Merges this store with others."""
        from cloudtrack.merging.merging import Merging

        return Merging(self, partial(Client, user=self.user, spool_dir=self._spool_dir, create=False))

    @property
    def fsck(self) -> Fsck:
        """Finds what is wrong in this store."""
        from cloudtrack.maintenance.fsck import Fsck

        return Fsck(self)

    @property
    def garbage(self) -> Garbages:
        """Removes what nothing in this store mentions."""
        from cloudtrack.maintenance.collecting import Garbages
        from cloudtrack.maintenance.gc_trash import Trash

        trash = Trash(self._origins, self.experiment_index, self.run_index, self.logged_model_index)
        return Garbages(self.store, trash, self.purging)

    @property
    def costs(self) -> Costs:
        """What this store has, and what that costs."""
        from cloudtrack.maintenance.costing import Costs

        return Costs(self.store, self.experiment_index, self.run_index, self.logged_model_index)

    def acting_as(
        self,
        user: str,
        *,
        operation: str = "",
        groups: tuple[str, ...] = (),
        request_id: str = "",
        since_ms: int = 0,
    ) -> Client:
        """The same store and services, with another author of registry events, who is in these groups.

        What is done with it in the registry is one ``operation``, and is not done twice under that name; ``since_ms``
        is when it was named, where that may be long ago. Events note the ``request_id``.
        """
        other = copy.copy(self)
        other.user = user
        other._open_registry(operation, groups, request_id, since_ms)
        return other

    def _open_registry(
        self, operation: str = "", groups: tuple[str, ...] = (), request_id: str = "", since_ms: int = 0
    ) -> None:
        registry = Registry(
            self.store,
            self.user,
            operation,
            groups,
            request_id=request_id,
            since_ms=since_ms,
            on_commit=self.on_commit,
        )
        self.registered_models = RegisteredModels(registry, self.model_index)
        self.model_versions = ModelVersions(registry, self.model_index, partial(check_origins, self.store))
        self.stages = Stages(registry, self._evidence)
        self.approvals = Approvals(registry, self._evidence)
        self.comments = VersionComments(registry)
        self.policy = Policies(registry, self._evidence)
        self.aliases = Aliases(registry)
        self.activity = ActivityLog(registry, self.feed)
        self.boards = Boards(registry)
        self.timelines = Timelines(registry)
        self.inbox = Inbox(registry, self.model_index)
        self.history = History(registry)
        self.lineage = Lineage(self)
        self.diffs = ModelDiffs(self)
        self.purging = Purging(self.store, self.user, self._origins, self.run_index, self.logged_model_index)
        chain = ReleaseChain(self.store, self.user, operation, request_id=request_id, on_commit=self.on_commit)
        self.releases = Releases(chain, self.model_versions)

    def make_ready(self) -> None:
        """Check that this is a store of a format we know, and make it where it does not exist. Once."""
        if not self._is_ready:
            initialize(self.store, create=self._create, fill=self.experiments.create_default)
            self._is_ready = True

    def sync(self, *, drop_refused: bool = False, retry_refused: bool = False) -> SyncReport:
        """Deliver what earlier processes of this machine could not.

        What was refused is kept; ``drop_refused`` drops it, ``retry_refused`` tries it again.
        """
        from cloudtrack.waiting.syncing import sync_journals

        self.make_ready()
        report = sync_spools(self._spool_dir, self.runs.delivery, self.store.url)
        sync_journals(self._spool_dir, self, self.store.url, report, drop=drop_refused, retry=retry_refused)
        return report

    def close(self) -> None:
        """Deliver what is logged and give back connections."""
        self.runs.close()
        self.store.close()


def _place(uri: str | os.PathLike[str] | None) -> str:
    return os.fspath(uri) if uri else config.store_uri()


def _granted(place: str, user: str | None, spool_dir: str | os.PathLike[str] | None) -> Client:
    from cloudtrack.grants.grant_file import read_grant
    from cloudtrack.grants.runner import GrantedExperiments, GrantedRuns, GrantedStore
    from cloudtrack.remote.connection import Connection

    grant = read_grant(place)
    client = Client(GrantedStore(grant), user=user, spool_dir=spool_dir)
    client._is_ready = True
    client.experiments = GrantedExperiments(GrantedStore(grant), grant)
    client.runs = GrantedRuns(grant, client._spool_dir, Connection(grant.endpoint))
    return client


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """What MLflow's module has beside this."""
        return find_name(__name__, name)
