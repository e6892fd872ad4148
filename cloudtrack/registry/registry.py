"""Reading and committing: the history is the truth, and a checkpoint saves reading all of it.

A change to a model is an event, and the commit is the creation of ``events/<n>``: versions are dense
and a stage has one truth because the event numbers are. Before it a marker is put, for the index.

``model.json`` is the state folded up to some event; whoever commits moves it forward. A reader takes it and asks for
the events after it, usually one request that finds none. Without it, or where it is nonsense, the state is folded from
the first event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cloudtrack import clock, ids
from cloudtrack.entities.registered_model import check_model_name
from cloudtrack.errors import Conflict, CorruptData, NotFound, ObjectExists, ObjectNotFound, StateError, Unavailable
from cloudtrack.index.keys import IndexKeys
from cloudtrack.index.pending import announce
from cloudtrack.registry import keys
from cloudtrack.registry.checkpoints import Checkpoint, Checkpoints
from cloudtrack.registry.events import AnyChange, Event, ModelCreated, MovedIn, hash_of, parse_event
from cloudtrack.registry.state import ModelState, fold
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.sequence import Sequence

Decide = Callable[[ModelState], AnyChange | None]
"""From the state to the change to commit; None for nothing to do. Runs again when a rival was faster."""

OnCommit = Callable[[str, Event], None]
"""Told of a model's name and an event that has just been committed; must not raise."""

_MAX_ATTEMPTS = 2000
_FIRST_PAUSE_S = 0.002
_LONGEST_PAUSE_S = 0.25


