"""Stages behind a server."""

from __future__ import annotations

from cloudtrack.entities.model_version import ModelVersion, Stage
from cloudtrack.entities.registered_model import check_model_name, check_version
from cloudtrack.remote.addresses import MLFLOW
from cloudtrack.remote.connection import Connection
from cloudtrack.remote.model_versions import RemoteModelVersions, version_of


class RemoteStages:
    """Moving versions between stages."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._versions = RemoteModelVersions(connection)

    def transition(
        self,
        name: str,
        version: int | str,
        stage: str,
        *,
        archive_existing_versions: bool = False,
        comment: str | None = None,
    ) -> ModelVersion:
        """Move a version to a stage (any case), and archive those that are there in the same commit.

        Raises NotFound; InvalidInput for an unknown stage, or archiving for another than Staging and Production.
        """
        content = {
            "name": check_model_name(name),
            "version": str(check_version(version)),
            "stage": Stage.canonical(stage),
            "archive_existing_versions": archive_existing_versions,
            "comment": comment or "",
        }
        return version_of(self._connection.call("POST", f"{MLFLOW}/model-versions/transition-stage", content))

    def holders(self, name: str, stage: str) -> list[ModelVersion]:
        """The versions in a stage, smallest first."""
        wanted = Stage.canonical(stage)
        return [version for version in reversed(self._versions.list(name)) if version.current_stage == wanted]
