"""Releases: several models switched and rolled back as one.

Whoever may read all models of a release may read it. Switching, rolling back and deleting need EDIT, and to be an
approver, of each model of which a version comes or goes: as moving it between stages does.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from cloudtrack.access.permission import Permission, Resource
from cloudtrack.api.context import Context
from cloudtrack.api.endpoint import LOGIN, Declarations, Domain, Needs, On
from cloudtrack.api.errors import ApiError
from cloudtrack.api.fields import Bool, Int64, RequestModel, Required
from cloudtrack.api.mlflow import messages
from cloudtrack.api.mlflow.experiments import check_page_size
from cloudtrack.entities.release import Release
from cloudtrack.errors import CorruptData, NotFound
from cloudtrack.registry.anchor import Anchor
from cloudtrack.registry.releases import Allow

ENDPOINTS = Declarations(Domain.REGISTRY)

_READ = Needs(Permission.READ, On.RELEASE)
_SWITCH = Needs(Permission.EDIT, On.RELEASE)
_MAX_PAGE = 1000


class ReleaseRequest(RequestModel):
    name: Required


class GetRelease(ReleaseRequest):
    number: Int64 | None = None
    time_ms: Int64 | None = None


class SwitchRelease(ReleaseRequest):
    members: dict[str, str]
    """By member's name: ``encoder/12``, ``encoder@champion`` or a ``models:/`` URI."""
    replace: Bool = False
    expect: Int64 | None = None
    comment: str = ""


class RollBackRelease(ReleaseRequest):
    expect: Int64 | None = None
    comment: str = ""


class DeleteRelease(ReleaseRequest):
    comment: str = ""


class VerifyRelease(ReleaseRequest):
    anchor: str = ""


class GetReleaseHistory(ReleaseRequest):
    max_results: Int64 = _MAX_PAGE
    page_token: str = ""


class NoFields(RequestModel):
    pass


@ENDPOINTS.add("POST", "/cloudtrack/releases/switch", _SWITCH, domain=Domain.TRANSITIONS)
def switch_release(context: Context, request: SwitchRelease) -> dict[str, Any]:
    """Put members of a release to other versions, all in one commit."""
    release = context.client.releases.switch(
        request.name,
        request.members,
        replace=request.replace,
        expect=request.expect,
        comment=request.comment or None,
        allow=_approver(context),
    )
    return _message(release)


@ENDPOINTS.add("POST", "/cloudtrack/releases/rollback", _SWITCH, domain=Domain.TRANSITIONS)
def roll_back_release(context: Context, request: RollBackRelease) -> dict[str, Any]:
    """Give a release back the set that it had before, in one commit."""
    release = context.client.releases.rollback(
        request.name, expect=request.expect, comment=request.comment or None, allow=_approver(context)
    )
    return _message(release)


@ENDPOINTS.add("POST", "/cloudtrack/releases/delete", _SWITCH, domain=Domain.TRANSITIONS)
def delete_release(context: Context, request: DeleteRelease) -> None:
    """Delete a release; its history stays."""
    context.client.releases.delete(request.name, comment=request.comment or None, allow=_approver(context))


@ENDPOINTS.add("GET", "/cloudtrack/releases/get", _READ)
def get_release(context: Context, request: GetRelease) -> dict[str, Any]:
    """All members of one number of a release: now, at a number, or as it was at an instant."""
    releases = context.client.releases
    if request.time_ms is not None:
        return _message(_readable(context, releases.at(request.name, request.time_ms)))
    return _message(_readable(context, releases.get(request.name, request.number)))


@ENDPOINTS.add("GET", "/cloudtrack/releases/names", LOGIN)
def list_releases(context: Context, request: NoFields) -> dict[str, Any]:  # noqa: ARG001 - it has no fields
    """The names of the releases whose models the caller may read."""
    names = context.client.releases.names()
    return {"names": [name for name in names if _may_read(context, context.client.releases.get(name))]}


@ENDPOINTS.add("GET", "/cloudtrack/releases/history", _READ)
def get_release_history(context: Context, request: GetReleaseHistory) -> dict[str, Any]:
    """A page of the changes to a release, oldest first; those alone whose models the caller may read."""
    check_page_size(request.max_results, _MAX_PAGE)
    if request.page_token and not request.page_token.isdecimal():
        raise ApiError("INVALID_PARAMETER_VALUE", f"{request.page_token[:40]!r} is no page_token of a history")
    after = int(request.page_token or 0)
    events = context.client.releases.history(request.name, after=after, limit=request.max_results + 1)
    page = events[: request.max_results]
    for event in page:
        _check_readable(context, request.name, {member.name for member in event.change.members.values()})
    token = str(after + len(page)) if len(events) > len(page) else None
    return messages.page("events", (event.model_dump(mode="json") for event in page), token)


@ENDPOINTS.add("GET", "/cloudtrack/releases/verify", _READ)
def verify_release(context: Context, request: VerifyRelease) -> dict[str, Any]:
    """Check the numbering and the hash chain of a release's history, and that it has an anchor's event."""
    for event in context.client.releases.history(request.name, limit=1):
        _check_readable(context, request.name, {member.name for member in event.change.members.values()})
    known = Anchor.parse(request.anchor) if request.anchor else None
    try:
        anchor = context.client.releases.verify(request.name, known)
    except CorruptData as error:
        raise ApiError("DATA_LOSS", error.message) from error  # which event, is what was asked
    return {"events": anchor.number, "anchor": str(anchor)}


def _approver(context: Context) -> Allow:
    def allow(model: str) -> None:
        context.check(Permission.EDIT, Resource.REGISTERED_MODEL, model)
        context.check_approver(model)

    return allow


def _readable(context: Context, release: Release) -> Release:
    _check_readable(context, release.name, release.models)
    return release


def _check_readable(context: Context, name: str, models: set[str]) -> None:
    """What may not be read is missing, in the very words for what is not there."""
    for model in sorted(models):
        if not context.may_read(Resource.REGISTERED_MODEL, model):
            raise NotFound(f"there is no release {name!r}")


def _may_read(context: Context, release: Release) -> bool:
    return all(context.may_read(Resource.REGISTERED_MODEL, model) for model in release.models)


def _message(release: Release) -> dict[str, Any]:
    members = {name: member.model_dump() for name, member in release.members.items()}
    return {"release": {**asdict(release), "members": members}}
