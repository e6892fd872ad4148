"""``cloudtrack server`` on a folder beside ``mlflow server`` on sqlite: the same requests, one after another."""

from __future__ import annotations

import http.client
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.api.corpus.mlflow_server import mlflow_server
from tests.servers.cloudtrack_server import cloudtrack_server

API = "/api/2.0/mlflow/"
RUNS = 100
ROUNDS = 150


def measure(mlflow: str) -> tuple[dict[str, float], dict[str, float]]:
    """p50 in milliseconds of each request, ours and MLflow's; rounds alternate between the two servers."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, tempfile.TemporaryDirectory(prefix="bench-") as other:
        store = str(Path(folder) / "store")
        with cloudtrack_server(store, Path(folder), "--no-access-log") as server:
            if not mlflow:
                return _medians([_Session(server.port)])[0], {}
            with mlflow_server(mlflow, Path(other)) as port:
                ours, theirs = _medians([_Session(server.port), _Session(port)])
                return ours, theirs


def _medians(sessions: list[_Session]) -> list[dict[str, float]]:
    for session in sessions:
        session.fill()
    for session in sessions:
        session.reconnect()
    taken: list[dict[str, list[float]]] = [{} for _ in sessions]
    for number in range(ROUNDS):
        for session, times in zip(sessions, taken, strict=True):
            for name, seconds in session.round(number):
                times.setdefault(name, []).append(seconds * 1000)
    return [{name: statistics.median(values) for name, values in times.items()} for times in taken]


class _Session:
    """One connection to one server, and the runs it has made there."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._experiment_id = ""
        self._run_ids: list[str] = []

    def fill(self) -> None:
        """100 runs with 20 params and 10 metrics."""
        self._experiment_id = self._ask("POST", "experiments/create", {"name": "bench"})["experiment_id"]
        for number in range(RUNS):
            body = {"experiment_id": self._experiment_id, "start_time": number}
            run_id = self._ask("POST", "runs/create", body)["run"]["info"]["run_id"]
            self._ask("POST", "runs/log-batch", self._batch(run_id, number))
            self._run_ids.append(run_id)

    def reconnect(self) -> None:
        """A server closes a connection that was idle while the other was filled."""
        self._connection.close()

    def round(self, number: int) -> Iterator[tuple[str, float]]:
        """Each request once; its name and seconds."""
        run_id = self._run_ids[number % RUNS]
        yield self._timed("server: runs/get p50 ms", "GET", f"runs/get?run_id={run_id}")
        metrics = [{"key": "live", "value": 0.5, "timestamp": number, "step": number} for _ in range(10)]
        yield self._timed("server: log-batch p50 ms", "POST", "runs/log-batch", {"run_id": run_id, "metrics": metrics})
        search = {
            "experiment_ids": [self._experiment_id],
            "filter": "metrics.m1 > 20 and params.p3 = 'v'",
            "order_by": ["metrics.m1 DESC"],
            "max_results": 20,
        }
        yield self._timed("server: runs/search p50 ms (100 runs)", "POST", "runs/search", search)

    def _batch(self, run_id: str, number: int) -> dict[str, Any]:
        return {
            "run_id": run_id,
            "params": [{"key": f"p{key}", "value": "v"} for key in range(20)],
            "metrics": [{"key": f"m{key}", "value": number, "timestamp": 1, "step": 1} for key in range(10)],
        }

    def _timed(self, name: str, method: str, path: str, body: Any = None) -> tuple[str, float]:
        began = time.perf_counter()
        self._ask(method, path, body)
        return name, time.perf_counter() - began

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        sent = None if body is None else json.dumps(body).encode()
        self._connection.request(method, API + path, sent, {"Content-Type": "application/json"} if sent else {})
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:300]!r}")
        return json.loads(content)
