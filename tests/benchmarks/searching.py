"""Searches over many runs: cloudtrack on a folder beside MLflow on sqlite, the same runs and the same questions.

Each job is a process of its own and prints its figures as JSON. The file runs in an environment of either
library, so what it needs of one is imported where it is used. A run has 20 params, 10 metrics and 5 tags, made
from its number alone. Ours are written as the files that the product would have written, without waiting for the
disk, and indexed by the product; MLflow's go straight into the tables that it has made.
"""

from __future__ import annotations

import json
import math
import os
import random
import resource
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Figures = dict[str, float]
Answer = dict[str, Any]
Page = Callable[["Question", str], tuple[list[str], str]]
"""From a question and a page token to the names of the runs on that page and the next token."""

PAGE = 50
DEEP = 20
SPREAD = 100
CHANGED = 100
LOADED, MLFLOW_LOADED = 200, 50
MOST_RUNS_OF_ALL = 100_000
"""Above that, MLflow and the many experiments are left out: both would take hours."""
TIMEOUT_S = 120
"""Of one search in MLflow."""
_REPEATS, _COLD_REPEATS = 15, 5
_BUDGET_S = 10.0
"""A search is not repeated for longer."""
_MS = 1000
_DAY_MS = 86_400_000
_WORDS = "amber basil cedar delta ember fjord grove hazel indigo juniper".split()
_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Question:
    """A search; ``page`` is the number, from 1, of the page that is timed."""

    filter_string: str = ""
    order_by: tuple[str, ...] = ()
    page: int = 1


USUAL = "filter, order by a metric"
QUESTIONS = {
    USUAL: Question("metrics.m0 > 0.5 and params.p10 = 'cedar'", ("metrics.m1 DESC",)),
    f"page {DEEP}": Question("metrics.m0 > 0", ("metrics.m1 DESC",), DEEP),
    "newest first": Question(),
    "nothing matches": Question("params.p0 = '0.5'"),
    "LIKE on a tag": Question("tags.note LIKE '%amber%ember%'"),
}
GOALS = {
    100_000: {
        f"{USUAL}: warm ms": "<= 50, 20x",
        f"{USUAL}: cold process ms": "<= 1,000",
        f"{USUAL}: warm requests": "<= 3",
        f"right after {CHANGED} changes: requests": f"<= {3 + CHANGED}",
    },
    1_000_000: {f"{USUAL}: warm ms": "<= 500"},
}


def measure_loading(mlflow: str) -> tuple[Figures, Figures]:
    """Our figures and MLflow's, where its interpreter is given."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        theirs = _job(mlflow, "mlflow_load", folder / "loaded.db", MLFLOW_LOADED) if mlflow else {}
        return _ours("load", folder / "loaded", LOADED), theirs


def measure(mlflow: str, runs: int) -> Iterator[tuple[str, Figures, Figures, dict[str, str]]]:
    """Tables: a title, our figures, MLflow's, goals."""
    whole = runs <= MOST_RUNS_OF_ALL
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        for experiments in (1, SPREAD) if whole else (1,):
            store, database = folder / f"store-{experiments}", folder / f"{experiments}.db"
            alone = experiments == 1
            title = f"{runs:,} runs" if alone else f"{runs:,} runs of {experiments} experiments"
            _fill(store, runs, experiments)
            yield f"{title}: indexing", _ours("index", store), {}, {}
            questions = list(QUESTIONS) if alone else [USUAL]
            theirs, expected = _mlflow_answers(mlflow if whole else "", database, runs, experiments, questions)
            ours = _ours("search", store, json.dumps(expected), *questions)
            cold = _cold(store) if alone else {}
            yield f"{title}: searching", {**ours, **cold}, theirs, GOALS.get(runs, {}) if alone else {}
            shutil.rmtree(store)
            database.unlink(missing_ok=True)


def sample(number: int) -> dict[str, Any]:
    """What there is to know of one run."""
    made = random.Random(number)
    params = {f"p{key}": repr(made.random()) for key in range(5)}
    params.update((f"p{key}", str(made.randrange(1000))) for key in range(5, 10))
    params.update((f"p{key}", made.choice(_WORDS)) for key in range(10, 20))
    name = f"run-{number:07}"
    return {
        "run_id": f"{made.getrandbits(128):032x}",
        "name": name,
        "start_time": 1_700_000_000_000 + made.randrange(1000 * _DAY_MS),
        "params": params,
        "metrics": {f"m{key}": made.random() for key in range(10)},
        "tags": {
            "mlflow.runName": name,
            "note": " ".join(made.choices(_WORDS, k=4)),
            "host": f"gpu-{made.randrange(50)}",
            "owner": f"user-{made.randrange(20)}",
            "commit": f"{made.getrandbits(160):040x}",
        },
    }


