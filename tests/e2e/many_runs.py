"""Many runs at once, for pages that must stay quick: written as the product would have written them, then indexed."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path
from typing import Any

from cloudtrack.client import Client
from cloudtrack.maintenance.reindexing import rebuild
from cloudtrack.tracking import keys
from cloudtrack.tracking.documents import RunDocument, Summary

EXPERIMENT = "many runs"
_START_MS = 1_750_000_000_000
_EVERY_MS = 60_000
_SCHEDULES = ("cosine", "linear", "none", "step")


def fill_many(store: Path, runs: int) -> str:
    """An experiment of finished runs with 8 params and 6 metrics that hang together; its id."""
    client = Client(store)
    experiment_id = client.experiments.create(EXPERIMENT)
    primary = json.dumps({"key": "val/acc", "direction": "max"})
    client.experiments.set_tag(experiment_id, "cloudtrack.primary_metric", primary)
    made = random.Random(11)
    for number in range(runs):
        document = _document(made, number, experiment_id)
        path = store / keys.run(document.run_id)
        path.parent.mkdir(parents=True)
        path.write_bytes(document.to_bytes())
    rebuild(client.store, client.run_index, [experiment_id])
    client.run_index.compact(experiment_id)
    client.close()
    return experiment_id


def _document(made: random.Random, number: int, experiment_id: str) -> RunDocument:
    start = _START_MS + number * _EVERY_MS
    params = _params(made)
    metrics = {
        key: Summary(
            value=value, step=1, timestamp=start, min=value, min_step=1, max=value, max_step=1, mean=value, count=1
        )
        for key, value in _metrics(made, params).items()
    }
    name = f"run-{number:05}"
    document = RunDocument(
        run_id=f"{made.getrandbits(128):032x}",
        experiment_id=experiment_id,
        run_name=name,
        user_id="bench",
        status="FINISHED",
        start_time=start,
        end_time=start + 40_000,
        params={key: str(value) for key, value in params.items()},
        tags={"mlflow.runName": name},
        metrics=metrics,
    )
    document.advance()
    return document


def _params(made: random.Random) -> dict[str, Any]:
    return {
        "lr": f"{10 ** made.uniform(-5, -1):.3g}",
        "depth": made.choice([2, 4, 8, 16, 32]),
        "width": made.choice([64, 128, 256, 512]),
        "dropout": f"{made.uniform(0, 0.6):.2f}",
        "optimizer": made.choice(["adam", "lion", "sgd"]),
        "schedule": made.choice(_SCHEDULES),
        "batch_size": made.choice([16, 32, 64, 128]),
        "seed": made.randrange(5),
    }


def _metrics(made: random.Random, params: dict[str, Any]) -> dict[str, float]:
    skill = 0.9 - abs(math.log10(float(params["lr"])) + 3) / 8 + math.log2(params["depth"]) / 60
    skill += {"adam": 0.03, "lion": 0.02, "sgd": -0.02}[params["optimizer"]] + made.gauss(0, 0.02)
    return {
        "val/acc": skill,
        "val/loss": 2.2 * (1 - skill) + made.gauss(0, 0.05),
        "train/acc": min(1.0, skill + 0.03 + made.gauss(0, 0.01)),
        "train/loss": 1.8 * (1 - skill) + made.gauss(0, 0.03),
        "latency_ms": params["depth"] * params["width"] / 100 + made.gauss(0, 2) + 5,
        "test/acc": skill - 0.02 + made.gauss(0, 0.015),
    }


if __name__ == "__main__":  # a store to look at: python -m tests.e2e.many_runs DIR RUNS
    import sys

    print(fill_many(Path(sys.argv[1]), int(sys.argv[2])))
