"""The history of a model: every change, who, when and why; whether it is whole, and what was when."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice

from cloudtrack.entities.registered_model import RegisteredModel
from cloudtrack.errors import CorruptData, InvalidInput, NotFound
from cloudtrack.registry.events import Event, hash_of, parse_event
from cloudtrack.registry.past import Past
from cloudtrack.registry.registry import Registry
from cloudtrack.registry.version_state import Placing
from cloudtrack.storage.object_store import ObjectStore

_ANCHOR = re.compile(r"([1-9]\d{0,11}):([0-9a-f]{64})")


@dataclass(frozen=True)
class Anchor:
    """A point of a history, to be kept elsewhere: what comes before it cannot be changed or cut off unnoticed."""

    number: int
    """Of an event."""
    event_hash: str
    """SHA-256 of the event's bytes, which names the one before it."""

    def __str__(self) -> str:
        return f"{self.number}:{self.event_hash}"

    @classmethod
    def parse(cls, text: str) -> Anchor:
        """Raises InvalidInput."""
        match = _ANCHOR.fullmatch(text.strip())
        if match is None:
            raise InvalidInput(
                f"{text[:100]!r} is no anchor: <number>:<64 hexadecimal digits>, as `registry anchor` prints"
            )
        return cls(int(match[1]), match[2])


@dataclass(frozen=True)
class Blame:
    """Who put a version where it is, when and why. The time is in milliseconds since the epoch."""

    place: str
    """A stage, or ``@`` and an alias."""
    version: int
    number: int
    """Of the event."""
    time_ms: int
    actor: str
    comment: str
    """Its beginning; the event has all of it."""

    @classmethod
    def of(cls, place: str, version: int, placing: Placing) -> Blame:
        """From what the state keeps."""
        return cls(place, version, placing.number, placing.time_ms, placing.actor, placing.comment)


class History:
    """The histories of one store's registered models. They outlive the models."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._past = Past(registry)
        self._store: ObjectStore = registry.store

    def events(self, name: str, *, after: int = 0, limit: int | None = None) -> list[Event]:
        """The changes after the first ``after``, oldest first. Raises NotFound for a name that never existed."""
        events = self._registry.events(name)
        bodies = islice(events.read_listed(after), limit)
        found = [parse_event(events.key(number), body) for number, body in bodies]
        if not found and not after:
            raise NotFound(f"there is no registered model {name!r}, and there never was")
        return found

    def at(self, name: str, time_ms: int) -> RegisteredModel:
        """A model as it was at an instant, in milliseconds since the epoch. Raises NotFound, InvalidInput."""
        return self._past.at(name, time_ms).entity()

    def blame(self, name: str) -> list[Blame]:
        """Who put the versions into their stages, and pointed the aliases to theirs. Raises NotFound."""
        state = self._registry.read(name)
        holders = [
            Blame.of(stage, number, version.staged)
            for stage in state.own_stages
            for number in state.versions.holders(stage)
            if (version := state.versions.get(number)) is not None and version.staged is not None
        ]
        aliases = sorted(state.aliases.items())
        return [*holders, *(Blame.of(f"@{alias}", number, state.aliased[alias]) for alias, number in aliases)]

    def verify(self, name: str, anchor: Anchor | None = None) -> Anchor:
        """The end of a history, when each event follows the one before it. Needs read access only.

        With an ``anchor`` that was kept elsewhere a history that was written anew or cut off is noticed too. Raises
        CorruptData naming the first event that does not follow: altered, inserted, out of order, or missing.
        """
        events = self._registry.events(name)
        previous_hash, last = "", 0
        for number, body in events.read_listed():
            event = parse_event(events.key(number), body)
            if event.number != number:
                raise CorruptData(
                    f"{events.key(number)!r} says that it is event {event.number}: the history was altered"
                )
            if event.previous_hash != previous_hash:
                raise CorruptData(
                    f"{events.key(number)!r} does not follow event {number - 1}: one of the two was altered or replaced"
                )
            previous_hash, last = hash_of(body), number
            if anchor is not None and number == anchor.number and previous_hash != anchor.event_hash:
                raise CorruptData(
                    f"{events.key(number)!r} is not the event of the anchor: it or one before was altered"
                )
        beyond = next((info.key for info in self._store.list(events.prefix, start_after=events.key(last))), None)
        if beyond is not None:
            raise CorruptData(f"{events.key(last + 1)!r} is missing, but {beyond!r} is there: the history has a gap")
        if anchor is not None and last < anchor.number:
            raise CorruptData(
                f"{events.key(last + 1)!r} is missing, and the anchor is event {anchor.number}: the end was cut off"
            )
        if last == 0:
            raise NotFound(f"there is no registered model {name!r}, and there never was")
        return Anchor(last, previous_hash)
