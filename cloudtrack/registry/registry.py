"""The histories of registered models: reading them, and committing to them.

A change to a model is an event, and the commit is the creation of ``events/<n>``: versions are dense
and a stage has one truth because the event numbers are. Before it a marker is put, for the index.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cloudtrack.entities.registered_model import check_model_name
from cloudtrack.errors import NotFound, ObjectNotFound, StateError
from cloudtrack.index.keys import IndexKeys
from cloudtrack.index.pending import announce
from cloudtrack.registry import keys
from cloudtrack.registry.chain import Chain, Checkpoint, OnCommit
from cloudtrack.registry.checkpoints import Checkpoints
from cloudtrack.registry.events import AnyChange, Event, ModelCreated, MovedIn, parse_event
from cloudtrack.registry.state import ModelState, fold
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.sequence import Sequence

Decide = Callable[[ModelState], AnyChange | None]
"""From the state to the change to commit; None for nothing to do. Runs again when a rival was faster."""


class Registry(Chain[ModelState, AnyChange, Event]):
    """The registered models of one store, as states and events (see ``chain``)."""

    noun = "registered model"
    event_type = Event

    def __init__(
        self,
        store: ObjectStore,
        actor: str,
        operation: str = "",
        groups: tuple[str, ...] = (),
        *,
        request_id: str = "",
        since_ms: int = 0,
        on_commit: Iterable[OnCommit] = (),
    ) -> None:
        """``groups`` are the actor's, as a login proves them; for the others see ``Chain``."""
        super().__init__(store, actor, operation, request_id=request_id, since_ms=since_ms, on_commit=on_commit)
        self.groups = groups
        self._checkpoints = Checkpoints(store)

    def events(self, name: str) -> Sequence:
        """A model's history."""
        return Sequence(self.store, keys.events(check_model_name(name)))

    def read(self, name: str) -> ModelState:
        """The state after every commit that has returned. Raises NotFound where the name does not exist."""
        return existing(name, self.read_any(name))

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
        """As ``commit_change``; the state alone. Five requests where nobody else commits."""
        return self.commit_change(name, decide, comment=comment, is_last=is_last)[0]

    def empty(self, name: str) -> ModelState:
        """The state before the first event."""
        return self._checkpoints.empty(name)

    def snapshot_before(self, name: str, number: int) -> ModelState:
        """The state after ``number`` events or fewer, as near as one is kept."""
        return self._checkpoints.snapshot_before(name, number)

    def parse(self, key: str, body: bytes) -> Event:
        """Raises CorruptData, naming the key."""
        return parse_event(key, body)

    def _checkpoint(self, name: str) -> Checkpoint[ModelState] | None:
        return self._checkpoints.read(name)

    def _save(self, name: str, state: ModelState, known: Checkpoint[ModelState] | None) -> None:
        self._checkpoints.save(name, state, known)

    def _forget(self, name: str, state: ModelState) -> None:
        self._checkpoints.forget(name, state.number)

    def _announce(self, name: str, number: int) -> None:
        announce(self.store, IndexKeys(keys.INDEX), keys.segment(name), number)

    def _apply(self, state: ModelState, event: Event, event_hash: str) -> None:
        fold(state, event, event_hash)


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
