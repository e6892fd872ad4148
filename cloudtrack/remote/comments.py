"""Comments on versions behind a server."""

from __future__ import annotations

from cloudtrack.entities.registered_model import check_model_name, check_version
from cloudtrack.entities.transition_request import VersionComment
from cloudtrack.remote.addresses import OWN
from cloudtrack.remote.connection import Connection, Json

_COMMENTS = f"{OWN}/comments"


class RemoteVersionComments:
    """What people say of the versions of a server's models."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def create(
        self, name: str, version: int | str, text: str, *, request_id: int | str | None = None
    ) -> VersionComment:
        """Say something of a version, or of an open request for it; up to 2,000 characters. Raises NotFound."""
        content = {
            "name": check_model_name(name),
            "version": str(check_version(version)),
            "comment": text,
            "request_id": None if request_id is None else str(request_id),
        }
        return _comment(self._connection.call("POST", f"{_COMMENTS}/create", content)["comment"])

    def list(self, name: str, version: int | str | None = None) -> list[VersionComment]:
        """The comments of a model or of one version that are among the model's last hundred, oldest first."""
        answer = self._connection.get(f"{_COMMENTS}/list", name=check_model_name(name), version=version)
        return [_comment(item) for item in answer.get("comments", [])]

    def update(self, name: str, comment_id: int | str, text: str) -> VersionComment:
        """Say one's own comment otherwise. Raises NotFound, PermissionDenied for that of somebody else."""
        content = {"name": check_model_name(name), "id": str(comment_id), "comment": text}
        return _comment(self._connection.call("PATCH", f"{_COMMENTS}/update", content)["comment"])

    def delete(self, name: str, comment_id: int | str) -> None:
        """Take one's own comment back; the history keeps it. Raises NotFound, PermissionDenied."""
        content = {"name": check_model_name(name), "id": str(comment_id)}
        self._connection.call("DELETE", f"{_COMMENTS}/delete", content)


def _comment(message: Json) -> VersionComment:
    return VersionComment(**{**message, "id": int(message["id"]), "version": int(message["version"])})
