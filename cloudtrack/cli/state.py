"""What the options before the command say."""

from __future__ import annotations

from dataclasses import dataclass

from cloudtrack.client import Client


@dataclass
class State:
    """The store that the command works on."""

    store: str | None = None


state = State()


def client(*, create: bool = False) -> Client:
    """A client of that store; it must exist, unless ``create`` says that the command may make it."""
    return Client(state.store, create=create)
