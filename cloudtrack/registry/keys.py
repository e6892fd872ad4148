"""Where the registry keeps what, relative to the store."""

from __future__ import annotations

from cloudtrack.storage.quoting import quote_name, unquote_name

MODELS = "models/"
WEBHOOKS = "webhooks/"


def events(name: str) -> str:
    """Prefix of a model's events."""
    return f"{MODELS}{quote_name(name)}/events/"


def checkpoint(name: str) -> str:
    """A model's state, folded up to some event."""
    return f"{MODELS}{quote_name(name)}/model.json"


def name_of(folder: str) -> str | None:
    """The name behind a folder of ``models/``; None where only the events have it whole."""
    return unquote_name(folder[len(MODELS) : -1])


def events_in(folder: str) -> str:
    """Prefix of the events in a folder of ``models/``."""
    return f"{folder}events/"


def webhook(webhook_id: str) -> str:
    """A webhook's document."""
    return f"{WEBHOOKS}{webhook_id}.json"
