"""The histories of releases, and the state that they fold to: what is out now, and what was before."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, ValidationError

from cloudtrack.entities.release import Member, Release, check_release_name
from cloudtrack.errors import Conflict, NotFound, ObjectChanged, ObjectExists, ObjectNotFound, StateError, Unavailable
from cloudtrack.index.keys import IndexKeys
from cloudtrack.index.pending import announce
from cloudtrack.registry import keys
from cloudtrack.registry.chain import Chain, Checkpoint, note
from cloudtrack.registry.release_events import (
    AnyReleaseChange,
    ReleaseDeleted,
    ReleaseEvent,
    RolledBack,
    Switched,
    parse_release_event,
)
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.parallel import map_in_order
from cloudtrack.storage.sequence import Sequence

CHECKPOINT_FORMAT = "cloudtrack.release-checkpoint/1"
MOST_HELD = 20
"""So many sets a state remembers, to roll back to."""


class HeldSet(BaseModel):
    """A set that was out, and the event that made it."""

    model_config = ConfigDict(extra="allow")

    number: int
    members: dict[str, Member]


class ReleaseState(BaseModel):
    """A release after its first ``number`` events. ``exists`` is False before the first and after a deletion."""

    model_config = ConfigDict(extra="allow")

    format: str = CHECKPOINT_FORMAT
    name: str = ""
    number: int = 0
    last_hash: str = ""
    updated: int = 0
    recent: dict[str, int] = {}
    exists: bool = False
    actor: str = ""
    comment: str = ""
    held: list[HeldSet] = []
    """The sets that were switched to, the one that is out now last; those that a rollback took away are not there."""

    @property
    def members(self) -> dict[str, Member]:
        """What is out now."""
        return self.held[-1].members if self.held else {}

    def shown(self) -> Release:
        """The release as callers see it."""
        return Release(self.name, self.number, dict(self.members), self.updated, self.actor, self.comment)


class ReleaseChain(Chain[ReleaseState, AnyReleaseChange, ReleaseEvent]):
    """The releases of one store, as states and events."""

    noun = "release"
    event_type = ReleaseEvent

    def events(self, name: str) -> Sequence:
        """A release's history."""
        return Sequence(self.store, keys.release_events(check_release_name(name)))

    def empty(self, name: str) -> ReleaseState:
        """The state before the first event."""
        return ReleaseState(name=name)

    def parse(self, key: str, body: bytes) -> ReleaseEvent:
        """Raises CorruptData, naming the key."""
        return parse_release_event(key, body)

    def read(self, name: str) -> ReleaseState:
        """The state after every commit that has returned. Raises NotFound where there is no such release."""
        return out_now(name, self.read_any(name))

    def _checkpoint(self, name: str) -> Checkpoint[ReleaseState] | None:
        try:
            found = self.store.get(keys.release(name))
        except ObjectNotFound:
            return None
        try:
            state = ReleaseState.model_validate_json(found.body)
        except ValidationError:
            return Checkpoint(None, found.etag)
        return Checkpoint(state if state.format == CHECKPOINT_FORMAT else None, found.etag)

    def _save(self, name: str, state: ReleaseState, known: Checkpoint[ReleaseState] | None) -> None:
        key, body = keys.release(name), state.model_dump_json().encode()
        try:
            if known is None:
                self.store.create(key, body)
            else:
                self.store.replace(key, body, known.etag)
        except (Conflict, ObjectChanged, ObjectExists, Unavailable):
            return

    def name_in(self, segment: str) -> str | None:
        """The name behind a segment of keys; None where there is no release. Raises CorruptData."""
        if (name := keys.name_of(segment)) is not None:
            return name
        events = Sequence(self.store, keys.release_events_in(segment))
        try:
            change = self.parse(events.key(1), events.get(1)).change
        except ObjectNotFound:
            return None
        return change.name if isinstance(change, Switched) else None

    def _announce(self, name: str, number: int) -> None:
        announce(self.store, IndexKeys(keys.INDEX), keys.release_id(keys.segment(name)), number)

    def _apply(self, state: ReleaseState, event: ReleaseEvent, event_hash: str) -> None:
        note(state, event.number, event.id, event.time_ms, event_hash)
        state.actor, state.comment = event.actor, event.comment or ""
        change = event.change
        match change:
            case Switched():
                state.name, state.exists = change.name, True
                state.held = [*state.held, HeldSet(number=event.number, members=change.members)][-MOST_HELD:]
            case RolledBack():
                state.held = [held for held in state.held if held.number <= change.to]
            case ReleaseDeleted():
                state.exists, state.held = False, []


def out_now(name: str, state: ReleaseState) -> ReleaseState:
    """The state itself. Raises NotFound where there is no such release."""
    if not state.exists:
        raise NotFound(f"there is no release {name!r}")
    return state


def release_names(store: ObjectStore) -> list[str]:
    """The names of all releases that exist or existed, in order."""
    chain = ReleaseChain(store, actor="")
    return sorted(name for name in map_in_order(chain.name_in, keys.release_segments(store)) if name)


def releases_with(store: ObjectStore, name: str, version: int | None = None) -> list[Release]:
    """The releases that have a version out now, or any version of a model. One listing, and two requests a release."""
    chain = ReleaseChain(store, actor="")
    states = map_in_order(chain.read_any, release_names(store))
    return [
        state.shown()
        for state in states
        if any(member.name == name and version in (None, member.version) for member in state.members.values())
    ]


def check_not_released(store: ObjectStore, name: str, version: int | None = None) -> None:
    """Raises StateError naming the releases that have a version out now; a release may be switched meanwhile."""
    if found := releases_with(store, name, version):
        what = f"version {version} of {name!r}" if version else f"{name!r}"
        names = ", ".join(repr(release.name) for release in found)
        raise StateError(f"{what} is in the release{'s' * (len(found) > 1)} {names}: switch to another first")
