"""The events of all models and releases of a store, one after another: those that a consumer has not read yet.

Nothing is numbered across them, so commits stay as cheap as they are. A consumer's cursor says how far it is in each
history, and the index says which histories have gone on.
"""

from __future__ import annotations

import heapq
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, NamedTuple

from cloudtrack.entities.release import Member
from cloudtrack.errors import CloudtrackError, CorruptData, InvalidInput, ObjectNotFound
from cloudtrack.index.cache import PartCache
from cloudtrack.registry import keys
from cloudtrack.registry.cursors import Cursor, Cursors
from cloudtrack.registry.events import Event, parse_event
from cloudtrack.registry.heads import UNKNOWN, Head, Heads
from cloudtrack.registry.registry import Registry
from cloudtrack.registry.release_chain import ReleaseChain
from cloudtrack.registry.release_events import ReleaseEvent, parse_release_event
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.parallel import map_in_order
from cloudtrack.storage.sequence import Sequence as Entries

START, NOW = "start", "now"
MODEL, RELEASE = "registered_model", "release"
MOST_EVENTS = 1000
"""Of one page."""
_AT_ONCE = 256
"""So many histories are looked at together, or as many as events are asked for."""
_MOST_AHEAD = 64
"""So many events of one history are read at once."""
_MOST_BYTES = 4 << 20
"""Of the events of one page, unless it has one alone: a Lambda function answers with 6 MB at the most."""

