"""cloudtrack's page beside MLflow's: the same journey in headless Chromium, over the same runs and models.

A step ends when what is looked for is there and the page has come to rest. Figures are medians of journeys that
alternate between the two pages, each in a browser context with nothing cached.
"""

from __future__ import annotations

import statistics
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from cloudtrack.api.bundle import BUILT, INDEX
from tests.api.corpus.mlflow_server import mlflow_server
from tests.benchmarks import page_content
from tests.benchmarks.page_steps import Step, mlflow_steps, steps
from tests.e2e.chromium import MISSING, chromium, find_chromium, new_context
from tests.e2e.measuring import cdp_cpu
from tests.servers.cloudtrack_server import cloudtrack_server

Figures = dict[str, float]
REQUESTS, WIRE, CPU = "requests", "wire KB", "main thread cpu ms"
NODES, HEAP = "DOM nodes at the end", "JS heap MB at the end"
WHOLE = "whole journey"
ROUNDS = 3
_TIMEOUT_MS = 120_000
_MOST_LOOKS = 60
_REST_MS = 1000
"""A page rests when nothing was asked and nothing came for so long, and its main thread is idle."""


def why_not() -> str:
    """What is missing here for a journey; empty where all is there."""
    if find_spec("playwright") is None:
        return "no Playwright: `uv pip install --group ui`"
    if find_chromium() is None:
        return MISSING
    return "" if (BUILT / INDEX).is_file() else "the page is not built: `python -m cloudtrack.ui build`"


def measure(mlflow: str) -> list[tuple[str, Figures, Figures]]:
    """Title, our figures and MLflow's, of each step and of all."""
    program = find_chromium()
    assert program is not None, MISSING
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        tempfile.TemporaryDirectory(prefix="bench-") as other,
        cloudtrack_server(str(Path(folder) / "store"), Path(folder), "--no-access-log") as server,
        chromium(program) as browser,
    ):
        journeys = [(server.url, steps(page_content.fill(server.port)))]
        if not mlflow:
            return [(title, ours, {}) for title, ours in _medians(browser, journeys)[0].items()]
        with mlflow_server(mlflow, Path(other)) as port:
            journeys.append((f"http://127.0.0.1:{port}", mlflow_steps(page_content.fill(port))))
            ours, theirs = _medians(browser, journeys)
    return [(title, figures, theirs[title]) for title, figures in ours.items()]


def _medians(browser: Any, journeys: list[tuple[str, list[Step]]]) -> list[dict[str, Figures]]:
    taken: list[list[dict[str, Figures]]] = [[] for _ in journeys]
    for _ in range(ROUNDS):
        for (url, walked), found in zip(journeys, taken, strict=True):
            found.append(_walk(browser, url, walked))
    return [
        {
            title: {name: statistics.median(each[title][name] for each in found) for name in figures}
            for title, figures in found[0].items()
        }
        for found in taken
    ]


def _walk(browser: Any, url: str, walked: list[Step]) -> dict[str, Figures]:
    context = new_context(browser)
    context.set_default_timeout(_TIMEOUT_MS)
    page = context.new_page()
    traffic = _Traffic(page)
    found = {f"page: {step.title}": _take(page, traffic, f"{url}/{step.address}", step) for step in walked}
    context.close()
    sums = {name: sum(figures[name] for figures in found.values()) for name in (REQUESTS, WIRE, CPU)}
    last = list(found.values())[-1]
    return {**found, f"page: {WHOLE}": {**sums, NODES: last[NODES], HEAP: last[HEAP]}}


def _take(page: Any, traffic: _Traffic, address: str, step: Step) -> Figures:
    traffic.reset()
    with cdp_cpu(page) as spent:
        page.goto(address)
        step.arrive(page)
        traffic.wait_for_rest()
    figures = {REQUESTS: traffic.requests, WIRE: traffic.received / 1000, CPU: spent.ms}
    return {**figures, NODES: page.evaluate("document.querySelectorAll('*').length"), HEAP: _heap_mb(page)}


def _heap_mb(page: Any) -> float:
    """Of what is left after a garbage collection."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    session.send("Performance.enable")
    metrics = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
    session.detach()
    return float(metrics["JSHeapUsedSize"]) / 1e6


class _Traffic:
    """What a page asks, and the bytes that come, heads and bodies as they were sent.

    The script of a worker is counted as a request; its end, and its bytes, are told to the worker alone.
    """

    def __init__(self, page: Any) -> None:
        self._page = page
        self.reset()
        self._under_way: dict[str, str] = {}
        session = page.context.new_cdp_session(page)
        session.on("Network.requestWillBeSent", self._on_request)
        session.on("Network.loadingFinished", self._on_end)
        session.on("Network.loadingFailed", self._on_end)
        session.send("Network.enable")

    def reset(self) -> None:
        """Count from here."""
        self.requests = 0
        self.received = 0.0
        self._events = 0

    def wait_for_rest(self) -> None:
        """Until nothing is under way and nothing has happened for a while."""
        for _ in range(_MOST_LOOKS):
            seen = self._events
            self._page.evaluate("new Promise((done) => requestIdleCallback(() => done()))")
            self._page.wait_for_timeout(_REST_MS)
            if not self._under_way and seen == self._events:
                return
        raise RuntimeError(f"{self._page.url} does not come to rest: {sorted(self._under_way.values())}")

    def _on_request(self, event: Any) -> None:
        if event["request"]["url"].startswith("http"):
            self.requests += 1
            self._events += 1
            if event["type"] != "Script" or event["initiator"]["type"] != "other":
                self._under_way[event["requestId"]] = event["request"]["url"]

    def _on_end(self, event: Any) -> None:
        self.received += event.get("encodedDataLength", 0)
        self._events += 1
        self._under_way.pop(event["requestId"], None)
