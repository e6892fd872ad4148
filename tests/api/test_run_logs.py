"""Console logs over HTTP."""

from __future__ import annotations

import base64
import json
import uuid
from typing import Any

import pytest

from cloudtrack.api.app import App
from cloudtrack.client import Client
from tests.api.sending import ask, get

STREAM = "1790000000000-0123456789ab-host%3A1"


@pytest.fixture
def app() -> App:
    return App(Client(f"memory://{uuid.uuid4().hex}"))


@pytest.fixture
def run_id(app: App) -> str:
    return str(app.client.runs.create("0").info.run_id)


def append(app: App, run_id: str, offset: int, **content: Any) -> int:
    body = json.dumps({"run_id": run_id, "stream": STREAM, "offset": offset, **content}).encode()
    headers = {"content-type": "application/json"}
    return ask(app, "POST", "/api/2.0/cloudtrack/runs/logs/append", body, headers).status


def test_text_and_bytes_are_added_and_read_page_by_page(app: App, run_id: str) -> None:
    assert append(app, run_id, 0, text="ü\n") == 200
    assert append(app, run_id, 0, text="ü\n") == 200
    assert append(app, run_id, 0, text="x") == 400
    assert append(app, run_id, 3, base64=base64.b64encode(b"\xff\n").decode()) == 200
    first = get(app, "runs/logs", run_id=run_id, max_bytes=1).json()
    about = {"stream": STREAM, "name": "host:1"}
    assert first["pieces"] == [{**about, "offset": 0, "text": "ü\n"}]
    second = get(app, "runs/logs", run_id=run_id, cursor=first["cursor"]).json()
    assert second["pieces"] == [{**about, "offset": 3, "text": "�\n", "base64": "/wo="}]
    last = get(app, "runs/logs", run_id=run_id, backwards="true").json()
    assert [piece["offset"] for piece in last["pieces"]] == [0, 3]
    assert last["streams"] == [{"id": STREAM, "name": "host:1", "started": 1790000000000, "size": 5}]
    assert (last["cursor"], last["end"]) == ("", second["cursor"])


def test_a_tail_that_finds_nothing_new_is_told_so_in_no_bytes(app: App, run_id: str) -> None:
    append(app, run_id, 0, text="one\n")
    cursor = get(app, "runs/logs", run_id=run_id).json()["cursor"]
    answer = get(app, "runs/logs", run_id=run_id, cursor=cursor)
    assert answer.json() == {"pieces": [], "cursor": cursor, "end": ""}
    again = get(app, "runs/logs", {"If-None-Match": answer.headers["etag"]}, run_id=run_id, cursor=cursor)
    assert (again.status, again.whole_body()) == (304, b"")
    append(app, run_id, 4, text="two\n")
    fresh = get(app, "runs/logs", {"If-None-Match": answer.headers["etag"]}, run_id=run_id, cursor=cursor)
    assert [piece["text"] for piece in fresh.json()["pieces"]] == ["two\n"]


def test_an_answer_fits_into_what_lambda_sends(app: App, run_id: str) -> None:
    for number in range(8):
        append(app, run_id, number * 262_144, text="\x1b" * 262_144)
    answer = get(app, "runs/logs", run_id=run_id, max_bytes=100_000_000)
    assert len(answer.whole_body()) < 6 << 20
    assert len(answer.json()["pieces"]) == 3


@pytest.mark.parametrize(
    "content",
    [
        {"offset": 0},
        {"offset": 0, "base64": "?"},
        {"offset": -1, "text": "x"},
        {"offset": 0, "stream": "x", "text": "x"},
    ],
)
def test_what_cannot_be_is_refused(app: App, run_id: str, content: dict[str, Any]) -> None:
    assert append(app, run_id, **content) == 400
    assert get(app, "runs/logs", run_id=run_id, cursor="nonsense").status == 400
