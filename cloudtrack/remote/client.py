"""One server, and the services behind it."""

from __future__ import annotations

import copy
import os
from pathlib import Path

from cloudtrack import config
from cloudtrack.entities.html import card
from cloudtrack.lineage.lineage import Lineage
from cloudtrack.models.registering import ModelRegistrar
from cloudtrack.remote.aliases import RemoteAliases
from cloudtrack.remote.approvals import RemoteApprovals
from cloudtrack.remote.artifact_files import ArtifactFiles
from cloudtrack.remote.comments import RemoteVersionComments
from cloudtrack.remote.connection import Connection
from cloudtrack.remote.console import RemoteConsole
from cloudtrack.remote.diffs import RemoteModelDiffs
from cloudtrack.remote.experiments import RemoteExperiments
from cloudtrack.remote.feed import RemoteFeed
from cloudtrack.remote.history import RemoteHistory
from cloudtrack.remote.journals import RemoteJournals
from cloudtrack.remote.kept_files import RemoteKeptFiles
from cloudtrack.remote.logged_models import RemoteLoggedModels
from cloudtrack.remote.metrics import RemoteMetrics
from cloudtrack.remote.model_versions import RemoteModelVersions
from cloudtrack.remote.policies import RemotePolicies
from cloudtrack.remote.purging import RemotePurging
from cloudtrack.remote.registered_models import RemoteRegisteredModels
from cloudtrack.remote.releases import RemoteReleases
from cloudtrack.remote.runs import RemoteRuns
from cloudtrack.remote.source_files import RemoteSourceFiles
from cloudtrack.remote.stages import RemoteStages
from cloudtrack.remote.webhooks import RemoteWebhooks
from cloudtrack.storage.retrying import RetryPolicy
from cloudtrack.tracking.artifacts import LOGGED_MODEL, Artifacts
from cloudtrack.tracking.sync import SyncReport, sync_spools
from cloudtrack.waiting.syncing import sync_journals


class RemoteClient(ModelRegistrar):
    """A cloudtrack server with its services as attributes, which are those of ``Client``.

    ``uri`` is ``http://`` or ``https://`` with a host, and a port and a path where needed; the login is the
    environment's (see ``cloudtrack.config``). Nothing is asked until a service is used. Raises InvalidInput.
    """

    artifacts: Artifacts
    logged_model_artifacts: Artifacts
    runs: RemoteRuns
    logged_models: RemoteLoggedModels
    registered_models: RemoteRegisteredModels
    model_versions: RemoteModelVersions
    kept_files: RemoteKeptFiles
    releases: RemoteReleases
    most_hashed_bytes = 64 << 20

    def __init__(
        self,
        uri: str,
        *,
        user: str | None = None,
        spool_dir: str | os.PathLike[str] | None = None,
        retries: RetryPolicy | None = None,
    ) -> None:
        self.user = user or config.user()
        self._spool_dir = Path(spool_dir) if spool_dir else config.spool_dir()
        self._open(Connection(uri, retries=retries))

    def _open(self, connection: Connection) -> None:
        self._connection = connection
        self.experiments = RemoteExperiments(connection)
        self.logged_models = RemoteLoggedModels(connection)
        self.runs = RemoteRuns(connection, self.logged_models, spool_dir=self._spool_dir)
        self.metrics = RemoteMetrics(connection)
        files = ArtifactFiles(connection)
        self.artifacts = Artifacts(files)
        self.source_files = RemoteSourceFiles(connection)
        self.console = RemoteConsole(connection)
        self.logged_model_artifacts = Artifacts(files, LOGGED_MODEL)
        self.registered_models = RemoteRegisteredModels(connection)
        self.model_versions = RemoteModelVersions(connection)
        self.lineage = Lineage(self)
        self.diffs = RemoteModelDiffs(connection)
        self.kept_files = RemoteKeptFiles(connection)
        self.stages = RemoteStages(connection)
        self.approvals = RemoteApprovals(connection)
        self.comments = RemoteVersionComments(connection)
        self.policy = RemotePolicies(connection)
        self.aliases = RemoteAliases(connection)
        self.history = RemoteHistory(connection)
        self.feed = RemoteFeed(connection)
        self.webhooks = RemoteWebhooks(connection)
        self.releases = RemoteReleases(connection)
        self.purging = RemotePurging(connection)
        self.journals = RemoteJournals(connection)

    def acting_as(self, user: str, *, operation: str, since_ms: int = 0) -> RemoteClient:  # noqa: ARG002
        """The same server and services for one ``operation``, which is not done twice under that name.

        ``since_ms`` is when it was named, where that may be long ago. Who acts is whoever is logged in.
        """
        other = copy.copy(self)
        other._open(self._connection.under(operation, since_ms))
        other.runs, other.artifacts = self.runs, self.artifacts
        other.logged_model_artifacts = self.logged_model_artifacts
        return other

    @property
    def uri(self) -> str:
        """Where the server is."""
        return self._connection.url

    def _repr_html_(self) -> str:
        return card("Server", self.uri, {"user": self.user})

    @property
    def address(self) -> str:
        """The same, for other processes."""
        return self.uri

    def sync(self, *, drop_refused: bool = False, retry_refused: bool = False) -> SyncReport:
        """Deliver what earlier processes of this machine could not.

        What was refused is kept; ``drop_refused`` drops it, ``retry_refused`` tries it again.
        """
        report = sync_spools(self._spool_dir, self.runs.delivery, self.uri)
        sync_journals(self._spool_dir, self, self.uri, report, drop=drop_refused, retry=retry_refused)
        return report

    def close(self) -> None:
        """Deliver what is logged and give back connections."""
        self.runs.close()
        self._connection.close()
