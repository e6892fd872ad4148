"""An event as it is stored, whatever it is of: who, when, why, what, and the hash of the one before it."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from cloudtrack.errors import CorruptData


class StoredEvent(BaseModel):
    """One commit. ``id`` is the operation's, so that a lost answer is recognised. Kinds say what ``change`` may be."""

    model_config = ConfigDict(extra="allow")

    format: str
    number: int
    id: str
    time_ms: int
    actor: str
    comment: str | None = None
    request_id: str | None = None
    """Of the HTTP request that asked for it."""
    previous_hash: str
    change: Any

    def summary(self) -> str:
        """One line for people."""
        return str(self.change.summary())

    def to_bytes(self) -> bytes:
        """The stored form."""
        return self.model_dump_json().encode()


E = TypeVar("E", bound=StoredEvent)


def parse_stored(kind: type[E], noun: str, key: str, body: bytes) -> E:
    """Raises CorruptData, naming the key."""
    try:
        event = kind.model_validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        if first["type"] == "union_tag_invalid":
            raise CorruptData(f"{key!r} is an event of a type that this version of cloudtrack does not know") from error
        raise CorruptData(f"{key!r} is not a {noun} event: {first['msg']}") from error
    expected = kind.model_fields["format"].default
    if event.format != expected:
        raise CorruptData(f"{key!r} has the format {event.format[:60]!r}; this version reads {expected!r}")
    return event
