"""What people did, for a page that shows it: an event of a model's or a release's history as one flat line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cloudtrack.registry.events import AliasDeleted, AliasSet, AnyChange, Event, StageTransitioned
from cloudtrack.registry.release_events import AnyReleaseChange, ReleaseEvent
from cloudtrack.registry.review_state import MOST_TEXT


@dataclass(frozen=True, slots=True)
class Activity:
    """One event: who did what, when and why. The time is in milliseconds since the epoch."""

    name: str
    """Of the registered model, or of the release."""
    number: int
    """Of the event in its history."""
    time: int
    user: str
    action: str
    """The type of the change: ``stage_transitioned``, ``alias_set`` ..."""
    summary: str
    version: int | None = None
    from_stage: str | None = None
    to_stage: str | None = None
    alias: str | None = None
    previous: list[int] = field(default_factory=list)
    """The versions that held the stage or the alias before."""
    archived: list[int] = field(default_factory=list)
    comment: str | None = None
    request: int | None = None
    """The request for a transition that it is about."""
    request_id: str | None = None
    """Of the HTTP request that asked for it."""
    forced: bool = False
    """Whether it was done though the policy did not allow it."""

    def is_about(self, version: int) -> bool:
        """Whether the event is about a version, or moved it aside."""
        return version == self.version or version in (*self.previous, *self.archived)


def activity_of(name: str, event: Event | ReleaseEvent) -> Activity:
    """An event as one line."""
    change = event.change
    said = getattr(change, "text", None)
    return Activity(
        name=name,
        number=event.number,
        time=event.time_ms,
        user=event.actor,
        action=change.type,
        summary=event.summary(),
        version=getattr(change, "version", None),
        from_stage=getattr(change, "from_stage", None),
        to_stage=getattr(change, "to_stage", None),
        alias=getattr(change, "alias", None),
        previous=_previous(change),
        archived=change.archived if isinstance(change, StageTransitioned) else [],
        comment=(said if isinstance(said, str) else event.comment or "")[:MOST_TEXT] or None,
        request=_request(change),
        request_id=event.request_id,
        forced=isinstance(change, StageTransitioned) and change.decision is not None and change.decision.forced,
    )


def _previous(change: AnyChange | AnyReleaseChange) -> list[int]:
    if isinstance(change, AliasSet | AliasDeleted):
        return [change.previous] if change.previous is not None else []
    return change.previous if isinstance(change, StageTransitioned) else []


def _request(change: Any) -> int | None:
    number = getattr(change, "request", None)
    return number if isinstance(number, int) else None
