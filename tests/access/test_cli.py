"""``cloudtrack tokens`` and ``cloudtrack access``, as a person and as a program use them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cloudtrack.access.access import Access
from cloudtrack.access.permission import Permission, Resource
from cloudtrack.access.principal import Principal
from cloudtrack.access.tokens import Tokens
from cloudtrack.cli.main import app
from cloudtrack.errors import CloudtrackError
from cloudtrack.storage.opening import open_store


@pytest.fixture
def run(store_url: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["--store", store_url, *arguments])

    return run


def _answer(done: Result) -> Any:
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_a_token_is_shown_once_with_what_to_export(run: Any, store_url: str) -> None:
    done = run("tokens", "create", "alice", "--group", "ml", "--group", "ops", "--expires", "90d")
    assert done.exit_code == 0, done.output
    token = done.stdout.partition("export MLFLOW_TRACKING_TOKEN=")[2].strip()
    tokens = Tokens(open_store(store_url))
    assert tokens.find(token) == Principal("alice", groups=("ml", "ops"))
    (info,) = tokens.list()
    assert info.expires == info.created + 90 * 86_400_000
    assert info.created_by == "tester"
    listed = run("tokens", "list").stdout
    assert info.token_id in listed
    assert "group:ml" in listed
    assert token not in listed
    assert token not in run("tokens", "list", "--json").stdout


def test_tokens_are_managed_by_programs(run: Any, store_url: str) -> None:
    made = _answer(run("tokens", "create", "ci", "--admin", "--description", "deploys", "--json"))
    tokens = Tokens(open_store(store_url))
    assert tokens.find(made["token"]) == Principal("ci", admin=True)
    (listed,) = _answer(run("tokens", "list", "--json"))
    assert listed == {key: value for key, value in made.items() if key != "token"}
    assert (listed["description"], listed["expires"]) == ("deploys", None)
    assert _answer(run("tokens", "revoke", made["token_id"], "--json")) == {"revoked": made["token_id"]}
    assert run("tokens", "revoke", made["token_id"]).exit_code == 0
    assert tokens.find(made["token"]) is None
    assert "revoked" in run("tokens", "list").stdout


@pytest.mark.parametrize(("text", "seconds"), [("30m", 1800), ("6h", 21_600), ("90d", 7_776_000)])
def test_durations_are_minutes_hours_and_days(run: Any, text: str, seconds: int) -> None:
    made = _answer(run("tokens", "create", "a", "--expires", text, "--json"))
    assert made["expires"] - made["created"] == seconds * 1000


@pytest.mark.parametrize("text", ["90", "d", "-1d", "1.5h", "1w", "", "90 d", "1d1h"])
def test_other_durations_are_not_understood(run: Any, text: str) -> None:
    done = run("tokens", "create", "a", f"--expires={text}")
    assert done.exit_code == 2
    assert "30m, 6h or 90d" in done.output


def test_the_policy_is_managed(run: Any, store_url: str) -> None:
    assert _answer(run("access", "default", "read", "--json"))["default_permission"] == "READ"
    _answer(run("access", "grant", "group:ml", "experiment", "*", "EDIT", "--json"))
    _answer(run("access", "grant", "alice", "registered_model", "churn", "manage", "--approver", "--json"))
    _answer(run("access", "admin", "add", "root", "--json"))
    shown = _answer(run("access", "show", "--json"))
    assert shown == {
        "default_permission": "READ",
        "admins": ["root"],
        "grants": [
            {
                "principal": "group:ml",
                "resource": "experiment",
                "resource_id": "*",
                "permission": "EDIT",
                "approver": False,
            },
            {
                "principal": "alice",
                "resource": "registered_model",
                "resource_id": "churn",
                "permission": "MANAGE",
                "approver": True,
            },
        ],
    }
    policy = Access(open_store(store_url)).policy()
    assert policy.permission(Principal("x", groups=("ml",)), Resource.EXPERIMENT, "1") == Permission.EDIT
    assert "churn" in run("access", "show").stdout
    left = _answer(run("access", "revoke", "group:ml", "experiment", "*", "--json"))
    assert [grant["principal"] for grant in left["grants"]] == ["alice"]
    assert _answer(run("access", "admin", "remove", "root", "--json"))["admins"] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["tokens", "create", "group:ops"], "not the name of a principal"),
        (["tokens", "create", "a", "--expires", "0d"], "cannot expire"),
        (["tokens", "revoke", "nope"], "no API token"),
        (["access", "default", "write"], "permissions are NO_PERMISSIONS, READ"),
        (["access", "grant", "a", "experiment", "1", "READ", "--approver"], "only a registered model has approvers"),
        (["access", "grant", "a", "registered_model", "a/b", "READ"], "model name"),
        (["access", "revoke", "a", "experiment", "1"], "no grant"),
        (["access", "admin", "remove", "a"], "admins"),
    ],
)
def test_a_mistake_gets_one_clear_line(run: Any, arguments: list[str], said: str) -> None:
    run("access", "default", "NO_PERMISSIONS")
    done = run(*arguments)
    assert done.exit_code == 1
    assert isinstance(done.exception, CloudtrackError)
    assert said in done.exception.message
    assert "\n" not in done.exception.message


def test_a_kind_of_resource_that_does_not_exist_is_not_understood(run: Any) -> None:
    done = run("access", "grant", "a", "bucket", "1", "READ")
    assert done.exit_code == 2
    assert "registered_model" in done.output
