"""Histories of registered models: every change, and whether none was altered."""

from __future__ import annotations

from dataclasses import asdict
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
from cloudtrack.registry.anchor import Anchor

ENDPOINTS = Declarations(Domain.REGISTRY)

_READ = Needs(Permission.READ, On.REGISTERED_MODEL)
_MANAGE = Needs(Permission.MANAGE, On.REGISTERED_MODEL)
_MAX_PAGE = 1000


class SetStages(ModelRequest):
    stages: list[str]
    exclusive_stages: list[str] = []
    comment: str = ""


class GetAt(ModelRequest):
    time_ms: Int64


class KeepAnchor(ModelRequest):
    locked_until_ms: Int64 | None = None


class VerifyHistory(ModelRequest):
    anchor: str = ""


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
    after = _number(request.page_token)
    events = context.client.history.events(request.name, after=after, limit=request.max_results + 1)
    page = events[: request.max_results]
    token = str(after + len(page)) if len(events) > len(page) else None
    return messages.page("events", (event.model_dump(mode="json") for event in page), token)


@ENDPOINTS.add("GET", "/cloudtrack/registered-models/at", _READ)
def get_model_at(context: Context, request: GetAt) -> dict[str, Any]:
    """A registered model as it was at an instant; also of one that is deleted."""
    model = context.client.history.at(request.name, request.time_ms)
    return {"registered_model": messages.registered_model(model, context.locations)}


@ENDPOINTS.add("GET", "/cloudtrack/registered-models/blame", _READ)
def blame_model(context: Context, request: ModelRequest) -> dict[str, Any]:
    """Who put the versions into their stages, and pointed the aliases to theirs."""
    return {"placings": [asdict(item) for item in context.client.history.blame(request.name)]}


@ENDPOINTS.add("GET", "/cloudtrack/registered-models/verify", _READ)
def verify_model_history(context: Context, request: VerifyHistory) -> dict[str, Any]:
    """Check the numbering and the hash chain of a registered model's history, and that it has an anchor's event."""
    known = Anchor.parse(request.anchor) if request.anchor else None
    try:
        anchor = context.client.history.verify(request.name, known)
    except CorruptData as error:
        raise ApiError("DATA_LOSS", error.message) from error  # which event, is what was asked
    return {"events": anchor.number, "anchor": str(anchor)}


@ENDPOINTS.add("GET", "/cloudtrack/registered-models/anchors", _READ)
def list_anchors(context: Context, request: ModelRequest) -> dict[str, Any]:
    """The anchors of a registered model's history that the store keeps."""
    return {"anchors": [str(anchor) for anchor in context.client.history.anchors(request.name)]}


@ENDPOINTS.add("POST", "/cloudtrack/registered-models/anchor", _MANAGE, domain=Domain.TRANSITIONS)
def keep_anchor(context: Context, request: KeepAnchor) -> dict[str, Any]:
    """Verify a registered model's history, and keep its end as an anchor; locked, in a bucket with Object Lock."""
    return {"anchor": str(context.client.history.keep_anchor(request.name, locked_until_ms=request.locked_until_ms))}


def _number(page_token: str) -> int:
    if page_token and not page_token.isdecimal():
        raise ApiError("INVALID_PARAMETER_VALUE", f"{page_token[:40]!r} is no page_token of a history")
    return int(page_token or 0)
