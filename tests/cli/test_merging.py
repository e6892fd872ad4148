"""push, pull and sync on the command line: what they print, and their exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cloudtrack.cli.main import app as cli
from cloudtrack.client import Client


@pytest.fixture(name="client")
def _client(tmp_path: Path) -> Client:
    client = Client(tmp_path / "a", user="ana")
    client.experiments.create("wine")
    client.runs.create("0")
    return client


def run(client: Client, *arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(cli, ["--store", client.uri, *arguments])
    return done.exit_code, done.stdout, done.stderr


def test_push_pull_and_sync_say_what_they_did(client: Client, tmp_path: Path) -> None:
    other = str(tmp_path / "b")
    code, text, _ = run(client, "push", other, "--dry-run")
    assert (code, text.split(": ", 2)[-1]) == (0, "1 experiments created, 1 runs created\n")
    assert not Path(other).exists()
    code, text, _ = run(client, "push", other, "--json")
    (way,) = json.loads(text)["ways"]
    assert (code, way["source"], way["target"]) == (0, client.uri, Path(other).as_uri())
    assert way["counts"] == {"experiments created": 1, "runs created": 1}
    Client(other).experiments.create("beer")
    assert run(client, "pull", other)[1].endswith("1 experiments created\n")
    code, text, _ = run(client, "sync", other)
    assert code == 0
    assert [line.split(": ")[-1] for line in text.splitlines()] == ["nothing", "nothing"]


def test_conflicts_are_named_with_what_to_do_and_are_exit_code_1(client: Client, tmp_path: Path) -> None:
    run(client, "push", str(tmp_path / "b"))
    mine, theirs = client.experiments.create("same"), Client(tmp_path / "b").experiments.create("same")
    code, text, errors = run(client, "sync", str(tmp_path / "b"))
    assert code == 1
    assert "name-taken" in errors
    assert "cloudtrack experiments rename" in errors
    assert all(its_id in errors for its_id in (mine, theirs))
    code, text, _ = run(client, "push", str(tmp_path / "b"), "--json")
    (conflict,) = json.loads(text)["ways"][0]["conflicts"]
    assert (code, conflict["kind"], conflict["key"]) == (1, "name-taken", f"experiments/{mine}/experiment.json")


def test_sync_without_another_store_delivers_what_waits(client: Client, tmp_path: Path) -> None:
    assert run(client, "sync") == (0, "nothing waits to be delivered\n", "")
    assert run(client, "sync", "--dry-run")[0] == 1
    assert run(client, "pull", str(tmp_path / "nowhere"))[0] == 1
