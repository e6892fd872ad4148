"""``cloudtrack server``: a real process, real connections."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cloudtrack.access.access import Access
from cloudtrack.access.permission import Permission, Resource
from cloudtrack.access.tokens import Tokens
from cloudtrack.client import Client
from cloudtrack.errors import InvalidInput
from cloudtrack.server import ServerOptions
from tests.servers.cloudtrack_server import ServerProcess, cloudtrack_server

API = "/api/2.0/mlflow/"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("server")
    with cloudtrack_server(str(folder / "store"), folder) as running:
        yield running


def ask(
    server: ServerProcess, method: str, path: str, body: Any = None, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if isinstance(body, dict):
        body = json.dumps(body).encode()
        sent.setdefault("Content-Type", "application/json")
    try:
        connection.request(method, path, body=body, headers=sent)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def new_run(server: ServerProcess) -> str:
    status, _, body = ask(server, "POST", f"{API}runs/create", {"experiment_id": "0", "start_time": 1})
    assert status == 200
    return json.loads(body)["run"]["info"]["run_id"]


def test_every_answer_carries_security_headers_and_a_request_id(server: ServerProcess) -> None:
    for path in ("/health", f"{API}runs/get", "/nothing", "/api-docs"):
        _, headers, _ = ask(server, "GET", path)
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert len(headers["x-request-id"]) == 16
        assert "server" not in headers


def test_long_json_goes_compressed_to_whoever_takes_it_so(server: ServerProcess) -> None:
    _, plain_headers, plain = ask(server, "GET", "/openapi.json")
    _, headers, zipped = ask(server, "GET", "/openapi.json", accept_encoding="gzip")
    assert (headers["content-encoding"], headers["vary"]) == ("gzip", plain_headers["vary"])
    assert len(zipped) < len(plain) / 4
    assert gzip.decompress(zipped) == plain


@pytest.mark.parametrize("host", ["evil.example", "evil.example:5000", "127.0.0.1", "localhost:1", ""])
def test_a_server_answers_to_its_own_names_only(server: ServerProcess, host: str) -> None:
    status, _, body = ask(server, "GET", f"{API}experiments/search?max_results=1", Host=host)
    assert status == 403
    assert json.loads(body)["error_code"] == "PERMISSION_DENIED"
    assert ask(server, "GET", "/health", Host=f"localhost:{server.port}")[0] == 200


def test_a_page_of_another_site_can_do_nothing(server: ServerProcess) -> None:
    created = {"name": "from another site"}
    own = f"http://127.0.0.1:{server.port}"
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        assert ask(server, "POST", f"{API}experiments/create", created, **headers)[0] == 403
    assert ask(server, "GET", f"{API}experiments/search?max_results=1", **{"Sec-Fetch-Site": "cross-site"})[0] == 403
    simple = ask(server, "POST", f"{API}experiments/create", b'{"name": "simple"}', **{"Content-Type": "text/plain"})
    assert simple[0] == 400
    assert ask(server, "OPTIONS", f"{API}experiments/create")[0] == 405
    assert ask(server, "POST", f"{API}experiments/create", created, Origin=own)[0] == 200


def test_a_link_on_another_site_opens_the_page_and_nothing_else(server: ServerProcess) -> None:
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert ask(server, "GET", "/", **link)[0] == 200
    assert ask(server, "GET", "/index.html", **link)[0] == 200
    assert ask(server, "GET", "/", **{**link, "Sec-Fetch-Dest": "iframe"})[0] == 403
    assert ask(server, "GET", "/", **{**link, "Sec-Fetch-Mode": "no-cors"})[0] == 403
    assert ask(server, "GET", "/", **{**link, "Host": "evil.example"})[0] == 403
    assert ask(server, "POST", "/", **link)[0] == 403
    for path in ("/api-docs", f"{API}experiments/search?max_results=1", "/assets/none.js"):
        assert ask(server, "GET", path, **link)[0] == 403, path


def test_a_body_that_is_too_large_is_refused_before_it_is_read(server: ServerProcess) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as raw:
        head = (
            f"POST {API}runs/log-batch HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Type: application/json\r\n"
        )
        raw.sendall(f"{head}Content-Length: 99999999999\r\n\r\n{{".encode())
        assert b" 413 " in raw.recv(200)


def test_a_chunked_body_is_bounded_too(server: ServerProcess) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(40):
            yield b" " * (1 << 20)

    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        connection.request("POST", f"{API}runs/log-batch", endless(), {"Content-Type": "application/json"})
        status = connection.getresponse().status
    except (BrokenPipeError, ConnectionResetError):
        status = 413  # it closed the connection while we were still sending
    assert status == 413
    assert ask(server, "GET", "/health")[0] == 200


def test_paths_that_are_not_utf8_are_refused(server: ServerProcess) -> None:
    status, _, body = ask(server, "GET", "/api/2.0/mlflow-artifacts/artifacts/%ff%fe")
    assert status == 400
    assert json.loads(body)["error_code"] == "INVALID_PARAMETER_VALUE"


def test_files_stream_through_in_bounded_memory(server: ServerProcess) -> None:
    run_id = new_run(server)
    path = f"/api/2.0/mlflow-artifacts/artifacts/runs/{run_id}/artifacts/large.bin"
    size = 300 << 20

    def content() -> Iterator[bytes]:
        for number in range(300):
            yield bytes([number % 251]) * (1 << 20)

    before = _peak_kib(server)
    assert ask(server, "PUT", path, content(), **{"Content-Length": str(size)})[0] == 200
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("GET", path)
    answer = connection.getresponse()
    assert answer.getheader("content-length") == str(size)
    assert answer.getheader("content-disposition") == "attachment; filename*=UTF-8''large.bin"
    read = 0
    while chunk := answer.read(1 << 20):
        assert chunk[0] == read // (1 << 20) % 251
        read += len(chunk)
    assert read == size
    assert _peak_kib(server) - before < 64 << 10


def _peak_kib(server: ServerProcess) -> int:
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])


def test_requests_under_way_are_finished_when_the_server_is_stopped(tmp_path: Path) -> None:
    with cloudtrack_server(str(tmp_path / "store"), tmp_path) as server:
        run_id = new_run(server)
        path = f"/api/2.0/mlflow-artifacts/artifacts/runs/{run_id}/artifacts/slow.bin"
        answers: list[int] = []

        def slow() -> Iterator[bytes]:
            for _ in range(20):
                yield b"x" * 1000
                time.sleep(0.1)

        upload = threading.Thread(
            target=lambda: answers.append(ask(server, "PUT", path, slow(), **{"Content-Length": "20000"})[0])
        )
        upload.start()
        time.sleep(0.5)
        server.process.send_signal(signal.SIGTERM)
        upload.join(30)
        assert answers == [200]
        assert server.process.wait(30) in (0, -signal.SIGTERM)
    assert len(Client(tmp_path / "store").artifacts.read(run_id, "slow.bin")) == 20_000


@pytest.mark.slow
def test_several_workers_serve_one_store_without_losing_an_update(tmp_path: Path) -> None:
    with cloudtrack_server(str(tmp_path / "store"), tmp_path, "--workers=3") as server:
        run_id = new_run(server)
        statuses: list[int] = []

        def log(writer: int) -> None:
            for number in range(15):
                body = {"run_id": run_id, "key": f"t{writer}-{number}", "value": "1"}
                statuses.append(ask(server, "POST", f"{API}runs/set-tag", body)[0])

        threads = [threading.Thread(target=log, args=(writer,)) for writer in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert statuses == [200] * 90
        tags = json.loads(ask(server, "GET", f"{API}runs/get?run_id={run_id}")[2])["run"]["data"]["tags"]
        assert len([tag for tag in tags if tag["key"].startswith("t")]) == 90


def test_a_guarded_server_demands_tokens_and_permissions(tmp_path: Path) -> None:
    client = Client(tmp_path / "store")
    reader, _ = Tokens(client.store).create("reader")
    access = Access(client.store)
    experiment_id = client.experiments.create("shown")
    access.grant("reader", Resource.EXPERIMENT, experiment_id, Permission.READ)
    with cloudtrack_server(str(tmp_path / "store"), tmp_path, "--auth") as server:
        target = f"{API}experiments/get?experiment_id={experiment_id}"
        assert ask(server, "GET", target)[0] == 401
        assert ask(server, "GET", target, Authorization="Bearer ctk_wrong")[0] == 401
        assert ask(server, "GET", target, Authorization=f"Bearer {reader}")[0] == 200
        body = {"experiment_id": experiment_id}
        assert ask(server, "POST", f"{API}experiments/delete", body, Authorization=f"Bearer {reader}")[0] == 403
        assert ask(server, "GET", "/health")[0] == 200
        assert reader not in server.text()


def test_a_guarded_server_keeps_no_bytes_of_strangers(tmp_path: Path) -> None:
    run_id = Client(tmp_path / "store").runs.create("0").info.run_id
    path = f"/api/2.0/mlflow-artifacts/artifacts/runs/{run_id}/artifacts/large.bin"
    with (
        cloudtrack_server(str(tmp_path / "store"), tmp_path, "--auth") as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=30) as raw,
    ):
        head = f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Length: 99999999999\r\n\r\n"
        raw.sendall(head.encode())
        assert b" 401 " in raw.recv(200)


def test_a_server_for_other_machines_needs_auth() -> None:
    with pytest.raises(InvalidInput, match="--auth"):
        ServerOptions("x", host="0.0.0.0").checked()
    ServerOptions("x", host="0.0.0.0", auth=True).checked()
    done = subprocess.run(
        [sys.executable, "-m", "cloudtrack.cli.main", "server", "--host=0.0.0.0", "--root=x"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ,
    )
    assert done.returncode == 1
    assert "--auth" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_access_log_has_a_line_for_each_request_and_no_query(server: ServerProcess) -> None:
    ask(server, "GET", f"{API}runs/get?run_id=secret-in-query")
    lines = [line for line in server.text().splitlines() if "runs/get" in line]
    assert lines
    assert "secret-in-query" not in server.text()
