"""64 clients with 20 requests a second each for 30 seconds: no 5xx, no lost update."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cloudtrack.client import Client
from tests.servers.cloudtrack_server import cloudtrack_server

CLIENTS, RATE, SECONDS = 64, 20, 30
PROCESSES = 4


def load(store: Path, folder: Path, *, clients: int, rate: int, seconds: int, workers: int) -> dict[str, float]:
    """Run the load and check everything that was acknowledged; the figures."""
    client = Client(store)
    experiment_id = client.experiments.create("load")
    shared = client.runs.create(experiment_id).info.run_id
    client.registered_models.create("m")
    with cloudtrack_server(str(store), folder, f"--workers={workers}", "--no-access-log") as server:
        each = clients // PROCESSES
        processes = [
            subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "tests.api.load",
                    *map(str, (server.port, experiment_id, shared, number * each, each, rate, seconds)),
                ],
                stdout=subprocess.PIPE,
                cwd=Path(__file__).parents[2],
            )
            for number in range(PROCESSES)
        ]
        told = [json.loads(process.communicate(timeout=600)[0]) for process in processes]
    assert [failure for part in told for failure in part["failures"]] == []
    for part in told:
        for run_id, (metrics, params) in part["runs"].items():
            run = client.runs.get(run_id)
            assert len(run.data.params) == params
            assert len(client.metrics.history(run_id, "loss")) == metrics
    tags = client.runs.get(shared).data.tags
    acknowledged = [tag for part in told for tag in part["shared_tags"]]
    assert set(acknowledged) <= set(tags)
    versions = sorted(version for part in told for version in part["versions"])
    assert versions == list(range(1, len(versions) + 1))
    seconds_taken = sorted(value for part in told for value in part["seconds"])
    return {
        "requests": len(seconds_taken),
        "requests per s": len(seconds_taken) / seconds,
        "p50 ms": seconds_taken[len(seconds_taken) // 2] * 1000,
        "p99 ms": seconds_taken[len(seconds_taken) * 99 // 100] * 1000,
        "slowest ms": seconds_taken[-1] * 1000,
    }


@pytest.mark.slow
def test_a_short_load_loses_nothing(tmp_path: Path) -> None:
    figures = load(tmp_path / "store", tmp_path, clients=16, rate=20, seconds=4, workers=1)
    assert figures["requests"] > 100


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_64_clients_for_30_seconds_lose_nothing(workers: int, tmp_path: Path) -> None:
    figures = load(tmp_path / "store", tmp_path, clients=CLIENTS, rate=RATE, seconds=SECONDS, workers=workers)
    print({name: round(value, 1) for name, value in figures.items()})
    assert figures["requests"] > 1000
