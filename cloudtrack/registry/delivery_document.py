"""How far the delivery to a webhook is, as it is stored."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel

from cloudtrack import ids
from cloudtrack.storage.document import Document

CLAIM_MS = 60_000
"""Longer than sending one message takes."""
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 900.0
MOST_ATTEMPTS = 16
"""For one message: between 45 and 90 minutes, with the pauses between them."""
MOST_PARKED = 100
"""So many of the last messages that were given up are kept."""


class Trying(BaseModel):
    """An event of which not everything is told yet."""

    name: str
    number: int
    sent: int = 0
    """So many of its messages are done with."""
    attempts: int = 0
    """So often the next one was not taken."""


class Parked(BaseModel):
    """A message that was given up."""

    name: str
    number: int
    entity: str
    action: str
    time_ms: int
    error: str


class DeliveryDocument(Document):
    """A webhook's place. Times are milliseconds since the epoch."""

    format_name: ClassVar[str] = "cloudtrack.webhook-delivery/1"

    cursor: str
    """Of the feed: nothing before it is left to tell."""
    trying: Trying | None = None
    holder: str = ""
    """Who delivers just now."""
    held_until: int = 0
    failures: int = 0
    """In a row."""
    next_time: int = 0
    """Nothing is sent before."""
    last_error: str = ""
    delivered: int = 0
    parked_count: int = 0
    parked: list[Parked] = []

    def is_due(self, holder: str, now: int) -> bool:
        """Whether somebody may deliver now."""
        return now >= self.next_time and (self.holder in ("", holder) or now >= self.held_until)

    def is_tried(self, name: str, number: int) -> bool:
        """Whether an event is the one that is being told."""
        return self.trying is not None and (self.trying.name, self.trying.number) == (name, number)

    def trying_of(self, name: str, number: int) -> Trying:
        """How far an event is."""
        if self.trying is not None and self.is_tried(name, number):
            return self.trying
        return Trying(name=name, number=number)

    def hold(self, holder: str, now: int) -> None:
        """Claim it for a while."""
        self.holder, self.held_until = holder, now + CLAIM_MS

    def release(self) -> None:
        """Leave it to whoever comes."""
        self.holder, self.held_until = "", 0

    def note_taken(self, trying: Trying, message: int) -> None:
        """A message of an event, by its number from 0, was taken."""
        self.trying = trying.model_copy(update={"sent": message + 1, "attempts": 0})
        self.delivered += 1
        self.failures, self.next_time, self.last_error = 0, 0, ""

    def note_refused(self, trying: Trying, message: int, parked: Parked) -> None:
        """It was not taken: there is a pause, twice as long as the one before; after many times it is put aside."""
        sent, attempts = message, trying.attempts + 1
        if attempts >= MOST_ATTEMPTS:
            sent, attempts = message + 1, 0
            self.parked_count += 1
            self.parked = [*self.parked, parked][-MOST_PARKED:]
        self.trying = trying.model_copy(update={"sent": sent, "attempts": attempts})
        self.failures += 1
        pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(self.failures - 1, 20)) / 2
        self.next_time = parked.time_ms + int(1000 * (pause_s + ids.jitter(pause_s)))
        self.last_error = parked.error

    def begin_again(self, cursor: str) -> None:
        """Everything after a cursor is to be told, whoever delivers just now."""
        self.cursor, self.trying = cursor, None
        self.failures, self.next_time, self.last_error, self.parked = 0, 0, "", []
        self.release()
