"""What people did in the registry, newest first: of one model, and of all of a store."""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from cloudtrack.errors import InvalidInput, NotFound
from cloudtrack.registry import keys
from cloudtrack.registry.activity import Activity, activity_of
from cloudtrack.registry.cursors import Cursor, Cursors
from cloudtrack.registry.feed import End, Feed, FeedEvent, Shows, is_event_shown
from cloudtrack.registry.registry import Registry
from cloudtrack.storage.parallel import map_in_order

MOST_ENTRIES = 500
"""Of one page."""
MOST_READ = 2000
"""So many events are read for one page; where few of them meet the conditions, the page is short and has a next one."""
_MOST_AHEAD = 32
"""So many events of one history are read at once."""


class ActivityPage(NamedTuple):
    """Some entries, newest first, and the cursor of the next page; None at the end."""

    entries: list[Activity]
    next: str | None


@dataclass(frozen=True)
class Conditions:
    """Which entries are shown; times are in milliseconds since the epoch."""

    user: str = ""
    action: str = ""
    """A type of events, or several with commas between."""
    since_ms: int | None = None
    until_ms: int | None = None
    version: int | None = None

    def hold(self, entry: Activity) -> bool:
        """Whether an entry that is not too old is shown."""
        return (
            self.user in ("", entry.user)
            and (self.action == "" or entry.action in self.action.split(","))
            and (self.until_ms is None or entry.time <= self.until_ms)
            and (self.version is None or entry.is_about(self.version))
        )

    def are_past(self, entry: Activity) -> bool:
        """Whether the entry, and all that are older, are too old."""
        return self.since_ms is not None and entry.time < self.since_ms


class ActivityLog:
    """The activities of one store's registry. Any thread may use it."""

    def __init__(self, registry: Registry, feed: Feed) -> None:
        self._registry = registry
        self._feed = feed
        self._cursors = Cursors(registry.store)

    def of_model(self, name: str, conditions: Conditions, cursor: str = "", limit: int = 100) -> ActivityPage:
        """The history of a model, also of one that is deleted. Raises NotFound, InvalidInput.

        Two requests, and one for each event that is read: up to 32 more of them than are shown.
        """
        last = self._registry.read_any(name).number
        if not last:
            raise NotFound(f"there is no registered model {name!r}, and there never was")
        begin = min(last, _number(cursor) - 1) if cursor else last
        entries, read = _page(self._back(keys.segment(name), begin), conditions, limit)
        return ActivityPage(entries, str(read[-1].number) if read and read[-1].number > 1 else None)

    def of_store(
        self, conditions: Conditions, cursor: str = "", limit: int = 100, *, shows: Shows | None = None
    ) -> ActivityPage:
        """The histories of all models, merged by time. ``shows`` says of which models the asker may know.

        What the feed reads to know where histories end, then a request for each event that is read, and for the last
        event of each model that the index does not have. Of histories that went on since the instant where the page
        begins, one for each halving. Raises InvalidInput, NotFound for the cursor of another store.
        """
        until_ms, place = self._parsed(cursor) if cursor else (conditions.until_ms, Cursor())
        entries, read = _page(self._walk(place, until_ms, shows), conditions, limit)
        if not read:
            return ActivityPage(entries, None)
        shown = {keys.segment(entry.name): entry.number for entry in read}  # the last one counts: numbers fall
        later = Cursor().moved({**place.base, **place.since, **shown})
        return ActivityPage(entries, f"{read[-1].time}.{self._cursors.token(later)}")

    def _parsed(self, cursor: str) -> tuple[int, Cursor]:
        """The instant that a cursor goes on from, and the last event that was read of each model since the start."""
        time_ms, _, token = cursor.partition(".")
        return _number(time_ms), self._cursors.load(token)

    def _walk(self, place: Cursor, until_ms: int | None, shows: Shows | None) -> Iterator[Activity]:
        """All entries before a place, newest first; those of a model in its order."""
        ends = self._feed.ends(shows)
        numbers = map_in_order(lambda each: self._begin(each, ends[each], place, until_ms), ends)
        begins = dict(zip(ends, numbers, strict=True))
        streams = {segment: self._back(segment, number, shows) for segment, number in begins.items() if number}
        # Where the index says when a history ended, its last event is read when it is its turn.
        told = {each: ends[each].updated_ms for each in streams if begins[each] == ends[each].number}
        untold = [each for each in streams if not told.get(each)]
        firsts = zip(untold, map_in_order(lambda each: next(streams[each], None), untold), strict=True)
        heap: list[tuple[int, str, Activity | None]] = [(-told[each], each, None) for each in streams if told.get(each)]
        heap += [(-entry.time, each, entry) for each, entry in firsts if entry is not None]
        heapq.heapify(heap)
        while heap:
            _, segment, entry = heapq.heappop(heap)
            if entry is not None:
                yield entry
            following = next(streams[segment], None)
            if following is not None:
                heapq.heappush(heap, (-following.time, segment, following))

    def _begin(self, segment: str, end: End, place: Cursor, until_ms: int | None) -> int:
        """The number of the first event of a model that may be shown; 0 for none."""
        if number := place.number(segment):
            return number - 1
        if until_ms is None or (end.updated_ms and end.updated_ms <= until_ms):
            return end.number
        numbers = range(1, end.number + 1)
        return bisect_right(numbers, until_ms, key=lambda number: self._feed.event(segment, number).event.time_ms)

    def _back(self, segment: str, number: int, shows: Shows | None = None) -> Iterator[Activity]:
        """The entries of a model from one back to its first, more and more of them read at once.

        Of a release, without those in which it had a model that the asker may not know.
        """
        ahead = 1
        while number > 0:
            numbers = range(number, max(0, number - ahead), -1)
            for found in map_in_order(lambda each: self._feed.event(segment, each), numbers):
                if is_event_shown(found.event, shows):
                    yield _entry(found)
            number, ahead = number - len(numbers), min(2 * ahead, _MOST_AHEAD)


def _page(entries: Iterator[Activity], conditions: Conditions, limit: int) -> tuple[list[Activity], list[Activity]]:
    """Those that are shown; and all that were read where there may be more, nothing where that was the end."""
    if not 1 <= limit <= MOST_ENTRIES:
        raise InvalidInput(f"limit is {limit}; it must be from 1 to {MOST_ENTRIES}")
    shown: list[Activity] = []
    read: list[Activity] = []
    for entry in islice(entries, MOST_READ):
        if conditions.are_past(entry):
            return shown, []
        read.append(entry)
        if conditions.hold(entry):
            shown.append(entry)
        if len(shown) == limit:
            return shown, read
    return shown, read if len(read) == MOST_READ else []


def _entry(found: FeedEvent) -> Activity:
    return activity_of(found.name, found.event)


def _number(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 15:
        raise InvalidInput(f"{text[:40]!r} is no cursor of an activity: it is the next of the page before")
    return int(text)
