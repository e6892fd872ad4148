"""``cloudtrack models serve`` beside ``mlflow models serve``: the same model, the same requests, one process each."""

from __future__ import annotations

import http.client
import json
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from tests.scoring.mlflow_scoring import mlflow_scoring
from tests.scoring.models import MODELS
from tests.scoring.running import scoring_server

ROUNDS = 300
SECONDS = 5.0
CONNECTIONS = 8
BODIES = {
    "1 row": {"dataframe_split": {"columns": ["a", "b"], "data": [[1.0, 0.0]]}},
    "1000 rows": {"dataframe_split": {"columns": ["a", "b"], "data": [[1.0, 0.0]] * 1000}},
}


def measure(mlflow: str) -> tuple[dict[str, float], dict[str, float]]:
    """By size of the request: p50 in milliseconds on one connection, and requests a second on eight; ours, MLflow's.

    Rounds alternate between the two servers, so that both see the same machine.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        MODELS["sklearn"](folder / "model")
        with scoring_server(folder, model_uri=str(folder / "model")) as server:
            if not mlflow:
                return _measure([server.port])[0], {}
            with mlflow_scoring(mlflow, folder / "model", folder) as port:
                ours, theirs = _measure([server.port, port])
                return ours, theirs


def _measure(ports: list[int]) -> list[dict[str, float]]:
    found: list[dict[str, float]] = [{} for _ in ports]
    for size, content in BODIES.items():
        body = json.dumps(content).encode()
        for port_found, taken in zip(found, _latencies(ports, body), strict=True):
            port_found[f"scoring: {size}, p50 ms"] = statistics.median(taken)
        for port_found, port in zip(found, ports, strict=True):
            port_found[f"scoring: {size}, requests per s on 8"] = _rate(port, body)
    return found


def _latencies(ports: list[int], body: bytes) -> list[list[float]]:
    connections = [_connect(port) for port in ports]
    taken: list[list[float]] = [[] for _ in ports]
    for _ in range(ROUNDS):
        for connection, times in zip(connections, taken, strict=True):
            started = time.perf_counter()
            _ask(connection, body)
            times.append((time.perf_counter() - started) * 1000)
    return taken


def _rate(port: int, body: bytes) -> float:
    counts: list[int] = []
    deadline = time.monotonic() + SECONDS

    def work() -> None:
        connection = _connect(port)
        count = 0
        while time.monotonic() < deadline:
            _ask(connection, body)
            count += 1
        counts.append(count)

    threads = [threading.Thread(target=work) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / SECONDS


def _connect(port: int) -> Any:
    return http.client.HTTPConnection("127.0.0.1", port, timeout=60)


def _ask(connection: Any, body: bytes) -> None:
    connection.request("POST", "/invocations", body, {"content-type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 200, answer.status
