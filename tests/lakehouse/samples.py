"""A store with runs in every state: compacted, changed since, in the trash, running, long, with names in two cases."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from cloudtrack.client import Client
from cloudtrack.entities.experiment import ViewType
from cloudtrack.entities.run import Metric, Run
from cloudtrack.lakehouse.tables import Tables
from cloudtrack.storage.object_store import ObjectStore

SPILLED = 2500
"""More points than a run's document keeps."""


def open_client(store: ObjectStore | str, folder: Path) -> Client:
    """A client with a spool of its own."""
    return Client(store, spool_dir=folder / "spool")


def open_lakehouse(client: Client) -> Tables:
    """The tables of the client's store."""
    return Tables(client.store, client.experiments, client.run_index, client.registered_models, client.model_versions)


def rows_of(client: Client, sql: str) -> list[tuple[Any, ...]]:
    """What the SQL finds."""
    with open_lakehouse(client).query(sql) as answer:
        return list(answer)


def finish(client: Client, experiment_id: str, number: int, **params: object) -> str:
    """A run that has ended; its id."""
    run_id = client.runs.create(experiment_id, run_name=f"run {number}", start_time=1_000 * number).info.run_id
    metrics = [Metric("loss", value, 1000 + step, step) for step, value in enumerate((1.0, 0.5 / (number + 1)))]
    client.runs.log_batch(run_id, metrics=metrics, params={"number": number, **params}, tags={"group": str(number % 2)})
    client.runs.update(run_id, status="FINISHED", end_time=1_000 * number + 500)
    return run_id


def fill(client: Client) -> dict[str, str]:
    """Two experiments; the ids of some runs by what they are."""
    one, two = client.experiments.create("one"), client.experiments.create("two")
    ids = {f"old {number}": finish(client, one, number) for number in range(4)}
    client.run_index.compact(one)
    ids |= {f"new {number}": finish(client, two, number, Depth="u", rate=0.1) for number in range(4, 6)}
    ids["spelled"] = finish(client, one, 6, Number="big", depth="l")
    client.run_index.compact(one)
    client.run_index.compact(two)
    client.runs.log_batch(ids["old 0"], tags={"group": "changed"}, metrics=[Metric("nan", math.nan, 5, 1)])
    client.run_index.compact(one)  # leaves a dead row
    client.runs.log_batch(ids["old 1"], tags={"group": "changed, not compacted"})
    client.runs.delete(ids["old 2"])
    ids["long"] = finish(client, two, 7)
    points = [Metric("curve", math.nan if step == 3 else step / 7, step, step) for step in range(SPILLED)]
    client.runs.log_batch(ids["long"], metrics=[*points, points[5]])
    ids["running"] = client.runs.create(two, run_name="running", start_time=9_000).info.run_id
    client.runs.log_batch(ids["running"], metrics=[Metric("loss", math.inf, 1, 1)], params={"dot.ted/key": "it's"})
    return ids


def all_runs(client: Client) -> list[Run]:
    """Every run, as the SDK finds them."""
    experiments = client.experiments.search(view_type=ViewType.ALL)
    return client.runs.list([item.experiment_id for item in experiments], view_type=ViewType.ALL)


def same(one: Any, other: Any) -> bool:
    """Equal, where NaN equals NaN."""
    return repr(one) == repr(other)
