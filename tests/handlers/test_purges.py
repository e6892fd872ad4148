"""The function that purges has the permissions for it, and others do not take its requests."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cloudtrack.client import Client
from cloudtrack.entities.run import Metric
from cloudtrack.errors import Purged
from tests.handlers.local_gateway import LocalGateway


def test_a_run_and_an_experiment_are_purged_by_a_function_kept_to_its_role(
    gateway: LocalGateway, admin_token: str, store_uri: str
) -> None:
    client = Client(store_uri)
    experiment_id = client.experiments.create("e")
    client.registered_models.create("churn")
    client.model_versions.create("churn", "s3://elsewhere/model")
    client.releases.switch("prod", {"one": "churn/1"})
    runs = []
    for _ in range(2):
        run_id = client.runs.create(experiment_id).info.run_id
        for first in range(0, 3000, 1000):
            client.runs.log_batch(run_id, metrics=[Metric("loss", 0.5, 1, first + step) for step in range(1000)])
        client.artifacts.log_text(run_id, "text", "a/b.txt")
        client.source_files.create(run_id, "packages.txt", b"numpy==2\n")
        model = client.logged_models.create(experiment_id, name="m", source_run_id=run_id)
        client.logged_model_artifacts.log_text(model.model_id, "text", "MLmodel")
        runs.append(run_id)
    client.run_index.compact(experiment_id)
    client.runs.delete_experiment(experiment_id)
    headers = {"authorization": f"Bearer {admin_token}", "content-type": "application/json"}

    def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
        status, _, answer = gateway.send("POST", f"/api/2.0/cloudtrack/{path}", headers, json.dumps(body).encode())
        assert status == 200, answer
        found: dict[str, Any] = json.loads(answer)["purged"]
        return found

    assert post("runs/purge", {"run_id": runs[0], "confirm": runs[0]})["objects"] == 4
    body = {"experiment_id": experiment_id, "confirm": experiment_id}
    assert post("experiments/purge", body)["run_ids"] == runs[1:]
    assert {function for _, function in gateway.asked} == {"PurgesFunction"}
    for run_id in runs:
        with pytest.raises(Purged):
            client.runs.get(run_id)
    left = [info.key for place in ("runs/", "logged_models/") for info in client.store.list(place)]
    assert len(left) == 4
