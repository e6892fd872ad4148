"""Aliases behind a server."""

from __future__ import annotations

from cloudtrack.entities.model_version import ModelVersion
from cloudtrack.entities.registered_model import check_model_name, check_version
from cloudtrack.registry.aliases import check_alias
from cloudtrack.remote.addresses import MLFLOW
from cloudtrack.remote.connection import Connection
from cloudtrack.remote.model_versions import RemoteModelVersions

_ALIAS = f"{MLFLOW}/registered-models/alias"


class RemoteAliases:
    """The aliases of a server's registered models."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._versions = RemoteModelVersions(connection)

    def set(self, name: str, alias: str, version: int | str, *, comment: str | None = None) -> None:
        """Point an alias to a version; it leaves the one it pointed to. Raises NotFound, InvalidInput."""
        content = {
            "name": check_model_name(name),
            "alias": check_alias(alias),
            "version": str(check_version(version)),
            "comment": comment or "",
        }
        self._connection.call("POST", _ALIAS, content)

    def get(self, name: str, alias: str) -> ModelVersion:
        """The version an alias points to. Raises NotFound."""
        return self._versions.get_by_alias(name, alias)

    def delete(self, name: str, alias: str, *, comment: str | None = None) -> None:
        """Delete an alias; one that is not there is no error."""
        content = {"name": check_model_name(name), "alias": alias, "comment": comment or ""}
        self._connection.call("DELETE", _ALIAS, content)