class Registry:
    """The registered models of one store, as states and events.

    ``operation`` is a name, unique for ever, for the one thing that is done with this registry. Done again by
    another registry with the same name, because an answer was lost, it is not done twice.

    ``groups`` are the actor's, as a login proves them. ``on_commit`` are told of what this registry commits, where that
    is certain at once: for what is a help, not a promise.
    """

    def __init__(
        self,
        store: ObjectStore,
        actor: str,
        operation: str = "",
        groups: tuple[str, ...] = (),
        *,
        on_commit: Iterable[OnCommit] = (),
    ) -> None:
        self.store = store
        self.actor = actor
        self.groups = groups
        self._on_commit = on_commit
        self._operation = operation
        self._checkpoints = Checkpoints(store)

    def events(self, name: str) -> Sequence:
        """A model's history."""
        return Sequence(self.store, keys.events(check_model_name(name)))

    def read(self, name: str) -> ModelState:
        """The state after every commit that has returned. Raises NotFound where the name does not exist."""
        return existing(name, self._state(name)[0])

    def read_any(self, name: str) -> ModelState:
        """The state, also of a name that never existed or is deleted."""
        return self._state(name)[0]

    def name_in(self, segment: str) -> str | None:
        """The name behind a segment of keys; None where there is no model. Raises CorruptData."""
        name = keys.name_of(segment)
        if name is not None:
            return name
        events = Sequence(self.store, keys.events_in(segment))
        try:
            change = parse_event(events.key(1), events.get(1)).change
        except ObjectNotFound:
            return None
        return change.name if isinstance(change, ModelCreated | MovedIn) else None

    def has_done(self, name: str) -> bool:
        """Whether the operation of this registry ended with a commit to this name already."""
        return bool(self._operation) and self._operation in self.read_any(name).recent

    def commit(self, name: str, decide: Decide, *, comment: str | None = None, is_last: bool = True) -> ModelState:
        """Decide on the newest state and commit, exactly once; the state after it.

        ``is_last`` is False for the earlier commits of an operation that has several. Five requests where nobody
        else commits. Raises what ``decide`` raises, Conflict after very many lost races, and Unavailable where
        the store is away: then the change may or may not be made.
        """
        return self.commit_change(name, decide, comment=comment, is_last=is_last)[0]

    def commit_change(
        self,
        name: str,
        decide: Decide,
        *,
        comment: str | None = None,
        is_last: bool = True,
        still_holds: Callable[[], bool] = lambda: True,
    ) -> tuple[ModelState, AnyChange | None]:
        """As ``commit``; and the change that this operation made, now or when it was done before.

        ``still_holds`` is asked just before the event is written: whether what ``decide`` read beside the state is
        still so. Where it is not, ``decide`` runs again.
        """
        state, checkpoint = self._state(name)
        operation = self._operation if self._operation and is_last else ids.new_commit_id()
        events = self.events(name)
        for attempt in range(_MAX_ATTEMPTS):
            if number := state.recent.get(operation):
                return state, parse_event(events.key(number), events.get(number)).change
            change = decide(state)
            if change is None:
                return state, None
            event = self._event(state, operation, change, comment)
            body = event.to_bytes()
            number = state.number + 1
            announce(self.store, IndexKeys(keys.INDEX), keys.segment(name), number)
            if not still_holds():
                continue
            there = self._claim(events, number, body)
            if there != body:
                fold(state, parse_event(events.key(number), there), hash_of(there))
                clock.sleep(ids.jitter(min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** min(attempt, 12))))
                self._fold_after(state, events)  # others went on meanwhile: catch up before the next claim
                continue
            fold(state, parse_event(events.key(number), body), hash_of(body))
            self._checkpoints.save(name, state, checkpoint)
            for tell in self._on_commit:
                tell(name, event)
            return state, change
        raise Conflict(f"registered model {name!r} was changed by others {_MAX_ATTEMPTS} times in a row; try again")

    def _state(self, name: str) -> tuple[ModelState, Checkpoint | None]:
        checkpoint = self._checkpoints.read(check_model_name(name))
        state = (checkpoint.state if checkpoint else None) or self._checkpoints.empty(name)
        events = self.events(name)
        try:
            self._fold_after(state, events)
        except CorruptData:
            if checkpoint is None or checkpoint.state is None:
                raise
            state = self._checkpoints.empty(name)  # the checkpoint may be at fault: trust the events alone
            self._fold_after(state, events)
        return state, checkpoint

    def empty(self, name: str) -> ModelState:
        """The state before the first event."""
        return self._checkpoints.empty(name)

    def snapshot_before(self, name: str, number: int) -> ModelState:
        """The state after ``number`` events or fewer, as near as one is kept."""
        return self._checkpoints.snapshot_before(name, number)

    def fold_until(self, name: str, state: ModelState, number: int) -> None:
        """Bring a state to where it was after so many events. Raises CorruptData where they do not follow."""
        events = self.events(name)
        self._fold(state, events, events.read_between(state.number + 1, number))

    def _fold_after(self, state: ModelState, events: Sequence) -> None:
        self._fold(state, events, events.read_after(state.number))

    def _fold(self, state: ModelState, events: Sequence, bodies: Iterable[tuple[int, bytes]]) -> None:
        for number, body in bodies:
            event = parse_event(events.key(number), body)
            if event.number != number or event.previous_hash != state.last_hash:
                raise CorruptData(
                    f"{events.key(number)!r} does not follow the event before it: the history was altered"
                )
            fold(state, event, hash_of(body))

    def _event(self, state: ModelState, operation: str, change: AnyChange, comment: str | None) -> Event:
        return Event(
            number=state.number + 1,
            id=operation,
            time_ms=max(clock.now_ms(), state.updated),
            actor=self.actor,
            comment=comment,
            previous_hash=state.last_hash,
            change=change,
        )

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


def existing(name: str, state: ModelState) -> ModelState:
    """The state itself. Raises NotFound where there is no such model, and says where it went."""
    if state.renamed_to:
        raise NotFound(f"registered model {name!r} was renamed to {state.renamed_to!r}")
    if not state.exists:
        raise NotFound(f"there is no registered model {name!r}")
    return state


def writable(name: str, state: ModelState) -> ModelState:
    """The state itself. Raises NotFound, or StateError where the name is being renamed."""
    existing(name, state)
    if state.renaming_to:
        raise StateError(
            f"registered model {name!r} is being renamed to {state.renaming_to!r}; rename it again to finish"
        )
    return state
