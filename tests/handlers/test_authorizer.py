"""The authorizer lets in whom a token proves, and nobody else."""

from __future__ import annotations

import base64
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cloudtrack.access.tokens import Tokens
from cloudtrack.client import Client
from cloudtrack.errors import Unavailable
from cloudtrack.storage.object_store import ObjectStore
from tests.handlers.recorded import event

Ask = Callable[[str | None], dict[str, Any]]


@pytest.fixture(name="store")
def _store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    uri = (tmp_path / "store").as_uri()
    monkeypatch.setenv("CLOUDTRACK_URI", uri)
    return Client(uri).store


@pytest.fixture(name="ask")
def _ask(store: ObjectStore) -> Ask:
    handler = importlib.reload(importlib.import_module("handlers.authorizer")).handler

    def ask(authorization: str | None) -> dict[str, Any]:
        request = event("authorizer_request")
        del request["headers"]["authorization"]
        if authorization is not None:
            request["headers"]["authorization"] = authorization
        answer: dict[str, Any] = handler(request, None)
        return answer

    return ask


def test_a_token_lets_its_principal_in(store: ObjectStore, ask: Ask) -> None:
    token, _ = Tokens(store).create("ada", groups=["trainers"])
    expected = {"isAuthorized": True, "context": {"name": "ada", "admin": "false", "groups": '["trainers"]'}}
    assert ask(f"Bearer {token}") == expected
    assert ask("Basic " + base64.b64encode(f"ada:{token}".encode()).decode()) == expected


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ctk_wrong", "Basic !!!", "AWS4-HMAC-SHA256 x"])
def test_anything_else_is_refused(authorization: str | None, ask: Ask) -> None:
    assert ask(authorization) == {"isAuthorized": False}


def test_a_revoked_token_is_refused(store: ObjectStore, ask: Ask) -> None:
    token, info = Tokens(store).create("ada")
    Tokens(store).revoke(info.token_id)
    assert ask(f"Bearer {token}") == {"isAuthorized": False}


def test_while_the_store_does_not_answer_nobody_is_let_in_and_nothing_is_remembered(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error is a 500, which API Gateway does not keep; a refusal it would keep for minutes."""

    def fail(*_arguments: object, **_more: object) -> object:
        raise Unavailable("the store did not answer")

    monkeypatch.setattr("cloudtrack.storage.folder.FolderStore.get", fail)
    with pytest.raises(Unavailable):
        ask("Bearer ctk_" + "A" * 43)


def test_it_loads_nothing_of_the_api() -> None:
    import subprocess
    import sys

    code = "import sys, handlers.authorizer; print(*(name for name in sys.modules if name.startswith('cloudtrack.')))"
    root = str(Path(__file__).parents[2])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    loaded = done.stdout.split()
    assert "cloudtrack.access.tokens" in loaded
    assert not {"cloudtrack.api.app", "cloudtrack.client", "cloudtrack.tracking.runs"} & set(loaded)
