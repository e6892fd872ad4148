"""The history of a model: every change, who, when and why; and whether it is whole."""

from __future__ import annotations

from cloudtrack.errors import CorruptData, NotFound
from cloudtrack.registry.events import Event, hash_of, parse_event
from cloudtrack.registry.registry import Registry
from cloudtrack.storage.object_store import ObjectStore


class History:
    """The histories of one store's registered models. They outlive the models."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._store: ObjectStore = registry.store

    def events(self, name: str) -> list[Event]:
        """Every change, oldest first. Raises NotFound for a name that never existed."""
        events = self._registry.events(name)
        found = [parse_event(events.key(number), body) for number, body in events.read_after(0)]
        if not found:
            raise NotFound(f"there is no registered model {name!r}, and there never was")
        return found

    def verify(self, name: str) -> int:
        """The number of events, when each follows the one before it. Needs read access only.

        Raises CorruptData naming the first that does not: altered, inserted, out of order, or missing.
        """
        events = self._registry.events(name)
        previous_hash, last = "", 0
        for number, body in events.read_after(0):
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
        beyond = next((info.key for info in self._store.list(events.prefix, start_after=events.key(last))), None)
        if beyond is not None:
            raise CorruptData(f"{events.key(last + 1)!r} is missing, but {beyond!r} is there: the history has a gap")
        if last == 0:
            raise NotFound(f"there is no registered model {name!r}, and there never was")
        return last
