"""What MLflow's clients send, through the template's routes to functions that are kept to their roles.

It ends as it does in the application in one piece: no route leads astray and no role lacks a right.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cloudtrack.access.access import Access
from cloudtrack.access.principal import Principal
from cloudtrack.access.tokens import Tokens
from cloudtrack.api.app import App
from cloudtrack.client import Client
from tests.api.corpus import SCENARIOS
from tests.api.corpus.record import play_one
from tests.api.sending import ask
from tests.handlers.local_gateway import Answer, LocalGateway


@pytest.mark.parametrize("name", SCENARIOS)
def test_functions_do_what_the_whole_application_does(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, parts = (Client((tmp_path / name).as_uri()) for name in ("whole", "parts"))
    app = App(whole, access=Access(whole.store))
    monkeypatch.setenv("CLOUDTRACK_ARTIFACTS", "stream")
    gateway = LocalGateway(monkeypatch, parts.uri)
    token, _ = Tokens(parts.store).create("admin", admin=True)

    def send_to_app(method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        answer = ask(app, method, target, body, headers, Principal("admin", admin=True))
        return answer.status, dict(answer.headers), answer.whole_body()

    def send_to_functions(method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        return gateway.send(method, target, {**headers, "authorization": f"Bearer {token}"}, body)

    expected, found = play_one(send_to_app, name), play_one(send_to_functions, name)
    assert [pair for pair in zip(expected, found, strict=True) if ending(pair[0]) != ending(pair[1])] == []


def ending(answer: dict[str, Any]) -> tuple[Any, ...]:
    """What a misled or forbidden request would change; ids and times differ from one store to the other."""
    return answer["request"], answer["status"], answer.get("error_code")
