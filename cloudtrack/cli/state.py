"""What the options before the command say."""

from __future__ import annotations

from dataclasses import dataclass

from cloudtrack.client import AnyClient, Client, connect
from cloudtrack.errors import InvalidInput


@dataclass
class State:
    """The store, or the server in front of one, that the command works on."""

    store: str | None = None


state = State()


def client(*, create: bool = False) -> AnyClient:
    """A client of that store; it must exist, unless ``create`` says that the command may make it."""
    return connect(state.store, create=create)


def store_client(*, create: bool = False) -> Client:
    """The same for commands that work on the objects of a store. Raises InvalidInput for a server."""
    found = client(create=create)
    if not isinstance(found, Client):
        raise InvalidInput(
            f"this works on the store itself, and {found.uri} is a server in front of it: name the store with --store, "
            "a folder or s3://bucket/prefix, and use credentials of its own"
        )
    return found
