"""Filled stores behind running servers, once for the tests of a module."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cloudtrack as ct
from cloudtrack.client import Client
from tests.servers.cloudtrack_server import RunningServer, forked_server


@dataclass(frozen=True)
class Shown:
    """A server over a store, and what the filling of the store gave."""

    server: RunningServer
    root: str
    made: Any

    def client(self) -> Client:
        """Reads and writes the store itself."""
        return Client(self.root)

    def experiment(self, name: str) -> str:
        """The id of an experiment."""
        client = self.client()
        found = client.experiments.get_by_name(name)
        client.close()
        assert found is not None
        return str(found.experiment_id)


@contextmanager
def shown(folder: Path, fill: Callable[[str], Any], *arguments: str) -> Iterator[Shown]:
    """A server over a folder that ``fill`` has filled."""
    root = str(folder / "store")
    made = fill(root)
    ct.set_tracking_uri("")
    with forked_server(root, folder, *arguments) as server:
        yield Shown(server, root, made)
