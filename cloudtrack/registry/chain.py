"""Histories that are the truth: named, hash-chained sequences of events, and the state that they fold to.

A change is an event, and the commit is the creation of the next number. A checkpoint is the state folded up to some
event; whoever commits moves it forward. A reader takes it and asks for the events after it, usually one request that
finds none. Without it, or where it is nonsense, the state is folded from the first event.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from cloudtrack import clock, ids
from cloudtrack.errors import Conflict, CorruptData, NotFound, ObjectExists, ObjectNotFound, Unavailable
from cloudtrack.registry.anchor import Anchor
from cloudtrack.registry.stored_event import StoredEvent
from cloudtrack.storage.mentioning import is_late
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.sequence import Sequence

RECENT_OPERATIONS = 100
_SAVED_EVENTS = 64
"""Of many events that are brought at once a checkpoint is made after so many."""
_MAX_ATTEMPTS = 2000
_CLOCKS_DIFFER_MS = 3_600_000
"""Times of events are those of other machines."""
_FIRST_PAUSE_S = 0.002
_LONGEST_PAUSE_S = 0.25


class ChainState(Protocol):
    """What a state says of its history, whatever else it holds."""

    number: int
    last_hash: str
    updated: int
    recent: dict[str, int]
    """The last operations by id, with the number of the event: one whose answer was lost is not done again."""


C = TypeVar("C")
S = TypeVar("S", bound=ChainState)
E = TypeVar("E", bound=StoredEvent)
OnCommit = Callable[[str, StoredEvent], None]
"""Told of a name and an event of its history that has just been committed; must not raise."""


@dataclass(frozen=True)
class Checkpoint(Generic[S]):
    """A state as it was read, and the etag that it is replaced under; no state where it is nonsense."""

    state: S | None
    etag: str


class Chain(ABC, Generic[S, C, E]):
    """The histories of one kind in a store.

    ``operation`` is a name, unique for ever, for the one thing that is done with it. Done again by another one
    with the same name, because an answer was lost, it is not done twice.
    """

    noun: ClassVar[str]
    """What a history is of, for messages."""

    event_type: ClassVar[Callable[..., Any]]
    """Makes an event of its fields."""

    def __init__(
        self,
        store: ObjectStore,
        actor: str,
        operation: str = "",
        *,
        request_id: str = "",
        since_ms: int = 0,
        on_commit: Iterable[OnCommit] = (),
    ) -> None:
        """``request_id`` is that of the request which the actor sent.

        ``since_ms`` is when an operation was named that may have been done long ago: then it is looked for among all
        events since, and not among the last alone. ``on_commit`` are told of what this commits, where that is certain
        at once: for what is a help, not a promise.
        """
        self.store = store
        self.actor = actor
        self._operation = operation
        self._request_id = request_id
        self._since_ms = since_ms
        self._on_commit = on_commit

    @abstractmethod
    def events(self, name: str) -> Sequence:
        """A history. Raises InvalidInput for a name that cannot be."""

    @abstractmethod
    def empty(self, name: str) -> S:
        """The state before the first event."""

    @abstractmethod
    def parse(self, key: str, body: bytes) -> E:
        """Raises CorruptData, naming the key."""

    @abstractmethod
    def _checkpoint(self, name: str) -> Checkpoint[S] | None:
        """The last checkpoint; None where there is none."""

    @abstractmethod
    def _save(self, name: str, state: S, known: Checkpoint[S] | None) -> None:
        """Move the checkpoint forward. Only a help: no failure matters."""

    def _forget(self, name: str, state: S) -> None:
        """Take back what was saved so late that something which the state names may be gone."""

    @abstractmethod
    def _apply(self, state: S, event: E, event_hash: str) -> None:
        """Bring the state past its next event."""

    def _announce(self, name: str, number: int) -> None:
        """Tell the index, before the commit."""

    def _event(self, state: S, operation: str, change: C, comment: str | None) -> E:
        """The next event."""
        event: E = self.event_type(
            number=state.number + 1,
            id=operation,
            time_ms=max(clock.now_ms(), state.updated),
            actor=self.actor,
            comment=comment,
            request_id=self._request_id or None,
            previous_hash=state.last_hash,
            change=change,
        )
        return event

    def read_any(self, name: str) -> S:
        """The state after every commit that has returned, also of a name that never existed or is deleted."""
        return self._state(name)[0]

    def commit_change(
        self,
        name: str,
        decide: Callable[[S], C | None],
        *,
        comment: str | None = None,
        is_last: bool = True,
        still_holds: Callable[[], bool] = lambda: True,
    ) -> tuple[S, C | None]:
        """Decide on the newest state and commit, exactly once; the state after it.

        And the change that this operation made, now or when it was done before. ``decide`` is from the state to the
        change, None for nothing to do; it runs again when a rival was faster. ``is_last`` is False for the earlier
        commits of an operation that has several. ``still_holds`` is asked just before the event is written:
        whether what ``decide`` read beside the state is still so; where it is not, ``decide`` runs again. Raises what
        ``decide`` raises, Conflict after very many lost races, and Unavailable where the store is away: then the change
        may or may not be made.
        """
        began = clock.now_ms()
        state, checkpoint = self._state(name)
        operation = self._operation if self._operation and is_last else ids.new_commit_id()
        events = self.events(name)
        long_ago = self._done_long_ago(name, state) if operation == self._operation else None
        for attempt in range(_MAX_ATTEMPTS):
            if number := long_ago or state.recent.get(operation):
                return state, self.parse(events.key(number), events.get(number)).change
            change = decide(state)
            if change is None:
                return state, None
            event = self._event(state, operation, change, comment)
            body = event.to_bytes()
            number = state.number + 1
            self._announce(name, number)
            if not still_holds():
                continue
            there = self._claim(events, number, body)
            if there != body:
                self._apply(state, self.parse(events.key(number), there), hash_of(there))
                clock.sleep(ids.jitter(min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** min(attempt, 12))))
                if is_late(began):  # what the state was read from may be gone
                    began = clock.now_ms()
                    state, checkpoint = self._state(name)
                else:
                    self._fold_after(state, events)  # others went on meanwhile: catch up before the next claim
                continue
            self._apply(state, self.parse(events.key(number), body), hash_of(body))
            self._save_in_time(name, state, checkpoint, began)
            for tell in self._on_commit:
                tell(name, event)
            return state, change
        raise Conflict(f"{self.noun} {name!r} was changed by others {_MAX_ATTEMPTS} times in a row; try again")

    def adopt(
        self, name: str, bodies: Iterable[tuple[int, bytes]], prepare: Callable[[E], None], check: Callable[[E], None]
    ) -> None:
        """Append events that a copy of this history has already, byte for byte, each with its marker.

        ``prepare`` is told of each before its marker is put, ``check`` after the marker and again after the event; both
        may raise. Checkpoints follow as after commits, and where there was none. Raises ObjectExists where a rival
        committed another event, and CorruptData where one does not follow.
        """
        began = clock.now_ms()
        state, checkpoint = self._state(name)
        events, saved = self.events(name), state.number
        try:
            for number, body in bodies:
                if number <= state.number:
                    events.claim(number, body)  # brought by another meanwhile, or a rival's
                    continue
                event = self.parse(events.key(number), body)
                if number != state.number + 1 or event.number != number or event.previous_hash != state.last_hash:
                    raise CorruptData(f"{events.key(number)!r} does not follow the history that it is brought to")
                prepare(event)
                self._announce(name, number)
                check(event)
                events.claim(number, body)
                self._apply(state, event, hash_of(body))
                check(event)
                if number % _SAVED_EVENTS == 0 or is_late(began):
                    self._save_in_time(name, state, checkpoint, began)
                    began, (state, checkpoint) = clock.now_ms(), self._state(name)
                    saved = state.number
        finally:
            if state.number != saved or (checkpoint is None and state.number):
                self._save_in_time(name, state, checkpoint, began)

    def _save_in_time(self, name: str, state: S, checkpoint: Checkpoint[S] | None, began: int) -> None:
        """Save a state, unless what it names may be gone."""
        if not is_late(began):
            self._save(name, state, checkpoint)
            if is_late(began):
                self._forget(name, state)

    def fold_until(self, name: str, state: S, number: int) -> None:
        """Bring a state to where it was after so many events. Raises CorruptData where they do not follow."""
        events = self.events(name)
        self._fold(state, events, events.read_between(state.number + 1, number))

    def last_until(self, name: str, now: S, time_ms: int) -> int:
        """The number of the last event that was not after an instant; events come in the order of their times.

        ``now`` is the state now. Reads an event for each halving of the history. Raises NotFound for a name that
        never existed.
        """
        if not now.number:
            raise self._never(name)
        if time_ms >= now.updated:
            return now.number
        events = self.events(name)

        def time_of(number: int) -> int:
            event = self.parse(events.key(number), events.get(number))
            if event.number != number:
                raise CorruptData(f"{events.key(number)!r} says that it is event {event.number}")
            return int(event.time_ms)

        return bisect_right(range(1, now.number), time_ms, key=time_of)

    def read_events(self, name: str, *, after: int = 0, limit: int | None = None) -> list[E]:
        """The events after the first ``after``, oldest first. Raises NotFound for a name that never existed."""
        events = self.events(name)
        found = [self.parse(events.key(number), body) for number, body in islice(events.read_listed(after), limit)]
        if not found and not after:
            raise self._never(name)
        return found

    def verify(self, name: str, *anchors: Anchor) -> Anchor:
        """The end of a history, when each event follows the one before it. Needs read access only.

        With ``anchors`` that were kept a history that was written anew or cut off is noticed too. Raises
        CorruptData naming the first event that does not follow: altered, inserted, out of order, or missing.
        """
        expected = {anchor.number: anchor.event_hash for anchor in anchors}
        events = self.events(name)
        previous_hash, last = "", 0
        for number, body in events.read_listed():
            event = self.parse(events.key(number), body)
            if event.number != number:
                raise CorruptData(
                    f"{events.key(number)!r} says that it is event {event.number}: the history was altered"
                )
            if event.previous_hash != previous_hash:
                raise CorruptData(
                    f"{events.key(number)!r} does not follow event {number - 1}: one of the two was altered or replaced"
                )
            previous_hash, last = hash_of(body), number
            if expected.pop(number, previous_hash) != previous_hash:
                raise CorruptData(
                    f"{events.key(number)!r} is not the event of the anchor: it or one before was altered"
                )
        beyond = next((info.key for info in self.store.list(events.prefix, start_after=events.key(last))), None)
        if beyond is not None:
            raise CorruptData(f"{events.key(last + 1)!r} is missing, but {beyond!r} is there: the history has a gap")
        if expected:
            raise CorruptData(
                f"{events.key(last + 1)!r} is missing, and the anchor is event {max(expected)}: the end was cut off"
            )
        if last == 0:
            raise self._never(name)
        return Anchor(last, previous_hash)

    def _done_long_ago(self, name: str, state: S) -> int | None:
        """The event that this operation made before those that the state remembers; None where it made none there."""
        if not self._since_ms or len(state.recent) < RECENT_OPERATIONS or self._operation in state.recent:
            return None
        remembered = min(state.recent.values())
        events = self.events(name)
        for number in range(remembered - 1, 0, -1):
            event = self.parse(events.key(number), events.get(number))
            if event.id == self._operation:
                return number
            if event.time_ms < self._since_ms - _CLOCKS_DIFFER_MS:
                return None
        return None

    def _never(self, name: str) -> NotFound:
        return NotFound(f"there is no {self.noun} {name!r}, and there never was")

    def _state(self, name: str) -> tuple[S, Checkpoint[S] | None]:
        events = self.events(name)
        checkpoint = self._checkpoint(name)
        state = (checkpoint.state if checkpoint else None) or self.empty(name)
        try:
            self._fold_after(state, events)
        except CorruptData:
            if checkpoint is None or checkpoint.state is None:
                raise
            state = self.empty(name)  # the checkpoint may be at fault: trust the events alone
            self._fold_after(state, events)
        return state, checkpoint

    def _fold_after(self, state: S, events: Sequence) -> None:
        self._fold(state, events, events.read_after(state.number))

    def _fold(self, state: S, events: Sequence, bodies: Iterable[tuple[int, bytes]]) -> None:
        for number, body in bodies:
            event = self.parse(events.key(number), body)
            if event.number != number or event.previous_hash != state.last_hash:
                raise CorruptData(
                    f"{events.key(number)!r} does not follow the event before it: the history was altered"
                )
            self._apply(state, event, hash_of(body))

    def _claim(self, events: Sequence, number: int, body: bytes) -> bytes:
        """The event that has the number afterwards: ours, or a rival's. Raises Unavailable where that is not known."""
        try:
            events.claim(number, body)
        except ObjectExists as rival:
            return rival.body
        except Unavailable as unknown:
            try:
                return events.get(number)
            except ObjectNotFound:
                raise unknown from None
        return body


def note(state: ChainState, number: int, event_id: str, time_ms: int, event_hash: str) -> None:
    """What every event changes of a state: where its history is."""
    state.number = number
    state.last_hash = event_hash
    state.updated = time_ms
    state.recent[event_id] = number
    if len(state.recent) > RECENT_OPERATIONS:
        del state.recent[next(iter(state.recent))]


def hash_of(body: bytes) -> str:
    """What the next event says of this one: SHA-256 of its exact bytes, in hexadecimal."""
    return hashlib.sha256(body).hexdigest()
