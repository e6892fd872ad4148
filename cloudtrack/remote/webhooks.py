"""Webhooks behind a server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cloudtrack.entities.page import PagedList
from cloudtrack.registry.webhook_messages import Outcome
from cloudtrack.registry.webhooks import Webhook, WebhookEvent
from cloudtrack.remote import entities
from cloudtrack.remote.addresses import MLFLOW
from cloudtrack.remote.connection import Connection, Json
from cloudtrack.remote.paging import gathered

_PAGE = 1000


class RemoteWebhooks:
    """The webhooks of a server. For administrators."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def create(
        self, name: str, url: str, events: Sequence[WebhookEvent], *, description: str = "", secret: str = ""
    ) -> Webhook:
        """A new webhook; names need not be unique. Raises InvalidInput."""
        content = {
            "name": name,
            "url": url,
            "events": [event.model_dump() for event in events],
            "description": description,
            "secret": secret,
        }
        return _webhook(self._connection.call("POST", f"{MLFLOW}/webhooks", content)["webhook"])

    def get(self, webhook_id: str) -> Webhook:
        """Raises NotFound."""
        return _webhook(self._connection.get(f"{MLFLOW}/webhooks/{webhook_id}")["webhook"])

    def list(self) -> list[Webhook]:
        """All webhooks, newest first."""

        def page(size: int, token: str | None) -> PagedList[Webhook]:
            answer = self._connection.get(f"{MLFLOW}/webhooks", max_results=size, page_token=token)
            return entities.page(answer, "webhooks", _webhook)

        return list(gathered(page, _PAGE, None))

    def delete(self, webhook_id: str) -> None:
        """Delete a webhook, and its secret with it. Raises NotFound."""
        self._connection.call("DELETE", f"{MLFLOW}/webhooks/{webhook_id}", {})

    def test(self, webhook_id: str) -> Outcome:
        """Let the server send an example of the first event. Raises NotFound, InvalidInput."""
        result = self._connection.call("POST", f"{MLFLOW}/webhooks/{webhook_id}/test", {})["result"]
        return Outcome(result.get("response_status"), result.get("response_body", ""), result.get("error_message", ""))


def _webhook(message: Json) -> Webhook:
    fields: dict[str, Any] = {"description": "", **message}
    return Webhook(**{**fields, "events": [WebhookEvent(**event) for event in message["events"]]})
