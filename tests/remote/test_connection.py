"""Addresses, logins, repetitions, errors, forks."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import cloudtrack as ct
from cloudtrack import clock, config
from cloudtrack.access.access import Access
from cloudtrack.access.authentication import Authenticator
from cloudtrack.access.permission import Permission, Resource
from cloudtrack.access.tokens import Tokens
from cloudtrack.api.app import App
from cloudtrack.client import Client, connect
from cloudtrack.errors import (
    AlreadyExists,
    CorruptData,
    InvalidInput,
    NotFound,
    PermissionDenied,
    StateError,
    Unauthenticated,
    Unavailable,
)
from cloudtrack.remote.client import RemoteClient
from cloudtrack.remote.connection import Connection
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.storage.retrying import RetryPolicy
from tests.remote.conftest import QUICK
from tests.scripts import run_script
from tests.servers.api_server import ApiServer, api_server

PATH = "/api/2.0/mlflow/experiments/get"


@pytest.fixture
def sleeps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Pauses that would have been made."""
    found: list[float] = []
    monkeypatch.setattr(clock, "sleep", found.append)
    return found


@pytest.mark.parametrize("url", ["http://ann:hunter2@host", "https://hunter2@host/prefix", "http://:hunter2@host"])
def test_credentials_in_an_address_are_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(InvalidInput, match="MLFLOW_TRACKING_TOKEN") as caught:
        connect(url)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://", "https:///x", "http://host?x=1", "http://host#x"])
def test_addresses_that_cannot_be_right_are_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="no address"):
        connect(url)


def test_an_address_may_have_a_path(tmp_path: Path) -> None:
    with api_server(App(Client(MemoryStore())), prefix="/prod/team") as server:
        for url in (server.url, f"{server.url}/"):
            client = RemoteClient(url, spool_dir=tmp_path)
            assert client.uri == server.url
            run_id = client.runs.create("0").info.run_id
            client.artifacts.log_text(run_id, "x", "a b/ü.txt")
            assert client.artifacts.read(run_id, "a b/ü.txt") == b"x"
        assert {path[:11] for _, path in server.requests} == {"/prod/team/"}


