"""What a page is told of the server, and of what its user may do."""

from __future__ import annotations

from typing import Any

import pytest

from cloudtrack.access.access import Access
from cloudtrack.access.permission import Permission, Resource
from cloudtrack.access.principal import Principal
from cloudtrack.api.app import App
from cloudtrack.client import Client
from tests.api.sending import ask, get

EDITOR, ADMIN = Principal("editor"), Principal("root", admin=True)


@pytest.fixture
def client(store_url: str) -> Client:
    return Client(store_url, user="ann")


@pytest.fixture
def guarded(client: Client) -> App:
    access = Access(client.store)
    access.grant("editor", Resource.EXPERIMENT, "0", Permission.EDIT)
    access.grant("editor", Resource.REGISTERED_MODEL, "churn", Permission.READ, approver=True)
    return App(client, access=access)


def asked(app: App, path: str, principal: Principal | None = None) -> dict[str, Any]:
    answer = ask(app, "GET", f"/api/2.0/cloudtrack/{path}", principal=principal)
    assert answer.status == 200, answer.json()
    found: dict[str, Any] = answer.json()
    return found


def test_an_open_server_lets_its_user_do_everything(client: Client) -> None:
    app = App(client)
    found = asked(app, "ui-config")
    assert (found["auth"], found["user"], found["is_admin"], found["read_only"]) == ("none", "ann", True, False)
    assert [stage["name"] for stage in found["stages"]] == ["None", "Staging", "Production", "Archived"]
    assert found["poll_s"] == {"min": 5, "max": 30}
    assert (found["limits"]["table_rows"], found["limits"]["series"]) == (50_000, 100)
    assert asked(app, "permissions?name=any")["permission"] == "MANAGE"


def test_a_guarded_server_says_who_asks(guarded: App) -> None:
    found = [asked(guarded, "ui-config", who) for who in (EDITOR, ADMIN)]
    assert [(one["auth"], one["user"], one["is_admin"]) for one in found] == [
        ("token", "editor", False),
        ("token", "root", True),
    ]


def test_a_page_is_not_told_where_the_store_is(guarded: App, client: Client) -> None:
    answer = ask(guarded, "GET", "/api/2.0/cloudtrack/ui-config", principal=EDITOR)
    assert answer.json()["store"] == "mlflow-artifacts:/"
    assert client.uri.encode() not in answer.whole_body()


def test_a_config_that_the_client_has_is_not_sent_again(client: Client) -> None:
    app = App(client)
    tag = get(app, "ui-config").headers["etag"]
    assert get(app, "ui-config", {"if-none-match": tag}).status == 304


def test_permissions_are_those_that_the_policy_gives(guarded: App) -> None:
    assert asked(guarded, "permissions?experiment_id=0", EDITOR) == {
        "permission": "EDIT",
        "can": ["read", "use", "edit"],
        "is_approver": False,
    }
    assert asked(guarded, "permissions?name=churn", EDITOR) == {
        "permission": "READ",
        "can": ["read"],
        "is_approver": True,
    }
    hidden = {"permission": "NO_PERMISSIONS", "can": [], "is_approver": False}
    assert asked(guarded, "permissions?experiment_id=1", EDITOR) == hidden
    assert asked(guarded, "permissions?name=other", EDITOR) == hidden
    assert asked(guarded, "permissions?name=other", ADMIN)["is_approver"]


@pytest.mark.parametrize("query", ["", "?experiment_id=0&name=churn"])
def test_permissions_are_asked_of_one_thing(client: Client, query: str) -> None:
    answer = ask(App(client), "GET", f"/api/2.0/cloudtrack/permissions{query}")
    assert answer.status == 400
    assert "experiment_id or name" in answer.json()["message"]
