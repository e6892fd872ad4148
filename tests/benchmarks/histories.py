"""Long histories: charts of many, pages of one, in this process and through a server beside MLflow's (sqlite).

Both servers have runs of metrics as long as MLflow can be given in good time, straight into its table; we alone
have ten times as long ones. MLflow's chart is what its page asks for: each metric of all runs, 320 points a run.
"""

from __future__ import annotations

import http.client
import json
import math
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from cloudtrack.client import Client
from cloudtrack.entities.run import Metric
from cloudtrack.storage.folder import FolderStore
from cloudtrack.tracking.run_documents import RunDocuments
from tests.api.corpus.mlflow_server import mlflow_server
from tests.servers.cloudtrack_server import cloudtrack_server
from tests.storage.lossy import CountingStore

Figures = dict[str, float]

RUNS, KEYS = 20, 10
SHORT, LONG = 1_000, 10_000
"""Points of each metric in a chart: what both are given, and what we alone are."""
ONE_SHORT, ONE_LONG = 100_000, 1_000_000
"""Points of the one metric of a run."""
ROUNDS = 7
_PAGE = 25_000
_START_MS = 1_700_000_000_000


def measure(mlflow: str) -> Iterator[tuple[str, Figures, Figures]]:
    """Tables: a title, our figures, MLflow's where its interpreter is given."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        long = _Histories(LONG, ONE_LONG)
        long.fill(Client(folder / "long"))
        yield "histories in this process", _in_process(folder / "long", long), {}
        with cloudtrack_server(str(folder / "long"), folder, "--no-access-log") as server:
            yield f"histories of {LONG:,} and {ONE_LONG:,} points", _through(server.port, long, own=True), {}
        short = _Histories(SHORT, ONE_SHORT)
        short.fill(Client(folder / "short"))
        with cloudtrack_server(str(folder / "short"), folder, "--no-access-log") as server:
            ours = _through(server.port, short, own=True)
        theirs: Figures = {}
        if mlflow:
            with mlflow_server(mlflow, folder) as port:
                made = _Histories(SHORT, ONE_SHORT)
                made.insert(port, folder / "mlflow.db")
                theirs = _through(port, made, own=False)
        yield f"histories of {SHORT:,} and {ONE_SHORT:,} points", ours, theirs


class _Histories:
    """Runs with metrics m0, m1 ... and one run with a single long metric m0."""

    def __init__(self, points: int, one_points: int) -> None:
        self.points, self.one_points = points, one_points
        self.runs: list[str] = []
        self.one_run = ""

    def fill(self, client: Client) -> None:
        """Log all of it."""
        self.runs = [client.runs.create("0").info.run_id for _ in range(RUNS)]
        self.one_run = client.runs.create("0").info.run_id
        for run_id, points in self._all():
            client.runs.log_batch(run_id, metrics=[Metric(key, value, at, step) for key, value, at, step in points])

    def insert(self, port: int, database: Path) -> None:
        """Runs of an MLflow server, and rows of its table."""
        run = {"experiment_id": "0", "start_time": _START_MS}
        made = [_ask(port, "POST", "mlflow/runs/create", run)["run"]["info"]["run_id"] for _ in range(RUNS + 1)]
        *self.runs, self.one_run = made
        with sqlite3.connect(database, timeout=60) as connection:
            for run_id, points in self._all():
                rows = [(key, value, at, run_id, step) for key, value, at, step in points]
                connection.executemany(
                    "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES (?, ?, ?, ?, ?, 0)",
                    rows,
                )

    def _all(self) -> Iterator[tuple[str, list[tuple[str, float, int, int]]]]:
        for number, run_id in enumerate(self.runs):
            yield run_id, [point for key in range(KEYS) for point in _metric(key, number, self.points)]
        yield self.one_run, _metric(0, 0, self.one_points)


def _metric(key: int, number: int, points: int) -> list[tuple[str, float, int, int]]:
    """A loss that falls and trembles."""
    return [
        (f"m{key}", (1 + key) / (1 + step * 1e-3) + 0.1 * math.sin(step * 12.9 + number), _START_MS + 37 * step, step)
        for step in range(points)
    ]


def _in_process(store: Path, histories: _Histories) -> Figures:
    counting = CountingStore(FolderStore(store))
    client = Client(counting)
    keys = [f"m{key}" for key in range(KEYS)]
    title = f"{RUNS} runs x {KEYS} metrics of {histories.points:,}"

    def chart() -> None:
        client.metrics.series(histories.runs, keys)

    began, cpu = time.perf_counter(), time.process_time()
    chart()
    first, first_cpu = time.perf_counter() - began, time.process_time() - cpu
    counting.reset()
    chart()
    requests = counting.requests
    figures = {f"{title}: 1st ms": first * 1e3, f"{title}: 1st cpu": first_cpu * 1e3}
    figures |= _timed(title, chart) | {f"{title}: requests": requests}
    lttb = _timed(f"{title}, lttb", lambda: client.metrics.series(histories.runs, keys, method="lttb"))
    one = f"{histories.one_points:,} points"
    figures |= lttb | _timed(f"{one} in columns", lambda: client.metrics.columns(histories.one_run, "m0"))
    figures |= _timed(f"{one}, a series", lambda: client.metrics.series([histories.one_run], ["m0"]))
    segments = RunDocuments(client.store).get(histories.one_run).document.segments
    return figures | {"bytes per point": sum(segment.size_bytes for segment in segments) / histories.one_points}


def _timed(title: str, work: Callable[[], object]) -> Figures:
    """The median of some rounds."""
    wall, cpu = [], []
    for _ in range(ROUNDS):
        began, began_cpu = time.perf_counter(), time.process_time()
        work()
        cpu.append(time.process_time() - began_cpu)
        wall.append(time.perf_counter() - began)
    return {f"{title}: ms": statistics.median(wall) * 1e3, f"{title}: cpu": statistics.median(cpu) * 1e3}


def _through(port: int, histories: _Histories, *, own: bool) -> Figures:
    """Milliseconds of requests to a server."""
    keys = [f"m{key}" for key in range(KEYS)]
    one = {"metric_key": "m0", "run_id": histories.one_run}
    token = _get(port, "mlflow/metrics/get-history", max_results=_PAGE, **one)["next_page_token"]
    interval = "mlflow/metrics/get-history-bulk-interval"

    def chart() -> None:
        for key in keys:
            _get(port, interval, run_ids=histories.runs, metric_key=key, max_results=320)

    def page() -> None:
        _get(port, "mlflow/metrics/get-history", max_results=_PAGE, page_token=token, **one)

    def sampled() -> None:
        _get(port, interval, run_ids=[histories.one_run], metric_key="m0", max_results=320)

    def own_chart() -> None:
        for some in (keys[: KEYS // 2], keys[KEYS // 2 :]):
            _get(port, "cloudtrack/metrics/series", run_ids=histories.runs, keys=some)

    jobs = {"chart as MLflow's page asks": chart, "one metric, 320 points": sampled, "a page of 25,000": page}
    if own:
        jobs["chart, cloudtrack/metrics/series"] = own_chart
    figures = {}
    for name, job in jobs.items():
        job()
        taken = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            job()
            taken.append(time.perf_counter() - began)
        figures[f"server: {name}: ms"] = statistics.median(taken) * 1e3
    return figures


def _get(port: int, path: str, **query: Any) -> Any:
    return _ask(port, "GET", f"{path}?{urlencode(query, doseq=True)}")


def _ask(port: int, method: str, path: str, body: Any = None) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    try:
        sent = None if body is None else json.dumps(body).encode()
        connection.request(method, f"/ajax-api/2.0/{path}", sent, {"Content-Type": "application/json"} if sent else {})
        answer = connection.getresponse()
        content = answer.read()
    finally:
        connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{method} {path[:200]}: {answer.status} {content[:300]!r}")
    return json.loads(content)
