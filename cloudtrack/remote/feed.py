"""The feed of registry events behind a server."""

from __future__ import annotations

from cloudtrack.registry.feed import START, FeedEvent, FeedPage
from cloudtrack.remote.addresses import OWN
from cloudtrack.remote.connection import Connection


class RemoteFeed:
    """The events of all models that one may read."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def read(self, cursor: str = START, limit: int = 100) -> FeedPage:
        """The next events after a cursor, each once, and the cursor after them.

        ``start`` is before the first event ever; ``now`` gives a cursor and no events. A page without events is the
        end, for now. Raises InvalidInput, NotFound for a cursor of another store.
        """
        answer = self._connection.get(f"{OWN}/events", cursor=cursor, max_results=limit)
        events = [FeedEvent.of_json(item) for item in answer["events"]]
        return FeedPage(events, answer["cursor"])
