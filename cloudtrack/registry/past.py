"""States of a model as they were: a snapshot, and the events after it up to an instant."""

from __future__ import annotations

from cloudtrack import clock
from cloudtrack.errors import CorruptData, InvalidInput, NotFound
from cloudtrack.registry.registry import Registry, existing
from cloudtrack.registry.state import ModelState


class Past:
    """The past of one store's registered models; also of those that are deleted."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def at(self, name: str, time_ms: int) -> ModelState:
        """The state after all events up to an instant, in milliseconds since the epoch.

        Reads the state now, an event for each halving of the history, and a snapshot with at most 63 events after it.
        Raises NotFound where the name did not exist then, InvalidInput for an instant that is yet to come.
        """
        if time_ms > clock.now_ms():
            raise InvalidInput(f"{clock.format_ms(time_ms)} is yet to come")
        state = self.after(name, self._last_until(name, time_ms))
        try:
            return existing(name, state)
        except NotFound as error:
            raise NotFound(f"at {clock.format_ms(time_ms)} {error.message.replace('there is', 'there was')}") from error

    def after(self, name: str, number: int) -> ModelState:
        """The state after so many events."""
        now = self._registry.read_any(name)
        if number >= now.number:
            return now
        state = self._registry.snapshot_before(name, number)
        try:
            self._registry.fold_until(name, state, number)
        except CorruptData:  # the snapshot may be at fault: trust the events alone
            state = self._registry.empty(name)
            self._registry.fold_until(name, state, number)
        return state

    def _last_until(self, name: str, time_ms: int) -> int:
        """The number of the last event that was not after an instant; events come in the order of their times."""
        return self._registry.last_until(name, self._registry.read_any(name), time_ms)