Shows = Callable[[str], bool]
"""Whether the asker may know of a model, by its name."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FeedEvent:
    """An event, and the model or the release whose history it is part of."""

    name: str
    event: Event | ReleaseEvent

    @property
    def is_release(self) -> bool:
        """Whether it is of a release."""
        return isinstance(self.event, ReleaseEvent)

    @property
    def title(self) -> str:
        """The name, of a release with that word before it: what no other history has."""
        return f"release:{self.name}" if self.is_release else self.name

    @property
    def document_id(self) -> str:
        """What the index calls the model or the release."""
        segment = keys.segment(self.name)
        return keys.release_id(segment) if self.is_release else segment

    def to_json(self) -> dict[str, Any]:
        """As the API and the command line show it."""
        resource = RELEASE if self.is_release else MODEL
        return {"name": self.name, "resource": resource, "event": self.event.model_dump(mode="json")}

    @classmethod
    def of_json(cls, shown: Mapping[str, Any]) -> FeedEvent:
        """What ``to_json`` gave."""
        kind = ReleaseEvent if shown.get("resource") == RELEASE else Event
        return cls(shown["name"], kind.model_validate(shown["event"]))


class FeedPage(NamedTuple):
    """Some events, and the cursor after them. A page without events is the end, for now."""

    events: list[FeedEvent]
    cursor: str


class End(NamedTuple):
    """The last event of a history, and when it was committed; 0 where that is not known without reading it."""

    number: int
    updated_ms: int


class Feed:
    """The feed of one store's registry. Any thread may use it."""

    def __init__(self, store: ObjectStore, cache: PartCache) -> None:
        self._cursors = Cursors(store)
        self._store = store
        self._heads = Heads(store, cache)
        self._registry = Registry(store, actor="")
        self._releases = ReleaseChain(store, actor="")
        self._names: dict[str, str] = {}

    def read(self, cursor: str = START, limit: int = 100, *, shows: Shows | None = None) -> FeedPage:
        """The next events after a cursor, each once, and the cursor after them.

        ``start`` is before the first event ever; ``now`` gives a cursor and no events. The events of one model come in
        their order; models are ranked by time, then name, among what is read together, and so are releases. ``shows``
        says of which models the asker may know; a release goes up to its first event that has another. Two requests
        where nothing is new. Raises InvalidInput; NotFound for a cursor of another store.
        """
        if not 1 <= limit <= MOST_EVENTS:
            raise InvalidInput(f"limit is {limit}; it must be from 1 to {MOST_EVENTS}")
        if cursor == NOW:
            return FeedPage([], self.now(shows=shows))
        place = self._place(cursor)
        events, numbers = self._after(place, limit, shows)
        if not events and cursor != START:
            return FeedPage([], cursor)
        return FeedPage(events, self._cursors.token(place.moved(numbers)))

    def now(self, *, shows: Shows | None = None) -> str:
        """The cursor after every event whose commit has returned."""
        return self._ends(lambda _segment, _head, number: number, shows)

    def since(self, time_ms: int) -> str:
        """The cursor before what was committed at an instant or later, by the clocks of those who committed."""

        def first_before(segment: str, head: Head, number: int) -> int:
            if head.updated and head.updated < time_ms:
                return number
            while number and self._read(segment, number).event.time_ms >= time_ms:
                number -= 1
            return number

        return self._ends(first_before, None)

    def ends(self, shows: Shows | None = None) -> dict[str, End]:
        """The ends of all histories that the asker may know of, by segment of keys."""
        heads = self._shown_heads(shows)
        numbers = map_in_order(lambda segment: self._last(segment, heads[segment]), heads)
        return {
            segment: End(number, head.updated if number == head.certain else 0)
            for (segment, head), number in zip(heads.items(), numbers, strict=True)
        }

    def event(self, segment: str, number: int) -> FeedEvent:
        """One event of the model with a segment of keys. Raises ObjectNotFound, CorruptData."""
        return FeedEvent(self._name(segment), self._read(segment, number).event)

    def token(self, cursor: str) -> str:
        """What a cursor means now, ``start`` and ``now`` too, as a token. Raises InvalidInput, NotFound."""
        if cursor == NOW:
            return self.now()
        return self._cursors.token(self._place(cursor))

    def after(self, cursor: str, events: Sequence[FeedEvent]) -> str:
        """The cursor after more events: of each model, all up to the last of these."""
        numbers: dict[str, int] = {}
        for item in events:
            segment = item.document_id
            numbers[segment] = max(item.event.number, numbers.get(segment, 0))
        return self._cursors.token(self._place(cursor).moved(numbers)) if events else cursor

    def _place(self, cursor: str) -> Cursor:
        return Cursor() if cursor == START else self._cursors.load(cursor)

    def _ends(self, choose: Callable[[str, Head, int], int], shows: Shows | None) -> str:
        heads = self._shown_heads(shows)

        def end(segment: str) -> int:
            return choose(segment, heads[segment], self._last(segment, heads[segment]))

        numbers = dict(zip(heads, map_in_order(end, heads), strict=True))
        return self._cursors.token(Cursor().moved({segment: number for segment, number in numbers.items() if number}))

    def _shown_heads(self, shows: Shows | None) -> dict[str, Head]:
        return {
            segment: head
            for segment, head in self._heads.read().items()
            if self._is_shown(segment, shows) and self._is_release_shown(segment, shows)
        }

    def _last(self, segment: str, head: Head) -> int:
        """The number of a history's last event."""
        if head is UNKNOWN:
            chain = self._registry if keys.release_in(segment) is None else self._releases
            return chain.read_any(self._name(segment)).number
        if head.certain < head.announced:
            try:
                self._store.stat(self._entries(segment).key(head.announced))
            except ObjectNotFound:
                return head.certain
        return head.announced

    def _after(self, place: Cursor, limit: int, shows: Shows | None) -> tuple[list[FeedEvent], dict[str, int]]:
        """The next events, and how far they go in each history."""
        heads = self._heads.read()
        news = [segment for segment, head in heads.items() if head.announced > place.number(segment)]
        news.sort(key=lambda segment: (heads[segment].certain <= place.number(segment), segment))
        shown = (segment for segment in news if self._is_shown(segment, shows))
        while some := list(islice(shown, max(limit, _AT_ONCE))):
            streams = [self._history(segment, place.number(segment), heads[segment], shows) for segment in some]
            events: list[FeedEvent] = []
            numbers: dict[str, int] = {}
            size_bytes = 0
            for item in islice(_merged(streams), limit):
                size_bytes += item.size_bytes
                if events and size_bytes > _MOST_BYTES:
                    break
                events.append(FeedEvent(self._name(item.segment), item.event))
                numbers[item.segment] = item.event.number
            if events:
                return events, numbers
        return [], {}

    def _history(self, segment: str, after: int, head: Head, shows: Shows | None) -> Iterator[_Read]:
        """The events of a model or a release that come after one; up to the first that cannot be read, or not be shown.

        That one stays where it is.
        """
        number, ahead = after, 1
        while number < head.announced:
            numbers = range(number + 1, min(number + ahead, head.announced) + 1)
            try:
                for item in map_in_order(lambda each: self._read_or_none(segment, each), numbers):
                    if item is None:
                        if number < head.certain:
                            raise CorruptData(f"{self._entries(segment).key(number + 1)!r} is missing")
                        return
                    if not is_event_shown(item.event, shows):
                        return
                    yield item
                    number += 1
            except CorruptData as error:  # one bad object must not hold back all others
                _log.warning("the feed waits before an event: %s", error)
                return
            ahead = min(2 * ahead, _MOST_AHEAD)

    def _read_or_none(self, segment: str, number: int) -> _Read | None:
        try:
            return self._read(segment, number)
        except ObjectNotFound:
            return None

    def _read(self, segment: str, number: int) -> _Read:
        entries = self._entries(segment)
        body = entries.get(number)
        parse: Callable[[str, bytes], Event | ReleaseEvent]
        parse = parse_event if keys.release_in(segment) is None else parse_release_event
        event = parse(entries.key(number), body)
        if event.number != number:
            raise CorruptData(f"{entries.key(number)!r} says that it is event {event.number}")
        return _Read(segment, event, len(body))

    def _entries(self, segment: str) -> Entries:
        release = keys.release_in(segment)
        return Entries(self._store, keys.events_in(segment) if release is None else keys.release_events_in(release))

    def _is_shown(self, segment: str, shows: Shows | None) -> bool:
        """Of a release that is seen event by event."""
        return shows is None or keys.release_in(segment) is not None or shows(self._name(segment))

    def _is_release_shown(self, segment: str, shows: Shows | None) -> bool:
        """Of a release: whether the asker may know what it is now, or was in the end."""
        if shows is None or keys.release_in(segment) is None:
            return True
        state = self._releases.read_any(self._name(segment))
        if state.exists or state.number < 2:
            return _are_shown(state.members, shows)
        before = self._read(segment, state.number - 1).event  # the deletion itself has no members
        return isinstance(before, ReleaseEvent) and _are_shown(before.change.members, shows)

    def _name(self, segment: str) -> str:
        """The name of a model or a release. Of a long one the first event has it; there may be none yet."""
        release = keys.release_in(segment)
        name = self._names.get(segment) or keys.name_of(release or segment)
        if name is None:
            try:
                name = self._registry.name_in(segment) if release is None else self._releases.name_in(release)
            except CloudtrackError:
                name = None
            if name is not None:
                self._names[segment] = name
        return name or segment


def is_event_shown(event: Event | ReleaseEvent, shows: Shows | None) -> bool:
    """Whether the asker may know all models that a release had then; true of events that are of no release."""
    return not isinstance(event, ReleaseEvent) or _are_shown(event.change.members, shows)


class _Read(NamedTuple):
    segment: str
    event: Event | ReleaseEvent
    size_bytes: int


def _are_shown(members: Mapping[str, Member], shows: Shows | None) -> bool:
    return shows is None or all(shows(name) for name in {member.name for member in members.values()})


def _merged(streams: Sequence[Iterator[_Read]]) -> Iterator[_Read]:
    """All of them by time, each in its own order; their first ones are read at once."""
    first = map_in_order(lambda stream: next(stream, None), streams)
    begun = [chain([head], rest) for head, rest in zip(first, streams, strict=True) if head is not None]
    return heapq.merge(*begun, key=lambda item: (item.event.time_ms, item.segment))
