"""A word on the event bus about each event of the registry.

The registry's own events are the truth, and its feed has all of them. What is put on the bus is for those who want to
act at once: it is sent after the commit, and where sending fails the log says so and the commit stands.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from cloudtrack import config
from cloudtrack.api.message import Request, Response
from cloudtrack.registry.stored_event import StoredEvent

SOURCE = "cloudtrack"
DETAIL_TYPES = {
    "model_created": "Registered Model Created",
    "model_changed": "Registered Model Changed",
    "model_deleted": "Registered Model Deleted",
    "version_created": "Model Version Created",
    "version_pinned": "Model Version Pinned",
    "version_changed": "Model Version Changed",
    "version_deleted": "Model Version Deleted",
    "stage_transitioned": "Model Version Stage Changed",
    "alias_set": "Model Alias Set",
    "alias_deleted": "Model Alias Deleted",
    "rename_started": "Registered Model Rename Started",
    "rename_given_up": "Registered Model Rename Given Up",
    "renamed": "Registered Model Renamed",
    "moved_in": "Registered Model Moved In",
    "transition_requested": "Model Version Transition Requested",
    "transition_denied": "Model Version Transition Denied",
    "request_approved": "Transition Request Approved",
    "request_rejected": "Transition Request Rejected",
    "request_withdrawn": "Transition Request Withdrawn",
    "request_commented": "Transition Request Commented",
    "version_commented": "Model Version Commented",
    "comment_changed": "Comment Changed",
    "comment_deleted": "Comment Deleted",
    "switched": "Release Switched",
    "rolled_back": "Release Rolled Back",
    "deleted": "Release Deleted",
}
"""By the type of the change."""
_MOST_BYTES = 200_000
"""EventBridge takes entries of 256 KB; of larger ones the feed has the rest."""
_AT_ONCE = 10
"""So many entries EventBridge takes in one request."""

_log = logging.getLogger("cloudtrack.announcements")


class Announcer:
    """Notes what a request commits, and tells the bus that CLOUDTRACK_EVENT_BUS names before the answer is sent."""

    def __init__(self) -> None:
        self._committed: list[tuple[str, StoredEvent]] = []

    def note(self, name: str, event: StoredEvent) -> None:
        """An event of a model or a release has been committed."""
        self._committed.append((name, event))

    def announce(self, request: Request, _response: Response) -> None:
        """Put what was noted on the bus."""
        committed, self._committed = self._committed, []
        bus = config.environment().get("CLOUDTRACK_EVENT_BUS")
        if not bus or not committed:
            return
        details = [(_detail_type(event), detail_of(name, event, request.request_id)) for name, event in committed]
        try:
            for first in range(0, len(details), _AT_ONCE):
                _put(bus, details[first : first + _AT_ONCE])
        except Exception:  # noqa: BLE001 - whatever it is, the commits have been made
            _log.exception("the bus %s was not told of %s", bus, [(name, event.number) for name, event in committed])


def detail_of(name: str, event: StoredEvent, request_id: str) -> dict[str, Any]:
    """What the bus is told of an event; a long one without what is long about it."""
    change = event.change.model_dump(mode="json", exclude={"state"})
    if change.get("imported", "") is None:  # only an import has something to say of the past
        del change["imported"]
    detail = {
        "name": name,
        "number": event.number,
        "time_ms": event.time_ms,
        "actor": event.actor,
        "comment": event.comment or "",
        "request_id": request_id,
    }
    whole = {**change, **detail}
    if len(json.dumps(whole).encode()) <= _MOST_BYTES:
        return whole
    short = {key: value for key, value in whole.items() if len(json.dumps(value)) <= _MOST_BYTES // 10}
    return {**short, "is_cut": True}


def _detail_type(event: StoredEvent) -> str:
    return DETAIL_TYPES[event.change.type]


def _put(bus: str, details: list[tuple[str, dict[str, Any]]]) -> None:
    """boto3 takes longer to import than all the rest, and commits are rare."""
    import boto3
    from botocore.config import Config

    limits = Config(connect_timeout=2, read_timeout=3, retries={"total_max_attempts": 2})
    entries = [
        {"Source": SOURCE, "DetailType": kind, "Detail": json.dumps(detail), "EventBusName": bus}
        for kind, detail in details
    ]
    answer = boto3.client("events", config=limits).put_events(Entries=entries)
    if answer["FailedEntryCount"]:
        raise RuntimeError(f"EventBridge refused events: {[entry.get('ErrorCode') for entry in answer['Entries']]}")
