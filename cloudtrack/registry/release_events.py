"""The events of a release's history, as they are stored; each has the whole set that it made.

An event is ``releases/<name>/events/<number>.json`` and names the hash of the one before it. A set is one object:
whoever reads one event has every member of one number.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cloudtrack.entities.release import Member
from cloudtrack.registry.change import Change
from cloudtrack.registry.stored_event import StoredEvent, parse_stored

FORMAT = "cloudtrack.release-event/1"


class ReleaseChange(Change):
    """What an event makes of a release; the base of all types."""

    members: dict[str, Member] = {}
    """All of them, afterwards."""


class Switched(ReleaseChange):
    """Members were put to other versions. ``name`` is the release's, whole."""

    type: Literal["switched"] = "switched"
    name: str
    asked: dict[str, str] = {}
    """What was asked for, by member, before stages and aliases were looked up."""

    def summary(self) -> str:
        return "switched to " + (_shown(self.members) or "nothing")


class RolledBack(ReleaseChange):
    """The set is again that of an earlier event."""

    type: Literal["rolled_back"] = "rolled_back"
    to: int
    """The number of that event."""

    def summary(self) -> str:
        return f"rolled back to {self.to}: {_shown(self.members)}"


class ReleaseDeleted(ReleaseChange):
    """The release is gone. Its history stays."""

    type: Literal["deleted"] = "deleted"

    def summary(self) -> str:
        return "deleted"


AnyReleaseChange = Annotated[Switched | RolledBack | ReleaseDeleted, Field(discriminator="type")]


class ReleaseEvent(StoredEvent):
    """One commit to a release."""

    format: str = FORMAT
    change: AnyReleaseChange


def parse_release_event(key: str, body: bytes) -> ReleaseEvent:
    """Raises CorruptData, naming the key."""
    return parse_stored(ReleaseEvent, "release", key, body)


def _shown(members: dict[str, Member]) -> str:
    return ", ".join(f"{name}={member.name}/{member.version}" for name, member in sorted(members.items()))
