"""Comments on versions, in the words of the Databricks Model Registry; ids are those of a model.

Source: https://docs.databricks.com/api/workspace/modelregistry.
"""

from __future__ import annotations

from typing import Any

from cloudtrack.access.permission import Permission
from cloudtrack.api.context import Context
from cloudtrack.api.endpoint import Declarations, Domain, Needs, On
from cloudtrack.api.fields import Required
from cloudtrack.api.mlflow import messages
from cloudtrack.api.mlflow.registered_models import ModelRequest

ENDPOINTS = Declarations(Domain.TRANSITIONS)

_EDIT = Needs(Permission.EDIT, On.REGISTERED_MODEL)


class CreateComment(ModelRequest):
    version: Required
    comment: Required
    request_id: str = ""
    """Not Databricks': of the open request that it is about."""


class OneComment(ModelRequest):
    id: Required


class UpdateComment(OneComment):
    comment: Required


class ListComments(ModelRequest):
    version: str = ""


@ENDPOINTS.add("POST", "/cloudtrack/comments/create", _EDIT)
def create_comment(context: Context, request: CreateComment) -> dict[str, Any]:
    """Say something of a version, or of a request for it."""
    made = context.client.comments.create(
        request.name, request.version, request.comment, request_id=request.request_id or None
    )
    return {"comment": messages.version_comment(made)}


@ENDPOINTS.add("PATCH", "/cloudtrack/comments/update", _EDIT)
def update_comment(context: Context, request: UpdateComment) -> dict[str, Any]:
    """Say one's own comment otherwise."""
    changed = context.client.comments.update(request.name, request.id, request.comment)
    return {"comment": messages.version_comment(changed)}


@ENDPOINTS.add("DELETE", "/cloudtrack/comments/delete", _EDIT)
def delete_comment(context: Context, request: OneComment) -> None:
    """Take one's own comment back; the history keeps it."""
    context.client.comments.delete(request.name, request.id)


@ENDPOINTS.add("GET", "/cloudtrack/comments/list", Needs(Permission.READ, On.REGISTERED_MODEL), domain=Domain.REGISTRY)
def list_comments(context: Context, request: ListComments) -> dict[str, Any]:
    """The comments on a registered model's versions, or on one, among the model's last hundred."""
    found = context.client.comments.list(request.name, request.version or None)
    return messages.page("comments", map(messages.version_comment, found), None)
