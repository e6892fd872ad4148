"""Requests to move versions to stages, in the words of the Databricks Model Registry.

Source: https://docs.databricks.com/api/workspace/modelregistry. A request is named by its ``id``, or as there by
``version`` and ``stage``: at most one is open for the two.
"""

from __future__ import annotations

from typing import Any

from cloudtrack.access.permission import Permission
from cloudtrack.api.context import Context
from cloudtrack.api.endpoint import Declarations, Domain, Needs, On
from cloudtrack.api.errors import missing_parameter
from cloudtrack.api.fields import Bool, Required
from cloudtrack.api.mlflow import messages
from cloudtrack.api.mlflow.registered_models import ModelRequest
from cloudtrack.entities.transition_request import RequestStatus, TransitionRequest
from cloudtrack.errors import NotFound

ENDPOINTS = Declarations(Domain.TRANSITIONS)

_READ = Needs(Permission.READ, On.REGISTERED_MODEL)
_EDIT = Needs(Permission.EDIT, On.REGISTERED_MODEL)
_APPROVE = Needs(Permission.EDIT, On.STAGE)


class CreateRequest(ModelRequest):
    version: Required
    stage: Required
    archive_existing_versions: Bool = False
    comment: str = ""


class OneRequest(ModelRequest):
    id: str = ""
    version: str = ""
    stage: str = ""


class CloseRequest(OneRequest):
    comment: str = ""


class ListRequests(ModelRequest):
    version: str = ""


@ENDPOINTS.add("POST", "/cloudtrack/transition-requests/create", _EDIT)
def create_transition_request(context: Context, request: CreateRequest) -> dict[str, Any]:
    """Ask that a version moves to a stage."""
    made = context.client.approvals.request(
        request.name,
        request.version,
        request.stage,
        archive_existing_versions=request.archive_existing_versions,
        comment=request.comment or None,
    )
    return {"request": messages.transition_request(made)}


@ENDPOINTS.add("POST", "/cloudtrack/transition-requests/approve", _APPROVE)
def approve_transition_request(context: Context, request: CloseRequest) -> dict[str, Any]:
    """Approve a request; the last approval that is needed moves the version, which is then in the answer."""
    request_id = _id(context, request)
    found = context.client.approvals.approve(request.name, request_id, comment=request.comment or None)
    answer = {"request": messages.transition_request(found)}
    if found.status == RequestStatus.APPROVED:
        version = context.client.model_versions.get(found.name, found.version)
        answer["model_version"] = messages.model_version(version, context.locations)
    return answer


@ENDPOINTS.add("POST", "/cloudtrack/transition-requests/reject", _APPROVE)
def reject_transition_request(context: Context, request: CloseRequest) -> dict[str, Any]:
    """Close a request, and move nothing."""
    request_id = _id(context, request)
    found = context.client.approvals.reject(request.name, request_id, comment=request.comment or None)
    return {"request": messages.transition_request(found)}


@ENDPOINTS.add("DELETE", "/cloudtrack/transition-requests/delete", _EDIT)
def delete_transition_request(context: Context, request: CloseRequest) -> dict[str, Any]:
    """Take back one's own request."""
    request_id = _id(context, request)
    found = context.client.approvals.withdraw(request.name, request_id, comment=request.comment or None)
    return {"request": messages.transition_request(found)}


@ENDPOINTS.add("GET", "/cloudtrack/transition-requests/list", _READ, domain=Domain.REGISTRY)
def list_transition_requests(context: Context, request: ListRequests) -> dict[str, Any]:
    """The open requests of a registered model, or of one version."""
    found = context.client.approvals.list(request.name, request.version or None)
    return messages.page("requests", map(messages.transition_request, found), None)


@ENDPOINTS.add("GET", "/cloudtrack/transition-requests/get", _READ, domain=Domain.REGISTRY)
def get_transition_request(context: Context, request: OneRequest) -> dict[str, Any]:
    """One request: also a closed one, where its id is given."""
    found = context.client.approvals.get(request.name, _id(context, request))
    return {"request": messages.transition_request(found)}


def _id(context: Context, request: OneRequest) -> str | int:
    if request.id:
        return request.id
    if not (request.version and request.stage):
        raise missing_parameter("id")
    stage = request.stage.lower()
    found = context.client.approvals.list(request.name, request.version)
    there: TransitionRequest | None = next((one for one in found if one.to_stage.lower() == stage), None)
    if there is None:
        raise NotFound(f"no request is open for version {request.version} of {request.name!r} in {request.stage}")
    return there.id
