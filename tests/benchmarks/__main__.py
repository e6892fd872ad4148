"""cloudtrack and MLflow (sqlite store) side by side in one run: figures and ratios.

``python -m tests.benchmarks`` takes a few minutes; ``python -m tests.benchmarks search --runs 100000`` measures the
searches alone, over so many runs; ``python -m tests.benchmarks page`` the web page alone. MLflow's interpreter is the
one that CLOUDTRACK_MLFLOW_PYTHON names; without it only cloudtrack is measured. Sizes differ where MLflow would need
hours; figures are per point, run or version, and the page's per step. The machine's speed drifts: quote ratios.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from cloudtrack.entities.run import RunStatus
from cloudtrack.index.cache import PartCache
from cloudtrack.storage.folder import FolderStore
from cloudtrack.tracking.experiments import Experiments
from cloudtrack.tracking.logged_model_index import LoggedModelIndex
from cloudtrack.tracking.logged_models import LoggedModels
from cloudtrack.tracking.run_documents import RunDocuments
from cloudtrack.tracking.run_index import RunIndex
from cloudtrack.tracking.runs import Runs
from tests.benchmarks import browsing, histories, registering, scoring, searching, servers
from tests.storage.lossy import CountingStore

WORKLOAD = Path(__file__).with_name("workload.py")
JOBS = [("points", 1_000_000, 2_000), ("history", 100_000, 2_000), ("short_runs", 50, 20), ("versions", 100, 30)]
"""Job, size for cloudtrack, size for MLflow."""
IMPORTS = 5
SEARCHED = [1_000, 10_000]
_SIZES = ("points", "runs", "versions")


def main() -> None:
    """Run all, print a table each."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("part", nargs="?", choices=["all", "page", "search"], default="all")
    parser.add_argument("--runs", type=int, action="append", help="Search over so many runs; may be repeated.")
    arguments = parser.parse_args()
    mlflow = os.environ.get("CLOUDTRACK_MLFLOW_PYTHON", "")
    if not mlflow:
        print("CLOUDTRACK_MLFLOW_PYTHON names no interpreter with mlflow: cloudtrack alone is measured\n")
    if arguments.part == "all":
        _all_but_searches(mlflow)
    if arguments.part in ("all", "page"):
        _page(mlflow)
    if arguments.part in ("all", "search"):
        _searches(mlflow, arguments.runs or SEARCHED)


def _page(mlflow: str) -> None:
    missing = browsing.why_not()
    if missing:
        print(f"page: left out ({missing})\n")
        return
    for title, ours, theirs in browsing.measure(mlflow):
        _table(title, ours, theirs)


def _searches(mlflow: str, sizes: list[int]) -> None:
    _table("runs through the ordinary interface", *searching.measure_loading(mlflow))
    for runs in sizes:
        for table in searching.measure(mlflow, runs):
            _table(*table)


def _all_but_searches(mlflow: str) -> None:
    for job, size, mlflow_size in JOBS:
        ours = _work(sys.executable, "cloudtrack", job, size)
        theirs = _work(mlflow, "mlflow", job, mlflow_size) if mlflow else {}
        _table(job, ours, theirs)
    ours = {"user cpu s": _import_cpu_s(sys.executable, "cloudtrack")}
    theirs = {"user cpu s": _import_cpu_s(mlflow, "mlflow")} if mlflow else {}
    _table("import", ours, theirs)
    _table("one client, requests one after another", *servers.measure(mlflow))
    _table("one registered model", *registering.measure(mlflow))
    _table("live scoring, one process each", *scoring.measure(mlflow))
    for title, ours, theirs in histories.measure(mlflow):
        _table(title, ours, theirs)
    _table("requests", {"1,000,000 points, object writes": _writes_of(_million_points)}, {})
    _table("requests", {"run of 100 params and 10 metrics, all requests": _requests_of(_short_run)}, {})


def _work(python: str, module: str, job: str, size: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        uri = f"{folder}/store" if module == "cloudtrack" else f"sqlite:///{folder}/mlflow.db"
        environment = {**os.environ, "CLOUDTRACK_SPOOL_DIR": f"{folder}/spool", "MLFLOW_DISABLE_TELEMETRY": "true"}
        done = subprocess.run(
            [python, str(WORKLOAD), module, uri, job, str(size)],
            capture_output=True,
            text=True,
            check=False,
            cwd=folder,
            env=environment,
        )
    if done.returncode:
        raise SystemExit(f"{module} {job} failed:\n{done.stderr[-2000:]}")
    figures: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return figures


def _import_cpu_s(python: str, module: str) -> float:
    """The median of several imports' user CPU, beyond that of a bare interpreter."""
    return _user_cpu_s(python, f"import {module}") - _user_cpu_s(python, "")


def _user_cpu_s(python: str, code: str) -> float:
    taken = []
    for _ in range(IMPORTS + 1):
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        subprocess.run([python, "-c", code], check=True, capture_output=True)
        taken.append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before)
    return sorted(taken[1:])[IMPORTS // 2]


def _million_points(runs: Runs, experiments: Experiments) -> None:
    _, writer = runs.start_writer(experiments.get("0"))
    for step in range(100_000):
        for key in range(10):
            writer.log_metric(f"m{key}", 0.5, step)
    writer.finish(RunStatus.FINISHED)


def _short_run(runs: Runs, experiments: Experiments) -> None:
    _, writer = runs.start_writer(experiments.get("0"))
    writer.log_params({f"p{key}": key for key in range(100)})
    for key in range(10):
        writer.log_metric(f"m{key}", 0.5)
    writer.finish(RunStatus.FINISHED)


def _counted(job: Callable[[Runs, Experiments], None]) -> CountingStore:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        store = CountingStore(FolderStore(f"{folder}/store"))
        experiments = Experiments(store)
        experiments.create_default()
        cache = PartCache(store, Path(folder) / "cache")
        models = LoggedModels(store, experiments, LoggedModelIndex(store, cache))
        spool = Path(folder) / "spool"
        runs = Runs(store, RunDocuments(store), experiments, RunIndex(store, cache), models, spool_dir=spool)
        store.reset()
        job(runs, experiments)
        return store


def _writes_of(job: Callable[[Runs, Experiments], None]) -> float:
    return _counted(job).writes


def _requests_of(job: Callable[[Runs, Experiments], None]) -> float:
    return _counted(job).requests


def _table(title: str, ours: dict[str, float], theirs: dict[str, float], goals: dict[str, str] | None = None) -> None:
    """An infinite figure of MLflow's is a search that took too long."""
    print(f"{title:<52}{'cloudtrack':>14}{'mlflow':>14}{'better by':>11}{'goal' if goals else '':>14}".rstrip())
    for name, value in ours.items():
        other = theirs.get(name)
        shown = ratio = ""
        if other is not None:
            late = math.isinf(other)
            shown = f"> {searching.TIMEOUT_S} s" if late else f"{other:,.2f}"
            other = searching.TIMEOUT_S * 1000 if late else other
            if other and value and name not in _SIZES:
                ratio = f"{'> ' * late}{value / other if ' per s ' in name else other / value:.1f}x"
        print(f"  {name:<50}{value:>14,.2f}{shown:>14}{ratio:>11}{(goals or {}).get(name, ''):>14}".rstrip())
    print(flush=True)


if __name__ == "__main__":
    main()
