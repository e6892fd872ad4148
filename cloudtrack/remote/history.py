"""Histories of registered models behind a server."""

from __future__ import annotations

from typing import Any

from cloudtrack.entities.page import PagedList
from cloudtrack.entities.registered_model import RegisteredModel, check_model_name
from cloudtrack.registry.anchor import Anchor
from cloudtrack.registry.events import Event
from cloudtrack.registry.history import Blame
from cloudtrack.remote import entities
from cloudtrack.remote.addresses import OWN
from cloudtrack.remote.connection import Connection, Json
from cloudtrack.remote.paging import gathered

_PAGE = 1000


class RemoteHistory:
    """The histories of a server's registered models. They outlive the models."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def events(self, name: str, *, after: int = 0, limit: int | None = None) -> list[Event]:
        """The changes after the first ``after``, oldest first. Raises NotFound for a name that never existed."""

        def page(size: int, token: str | None) -> PagedList[Event]:
            answer = self._get("history", name, max_results=size, page_token=token)
            return entities.page(answer, "events", Event.model_validate)

        return list(gathered(page, _PAGE, limit, str(after) if after else None))

    def at(self, name: str, time_ms: int) -> RegisteredModel:
        """A model as it was at an instant, in milliseconds since the epoch. Raises NotFound, InvalidInput."""
        return entities.registered_model(self._get("at", name, time_ms=time_ms)["registered_model"])

    def blame(self, name: str) -> list[Blame]:
        """Who put the versions into their stages, and pointed the aliases to theirs. Raises NotFound."""
        return [Blame(**item) for item in self._get("blame", name)["placings"]]

    def verify(self, name: str, anchor: Anchor | None = None) -> Anchor:
        """The end of a history, when each event follows the one before it; the server looks.

        With an ``anchor`` that was kept elsewhere a history that was written anew or cut off is noticed too. Raises
        CorruptData naming the first event that does not follow: altered, inserted, out of order, or missing.
        """
        return Anchor.parse(self._get("verify", name, anchor=str(anchor) if anchor else None)["anchor"])

    def anchors(self, name: str) -> list[Anchor]:
        """The anchors of a history that the store keeps, by number. Raises CorruptData for what is none."""
        return [Anchor.parse(text) for text in self._get("anchors", name)["anchors"]]

    def keep_anchor(self, name: str, *, locked_until_ms: int | None = None) -> Anchor:
        """Verify a history, and keep its end as an anchor in the store.

        In a bucket with Object Lock it may be locked until an instant, in milliseconds since the epoch: then whoever
        cuts off the history cannot take the anchor away too. Raises as ``verify`` does, and InvalidInput where nothing
        can be locked.
        """
        content = {"name": check_model_name(name), "locked_until_ms": locked_until_ms}
        return Anchor.parse(self._connection.call("POST", f"{OWN}/registered-models/anchor", content)["anchor"])

    def _get(self, verb: str, name: str, **question: Any) -> Json:
        return self._connection.get(f"{OWN}/registered-models/{verb}", name=check_model_name(name), **question)
