"""Tells webhooks what happened in the registry: when the bus hears of something, and at times for what was not taken.

It stops in time: what is left is the next one's.
"""

from __future__ import annotations

import logging
from functools import cache
from typing import Any

from cloudtrack.client import Client
from cloudtrack.registry.deliverer import Deliverer
from cloudtrack.registry.deliveries import Deliveries

_ENOUGH_MS = 30_000
"""With less time left no further message is sent."""

logging.getLogger("cloudtrack.deliveries").setLevel(logging.INFO)


def handler(_event: object, context: Any) -> dict[str, int]:
    """How many messages were taken. Raises Unavailable."""
    return {"taken": _deliverer().deliver(lambda: context.get_remaining_time_in_millis() > _ENOUGH_MS)}


@cache
def _deliverer() -> Deliverer:
    client = Client(create=False)
    return Deliverer(client.webhooks, Deliveries(client.store, client.feed, client.webhooks, allow_private=False))
