"""The history of a model: every change, who, when and why; whether it is whole, and what was when."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ValidationError

from cloudtrack.entities.registered_model import RegisteredModel
from cloudtrack.errors import CorruptData, InvalidInput
from cloudtrack.registry import keys
from cloudtrack.registry.anchor import Anchor
from cloudtrack.registry.events import Event
from cloudtrack.registry.past import Past
from cloudtrack.registry.registry import Registry
from cloudtrack.registry.version_state import Placing
from cloudtrack.storage.parallel import map_in_order

ANCHOR_FORMAT = "cloudtrack.anchor/1"


class KeptAnchor(BaseModel):
    """An anchor as it is stored."""

    format: str = ANCHOR_FORMAT
    anchor: str


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

    def events(self, name: str, *, after: int = 0, limit: int | None = None) -> list[Event]:
        """The changes after the first ``after``, oldest first. Raises NotFound for a name that never existed."""
        return self._registry.read_events(name, after=after, limit=limit)

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

        With an ``anchor`` that was kept elsewhere, and those that the store keeps, a history that was written anew or
        cut off is noticed too. Raises CorruptData naming the first event that does not follow: altered, inserted, out
        of order, or missing.
        """
        return self._registry.verify(name, *self.anchors(name), *([anchor] if anchor else []))

    def anchors(self, name: str) -> list[Anchor]:
        """The anchors of a history that the store keeps, by number. Raises CorruptData for what is none."""
        store, prefix = self._registry.store, keys.anchors(name)
        found = map_in_order(lambda info: (info.key, store.get(info.key).body), store.list(prefix))
        return [_anchor(key, body) for key, body in found]

    def keep_anchor(self, name: str, *, locked_until_ms: int | None = None) -> Anchor:
        """Verify a history, and keep its end as an anchor in the store.

        In a bucket with Object Lock it may be locked until an instant, in milliseconds since the epoch: then whoever
        cuts off the history cannot take the anchor away too. Raises as ``verify`` does, and InvalidInput where nothing
        can be locked.
        """
        store = self._registry.store
        anchor = self.verify(name)
        if locked_until_ms is not None and store.signer is None:
            raise InvalidInput(f"nothing can be locked in {store.url}: only a bucket with Object Lock can do that")
        key = f"{keys.anchors(name)}{anchor.number:012d}.json"
        store.create(key, KeptAnchor(anchor=str(anchor)).model_dump_json().encode())
        if locked_until_ms is not None and store.signer is not None:
            store.signer.retain(key, locked_until_ms)
        return anchor


def _anchor(key: str, body: bytes) -> Anchor:
    try:
        kept = KeptAnchor.model_validate_json(body)
        if kept.format == ANCHOR_FORMAT:
            return Anchor.parse(kept.anchor)
    except (ValidationError, InvalidInput):
        pass
    raise CorruptData(f"{key!r} is no anchor of a history")
