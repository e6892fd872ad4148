"""Releases: several models switched and rolled back as one.

Whoever may read all models of a release may read it. Switching, rolling back and deleting need EDIT, and to be an
approver, of each model of which a version comes or goes: as moving it between stages does.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from cloudtrack.access.permission import Permission, Resource
from cloudtrack.api.context import Context
from cloudtrack.api.endpoint import LOGIN, Declarations, Domain, Needs, On
from cloudtrack.api.errors import ApiError
from cloudtrack.api.fields import Bool, Int64, RequestModel, Required
from cloudtrack.api.mlflow import messages
from cloudtrack.api.mlflow.experiments import check_page_size
from cloudtrack.entities.release import Release, parse_member
from cloudtrack.errors import CorruptData, NotFound
from cloudtrack.registry.anchor import Anchor
from cloudtrack.registry.release_events import ReleaseEvent
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
    for uri in request.members.values():  # in the same words whether it is hidden or not there
        context.check(Permission.READ, Resource.REGISTERED_MODEL, parse_member(uri).name)
    release = context.client.releases.switch(
        request.name,
        request.members,
        replace=request.replace,
        expect=request.expect,
        comment=request.comment or None,
        allow=_approver(context, request.name),
    )
    return _message(_without_hidden(context, release))


@ENDPOINTS.add("POST", "/cloudtrack/releases/rollback", _SWITCH, domain=Domain.TRANSITIONS)
def roll_back_release(context: Context, request: RollBackRelease) -> dict[str, Any]:
    """Give a release back the set that it had before, in one commit."""
    _check_known(context, request.name)
    release = context.client.releases.rollback(
        request.name, expect=request.expect, comment=request.comment or None, allow=_approver(context, request.name)
    )
    return _message(_without_hidden(context, release))


@ENDPOINTS.add("POST", "/cloudtrack/releases/delete", _SWITCH, domain=Domain.TRANSITIONS)
def delete_release(context: Context, request: DeleteRelease) -> None:
    """Delete a release; its history stays."""
    _check_known(context, request.name)
    context.client.releases.delete(
        request.name, comment=request.comment or None, allow=_approver(context, request.name)
    )


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
    events = _history(context, request.name, after=after, limit=request.max_results + 1)
    page = events[: request.max_results]
    _check_events(context, request.name, page)
    token = str(after + len(page)) if len(events) > len(page) else None
    return messages.page("events", (event.model_dump(mode="json") for event in page), token)


@ENDPOINTS.add("GET", "/cloudtrack/releases/verify", _READ)
def verify_release(context: Context, request: VerifyRelease) -> dict[str, Any]:
    """Check the numbering and the hash chain of a release's history, and that it has an anchor's event."""
    _check_events(context, request.name, _history(context, request.name))
    known = Anchor.parse(request.anchor) if request.anchor else None
    try:
        anchor = context.client.releases.verify(request.name, known)
    except CorruptData as error:
        raise ApiError("DATA_LOSS", error.message) from error  # which event, is what was asked
    return {"events": anchor.number, "anchor": str(anchor)}


def _approver(context: Context, name: str) -> Allow:
    def allow(model: str) -> None:
        if not _knows(context, model):
            raise NotFound(f"release {name!r} has, or would have, a model that you may not read")
        context.check(Permission.EDIT, Resource.REGISTERED_MODEL, model)
        context.check_approver(model)

    return allow


def _readable(context: Context, release: Release) -> Release:
    _check_readable(context, release.name, release.models)
    return release


def _check_readable(context: Context, name: str, models: set[str]) -> None:
    """What may not be read is missing, in the very words for what is not there."""
    for model in sorted(models):
        if not _knows(context, model):
            raise _none(name)


def _history(context: Context, name: str, *, after: int = 0, limit: int | None = None) -> list[ReleaseEvent]:
    try:
        return context.client.releases.history(name, after=after, limit=limit)
    except NotFound as error:
        raise (_none(name) if context.is_guarded else error) from error


def _check_known(context: Context, name: str) -> None:
    """Raises NotFound, in the very words for what is not there, where the caller may read none of its models."""
    if context.is_guarded and not any(_knows(context, model) for model in context.client.releases.get(name).models):
        raise _none(name)


def _none(name: str) -> NotFound:
    return NotFound(f"there is no release {name!r}")


def _check_events(context: Context, name: str, events: list[ReleaseEvent]) -> None:
    """Raises NotFound; a deletion may be read by who may read what was deleted."""
    if events and not events[0].change.members and events[0].number > 1:
        events = [*context.client.releases.history(name, after=events[0].number - 2, limit=1), *events]
    _check_readable(context, name, {member.name for event in events for member in event.change.members.values()})


def _without_hidden(context: Context, release: Release) -> Release:
    """The release with those members alone whose models the caller may read: others stayed as they were."""
    members = release.members.items()
    return replace(release, members={name: one for name, one in members if _knows(context, one.name)})


def _knows(context: Context, model: str) -> bool:
    return context.may_read(Resource.REGISTERED_MODEL, model)


def _may_read(context: Context, release: Release) -> bool:
    return all(_knows(context, model) for model in release.models)


def _message(release: Release) -> dict[str, Any]:
    members = {name: member.model_dump() for name, member in release.members.items()}
    return {"release": {**asdict(release), "members": members}}
