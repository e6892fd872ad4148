"""Histories of registered models: every change, and whether none was altered."""

from __future__ import annotations

from typing import Any

from cloudtrack.access.permission import Permission
from cloudtrack.api.context import Context
from cloudtrack.api.endpoint import Declarations, Domain, Needs, On
from cloudtrack.api.errors import ApiError
from cloudtrack.api.fields import Int64
from cloudtrack.api.mlflow import messages
from cloudtrack.api.mlflow.experiments import check_page_size
from cloudtrack.api.mlflow.registered_models import ModelRequest
from cloudtrack.errors import CorruptData
from cloudtrack.search.pages import page_of

ENDPOINTS = Declarations(Domain.REGISTRY)

_READ = Needs(Permission.READ, On.REGISTERED_MODEL)
_MANAGE = Needs(Permission.MANAGE, On.REGISTERED_MODEL)
_MAX_PAGE = 1000


class SetStages(ModelRequest):
    stages: list[str]
    exclusive_stages: list[str] = []
    comment: str = ""


class GetHistory(ModelRequest):
    max_results: Int64 = _MAX_PAGE
    page_token: str = ""


@ENDPOINTS.add("POST", "/cloudtrack/registered-models/set-stages", _MANAGE, domain=Domain.TRANSITIONS)
def set_stages(context: Context, request: SetStages) -> dict[str, Any]:
    """Give a registered model stages of its own between None and Archived."""
    model = context.client.registered_models.set_stages(
        request.name, request.stages, exclusive=request.exclusive_stages, comment=request.comment or None
    )
    return {"registered_model": messages.registered_model(model, context.locations)}


@ENDPOINTS.add("GET", "/cloudtrack/registered-models/history", _READ)
def get_model_history(context: Context, request: GetHistory) -> dict[str, Any]:
    """A page of the changes to a registered model, oldest first; also of one that is deleted."""
    check_page_size(request.max_results, _MAX_PAGE)
    page = page_of(context.client.history.events(request.name), request.max_results, request.page_token)
    return messages.page("events", (event.model_dump(mode="json") for event in page), page.token)


@ENDPOINTS.add("GET", "/cloudtrack/registered-models/verify", _READ)
def verify_model_history(context: Context, request: ModelRequest) -> dict[str, Any]:
    """Check the numbering and the hash chain of a registered model's history."""
    try:
        return {"events": context.client.history.verify(request.name)}
    except CorruptData as error:
        raise ApiError("DATA_LOSS", error.message) from error  # which event, is what was asked
