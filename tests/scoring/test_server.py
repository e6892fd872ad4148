"""The scoring server as its users meet it: processes, signals, swaps of the model."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

import cloudtrack as ct
from cloudtrack.client import AnyClient, connect
from cloudtrack.scoring.server import ServeOptions
from tests.api.corpus.mlflow_server import free_port
from tests.scoring.models import MODELS, register_constant, save_constant, save_waiting
from tests.scoring.running import Scoring, running, scoring_server

ROW = {"dataframe_records": [{"a": 1.0, "b": 0.0}]}
ANSWER = {"predictions": [10.5]}
_PATIENCE_S = 60


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tree") / "model"
    MODELS["sklearn"](folder)
    return folder


@pytest.fixture(scope="module")
def server(tree: Path) -> Iterator[Scoring]:
    with scoring_server(tree.parent, model_uri=str(tree)) as running_server:
        yield running_server


@pytest.mark.slow
def test_it_predicts_as_soon_as_it_answers(server: Scoring) -> None:
    status, headers, body = server.send("POST", "/invocations", ROW)
    assert (status, body) == (200, ANSWER)
    assert headers["content-type"] == "application/json"
    assert headers["cache-control"] == "no-store"


def test_callers_are_not_told_folders_of_the_machine(server: Scoring, tree: Path) -> None:
    _, headers, body = server.send("POST", "/invocations", ROW)
    assert str(tree) not in json.dumps([headers, body])


def test_it_answers_to_its_own_names_only(server: Scoring) -> None:
    assert server.send("POST", "/invocations", ROW, {"host": f"localhost:{server.port}"})[0] == 200
    status, _, body = server.send("POST", "/invocations", ROW, {"host": "evil.example"})
    assert (status, body["error_code"]) == (403, "PERMISSION_DENIED")


def test_a_name_that_is_sent_twice_is_none_of_its_own(server: Scoring) -> None:
    with socket.create_connection(("127.0.0.1", server.port), 30) as connection:
        host = f"127.0.0.1:{server.port}"
        connection.sendall(f"GET /ping HTTP/1.1\r\nhost: evil.example\r\nhost: {host}\r\n\r\n".encode())
        assert connection.recv(100).split()[1] in (b"400", b"403")


def test_a_page_of_another_site_cannot_send(server: Scoring) -> None:
    assert server.send("POST", "/invocations", ROW, {"origin": "https://evil.example"})[0] == 403


def test_a_body_over_the_limit_is_refused_before_it_is_sent(server: Scoring) -> None:
    with socket.create_connection(("127.0.0.1", server.port), 30) as connection:
        connection.sendall(
            f"POST /invocations HTTP/1.1\r\nhost: 127.0.0.1:{server.port}\r\ncontent-type: application/json\r\n"
            f"content-length: {1 << 40}\r\n\r\n".encode()
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


@pytest.mark.slow
def test_several_processes_serve_one_port_and_end_with_it(tmp_path: Path) -> None:
    save_constant(tmp_path / "model", "same")
    with scoring_server(tmp_path, model_uri=str(tmp_path / "model"), workers=2) as server:
        children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: server.send("POST", "/invocations", {"inputs": 1})[::2], range(40)))
        workers = [Path(f"/proc/{pid}") for pid in children.read_text().split()]
        assert answers == [(200, {"predictions": "same"})] * 40
        assert len(workers) >= 2
    wait_until(lambda: not any(worker.exists() for worker in workers))


def test_ping_answers_while_a_prediction_runs_and_the_end_of_the_server_waits_for_it(tmp_path: Path) -> None:
    save_waiting(tmp_path / "model")
    question = {"dataframe_records": [{"folder": str(tmp_path)}]}
    with scoring_server(tmp_path, model_uri=str(tmp_path / "model")) as server, ThreadPoolExecutor(1) as pool:
        prediction = pool.submit(server.send, "POST", "/invocations", question)
        wait_until((tmp_path / "begun").exists)
        assert server.ping() == 200
        assert not prediction.done()
        os.kill(server.process.pid, signal.SIGTERM)
        wait_until(lambda: not _accepts(server.port))
        assert not prediction.done()
        (tmp_path / "end").touch()
        assert prediction.result(_PATIENCE_S)[::2] == (200, {"predictions": "ended"})
        server.process.wait(_PATIENCE_S)


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.slow
def test_a_prediction_that_takes_too_long_is_answered(tmp_path: Path) -> None:
    save_waiting(tmp_path / "model")
    with scoring_server(tmp_path, model_uri=str(tmp_path / "model"), timeout_s=0.05) as server:
        status, _, body = server.send("POST", "/invocations", {"dataframe_records": [{"folder": str(tmp_path)}]})
        assert (status, body["error_code"]) == (504, "TEMPORARILY_UNAVAILABLE")
        (tmp_path / "end").touch()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_model_that_cannot_be_loaded_ends_the_server_with_the_reason(workers: int, tmp_path: Path) -> None:
    told = asdict(ServeOptions(str(tmp_path / "none"), port=free_port(), workers=workers))
    command = [sys.executable, "-m", "tests.scoring.running", json.dumps(told)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=_PATIENCE_S, check=False)
    assert done.returncode == 1
    assert "is no model: it has no file MLmodel" in done.stderr


@pytest.mark.parametrize(
    ("reference", "workers"), [("/Production", 1), pytest.param("@live", 2, marks=pytest.mark.slow)]
)
def test_a_follower_swaps_the_model_without_a_failed_request(reference: str, workers: int, tmp_path: Path) -> None:
    client, move = _registry(str(tmp_path / "store"), reference)
    values = ["first", "second", "third"]
    versions = [register_constant("m", value, tmp_path) for value in values]
    move(versions[0])
    answers: Counter[tuple[int, str, str, str]] = Counter()
    stop = threading.Event()
    options: dict[str, Any] = {"follow": True, "follow_interval_s": 0.1, "workers": workers}
    with scoring_server(tmp_path, model_uri=f"models:/m{reference}", store=str(client.uri), **options) as server:

        def ask() -> None:
            while not stop.is_set():
                status, headers, body = server.send("POST", "/invocations", {"inputs": [1]})
                version, uri = (headers[f"x-cloudtrack-model-{what}"] for what in ("version", "uri"))
                answers[(status, version, uri, body["predictions"])] += 1

        with ThreadPoolExecutor(4) as pool:
            asking = [pool.submit(ask) for _ in range(4)]
            try:
                for version, value in zip(versions, values, strict=True):
                    move(version)
                    expected = (200, str(version), f"models:/m/{version}", value)
                    wait_until(lambda expected=expected: answers[expected] > 20)
            finally:
                stop.set()
            for asked in asking:
                asked.result()
    expected_answers = zip(versions, values, strict=True)
    assert set(answers) == {(200, str(version), f"models:/m/{version}", value) for version, value in expected_answers}


@pytest.mark.parametrize("store_url", ["folder", pytest.param("server", marks=pytest.mark.slow)], indirect=True)
def test_the_last_good_version_goes_on_when_the_reference_is_gone(store_url: str, tmp_path: Path) -> None:
    client, move = _registry(store_url, "@live")
    move(register_constant("m", "first", tmp_path))
    options: dict[str, Any] = {"follow": True, "follow_interval_s": 0.05}
    with scoring_server(tmp_path, model_uri="models:/m@live", store=str(client.uri), **options) as server:
        client.aliases.delete("m", "live")
        wait_until(lambda: "still serving models:/m/1" in server.log.read_text())
        assert server.send("POST", "/invocations", {"inputs": [1]})[::2] == (200, {"predictions": "first"})


def _registry(store_url: str, reference: str) -> tuple[AnyClient, Callable[[int], object]]:
    """The store in force, and what moves the reference to a version."""
    ct.set_tracking_uri(store_url)
    client = connect(store_url)
    if reference.startswith("@"):
        return client, lambda version: client.aliases.set("m", reference[1:], version)
    return client, lambda version: client.stages.transition("m", version, reference[1:], archive_existing_versions=True)


def test_a_container_serves_by_the_contract_of_sagemaker(tmp_path: Path) -> None:
    port = free_port()
    code = (
        "import sys; from pathlib import Path; from cloudtrack.scoring import sagemaker;"
        "options = sagemaker.container_options(Path(sys.argv[1]), host='127.0.0.1');"
        "sys.exit(sagemaker.main(sys.argv[2:], options))"
    )
    (tmp_path / "opt/ml").mkdir(parents=True)
    save_constant(tmp_path / "opt/ml/model", "same")
    command = [sys.executable, "-c", code, str(tmp_path / "opt/ml/model"), "serve"]
    environment = {"SAGEMAKER_BIND_TO_PORT": str(port), "CLOUDTRACK_TRUST_MODELS": "1"}
    with running(command, port, tmp_path, environment) as server:
        assert server.ping() == 200
        answer = server.send("POST", "/invocations", {"inputs": 1}, {"host": "model.aws.local"})
        assert answer[::2] == (200, {"predictions": "same"})
