"""One job of a training script, on whichever of the two libraries is named; prints its figures as JSON.

Runs in an environment of either library, so it imports nothing else. Wall times are in seconds, CPU is
user and system time of the whole process.
"""

from __future__ import annotations

import importlib
import json
import statistics
import sys
import time
from typing import Any


def log_points(track: Any, points: int) -> dict[str, float]:
    """One run, 10 metrics a step; what the loop sees of each point, and the cost until all is stored."""
    steps, clock = points // 10, time.perf_counter
    seen: list[float] = []
    cpu, wall = time.process_time(), clock()
    with track.start_run():
        for step in range(steps):
            for key in range(10):
                before = clock()
                track.log_metric(f"m{key}", step * 0.001 + key, step=step)
                seen.append(clock() - before)
    seen.sort()
    return {
        "points": points,
        "log_metric p50 us": statistics.median(seen) * 1e6,
        "log_metric p99 us": seen[int(len(seen) * 0.99)] * 1e6,
        "cpu us per point": (time.process_time() - cpu) / points * 1e6,
        "points per s until stored": points / (clock() - wall),
    }


def read_history(track: Any, points: int) -> dict[str, float]:
    """The whole history of one metric."""
    with track.start_run() as run:
        for step in range(points):
            track.log_metric("m", float(step), step=step)
    client = track.MlflowClient()
    client.get_metric_history(run.info.run_id, "m")
    cpu = time.process_time()
    found = client.get_metric_history(run.info.run_id, "m")
    assert len(found) == points
    return {"points": points, "cpu us per point read": (time.process_time() - cpu) / points * 1e6}


def short_runs(track: Any, runs: int) -> dict[str, float]:
    """Runs of 100 params and 10 metrics."""
    with track.start_run():
        pass
    cpu, wall = time.process_time(), time.perf_counter()
    for number in range(runs):
        with track.start_run():
            track.log_params({f"p{key}": number + key for key in range(100)})
            track.log_metrics({f"m{key}": 0.5 for key in range(10)})
    return {
        "runs": runs,
        "cpu ms per run": (time.process_time() - cpu) / runs * 1e3,
        "wall ms per run": (time.perf_counter() - wall) / runs * 1e3,
    }


def register_versions(track: Any, versions: int) -> dict[str, float]:
    """Versions of one model, each moved to Production with archiving."""
    with track.start_run() as run:
        track.log_text("flavors: {python_function: {loader_module: none}}\n", "model/MLmodel")
    client = track.MlflowClient()
    client.create_registered_model("m")
    source = f"runs:/{run.info.run_id}/model"
    if track.__name__ == "mlflow":
        source = f"{run.info.artifact_uri}/model"
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(versions):
        made = client.create_model_version("m", source, run.info.run_id)
        client.transition_model_version_stage("m", made.version, "Production", archive_existing_versions=True)
    return {
        "versions": versions,
        "cpu ms per version": (time.process_time() - cpu) / versions * 1e3,
        "wall ms per version": (time.perf_counter() - wall) / versions * 1e3,
    }


def main() -> None:
    """``workload.py MODULE URI JOB SIZE``."""
    module, uri, job, size = sys.argv[1:]
    track = importlib.import_module(module)
    track.set_tracking_uri(uri)
    jobs = {"points": log_points, "history": read_history, "short_runs": short_runs, "versions": register_versions}
    print(json.dumps(jobs[job](track, int(size))))


if __name__ == "__main__":
    main()