@pytest.mark.parametrize(
    ("environment", "sent"),
    [
        ({}, None),
        ({"MLFLOW_TRACKING_TOKEN": "t"}, "Bearer t"),
        ({"CLOUDTRACK_TOKEN": "ours", "MLFLOW_TRACKING_TOKEN": "theirs"}, "Bearer ours"),
        ({"MLFLOW_TRACKING_USERNAME": "ann", "MLFLOW_TRACKING_PASSWORD": "p:w"}, "Basic YW5uOnA6dw=="),
        ({"MLFLOW_TRACKING_USERNAME": "ann"}, None),
        ({"CLOUDTRACK_TOKEN": "t", "MLFLOW_TRACKING_USERNAME": "a", "MLFLOW_TRACKING_PASSWORD": "b"}, "Bearer t"),
    ],
)
def test_the_login_is_the_environments(
    environment: dict[str, str],
    sent: str | None,
    client: RemoteClient,
    server: ApiServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    client.experiments.get("0")
    assert server.headers[-1].get("authorization") == sent
    assert server.headers[-1]["x-cloudtrack-client"] == ct.__version__


def test_a_token_that_cannot_be_one_is_refused_and_not_repeated(
    client: RemoteClient, server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for token in ("hunter2\nX-Other: 1", "hunter2é", "hunter2\x00"):
        monkeypatch.setattr(config, "tracking_token", lambda token=token: token)
        with pytest.raises(InvalidInput, match="MLFLOW_TRACKING_TOKEN") as caught:
            client.experiments.get("0")
        assert "hunter2" not in str(caught.value)
    assert server.requests == []
    monkeypatch.setattr(config, "tracking_token", lambda: " read from a file\n")
    client.experiments.get("0")
    assert server.headers[-1]["authorization"] == "Bearer read from a file"


@pytest.fixture
def guarded() -> Iterator[ApiServer]:
    """A server on which ann may read the experiment 0, and nobody anything else."""
    store = MemoryStore()
    access = Access(store)
    with api_server(App(Client(store), access=access), authenticator=Authenticator(Tokens(store))) as server:
        access.set_default(Permission.NO_PERMISSIONS)
        access.grant("ann", Resource.EXPERIMENT, "0", Permission.READ)
        yield server


def test_who_is_not_logged_in_is_told_what_to_do(guarded: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    client = RemoteClient(guarded.url)
    with pytest.raises(Unauthenticated, match=r"MLFLOW_TRACKING_TOKEN.*cloudtrack tokens create"):
        client.experiments.get("0")
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "ctk_wrong")
    with pytest.raises(Unauthenticated, match="valid") as caught:
        client.experiments.get("0")
    assert "ctk_wrong" not in str(caught.value)
    assert len(guarded.requests) == 2  # no repetition mends it


def test_who_may_not_is_told_whom_to_ask(guarded: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    token, _ = Tokens(guarded.client.store).create("ann")
    client = RemoteClient(guarded.url)
    for name, value in (("TOKEN", token), ("USERNAME", "ann"), ("PASSWORD", token)):
        monkeypatch.setenv(f"MLFLOW_TRACKING_{name}", value)
        if name == "USERNAME":
            monkeypatch.delenv("MLFLOW_TRACKING_TOKEN")
            continue
        assert client.experiments.get("0").name == "Default"
    with pytest.raises(PermissionDenied, match=r"EDIT.*you have READ.*ask"):
        client.runs.create("0")
    with pytest.raises(PermissionDenied, match="EDIT"):
        client.runs.start_writer(client.experiments.get("0"))
    with pytest.raises(NotFound):
        client.experiments.get(guarded.client.experiments.create("secret"))


def test_a_gateways_own_refusals_are_understood(client: RemoteClient, server: ApiServer) -> None:
    for status, error in ((401, Unauthenticated), (403, PermissionDenied)):
        server.fault = lambda _m, _p, status=status: (status, {}, b'{"message":"Forbidden"}')  # type: ignore[misc]
        with pytest.raises(error, match=server.url):
            client.experiments.get("0")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ((404, {}, b"<html>nothing here</html>"), "does not answer as a cloudtrack server"),
        ((200, {"content-type": "text/html"}, b"<html>a page</html>"), "does not answer as a cloudtrack server"),
        ((200, {}, b"[]"), "does not answer as a cloudtrack server"),
        ((301, {"location": "https://other/x?secret=1"}, b""), "https://other/x"),
        ((413, {}, b"too large"), "so much at once"),
    ],
)
def test_what_is_no_server_of_ours_is_said_to_be_none(
    fault: Any, said: str, client: RemoteClient, server: ApiServer
) -> None:
    server.fault = lambda _method, _path: fault
    with pytest.raises(InvalidInput, match=said) as caught:
        client.experiments.get("0")
    assert "secret" not in str(caught.value)
    assert len(server.requests) == 1


@pytest.mark.parametrize("fault", [429, 500, 502, 503, 504, "reset"])
def test_a_server_that_stumbles_is_asked_again(
    fault: Any, client: RemoteClient, server: ApiServer, sleeps: list[float]
) -> None:
    left = [fault, fault]
    server.fault = lambda _method, _path: left.pop() if left else None
    assert client.experiments.get("0").name == "Default"
    assert len(server.requests) == 3
    assert len([pause for pause in sleeps if pause]) == 2


@pytest.mark.parametrize("fault", [500, 503, "reset"])
def test_repetitions_are_bounded_and_fewer_once_a_server_is_given_up(
    fault: Any, client: RemoteClient, server: ApiServer, sleeps: list[float]
) -> None:
    server.fault = lambda _method, _path: fault
    with pytest.raises(Unavailable, match=server.url):
        client.experiments.get("0")
    assert len(server.requests) == QUICK.attempts
    with pytest.raises(Unavailable):
        client.runs.create("0")
    assert len(server.requests) == QUICK.attempts + 2
    server.fault = lambda _method, _path: None
    client.experiments.get("0")
    server.fault = lambda _method, _path: fault
    with pytest.raises(Unavailable):
        client.experiments.get("0")
    assert len(server.requests) == 2 * QUICK.attempts + 3


def test_retry_after_is_honoured_and_bounded(client: RemoteClient, server: ApiServer, sleeps: list[float]) -> None:
    left = [(503, {"Retry-After": "7"}, b"")]
    server.fault = lambda _method, _path: left.pop() if left else None
    client.experiments.get("0")
    assert 7.0 in sleeps
    server.fault = lambda _method, _path: (429, {"Retry-After": "3600"}, b"")
    before = len(server.requests)
    with pytest.raises(Unavailable):
        client.experiments.get("0")
    assert len(server.requests) == before + 1


def test_time_bounds_repetitions_too(server: ApiServer) -> None:
    server.fault = lambda _method, _path: 503
    connection = Connection(server.url, retries=RetryPolicy(attempts=1000, first_pause_s=0.01, deadline_s=0.3))
    with pytest.raises(Unavailable):
        connection.get(PATH, experiment_id="0")
    assert len(server.requests) < 100


def test_nobody_there_is_said_with_the_address() -> None:
    client = RemoteClient("http://127.0.0.1:9/prefix", retries=QUICK)
    with pytest.raises(Unavailable, match=r"http://127\.0\.0\.1:9/prefix did not answer \(.*refused"):
        client.experiments.get("0")


def test_errors_arrive_as_they_were_raised(client: RemoteClient, server: ApiServer) -> None:
    made = client.experiments.create("e")
    with pytest.raises(AlreadyExists, match="'e'"):
        client.experiments.create("e")
    other = client.experiments.create("f")
    with pytest.raises(AlreadyExists, match="'e'"):
        client.experiments.rename(other, "e")
    client.runs.delete_experiment(made)
    with pytest.raises(StateError, match="deleted"):
        client.experiments.rename(made, "g")
    with pytest.raises(StateError, match="deleted"):
        client.runs.create(made)
    with pytest.raises(NotFound, match="4711"):
        client.experiments.get("4711")
    with pytest.raises(InvalidInput, match="column"):
        client.runs.search(["0"], "metrics.loss >")
    key = f"experiments/{other}/experiment.json"
    server.client.store.delete(key)
    server.client.store.create(key, b"{not json")
    before = len(server.requests)
    with pytest.raises(CorruptData):
        client.experiments.get(other)
    assert len(server.requests) == before + 1  # no repetition mends it


@pytest.mark.slow
def test_a_forked_child_connects_anew(server: ApiServer, tmp_path: Path) -> None:
    done = run_script(
        """
        import os
        import cloudtrack as ct

        ct.log_param("by", "parent")
        run = ct.active_run()
        client = ct.MlflowClient()
        client.get_run(run.info.run_id)  # there is a connection now
        for child in range(3):
            if os.fork() == 0:
                for number in range(20):
                    assert client.get_run(run.info.run_id).data.params == {"by": "parent"}
                ct.log_metric(f"child{child}", child)
                raise SystemExit(0)
        for number in range(60):
            client.get_run(run.info.run_id)
        assert [os.waitstatus_to_exitcode(os.wait()[1]) for child in range(3)] == [0, 0, 0]
        """,
        store=server.url,
        folder=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    (run,) = server.client.runs.list(["0"])
    assert run.data.metrics == {"child0": 0.0, "child1": 1.0, "child2": 2.0}
    assert run.info.status == "FINISHED"


def test_a_certificate_that_nobody_trusts_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sleeps: list[float]
) -> None:
    certificate = _self_signed(tmp_path)
    with api_server(App(Client(MemoryStore()))) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        url = f"https://localhost:{server.server_port}"
        with pytest.raises(Unavailable, match="cannot be trusted"):
            RemoteClient(url).experiments.get("0")
        assert server.requests == []
        assert sleeps == []  # no repetition mends it
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert RemoteClient(url).experiments.get("0").name == "Default"


def _self_signed(folder: Path) -> Path:
    """A certificate for localhost with its key, in one file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = clock.now()
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


def test_no_object_of_a_client_holds_a_credential(server: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "hunter2")
    client = RemoteClient(server.url)
    client.experiments.get("0")
    held = repr({name: repr(value) for name, value in vars(client._connection).items()})
    assert "hunter2" not in held
    assert base64.b64encode(b"hunter2").decode() not in held