def _fill(store: Path, runs: int, experiments: int) -> None:
    """Write the runs' documents, several at a time."""
    from cloudtrack.client import Client

    client = Client(store)
    ids = [client.experiments.create(f"bench-{number}") for number in range(experiments)]
    cores = os.cpu_count() or 1
    shares = [range(first, runs, cores) for first in range(cores)]
    with ProcessPoolExecutor(cores) as pool:
        list(pool.map(_write_runs, [store] * cores, shares, [ids] * cores))


def _write_runs(store: Path, numbers: range, experiment_ids: list[str]) -> None:
    from cloudtrack.tracking import keys

    for number in numbers:
        facts = sample(number)
        path = store / keys.run(facts["run_id"])
        path.parent.mkdir(parents=True)
        path.write_bytes(_document(facts, experiment_ids[number % len(experiment_ids)]))


def _document(facts: dict[str, Any], experiment_id: str) -> bytes:
    """A run that was created, logged to and ended."""
    from cloudtrack.tracking.changes import RunChanges, apply_changes
    from cloudtrack.tracking.documents import RunDocument

    start = facts["start_time"]
    document = RunDocument(
        run_id=facts["run_id"], experiment_id=experiment_id, run_name=facts["name"], user_id="bench", start_time=start
    )
    document.advance()
    points = [(key, value, 1, start) for key, value in facts["metrics"].items()]
    apply_changes(document, RunChanges(params=facts["params"], tags=facts["tags"], points=points))
    document.advance()
    apply_changes(document, RunChanges(status="FINISHED", end_time=start + 1000))
    document.advance()
    return document.to_bytes()


def _ours(job: str, store: Path, *arguments: object, cache: str = "cache") -> Any:
    return _job(sys.executable, job, store, *arguments, CLOUDTRACK_CACHE_DIR=str(_cache(store, cache)))


def _cache(store: Path, name: str) -> Path:
    return store.with_name(f"{store.name}-{name}")


