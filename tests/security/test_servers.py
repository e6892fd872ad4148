"""DNS rebinding, CSRF, memory exhaustion and header injection at the doors of a server, as connections of an enemy."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloudtrack.access.access import Access
from cloudtrack.access.permission import Permission, Resource
from cloudtrack.access.tokens import Tokens
from cloudtrack.api.errors import ApiError
from cloudtrack.api.gate import Gate, local_hosts, secured
from cloudtrack.api.message import Response
from cloudtrack.client import Client
from cloudtrack.http.asgi import raw_headers
from cloudtrack.http.bounded_heads import LONGEST_HEAD_BYTES
from tests.servers.cloudtrack_server import RunningServer, forked_server

CREATE = "/api/2.0/mlflow/experiments/create"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("open")
    with forked_server(str(folder / "store"), folder) as running:
        yield running


def sent(server: RunningServer, *pieces: bytes) -> bytes:
    """What a server answers to these bytes, until it hangs up or has nothing to add."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        answer = b""
        try:
            for piece in pieces:
                connection.sendall(piece)
            while b"\r\n\r\n" not in answer and (chunk := connection.recv(65536)):
                answer += chunk
        except (BrokenPipeError, ConnectionResetError):
            pass  # it hung up while we were still sending
        return answer


def request(server: RunningServer, method: str, path: str, *headers: str, body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{server.port}", *headers, f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


ORIGINS = [
    "http://[",
    "http://]",
    "null",
    "",
    "http://",
    "//",
    "http://127.0.0.1:1",
    "http://evil.example",
    "\xff",
    "a" * 5000,
]


@pytest.mark.parametrize("origin", ORIGINS)
def test_whatever_the_origin_says_it_is_not_ours_and_no_fault_of_the_server(origin: str, server: RunningServer) -> None:
    body = b'{"name": "from another site"}'
    asked = request(server, "POST", CREATE, "Content-Type: application/json", f"Origin: {origin}", body=body)
    assert b" 403 " in sent(server, asked)[:20]
    assert "Traceback" not in server.text()


def test_the_gate_knows_its_own_names_in_one_spelling() -> None:
    gate = Gate(local_hosts(5000))
    gate.check("POST", {"host": "LOCALHOST:5000", "origin": "http://localhost:5000"})
    for host in (
        "",
        "localhost",
        "localhost:5001",
        "localhost:5000, evil",
        "localhost:5000.evil",
        "[::1",
        "0.0.0.0:5000",
    ):
        with pytest.raises(ApiError):
            gate.check("GET", {"host": host})
    for host, origin in (("", "null"), ("", ""), ("", "file://"), ("a", "null")):  # no name is nobody's name
        with pytest.raises(ApiError):
            Gate().check("POST", {"host": host, "origin": origin})


@pytest.mark.parametrize("form", ["one long header", "many headers", "a long line", "no end of a line"])
def test_the_head_of_a_request_is_bounded(form: str, server: RunningServer) -> None:
    begin = f"GET /health HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n".encode()
    pieces = {
        "one long header": [begin, b"X: ", *[b"a" * LONGEST_HEAD_BYTES] * 64],
        "many headers": [begin, *[b"X-%d: a\r\n" % number * 500 for number in range(1000)]],
        "a long line": [b"GET /", *[b"a" * LONGEST_HEAD_BYTES] * 64],
        "no end of a line": [b"GET / HTTP/1.1\r\nHost", *[b"t" * LONGEST_HEAD_BYTES] * 64],
    }[form]
    answer = sent(server, *pieces, b"\r\n\r\n")
    assert answer == b"" or b" 400 " in answer[:20]
    assert b" 200 " in sent(server, request(server, "GET", "/health"))[:20]


def test_a_head_that_comes_in_pieces_is_read(server: RunningServer) -> None:
    whole = request(server, "GET", "/health", "X: " + "a" * 30_000)
    assert b" 200 " in sent(server, *[whole[start : start + 7_000] for start in range(0, len(whole), 7_000)])[:20]
    longest_body = b'{"name": "' + b"n" * 400 + b'", "tags": []' + b" " * 200_000 + b"}"
    asked = request(server, "POST", CREATE, "Content-Type: application/json", body=longest_body)
    assert b" 200 " in sent(server, asked[:3_000], asked[3_000:])[:20]


def test_there_are_no_websockets(server: RunningServer) -> None:
    upgrade = (
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    )
    assert b" 101 " not in sent(server, request(server, "GET", "/", *upgrade))[:20]


@pytest.mark.parametrize(
    "framing",
    [
        "Content-Length: -1",
        "Content-Length: 9" + "9" * 5000,
        "Content-Length: 1\r\nContent-Length: 2",
        "Content-Length: 1\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: gzip",
    ],
)
def test_a_body_whose_end_is_told_in_two_ways_is_refused(framing: str, server: RunningServer) -> None:
    head = f"POST {CREATE} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n{framing}\r\n\r\n"
    smuggled = "0\r\n\r\nGET /version HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = sent(server, (head + smuggled).encode())
    assert answer == b"" or answer[9:10] == b"4"


def test_no_header_of_an_answer_has_a_line_of_its_own() -> None:
    for value in ("a\r\nSet-Cookie: b", "a\nb", "a\rb"):
        for name, text in raw_headers(dict(secured(Response(200, {"x-name": value})).headers)):
            assert b"\r" not in name + text, "a header was added"
            assert b"\n" not in name + text, "a header was added"


def test_a_file_of_somebody_who_may_not_send_it_is_not_read(tmp_path: Path) -> None:
    root = str(tmp_path / "store")
    client = Client(root)
    experiment = client.experiments.create("e")
    run = client.runs.create(experiment).info.run_id
    Access(client.store).grant("reader", Resource.EXPERIMENT, experiment, Permission.READ)
    token, _ = Tokens(client.store).create("reader")
    artifacts = "mlflow-artifacts/artifacts/runs"
    with forked_server(root, tmp_path, "--auth") as server:
        for method, path, login, status in (
            ("PUT", f"{artifacts}/{run}/artifacts/huge", f"Bearer {token}", b" 403 "),
            ("PUT", f"{artifacts}/../huge", f"Bearer {token}", b" 400 "),
            ("PUT", f"{artifacts}/{run}/artifacts/huge", "", b" 401 "),
            ("POST", "cloudtrack/runs/deliver", f"Bearer {token}", b" 413 "),
            ("POST", "mlflow/gateway-proxy", f"Bearer {token}", b" 413 "),
            ("POST", "mlflow/traces", f"Bearer {token}", b" 413 "),
        ):
            lines = [
                f"{method} /api/2.0/{path} HTTP/1.1",
                f"Host: 127.0.0.1:{server.port}",
                *([f"Authorization: {login}"] if login else []),
                "Content-Length: 99999999999",
            ]
            head = "\r\n".join([*lines, "", ""]).encode()
            assert status in sent(server, head, b"the first of very many")[:20], path


def test_an_error_says_nothing_of_the_machine(server: RunningServer, tmp_path: Path) -> None:
    for path in ("/api/2.0/mlflow/runs/get?run_id=none", "/nothing", f"{CREATE}?", "/get-artifact?run_id=x&path=y"):
        answer = sent(server, request(server, "GET", path)).decode()
        assert "Traceback" not in answer
        assert str(tmp_path.parent) not in answer
