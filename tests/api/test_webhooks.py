"""Webhooks: what is kept of them, what a message looks like, and where none is sent."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from cloudtrack.access.access import Access
from cloudtrack.access.principal import Principal
from cloudtrack.api.app import App
from cloudtrack.client import Client
from cloudtrack.registry import webhook_messages
from cloudtrack.registry.webhook_messages import example_data, is_public
from cloudtrack.registry.webhooks import EVENTS, WebhookEvent
from tests.api.sending import ask
from tests.servers.webhook_receiver import Receiver, running_receiver

API = "/api/2.0/mlflow/webhooks"
JSON = {"Content-Type": "application/json"}
ADMIN = Principal("root", admin=True)
EVENT = {"entity": "MODEL_VERSION_TAG", "action": "SET"}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as found:
        yield found


@pytest.fixture
def client(store_url: str) -> Client:
    return Client(store_url)


def call(app: App, method: str, path: str = "", body: Any = None, status: int = 200) -> Any:
    answer = ask(app, method, API + path, b"" if body is None else json.dumps(body).encode(), JSON, principal=ADMIN)
    assert answer.status == status, answer.whole_body()
    return answer.json()


def new_webhook(app: App, url: str, **more: Any) -> str:
    body = {"name": "hook", "url": url, "events": [EVENT], **more}
    return call(app, "POST", body=body)["webhook"]["webhook_id"]


def send_test(app: App, webhook_id: str, body: Any = None) -> dict[str, Any]:
    return call(app, "POST", f"/{webhook_id}/test", {} if body is None else body)["result"]


def test_a_message_is_signed_as_mlflow_signs(client: Client, receiver: Receiver) -> None:
    app = App(client)
    result = send_test(app, new_webhook(app, receiver.url, secret="s3cret"))
    assert result == {"success": True, "response_status": 200, "response_body": "thanks"}
    ((path, headers, body),) = receiver.got
    assert path == "/hook?a=b"
    assert headers["Content-Type"] == "application/json"
    signed = f"{headers['X-MLflow-Delivery-Id']}.{headers['X-MLflow-Timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.digest(b"s3cret", signed, hashlib.sha256)).decode()
    assert headers["X-MLflow-Signature"] == f"v1,{expected}"
    message = json.loads(body)
    assert (message["entity"], message["action"]) == ("model_version_tag", "set")
    assert set(message["data"]) == {"name", "version", "key", "value"}


def test_a_message_without_a_secret_has_no_signature(client: Client, receiver: Receiver) -> None:
    app = App(client)
    send_test(app, new_webhook(app, receiver.url))
    assert "X-MLflow-Signature" not in receiver.got[0][1]


def test_the_event_to_test_may_be_chosen(client: Client, receiver: Receiver) -> None:
    app = App(client)
    send_test(app, new_webhook(app, receiver.url), {"event": {"entity": "REGISTERED_MODEL", "action": "CREATED"}})
    assert json.loads(receiver.got[0][2])["entity"] == "registered_model"


def test_the_secret_is_never_given_out(client: Client, receiver: Receiver) -> None:
    app = App(client)
    webhook_id = new_webhook(app, receiver.url, secret="s3cret")
    answers = [
        call(app, "GET", f"/{webhook_id}"),
        call(app, "GET"),
        call(app, "PATCH", f"/{webhook_id}", {"name": "other", "secret": "t0psecret"}),
        call(app, "POST", f"/{webhook_id}/test", {}),
    ]
    shown = json.dumps(answers)
    assert "s3cret" not in shown
    assert "t0psecret" not in shown
    assert client.webhooks.secret(webhook_id) == "t0psecret"


def test_a_deleted_webhook_leaves_nothing(client: Client, receiver: Receiver) -> None:
    app = App(client)
    webhook_id = new_webhook(app, receiver.url, secret="s3cret")
    call(app, "DELETE", f"/{webhook_id}")
    assert list(client.store.list("webhooks/")) == []
    call(app, "POST", f"/{webhook_id}/test", {}, status=404)
    call(app, "PATCH", f"/{webhook_id}", {"name": "x"}, status=404)
    assert receiver.got == []


def test_a_redirect_is_an_answer_and_not_followed(client: Client, receiver: Receiver) -> None:
    receiver.status, receiver.headers = 302, {"Location": receiver.url}
    app = App(client)
    result = send_test(app, new_webhook(app, receiver.url))
    assert (result["success"], result["response_status"]) == (False, 302)
    assert len(receiver.got) == 1


def test_a_failure_of_the_other_side_is_no_success(client: Client, receiver: Receiver) -> None:
    receiver.status = 500
    app = App(client)
    assert send_test(app, new_webhook(app, receiver.url))["success"] is False
    assert len(receiver.got) == 1


def test_only_the_beginning_of_an_answer_is_read(client: Client, receiver: Receiver) -> None:
    receiver.body = b"x" * 100_000
    app = App(client)
    assert len(send_test(app, new_webhook(app, receiver.url))["response_body"]) == 1000


def test_who_does_not_answer_is_given_up(client: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_messages, "TIMEOUT_S", 0.2)
    receiver.silent.set()
    app = App(client)
    result = send_test(app, new_webhook(app, receiver.url))
    assert result["success"] is False
    assert result["error_message"]


def test_nobody_there_is_an_error_message(client: Client) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app = App(client)
    result = send_test(app, new_webhook(app, f"http://127.0.0.1:{port}/"))
    assert result["success"] is False
    assert "Refused" in result["error_message"]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.9.10",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "192.0.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "fd00:ec2::254",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:0001::",
        "2001:db8::1",
    ],
)
def test_an_address_inside_a_network_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.215.14", "2606:4700:4700::1111", "64:ff9b::101:101"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "0x7f000001", "2130706433"])
def test_a_guarded_server_sends_nothing_inside_its_network(
    client: Client, receiver: Receiver, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected: list[object] = []
    monkeypatch.setattr(socket, "create_connection", lambda *args: connected.append(args))
    app = App(client, access=Access(client.store))
    webhook_id = new_webhook(app, f"http://{host}:{receiver.server.server_port}/")
    answer = call(app, "POST", f"/{webhook_id}/test", {}, status=400)
    assert "inside a network" in answer["message"]
    assert connected == []


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Make the names of this test resolve to each of the answers in turn; the names that were asked for."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def look_up(host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        if not host.endswith(".test"):
            return real(host, port, *args, **kwargs)
        asked.append(host)
        addresses = answers[min(len(asked), len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


def test_a_name_with_one_address_inside_is_refused(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, ["1.1.1.1", "10.0.0.1"])
    app = App(client, access=Access(client.store))
    call(app, "POST", f"/{new_webhook(app, 'https://mixed.test/')}/test", {}, status=400)


def test_a_name_that_changes_after_the_check_gains_nothing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = resolving(monkeypatch, ["1.1.1.1"], ["127.0.0.1"])
    connected: list[tuple[str, int]] = []

    def connect(address: tuple[str, int], timeout: float) -> socket.socket:
        connected.append(address)
        raise ConnectionRefusedError("Connection refused")

    monkeypatch.setattr(socket, "create_connection", connect)
    app = App(client, access=Access(client.store))
    result = send_test(app, new_webhook(app, "https://rebound.test/"))
    assert result["success"] is False
    assert connected == [("1.1.1.1", 443)]
    assert asked == ["rebound.test"]


def test_a_name_that_does_not_resolve_is_an_error_message(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror("Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    app = App(client, access=Access(client.store))
    assert send_test(app, new_webhook(app, "https://gone.test/"))["success"] is False


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://1.1.1.1/",
        "//1.1.1.1/",
        "http://",
        "http:///path",
        "https://1.1.1.1:99999/",
        "https://1.1.1.1:0/",
        "https://user:password@1.1.1.1/",
        "https://1.1.1.1/\r\nX-Evil: yes",
        "https://1.1.1.1/a b",
        "https://exämple.test/",
        "https://1.1.1.1/\x00",
        "https://[::1/",
        "https://1.1.1.1/" + "x" * 2048,
    ],
)
def test_an_address_that_cannot_be_is_refused(client: Client, url: str) -> None:
    body = {"name": "hook", "url": url, "events": [EVENT]}
    assert call(App(client), "POST", body=body, status=400)["error_code"] == "INVALID_PARAMETER_VALUE"


def test_there_is_an_example_of_every_event() -> None:
    for entity, action in EVENTS:
        data = example_data(WebhookEvent.of(entity, action))
        assert tuple(data) == EVENTS[entity, action]


def test_mlflows_clients_are_not_shown_events_that_they_do_not_know(client: Client, receiver: Receiver) -> None:
    app = App(client)
    stage = {"entity": "MODEL_VERSION_STAGE", "action": "TRANSITIONED"}
    webhook_id = new_webhook(app, receiver.url, events=[EVENT, stage])
    assert call(app, "GET", f"/{webhook_id}")["webhook"]["events"] == [EVENT]
    assert [event.pair for event in client.webhooks.get(webhook_id).events] == [
        ("MODEL_VERSION_STAGE", "TRANSITIONED"),
        ("MODEL_VERSION_TAG", "SET"),
    ]
    assert send_test(app, webhook_id, {"event": stage})["success"] is True


def test_one_broken_webhook_hides_no_others(client: Client) -> None:
    app = App(client)
    webhook_id = new_webhook(app, "https://1.1.1.1/")
    client.store.create("webhooks/0123456789abcdef0123456789abcdef.json", b"{")
    assert [item["webhook_id"] for item in call(app, "GET")["webhooks"]] == [webhook_id]
