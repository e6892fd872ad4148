"""Histories of the registry for the web page: who did what, newest first, and when what was where."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from cloudtrack.access.permission import Permission, Resource
from cloudtrack.api.conditional import unless_known
from cloudtrack.api.context import Context
from cloudtrack.api.endpoint import LOGIN, Declarations, Domain, Needs, On
from cloudtrack.api.fields import Int64, RequestModel
from cloudtrack.api.message import Response, json_response
from cloudtrack.api.mlflow import messages
from cloudtrack.api.mlflow.registered_models import ModelRequest
from cloudtrack.entities.registered_model import check_version
from cloudtrack.registry.activity_log import ActivityPage, Conditions
from cloudtrack.registry.timelines import Period

ENDPOINTS = Declarations(Domain.REGISTRY)

_READ = Needs(Permission.READ, On.REGISTERED_MODEL)
_MOST_PERIODS = 20_000


class StoreActivity(RequestModel):
    cursor: str = ""
    user: str = ""
    action: str = ""
    """The type of the events, such as ``stage_transitioned``; or several with commas between."""
    since: Int64 | None = None
    """Milliseconds since the epoch, as ``until``."""
    until: Int64 | None = None
    max_results: Int64 = 100


class ModelActivity(ModelRequest, StoreActivity):
    version: str = ""


@ENDPOINTS.add("GET", "/cloudtrack/models/activity", _READ)
def get_model_activity(context: Context, request: ModelActivity) -> Response:
    """Who did what with a registered model, or with one version, newest first; also of one that is deleted."""
    version = check_version(request.version) if request.version else None
    conditions = Conditions(request.user, request.action, request.since, request.until, version)
    page = context.client.activity.of_model(request.name, conditions, request.cursor, request.max_results)
    return unless_known(json_response(_message(page)), context.request)


@ENDPOINTS.add("GET", "/cloudtrack/activity", LOGIN, domain=Domain.METRICS)
def get_activity(context: Context, request: StoreActivity) -> Response:
    """Who did what with the registered models that one may read, newest first."""
    conditions = Conditions(request.user, request.action, request.since, request.until)
    shows = (lambda name: context.may_read(Resource.REGISTERED_MODEL, name)) if context.is_guarded else None
    page = context.client.activity.of_store(conditions, request.cursor, request.max_results, shows=shows)
    return unless_known(json_response(_message(page)), context.request)


@ENDPOINTS.add("GET", "/cloudtrack/models/timeline", _READ)
def get_model_timeline(context: Context, request: ModelRequest) -> Response:
    """When each version was in which stage, what aliases pointed to, and the transitions with their comments."""
    line = context.client.timelines.get(request.name)
    versions: dict[int, list[list[Any]]] = {}
    for period in line.periods[-_MOST_PERIODS:]:
        versions.setdefault(period.version, []).append([period.what, period.begin, period.end])
    content = {
        "stages": line.stages,
        "versions": [{"version": version, "periods": versions[version]} for version in sorted(versions)],
        "aliases": [_flag(period) for period in line.aliases],
        "ticks": [asdict(tick) for tick in line.ticks],
        "truncated": line.truncated or len(line.periods) > _MOST_PERIODS,
    }
    return unless_known(json_response(content), context.request)


@ENDPOINTS.add("GET", "/cloudtrack/transition-requests/open", LOGIN, domain=Domain.METRICS)
def list_open_requests(context: Context, request: RequestModel) -> Response:  # noqa: ARG001 - there is nothing to say
    """The open requests of all registered models that one may read, newest first, and which one may approve."""
    shows = (lambda name: context.may_read(Resource.REGISTERED_MODEL, name)) if context.is_guarded else None
    found, truncated = context.client.inbox.open(shows=shows)
    requests = [
        {
            **messages.transition_request(one),
            "is_mine": one.user_id == context.user,
            "may_approve": context.may_approve(one.name),
            "has_approved": context.user in {approval.user_id for approval in one.approvals},
        }
        for one in found
    ]
    return unless_known(json_response({"requests": requests, "truncated": truncated}), context.request)


def _message(page: ActivityPage) -> dict[str, Any]:
    return {"activity": [_entry(asdict(entry)) for entry in page.entries], "next": page.next}


def _entry(told: dict[str, Any]) -> dict[str, Any]:
    """What there is of an entry."""
    return {name: value for name, value in told.items() if value not in (None, [], False)}


def _flag(period: Period) -> dict[str, Any]:
    return {"alias": period.what, "version": period.version, "from": period.begin, "to": period.end}
