"""The feed of all events of the registry."""

from __future__ import annotations

from typing import Any

from cloudtrack.access.permission import Resource
from cloudtrack.api.context import Context
from cloudtrack.api.endpoint import LOGIN, Declarations, Domain
from cloudtrack.api.fields import Int64, RequestModel
from cloudtrack.registry.feed import START

ENDPOINTS = Declarations(Domain.METRICS)


class ReadEvents(RequestModel):
    cursor: str = START
    max_results: Int64 = 100


@ENDPOINTS.add("GET", "/cloudtrack/events", LOGIN)
def read_events(context: Context, request: ReadEvents) -> dict[str, Any]:
    """Events of the registry after a cursor, and the cursor after them; of the models that one may read."""

    def shows(name: str) -> bool:
        return context.may_read(Resource.REGISTERED_MODEL, name)

    shown = shows if context.is_guarded else None
    page = context.client.feed.read(request.cursor, request.max_results, shows=shown)
    return {"events": [item.to_json() for item in page.events], "cursor": page.cursor}
