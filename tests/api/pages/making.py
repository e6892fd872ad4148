"""Models and runs for pages, and readers who may see some of them."""

from __future__ import annotations

import json

from cloudtrack.access.access import Access
from cloudtrack.access.permission import Permission, Resource
from cloudtrack.access.principal import Principal
from cloudtrack.api.app import App
from cloudtrack.client import Client
from cloudtrack.entities.run import Metric
from tests.storage.lossy import CountingStore

READER = Principal("reader")
PRIMARY = {"cloudtrack.primary_metric": json.dumps({"key": "acc", "direction": "max"})}


def counting(client: Client) -> CountingStore:
    assert isinstance(client.store, CountingStore)
    return client.store


def new_run(client: Client, **metrics: float) -> str:
    run_id = client.runs.create("0", run_name="run of it").info.run_id
    client.runs.log_batch(run_id, metrics=[Metric(key, value, 1) for key, value in metrics.items()])
    client.runs.update(run_id, status="FINISHED", end_time=2)
    return run_id


def register(client: Client, name: str, **metrics: float) -> int:
    run_id = new_run(client, **metrics)
    return client.model_versions.create(name, f"runs:/{run_id}/model", run_id=run_id).version


def guarded(client: Client, *names: str) -> App:
    access = Access(client.store)
    for name in names:
        access.grant(READER.name, Resource.REGISTERED_MODEL, name, Permission.READ)
    return App(client, access=access)
