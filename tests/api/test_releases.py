"""Who may switch a release, and what is told of runs to those who may not read them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cloudtrack.access.access import Access
from cloudtrack.access.permission import Permission, Resource
from cloudtrack.access.principal import Principal
from cloudtrack.api.app import App
from cloudtrack.api.message import Response
from cloudtrack.client import Client
from cloudtrack.storage.memory import MemoryStore
from tests.api.sending import ask
from tests.lineage.making import registered

ANN = Principal("ann")


@pytest.fixture(name="client")
def _client() -> Client:
    client = Client(MemoryStore())
    for name in ("a", "b"):
        for loss in (0.5, 0.4):
            registered(client, name, loss=loss)
    client.releases.switch("prod", {"a": "a/1", "b": "b/1"})
    return client


def sent(client: Client, grants: dict[str, tuple[Permission, bool]], verb: str, **content: Any) -> Response:
    access = Access(client.store)
    for name, (permission, approver) in grants.items():
        access.grant("ann", Resource.REGISTERED_MODEL, name, permission, approver=approver)
    app = App(client, access=access)
    body = json.dumps(content).encode()
    return ask(app, "POST", f"/api/2.0/cloudtrack/releases/{verb}", body, {"Content-Type": "application/json"}, ANN)


APPROVES, EDITS, READS = (Permission.EDIT, True), (Permission.EDIT, False), (Permission.READ, True)


@pytest.mark.parametrize(
    ("grants", "members", "status"),
    [
        ({"a": APPROVES, "b": APPROVES}, {"a": "a/2", "b": "b/2"}, 200),
        ({"a": APPROVES}, {"a": "a/2"}, 200),  # b stays as it is
        ({"a": APPROVES, "b": EDITS}, {"a": "a/2", "b": "b/2"}, 403),
        ({"a": READS, "b": APPROVES}, {"a": "a/2", "b": "b/2"}, 403),
        ({"a": APPROVES}, {"a": "a/2", "b": "b/2"}, 404),
        ({"a": APPROVES}, {"b": "a/2"}, 404),  # b would go
        ({"a": EDITS}, {"a": "a/1"}, 403),  # also where nothing is to do
    ],
)
def test_each_model_of_which_a_version_comes_or_goes_needs_an_approver(
    client: Client, grants: dict[str, tuple[Permission, bool]], members: dict[str, str], status: int
) -> None:
    assert sent(client, grants, "switch", name="prod", members=members).status == status
    assert client.releases.get("prod").number == (2 if status == 200 else 1)


@pytest.mark.parametrize("verb", ["rollback", "delete"])
def test_going_back_needs_the_same(client: Client, verb: str) -> None:
    client.releases.switch("prod", {"a": "a/2", "b": "b/2"})
    assert sent(client, {"a": APPROVES, "b": EDITS}, verb, name="prod").status == 403
    assert client.releases.get("prod").number == 2
    assert sent(client, {"a": APPROVES, "b": APPROVES}, verb, name="prod").status == 200


def asked(client: Client, path: str, **grants: Permission) -> Response:
    access = Access(client.store)
    for name, permission in grants.items():
        access.grant("ann", Resource.REGISTERED_MODEL, name, permission)
    return ask(App(client, access=access), "GET", f"/api/2.0/cloudtrack/{path}", b"", {}, ANN)


def test_a_release_is_read_by_who_may_read_all_of_it(client: Client) -> None:
    for path in ("get?name=prod", "get?name=prod&number=1", "history?name=prod", "verify?name=prod"):
        answer = asked(client, f"releases/{path}", a=Permission.READ)
        assert (answer.status, answer.json()["message"]) == (404, "there is no release 'prod'")
    assert asked(client, "releases/names", a=Permission.READ).json() == {"names": []}
    assert asked(client, "releases/names", b=Permission.READ).json() == {"names": ["prod"]}
    assert asked(client, "releases/get?name=prod").json()["release"]["members"]["b"] == {"name": "b", "version": 1}


def test_nothing_is_told_of_a_run_that_one_may_not_read(client: Client) -> None:
    lineage = asked(client, "model-versions/lineage?name=a&version=1", a=Permission.READ).json()["lineage"]
    assert (lineage["run"], lineage["params"], lineage["datasets"]) == (None, {}, [])
    diff = asked(client, "model-versions/diff?before=models:/a/1&after=models:/a/2").json()["diff"]
    assert (diff["metrics"], diff["before"]["git_commit"], len(diff["left_out"])) == ([], None, 2)
    assert asked(client, "model-versions/diff?before=models:/a/1&after=models:/b/1").status == 404
    run_id = client.model_versions.get("a", 1).run_id
    assert asked(client, f"model-versions/versions-from?run_id={run_id}").json() == {"model_versions": []}
    access = Access(client.store)
    access.grant("ann", Resource.EXPERIMENT, "0", Permission.READ)
    found = asked(client, f"model-versions/versions-from?run_id={run_id}").json()["model_versions"]
    assert [version["name"] for version in found] == ["a"]
    found = asked(client, "model-versions/versions-from?dataset=people").json()["model_versions"]
    assert {version["name"] for version in found} == {"a"}
