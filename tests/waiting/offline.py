"""Clients without a store, stores that go away, and what journals come to."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any, cast

from cloudtrack.client import AnyClient, Client
from cloudtrack.errors import Unavailable
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.offline import OfflineStore
from cloudtrack.waiting.client import WaitingClient
from tests.storage.lossy import WRITES, WatchedStore

FILES = {"MLmodel": b"flavors:\n  python_function: {}\n", "data/weights.bin": b"w" * 1000}


def waiting(store: ObjectStore, spool_dir: Path) -> WaitingClient:
    """The client of a training process."""
    return WaitingClient(Client(store, user="tester", spool_dir=spool_dir), spool_dir)


def offline(store: ObjectStore, spool_dir: Path) -> WaitingClient:
    """The same, which asks nothing of the store."""
    return waiting(OfflineStore(store), spool_dir)


def services(client: WaitingClient) -> Client:
    """The services of a waiting client, as they are called."""
    return cast(Client, client)


def log_model(client: Any, model_id: str, files: Path, *, experiment_id: str = "0") -> str:
    """A logged model with two files, as ``log_model`` of a flavor makes one; its URI."""
    client.logged_models.create(experiment_id, name="model", params={"depth": "3"}, model_id=model_id)
    for path, body in FILES.items():
        (files / path).parent.mkdir(parents=True, exist_ok=True)
        (files / path).write_bytes(body)
    client.logged_model_artifacts.log_folder(model_id, files)
    client.logged_models.finalize(model_id, "READY")
    return f"models:/{model_id}"


def train(client: Any, files: Path, *, name: str = "iris", model_id: str = "m-" + "d" * 32) -> None:
    """All that a script does with a model: log, register, tag, promote, name."""
    uri = log_model(client, model_id, files)
    client.logged_models.set_tags(model_id, {"reviewed": "yes"})
    first = client.register_model(uri, name, tags={"k": "v"}, description="first")
    client.registered_models.set_tag(name, "team", "x")
    client.registered_models.update(name, description="words")
    second = client.register_model(uri, name)
    client.aliases.set(name, "champion", second.version)
    client.stages.transition(name, first.version, "Staging")
    client.stages.transition(name, second.version, "Staging", archive_existing_versions=True, comment="better")
    client.model_versions.set_tag(name, second.version, "t", "1")
    client.model_versions.update(name, first.version, description="old")


class AwayStore(WatchedStore):
    """Goes away at its write number ``at``, which lands or does not, until ``is_away`` is unset."""

    def __init__(self, inner: ObjectStore, *, at: int, lands: bool) -> None:
        super().__init__(inner)
        self._at = at
        self._lands = lands
        self._writes = 0
        self.is_away = False

    def _before(self, verb: str, key: str) -> None:
        if self.is_away:
            raise Unavailable("away")
        if verb in WRITES:
            self._writes += 1
            if self._writes == self._at:
                self.is_away = True
                if not self._lands:
                    raise Unavailable("away")

    def create(self, key: str, body: bytes) -> str:
        return self._answered(super().create(key, body))

    def replace(self, key: str, body: bytes, etag: str) -> str:
        return self._answered(super().replace(key, body, etag))

    def _answered(self, etag: str) -> str:
        if self.is_away:
            raise Unavailable("the answer was lost")
        return etag


class MixedStore(WatchedStore):
    """Waits a little before each request, so that several clients do theirs in every order."""

    def __init__(self, inner: ObjectStore, rng: random.Random) -> None:
        super().__init__(inner)
        self._rng = rng

    def _before(self, verb: str, key: str) -> None:
        time.sleep(self._rng.choice((0, 0, 0.0002, 0.001)))


def spooled(folder: Path) -> list[str]:
    """What is left in a spool folder."""
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def sync(store: ObjectStore, spool_dir: Path, **named: bool) -> Any:
    """What ``cloudtrack sync`` does with a folder."""
    client: AnyClient = Client(store, user="somebody else", spool_dir=spool_dir)
    return client.sync(**named)
