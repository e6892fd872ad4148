"""Stages behind a server."""

from __future__ import annotations

from cloudtrack.entities.model_version import ModelVersion, Stage
from cloudtrack.entities.registered_model import check_model_name, check_version
from cloudtrack.remote import entities
from cloudtrack.remote.addresses import MLFLOW, OWN
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
        expect: int | None = None,
        expect_stage: str | None = None,
        comment: str | None = None,
        force: bool = False,
    ) -> ModelVersion:
        """Move a version to a stage (any case), and archive those that are there in the same commit.

        A stage that is exclusive is always left by those that are there. ``expect`` is the only version that may hold
        the stage now, 0 for none; ``expect_stage`` the only stage that the version may be in. ``force`` moves it
        whatever the policy says, and the history says so. Raises Conflict, saying who was faster, where what is
        expected is not so; NotFound; InvalidInput for an unknown stage, or archiving for None or Archived;
        PermissionDenied where the policy of the store does not let it.
        """
        content = {
            "name": check_model_name(name),
            "version": str(check_version(version)),
            "stage": stage,
            "archive_existing_versions": archive_existing_versions,
            "expect": expect,
            "expect_stage": expect_stage or "",
            "comment": comment or "",
            "force": force,
        }
        return version_of(self._connection.call("POST", f"{MLFLOW}/model-versions/transition-stage", content))

    def rollback(
        self, name: str, stage: str, *, expect: int | None = None, comment: str | None = None, force: bool = False
    ) -> ModelVersion:
        """Give a stage back to the version that had it before, and archive those that are there, in one commit.

        Again, it goes back one further. The policy is asked where it says ``rollback: checked``. Raises StateError
        where there was none that is still there; otherwise as ``transition``.
        """
        content = {
            "name": check_model_name(name),
            "stage": stage,
            "expect": expect,
            "comment": comment or "",
            "force": force,
        }
        return version_of(self._connection.call("POST", f"{OWN}/model-versions/rollback", content))

    def holders(self, name: str, stage: str) -> list[ModelVersion]:
        """The versions in a stage, smallest first."""
        model = entities.registered_model(
            self._connection.get(f"{MLFLOW}/registered-models/get", name=check_model_name(name))["registered_model"]
        )
        wanted = Stage.canonical(stage, model.stages)
        return [version for version in reversed(self._versions.list(name)) if version.current_stage == wanted]
