"""A server over a store in memory, and a client of it that does not wait long."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cloudtrack.api.app import App
from cloudtrack.client import Client
from cloudtrack.remote.client import RemoteClient
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.storage.retrying import RetryPolicy
from tests.servers.api_server import ApiServer, api_server

QUICK = RetryPolicy(attempts=4, first_pause_s=0.001, longest_pause_s=0.01)


@pytest.fixture
def server() -> Iterator[ApiServer]:
    """An open server."""
    with api_server(App(Client(MemoryStore(), user="server"))) as running:
        yield running


@pytest.fixture
def client(server: ApiServer, tmp_path: Path) -> Iterator[RemoteClient]:
    """A client of it."""
    opened = RemoteClient(server.url, spool_dir=tmp_path / "spool", retries=QUICK)
    yield opened
    opened.close()
