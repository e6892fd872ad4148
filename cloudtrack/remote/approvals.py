"""Requests for transitions behind a server."""

from __future__ import annotations

from cloudtrack.entities.registered_model import check_model_name, check_version
from cloudtrack.entities.transition_request import Approval, TransitionRequest
from cloudtrack.remote.addresses import OWN
from cloudtrack.remote.connection import Connection, Json

_REQUESTS = f"{OWN}/transition-requests"


class RemoteApprovals:
    """Requests for transitions of a server's models."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def request(
        self,
        name: str,
        version: int | str,
        stage: str,
        *,
        archive_existing_versions: bool = False,
        comment: str | None = None,
    ) -> TransitionRequest:
        """Ask that a version moves to a stage (any case). Nothing moves yet.

        Raises AlreadyExists where that is asked for already, StateError where it is there already or where 100 requests
        are open, NotFound, InvalidInput.
        """
        content = {
            "name": check_model_name(name),
            "version": str(check_version(version)),
            "stage": stage,
            "archive_existing_versions": archive_existing_versions,
            "comment": comment or "",
        }
        return _request(self._connection.call("POST", f"{_REQUESTS}/create", content)["request"])

    def approve(self, name: str, request_id: int | str, *, comment: str | None = None) -> TransitionRequest:
        """Say yes. The last approval that is needed moves the version, if the policy lets it.

        Approving again changes nothing. The answer is ``approved``, or ``open`` where more approvals are needed.
        Raises NotFound for a request that is not open, PermissionDenied where the approval would not count or the
        policy does not let the version come to the stage: then the request stays open, without this approval.
        """
        return self._close("POST", "approve", name, request_id, comment)

    def reject(self, name: str, request_id: int | str, *, comment: str | None = None) -> TransitionRequest:
        """Close a request, and move nothing. Raises NotFound for one that is not open."""
        return self._close("POST", "reject", name, request_id, comment)

    def withdraw(self, name: str, request_id: int | str, *, comment: str | None = None) -> TransitionRequest:
        """Take back one's own request. Raises NotFound, PermissionDenied for that of somebody else."""
        return self._close("DELETE", "delete", name, request_id, comment)

    def list(self, name: str, version: int | str | None = None) -> list[TransitionRequest]:
        """The open requests of a model, or of one version, oldest first."""
        answer = self._connection.get(f"{_REQUESTS}/list", name=check_model_name(name), version=version)
        return [_request(item) for item in answer.get("requests", [])]

    def get(self, name: str, request_id: int | str) -> TransitionRequest:
        """A request, open or closed. Raises NotFound."""
        answer = self._connection.get(f"{_REQUESTS}/get", name=check_model_name(name), id=request_id)
        return _request(answer["request"])

    def _close(
        self, method: str, verb: str, name: str, request_id: int | str, comment: str | None
    ) -> TransitionRequest:
        content = {"name": check_model_name(name), "id": str(request_id), "comment": comment or ""}
        return _request(self._connection.call(method, f"{_REQUESTS}/{verb}", content)["request"])


def _request(message: Json) -> TransitionRequest:
    approvals = [
        Approval(item["user_id"], item["timestamp"], tuple(item.get("groups", ()))) for item in message["approvals"]
    ]
    whole = {**message, "id": int(message["id"]), "version": int(message["version"]), "approvals": approvals}
    return TransitionRequest(**whole)
