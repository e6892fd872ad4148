"""A store in memory that counts requests, and the application over it."""

from __future__ import annotations

import uuid

import pytest

from cloudtrack.api.app import App
from cloudtrack.client import Client
from cloudtrack.storage.memory import MemoryStore
from tests.storage.lossy import CountingStore


@pytest.fixture
def client() -> Client:
    return Client(CountingStore(MemoryStore(uuid.uuid4().hex)))


@pytest.fixture
def app(client: Client) -> App:
    return App(client)
