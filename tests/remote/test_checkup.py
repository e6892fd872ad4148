"""``cloudtrack doctor`` of a server: what it sees, and that it changes nothing."""

from __future__ import annotations

import re
from importlib import metadata
from types import SimpleNamespace

import pytest

from cloudtrack import clock
from cloudtrack.access.access import Access
from cloudtrack.access.authentication import Authenticator
from cloudtrack.access.tokens import Tokens
from cloudtrack.api.app import App
from cloudtrack.client import Client
from cloudtrack.maintenance.checkup import Check
from cloudtrack.remote.checkup import ServerCheckup
from cloudtrack.remote.connection import Connection
from cloudtrack.storage.memory import MemoryStore
from tests.cli.commands import answer, cloudtrack
from tests.remote.conftest import QUICK
from tests.servers.api_server import ApiServer, api_server


def checkup(url: str) -> dict[str, Check]:
    """The steps by name."""
    return {check.name: check for check in ServerCheckup(Connection(url, retries=QUICK)).run()}


def test_an_open_server_is_well_and_its_openness_is_said(server: ApiServer) -> None:
    before = [info.key for info in server.client.store.list()]
    found = checkup(server.url)
    assert all(check.ok for check in found.values())
    assert found["version"].detail == f"cloudtrack {metadata.version('cloudtrack')} here and there"
    assert "let in" in found["strangers"].detail
    assert found["files"].detail == "go through the server"
    assert [info.key for info in server.client.store.list()] == before


def test_with_a_login_it_says_who_one_is_and_that_strangers_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore()
    app = App(Client(store), access=Access(store))
    token, _ = Tokens(store).create("ann")
    with api_server(app, authenticator=Authenticator(Tokens(store))) as server:
        without = checkup(server.url)
        assert not without["login"].ok
        assert "MLFLOW_TRACKING_TOKEN" in without["login"].detail
        monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", token)
        found = checkup(server.url)
    assert all(check.ok for check in found.values())
    assert "'ann'" in found["login"].detail
    assert found["strangers"].detail == "refused"


def test_a_clock_that_is_wrong_is_named(server: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    later = SimpleNamespace(now_ms=lambda: clock.now_ms() + 3_600_000, monotonic=clock.monotonic)
    monkeypatch.setattr("cloudtrack.remote.checkup.clock", later)
    found = checkup(server.url)
    assert [name for name, check in found.items() if not check.ok] == ["clock"]
    assert re.search(r"36\d\d s off", found["clock"].detail)


def test_a_part_that_fails_is_named_and_the_rest_is_looked_at(server: ApiServer) -> None:
    server.fault = lambda _, path: 403 if "registered-models" in path else None
    found = checkup(server.url)
    assert [name for name, check in found.items() if not check.ok] == ["registered models"]


def test_a_server_that_is_away_is_all_that_is_said() -> None:
    assert list(checkup("http://127.0.0.1:9")) == ["answers"]


def test_the_command_examines_the_server_that_it_is_given(server: ApiServer) -> None:
    report = answer("doctor", store=server.url)
    assert report["ok"]
    assert report["server"] == server.url
    server.fault = lambda _method, _path: 403
    done = cloudtrack("doctor", store=server.url)
    assert done.returncode == 1
    assert "fix this first: answers" in done.stdout
