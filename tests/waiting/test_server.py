"""Calls that wait for a server: each is done once, whatever answer is lost, and by whoever has the right to it."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloudtrack.access.access import Access
from cloudtrack.access.authentication import Authenticator
from cloudtrack.access.tokens import Tokens
from cloudtrack.api.app import App
from cloudtrack.client import Client
from cloudtrack.errors import AlreadyExists, InvalidInput, PermissionDenied
from cloudtrack.registry.journals import Outcome
from cloudtrack.remote.client import RemoteClient
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.waiting.client import WaitingClient
from tests.remote.conftest import QUICK
from tests.servers.api_server import ApiServer, api_server
from tests.waiting.offline import spooled, train


@pytest.fixture
def server(store_url: str) -> Iterator[ApiServer]:
    with api_server(App(Client(store_url))) as running:
        yield running


def _client(server: ApiServer, spool: Path) -> WaitingClient:
    return WaitingClient(RemoteClient(server.url, spool_dir=spool, retries=QUICK), spool)


def _history(server: ApiServer) -> list[str]:
    return [event.summary() for event in server.client.history.events("iris")]


@pytest.fixture
def expected(server: ApiServer, tmp_path: Path) -> list[str]:
    """The history that the script makes of a name."""
    other = Client(tmp_path / "other")
    train(other, tmp_path / "files")
    return [event.summary() for event in other.history.events("iris")]


def test_a_server_that_is_away_gets_all_of_it_once_from_any_copy(
    server: ApiServer, expected: list[str], tmp_path: Path
) -> None:
    server.fault = lambda _method, _path: "reset"
    client = _client(server, tmp_path / "spool")
    train(client, tmp_path / "files")
    client.close()
    shutil.copytree(tmp_path / "spool", tmp_path / "copy")
    seen: Counter[str] = Counter()

    def losing(method: str, path: str) -> str | None:
        seen[path] += 1
        return "lost" if method != "GET" and seen[path] % 2 else None

    server.fault = losing
    for spool in ("spool", "copy"):
        report = RemoteClient(server.url, spool_dir=tmp_path / spool, retries=QUICK).sync()
        assert (report.refused, report.failed, spooled(tmp_path / spool)) == ({}, {}, [])
    assert _history(server) == expected
    model = server.client.logged_models.get("m-" + "d" * 32)
    assert (model.status, model.tags["reviewed"], model.params) == ("READY", "yes", {"depth": "3"})


def test_a_server_that_goes_away_between_any_two_requests(
    server: ApiServer, expected: list[str], tmp_path: Path
) -> None:
    asked = 0

    def gone(_method: str, _path: str) -> str | None:
        nonlocal asked
        asked += 1
        return "lost" if 30 <= asked < 40 else None

    server.fault = gone
    client = _client(server, tmp_path / "spool")
    train(client, tmp_path / "files")
    assert asked > 30
    server.fault = lambda _method, _path: None
    client.close()
    assert _history(server) == expected
    assert spooled(tmp_path / "spool") == []


def test_outcomes_of_journals_are_kept_and_what_was_done_stays_done(server: ApiServer) -> None:
    client = RemoteClient(server.url, retries=QUICK)
    assert client.journals.get("a" * 16) == {}
    client.journals.note("a" * 16, {1: Outcome(version=3), 2: Outcome(refused="why", attempts=1)})
    known = client.journals.note("a" * 16, {1: Outcome(refused="late"), 2: Outcome(refused="why", dropped=True)})
    assert known == {1: Outcome(version=3), 2: Outcome(refused="why", dropped=True)}
    assert server.client.journals.get("a" * 16) == known
    assert server.client.fsck.check().findings == []
    for journals in (client.journals, server.client.journals):
        for writer, number in (("../x", 1), ("a" * 16, 0), ("a" * 16, 10**9)):
            with pytest.raises(InvalidInput):
                journals.note(writer, {number: Outcome()})


def test_an_id_that_a_client_gives_is_nobody_elses(server: ApiServer) -> None:
    client = RemoteClient(server.url, retries=QUICK)
    other = client.experiments.create("other")
    model_id = "m-" + "d" * 32
    assert [client.logged_models.create("0", name="m", model_id=model_id).model_id for _ in range(2)] == [model_id] * 2
    with pytest.raises(AlreadyExists, match="exists already"):
        client.logged_models.create(other, name="m", model_id=model_id)
    with pytest.raises(InvalidInput, match="logged model's id"):
        client.logged_models.create("0", model_id="../x")


def test_a_journal_is_one_logins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore()
    app = App(Client(store), access=Access(store))
    tokens = {name: Tokens(store).create(name, admin=True)[0] for name in ("ann", "bob")}
    with api_server(app, authenticator=Authenticator(Tokens(store))) as server:
        clients = {name: RemoteClient(server.url, spool_dir=tmp_path, retries=QUICK) for name in tokens}
        monkeypatch.setenv("CLOUDTRACK_TOKEN", tokens["ann"])
        clients["ann"].journals.note("a" * 16, {3: Outcome(version=7)})
        monkeypatch.setenv("CLOUDTRACK_TOKEN", tokens["bob"])
        for forge in (
            lambda: clients["bob"].journals.note("a" * 16, {3: Outcome(version=1), 4: Outcome(version=1)}),
            lambda: clients["bob"].journals.get("a" * 16),
        ):
            with pytest.raises(PermissionDenied, match="another login"):
                forge()
        monkeypatch.setenv("CLOUDTRACK_TOKEN", tokens["ann"])
        assert clients["ann"].journals.get("a" * 16) == {3: Outcome(version=7)}
