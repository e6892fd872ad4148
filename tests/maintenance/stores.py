"""A store with something of every kind, and a clock that tests move."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest

from cloudtrack import clock
from cloudtrack.access.access import Access
from cloudtrack.access.permission import Permission
from cloudtrack.access.tickets import Tickets
from cloudtrack.access.tokens import Tokens
from cloudtrack.client import Client
from cloudtrack.entities.run import Metric
from cloudtrack.registry.webhooks import WebhookEvent
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.tracking.points import INLINE_POINTS

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


class Clock:
    """The time of this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._real: Callable[[], int] = clock.now_ms
        self._ahead = 0
        monkeypatch.setattr(clock, "now_ms", self.now)

    def now(self) -> int:
        return self._real() + self._ahead

    def pass_ms(self, ms: int) -> None:
        self._ahead += ms


def log_model(client: Client, run_id: str, path: str, text: str) -> None:
    """A model among a run's artifacts."""
    client.artifacts.log_text(run_id, "flavors: {}\n", f"{path}/MLmodel")
    client.artifacts.log_text(run_id, text, f"{path}/weights.txt")


def log_points(client: Client, run_id: str, count: int, first: int = 0) -> None:
    points = [Metric("loss", 1.0 / (step + 1), step, step) for step in range(first, first + count)]
    for start in range(0, count, 1000):
        client.runs.log_batch(run_id, metrics=points[start : start + 1000])


def fill(client: Client) -> dict[str, Any]:
    """Something of everything; the names of what there is."""
    experiment = client.experiments.create("wine")
    client.experiments.rename(client.experiments.create("old name"), "new name")
    run_id = client.runs.create(experiment, run_name="first").info.run_id
    log_points(client, run_id, INLINE_POINTS + 500)
    log_model(client, run_id, "model", "weights")
    client.source_files.create(run_id, "packages.txt", b"numpy==2\n")
    client.source_files.create(run_id, "code.patch", b"diff\n")
    stream = "1790000000000-0123456789ab-p"
    client.console.append(run_id, stream, 0, b"printed\n")
    client.console.append(run_id, stream, 8, b"more\n")
    model = client.logged_models.create(experiment, name="logged", source_run_id=run_id)
    client.logged_model_artifacts.log_text(model.model_id, "flavors: {}\n", "MLmodel")
    client.logged_models.finalize(model.model_id, "READY")
    client.runs.update(run_id, status="FINISHED")
    running = client.runs.create(experiment).info.run_id
    client.runs.log_batch(running, metrics=[Metric("loss", 1.0, 1, 1)], params={"lr": "1"})
    purged = client.runs.create(experiment).info.run_id
    client.artifacts.log_text(purged, "x", "x.txt")
    client.runs.delete(purged)
    client.purging.run(purged)
    client.register_model(f"runs:/{run_id}/model", "churn", copy=True)
    client.register_model(f"runs:/{run_id}/model", "churn")
    client.register_model(f"models:/{model.model_id}", "churn")
    client.stages.transition("churn", 1, "Production")
    client.aliases.set("churn", "champion", 2)
    for number in range(70):
        client.registered_models.set_tag("churn", "n", str(number))
    client.history.keep_anchor("churn")
    client.registered_models.create("gone")
    client.registered_models.delete("gone")
    client.registered_models.create("before")
    client.registered_models.rename("before", "after")
    client.releases.switch("prod", {"ranker": "churn/1"})
    client.releases.switch("prod", {"ranker": "churn/2"})
    hook = client.webhooks.create("hook", "https://example.com/h", [WebhookEvent.of("REGISTERED_MODEL", "CREATED")])
    Access(client.store).set_default(Permission.READ)
    Tokens(client.store).create("ana")
    Tickets(client.store).issue("x")
    client.store.upload("policy.yaml", io.BytesIO(b"rules: []\n"))
    for indexes in client.indexes:
        for name in [experiment, "0"] if indexes.is_many else [""]:
            indexes.compact(name)
    return {
        "experiment": experiment,
        "run": run_id,
        "running": running,
        "purged": purged,
        "model": model.model_id,
        "stream": stream,
        "webhook": hook.webhook_id,
    }


def sizes(store: ObjectStore) -> dict[str, int]:
    return {info.key: info.size_bytes for info in store.list()}


def overwrite(store: ObjectStore, key: str, body: bytes) -> None:
    store.upload(key, io.BytesIO(body))
