"""What the pages of both systems show: the same runs and the same registered model, sent by the same REST requests."""

from __future__ import annotations

import http.client
import json
import math
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

API = "/api/2.0/mlflow/"
EXPERIMENT = "sweep"
MODEL = "classifier"
SORTED_BY = "val/acc"
RUNS = 300
STEPS = 50
VERSIONS = 4
_SENDERS = 4
_START_MS = 1_750_000_000_000
_EVERY_MS = 60_000


@dataclass(frozen=True)
class Content:
    """What a server was filled with; runs in the order of their start."""

    experiment_id: str
    run_ids: list[str]


def run_name(number: int) -> str:
    """Of the run with this number."""
    return f"sweep-{number:03}"


def best_run() -> int:
    """The number of the run whose last ``SORTED_BY`` is the highest."""
    return max(range(RUNS), key=lambda number: _sample(number)[1][-1][SORTED_BY])


def fill(port: int) -> Content:
    """An experiment of runs with 8 params and 4 metrics of 50 points, and a model with 4 versions."""
    experiment_id = _ask(port, "experiments/create", {"name": EXPERIMENT})["experiment_id"]
    with ThreadPoolExecutor(_SENDERS) as senders:
        run_ids = list(senders.map(lambda number: _send_run(port, experiment_id, number), range(RUNS)))
    _ask(port, "registered-models/create", {"name": MODEL})
    for run_id in run_ids[:VERSIONS]:
        body = {"name": MODEL, "source": f"runs:/{run_id}/model", "run_id": run_id}
        _ask(port, "model-versions/create", body)
    return Content(experiment_id, run_ids)


def _send_run(port: int, experiment_id: str, number: int) -> str:
    start = _START_MS + number * _EVERY_MS
    body = {"experiment_id": experiment_id, "start_time": start, "run_name": run_name(number), "user_id": "bench"}
    run_id = str(_ask(port, "runs/create", body)["run"]["info"]["run_id"])
    params, points = _sample(number)
    metrics = [
        {"key": key, "value": value, "timestamp": start + step * 1000, "step": step}
        for step, values in enumerate(points)
        for key, value in values.items()
    ]
    sent = [{"key": key, "value": str(value)} for key, value in params.items()]
    _ask(port, "runs/log-batch", {"run_id": run_id, "params": sent, "metrics": metrics})
    _ask(port, "runs/update", {"run_id": run_id, "status": "FINISHED", "end_time": start + STEPS * 1000})
    return run_id


def _sample(number: int) -> tuple[dict[str, Any], list[dict[str, float]]]:
    """Params, and metrics by step, of the run with this number."""
    made = random.Random(number)
    params = _params(made)
    return params, [_metrics(made, params, step) for step in range(STEPS)]


def _params(made: random.Random) -> dict[str, Any]:
    return {
        "lr": f"{10 ** made.uniform(-5, -1):.3g}",
        "depth": made.choice([2, 4, 8, 16, 32]),
        "width": made.choice([64, 128, 256, 512]),
        "dropout": f"{made.uniform(0, 0.6):.2f}",
        "optimizer": made.choice(["adam", "lion", "sgd"]),
        "schedule": made.choice(["cosine", "linear", "none", "step"]),
        "batch_size": made.choice([16, 32, 64, 128]),
        "seed": made.randrange(5),
    }


def _metrics(made: random.Random, params: dict[str, Any], step: int) -> dict[str, float]:
    learned = 1 - math.exp(-4 * (step + 1) / STEPS)
    skill = (0.9 - abs(math.log10(float(params["lr"])) + 3) / 8 + params["depth"] / 600) * learned
    return {
        "train/acc": skill + 0.03 + made.gauss(0, 0.01),
        "train/loss": 1.8 * (1 - skill) + made.gauss(0, 0.03),
        SORTED_BY: skill + made.gauss(0, 0.01),
        "val/loss": 2.2 * (1 - skill) + made.gauss(0, 0.03),
    }


def _ask(port: int, path: str, body: dict[str, Any]) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", API + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        content = answer.read()
    finally:
        connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{path}: {answer.status} {content[:300]!r}")
    return json.loads(content)
