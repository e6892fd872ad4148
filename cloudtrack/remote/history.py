"""Histories of registered models behind a server."""

from __future__ import annotations

from cloudtrack.entities.page import PagedList
from cloudtrack.entities.registered_model import check_model_name
from cloudtrack.registry.events import Event
from cloudtrack.remote import entities
from cloudtrack.remote.addresses import OWN
from cloudtrack.remote.connection import Connection
from cloudtrack.remote.paging import gathered

_PAGE = 1000


class RemoteHistory:
    """The histories of a server's registered models. They outlive the models."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def events(self, name: str) -> list[Event]:
        """Every change, oldest first. Raises NotFound for a name that never existed."""
        check_model_name(name)

        def page(size: int, token: str | None) -> PagedList[Event]:
            answer = self._connection.get(
                f"{OWN}/registered-models/history", name=name, max_results=size, page_token=token
            )
            return entities.page(answer, "events", Event.model_validate)

        return list(gathered(page, _PAGE, None))

    def verify(self, name: str) -> int:
        """The number of events, when each follows the one before it; the server looks.

        Raises CorruptData naming the first that does not: altered, inserted, out of order, or missing.
        """
        answer = self._connection.get(f"{OWN}/registered-models/verify", name=check_model_name(name))
        return int(answer["events"])