def _job(python: str, job: str, place: Path, *arguments: object, **environment: str) -> Any:
    """What a job printed; None where it took too long. All jobs share their bytecode, beside the place."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    own = {"PYTHONPYCACHEPREFIX": str(place.with_name("bytecode")), "PYTHONPATH": str(_ROOT)}
    done = subprocess.run(
        [python, __file__, job, str(place), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**inherited, **own, "MLFLOW_DISABLE_TELEMETRY": "true", **environment},
    )
    if done.returncode == -signal.SIGALRM:
        return None
    if done.returncode:
        raise SystemExit(f"{job} failed:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def _cold(store: Path) -> Figures:
    """The usual question asked by a new interpreter, its start included."""
    copies = _cache(store, "copies")
    kinds: dict[str, Callable[[], object]] = {
        f"{USUAL}: cold process ms": lambda: _ours("ask", store, USUAL),
        "as on S3, parts copied first: cold process ms": lambda: (
            shutil.rmtree(copies, ignore_errors=True),
            _ours("ask", store, USUAL, "away", cache="copies"),
        ),
        "as on S3, copies are here: cold process ms": lambda: _ours("ask", store, USUAL, "away", cache="copies"),
    }
    return {kind: _median_ms(work, _COLD_REPEATS) for kind, work in kinds.items()}


def _median_ms(work: Callable[[], object], repeats: int) -> float:
    """Of the repetitions after the first, as far as there is time for them."""
    taken: list[float] = []
    while len(taken) <= repeats and sum(taken) < _BUDGET_S * _MS:
        began = time.perf_counter()
        work()
        taken.append((time.perf_counter() - began) * _MS)
    return statistics.median(taken[1:] or taken)


def load(store: str, runs: str) -> Figures:
    """Runs through the ordinary interface, one request after another."""
    from cloudtrack.client import Client
    from cloudtrack.entities.run import Metric

    client = Client(store)
    began = time.perf_counter()
    for number in range(int(runs)):
        facts = sample(number)
        run_id = client.runs.create("0", run_name=facts["name"], start_time=facts["start_time"]).info.run_id
        metrics = [Metric(key, value, facts["start_time"], 1) for key, value in facts["metrics"].items()]
        client.runs.log_batch(run_id, metrics=metrics, params=facts["params"], tags=facts["tags"])
        client.runs.update(run_id, status="FINISHED")
    return {"runs per s one by one": int(runs) / (time.perf_counter() - began)}


def index(store: str) -> Figures:
    """The index of all runs made anew, then merged."""
    from cloudtrack.client import Client
    from cloudtrack.maintenance.reindexing import rebuild

    client = Client(store)
    began = time.perf_counter()
    experiments = _experiment_ids(client)
    runs = rebuild(client.store, client.run_index, experiments).documents
    rebuilt = time.perf_counter()
    for experiment_id in experiments:
        client.run_index.compact(experiment_id)
    merged = time.perf_counter()
    files = [*Path(store).glob("experiments/*/index/parts/*"), *Path(store).glob("experiments/*/index/entities/*")]
    return {
        "runs per s reindexed": runs / (rebuilt - began),
        "runs per s merged": runs / (merged - rebuilt),
        "peak memory MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "parts": len(files) / 2,
        "index bytes per run": sum(path.stat().st_size for path in files) / runs,
    }


def search(store: str, expected: str, *questions: str) -> Figures:
    """Questions to all experiments at once; ``expected`` has the names that they must find."""
    from cloudtrack.client import Client
    from cloudtrack.storage.opening import open_store
    from tests.storage.lossy import CountingStore

    counting = CountingStore(open_store(store))
    client = Client(counting)
    ids = _experiment_ids(client)
    page = _pages(client, ids)
    figures: Figures = {}
    requests: Figures = {}
    for name in questions:
        figures[f"{name}: warm ms"], found = _timed(page, QUESTIONS[name], _token(page, QUESTIONS[name]))
        if found != json.loads(expected).get(name, found):
            raise SystemExit(f"{name}: MLflow finds other runs than {found}")
        counting.reset()
        page(QUESTIONS[name], "")
        requests[f"{name}: warm requests"] = counting.requests
    changed = client.runs.search(ids, max_results=CHANGED)
    taken = []
    for number in range(5):
        for run in changed:
            client.runs.log_batch(run.info.run_id, tags={"seen": number})
        counting.reset()
        taken.append(_median_ms(lambda: page(QUESTIONS[USUAL], ""), 0))
        requests[f"right after {CHANGED} changes: requests"] = counting.requests
    figures[f"right after {CHANGED} changes: ms"] = statistics.median(taken)
    figures[f"later, {CHANGED} changes not compacted: ms"] = _timed(page, QUESTIONS[USUAL], "")[0]
    return {**figures, **requests}


def ask(store: str, question: str, place: str = "here") -> list[str]:
    """One search. A store that is ``away`` is like one on S3: its parts have to be copied."""
    from cloudtrack.client import Client
    from cloudtrack.storage.opening import open_store

    opened = open_store(store)
    if place == "away":
        opened.local_path = lambda _: None  # type: ignore[method-assign]
    client = Client(opened)
    return _pages(client, _experiment_ids(client))(QUESTIONS[question], "")[0]


def _experiment_ids(client: Any) -> list[str]:
    return [item.experiment_id for item in client.experiments.search("name LIKE 'bench-%'")]


def _token(page: Page, question: Question) -> str:
    token = ""
    for _ in range(question.page - 1):
        token = page(question, token)[1]
    return token


def _pages(client: Any, experiment_ids: list[str]) -> Page:
    def page(question: Question, token: str) -> tuple[list[str], str]:
        found = client.runs.search(
            experiment_ids,
            question.filter_string,
            order_by=question.order_by,
            max_results=PAGE,
            page_token=token or None,
        )
        return [run.info.run_name for run in found], found.token or ""

    return page


def _timed(page: Page, question: Question, token: str) -> tuple[float, list[str]]:
    """The median milliseconds of a page, and the names on it."""
    names: list[str] = []
    return _median_ms(lambda: names.__setitem__(slice(None), page(question, token)[0]), _REPEATS), names


def _mlflow_answers(
    mlflow: str, database: Path, runs: int, experiments: int, questions: list[str]
) -> tuple[Figures, dict[str, list[str]]]:
    """Figures, infinite where MLflow took too long; and the names that it found."""
    figures: Figures = {}
    found: dict[str, list[str]] = {}
    if not mlflow:
        return figures, found
    _job(mlflow, "mlflow_fill", database, runs, experiments)
    for name in questions:
        answer = _job(mlflow, "mlflow_ask", database, name, "often")
        figures[f"{name}: warm ms"] = answer["ms"] if answer else math.inf
        if answer:
            found[name] = answer["found"]
    if USUAL in found and experiments == 1:
        figures[f"{USUAL}: cold process ms"] = _median_ms(
            lambda: _job(mlflow, "mlflow_ask", database, USUAL, "once"), _COLD_REPEATS
        )
    return figures, found


def mlflow_load(database: str, runs: str) -> Figures:
    """As ``load``."""
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param, RunTag

    client = MlflowClient(f"sqlite:///{database}")
    client.search_experiments()
    began = time.perf_counter()
    for number in range(int(runs)):
        facts = sample(number)
        run_id = client.create_run("0", run_name=facts["name"], start_time=facts["start_time"]).info.run_id
        metrics = [Metric(key, value, facts["start_time"], 1) for key, value in facts["metrics"].items()]
        params = [Param(key, value) for key, value in facts["params"].items()]
        client.log_batch(run_id, metrics, params, [RunTag(key, value) for key, value in facts["tags"].items()])
        client.set_terminated(run_id)
    return {"runs per s one by one": int(runs) / (time.perf_counter() - began)}


def mlflow_fill(database: str, runs: str, experiments: str) -> Figures:
    """MLflow makes its tables; the runs go in by SQL."""
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{database}")
    ids = [client.create_experiment(f"bench-{number}") for number in range(int(experiments))]
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        for number in range(int(runs)):
            facts = sample(number)
            _insert_run(connection, facts, ids[number % len(ids)])
    return {}


def _insert_run(connection: sqlite3.Connection, facts: dict[str, Any], experiment_id: str) -> None:
    run_id, start = facts["run_id"], facts["start_time"]
    connection.execute(
        "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time,"
        " end_time, source_version, lifecycle_stage, artifact_uri, experiment_id)"
        " VALUES (?, ?, 'UNKNOWN', '', '', 'bench', 'FINISHED', ?, ?, '', 'active', ?, ?)",
        (run_id, facts["name"], start, start + 1000, f"/tmp/mlruns/{run_id}/artifacts", experiment_id),
    )
    for table in ("params", "tags"):
        rows = [(key, value, run_id) for key, value in facts[table].items()]
        connection.executemany(f"INSERT INTO {table} (key, value, run_uuid) VALUES (?, ?, ?)", rows)
    for table in ("metrics", "latest_metrics"):
        rows = [(key, value, start, run_id) for key, value in facts["metrics"].items()]
        connection.executemany(
            f"INSERT INTO {table} (key, value, timestamp, run_uuid, step, is_nan) VALUES (?, ?, ?, ?, 1, 0)", rows
        )


def mlflow_ask(database: str, question: str, how_often: str) -> Answer:
    """One question; a search that takes too long ends this process."""
    from mlflow import MlflowClient
    from mlflow.utils.search_utils import SearchUtils

    client = MlflowClient(f"sqlite:///{database}")
    ids = [item.experiment_id for item in client.search_experiments(filter_string="name LIKE 'bench-%'")]

    def page(question: Question, token: str) -> tuple[list[str], str]:
        signal.alarm(TIMEOUT_S)
        found = client.search_runs(
            ids, question.filter_string, max_results=PAGE, order_by=list(question.order_by), page_token=token or None
        )
        signal.alarm(0)
        return [run.info.run_name for run in found], found.token or ""

    if how_often == "once":
        return {"found": page(QUESTIONS[question], "")[0]}
    offset = (QUESTIONS[question].page - 1) * PAGE
    taken, found = _timed(page, QUESTIONS[question], SearchUtils.create_page_token(offset) if offset else "")
    return {"ms": taken, "found": found}


JOBS: dict[str, Callable[..., Any]] = {
    job.__name__: job for job in (load, index, search, ask, mlflow_load, mlflow_fill, mlflow_ask)
}


if __name__ == "__main__":
    print(json.dumps(JOBS[sys.argv[1]](*sys.argv[2:])))
