"""The events of a release's history, as they are stored; each has the whole set that it made.

An event is ``releases/<name>/events/<number>.json`` and names the hash of the one before it. A set is one object:
whoever reads one event has every member of one number.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from cloudtrack.entities.release import Member
from cloudtrack.errors import CorruptData

FORMAT = "cloudtrack.release-event/1"


class ReleaseChange(BaseModel):
    """What an event makes of a release; the base of all types."""

    model_config = ConfigDict(extra="allow")

    members: dict[str, Member] = {}
    """All of them, afterwards."""

    def summary(self) -> str:
        """One line for people."""
        raise NotImplementedError


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


class ReleaseEvent(BaseModel):
    """One commit: who, when, why, what. ``id`` is the operation's, so that a lost answer is recognised."""

    model_config = ConfigDict(extra="allow")

    format: str = FORMAT
    number: int
    id: str
    time_ms: int
    actor: str
    comment: str | None = None
    previous_hash: str
    change: AnyReleaseChange

    def to_bytes(self) -> bytes:
        """The stored form."""
        return self.model_dump_json().encode()


_EVENT = TypeAdapter(ReleaseEvent)


def parse_release_event(key: str, body: bytes) -> ReleaseEvent:
    """Raises CorruptData, naming the key."""
    try:
        event = _EVENT.validate_json(body)
    except ValidationError as error:
        raise CorruptData(f"{key!r} is not a release event: {error.errors()[0]['msg']}") from error
    if event.format != FORMAT:
        raise CorruptData(f"{key!r} has the format {event.format[:60]!r}; this version reads {FORMAT!r}")
    return event


def _shown(members: dict[str, Member]) -> str:
    return ", ".join(f"{name}={member.name}/{member.version}" for name, member in sorted(members.items()))
