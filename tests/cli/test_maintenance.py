"""The commands of maintenance: what they print, and their exit codes."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from cloudtrack.cli.main import app as cli
from cloudtrack.client import Client
from tests.maintenance.stores import DAY_MS, Clock, fill, overwrite


@pytest.fixture(name="client")
def _client(store_url: str) -> Client:
    client = Client(store_url, user="ana")
    fill(client)
    return client


def run(client: Client, *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli, ["--store", client.uri, *arguments])
    return done.exit_code, done.stdout


def test_fsck_says_that_nothing_is_wrong_or_what_is_and_repairs(client: Client) -> None:
    code, text = run(client, "fsck", "--deep")
    assert (code, "nothing is wrong" in text) == (0, True)
    overwrite(client.store, "models/churn/model.json", b"nonsense")
    code, text = run(client, "fsck", "--json")
    found = json.loads(text)
    assert (code, found["damaged"]) == (0, False)
    assert [(each["kind"], each["key"]) for each in found["findings"]] == [
        ("checkpoint-damaged", "models/churn/model.json")
    ]
    code, text = run(client, "fsck", "--repair")
    assert (code, "made anew: models/churn/" in text) == (0, True)
    overwrite(client.store, "access/policy.json", b"nonsense")
    code, text = run(client, "fsck", "--json")
    assert (code, json.loads(text)["damaged"]) == (1, True)


def test_gc_shows_bytes_and_dollars_and_applies_in_two_calls(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    time = Clock(monkeypatch)
    overwrite(client.store, "doctor/1", bytes(1 << 20))
    assert "no garbage" in run(client, "gc")[1]
    time.pass_ms(8 * DAY_MS)
    found = json.loads(run(client, "gc", "--json", "--price", "1")[1])
    assert found["new"] == [{"kind": "probe", "objects": 1, "size_bytes": 1 << 20, "usd_a_month": 1 / 1024}]
    assert json.loads(run(client, "gc", "--apply", "--json")[1])["noted"][0]["objects"] == 1
    time.pass_ms(8 * DAY_MS)
    assert "removed by --apply now" in " ".join(run(client, "gc")[1].split())
    assert json.loads(run(client, "gc", "--apply", "--json")[1])["removed"][0]["objects"] == 1
    assert not any(info.key.startswith(("doctor/", "gc/")) for info in client.store.list())
    assert CliRunner().invoke(cli, ["--store", client.uri, "gc", "--grace", "soon"]).exit_code == 1


def test_cost_names_experiments(client: Client) -> None:
    assert "wine" in run(client, "cost")[1]
    found = json.loads(run(client, "cost", "--json")[1])
    assert found["experiments"][0]["name"] == "wine"
    assert found["usd_a_month"] > 0
