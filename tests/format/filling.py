"""A store with an object of every kind that the format has: ``python -m tests.format.filling FOLDER`` makes one.

What version 1 of the format wrote is kept beside this file, ``v1/store.zip``, with what its readers said,
``v1/said.json``. It is never made anew: all later versions must read it.
"""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path

import numpy

import cloudtrack as ct
from cloudtrack.access.access import Access
from cloudtrack.access.permission import Permission, Resource
from cloudtrack.access.tokens import Tokens
from cloudtrack.client import Client
from cloudtrack.entities.logged_model import LoggedModelStatus
from cloudtrack.entities.run import Metric
from cloudtrack.maintenance.compacting import with_markers
from cloudtrack.registry.webhooks import WebhookEvent
from cloudtrack.tracking.console_stream import new_stream
from tests.format.saying import said

POLICY = """\
rules:
  - models: guarded
    stages: Production
    require:
      tags: [{checked: 'yes'}]
"""
MANY = 300
"""Versions of one model, so that it has pages and snapshots."""


def fill(folder: Path) -> None:
    """Make a store at ``folder/store`` and write down what its readers say."""
    client = Client(folder / "store", user="ann")
    _runs(client)
    _trained(client)
    _registry(client)
    _reviews(client)
    _people(client)
    for indexes, name in with_markers(client.store, client.indexes):
        indexes.compact(name)
    client.runs.log_batch(client.runs.search(["0"])[0].info.run_id, tags={"after": "the compaction"})
    client.close()
    text = json.dumps(said(Client(folder / "store")), indent=1, sort_keys=True, ensure_ascii=False)
    (folder / "said.json").write_text(text + "\n", encoding="utf-8")
    with zipfile.ZipFile(folder / "store.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(path for path in (folder / "store").rglob("*") if path.is_file()):
            if ".cloudtrack" not in file.relative_to(folder / "store").parts:
                archive.write(file, file.relative_to(folder / "store"))


def _runs(client: Client) -> None:
    experiments = [
        client.experiments.create(name, tags={"team": "a/b"}) for name in ("wine", "odd: ünï/..code", "gone")
    ]
    run_id = client.runs.create(
        experiments[0], run_name="long", start_time=1_000, tags={"ключ": "значение"}
    ).info.run_id
    for key in ("loss", "odd/key with spaces"):
        points = [Metric(key, 1 / (step + 1), 1_000 + step, step) for step in range(2500)]
        client.runs.log_batch(run_id, metrics=points, params={f"p of {key}": "v"})
    client.runs.log_batch(run_id, metrics=[Metric("odd", value, 5, 0) for value in (float("nan"), float("inf"), -0.0)])
    client.source_files.create(run_id, "code.patch", b"diff --git a/x b/x\n")
    client.source_files.create(run_id, "packages.txt", b"numpy==2.0\n")
    client.artifacts.log_text(run_id, "text", "deep/er/näme %41: x.txt")
    client.artifacts.log_text(run_id, "", "empty")
    stream = new_stream("host:1")
    client.console.append(run_id, stream, 0, b"first line\n")
    client.console.append(run_id, stream, 11, "zweite Zeile ä\n".encode())
    client.runs.update(run_id, status="FINISHED", end_time=9_000)
    going = client.runs.create(experiments[1], run_name="going", start_time=2_000)
    client.runs.log_batch(going.info.run_id, metrics=[Metric("loss", 0.5, 2_000, 0)])
    trash = client.runs.create(experiments[1], run_name="in the trash", start_time=3_000)
    client.runs.update(trash.info.run_id, status="FAILED", end_time=3_500)
    client.runs.delete(trash.info.run_id)
    purged = client.runs.create(experiments[1], run_name="purged", start_time=4_000)
    client.artifacts.log_text(purged.info.run_id, "x", "x.txt")
    client.runs.update(purged.info.run_id, status="KILLED", end_time=4_500)
    client.runs.delete(purged.info.run_id)
    client.purging.run(purged.info.run_id)
    client.runs.create(experiments[2], start_time=5_000)
    client.runs.delete_experiment(experiments[2])


def _trained(client: Client) -> None:
    """A run of the fluent interface, with a dataset and a model that is registered."""
    from sklearn.linear_model import LinearRegression

    ct.set_tracking_uri(client.uri)
    x = numpy.arange(6, dtype=float).reshape(3, 2)
    with ct.start_run(run_name="trained"):
        ct.log_params({"depth": 3})
        ct.log_metric("mae", 0.25, step=1)
        ct.log_input(ct.data.from_numpy(x, name="six"), context="training")
        ct.sklearn.log_model(LinearRegression().fit(x, [1.0, 2.0, 3.0]), name="model", registered_model_name="line")
    model = client.logged_models.create("0", name="external", params={"a": "1"}, tags={"b": "2"})
    client.logged_models.log_metrics(model.model_id, [Metric("m", 1.5, 7, 2)])
    client.logged_models.finalize(model.model_id, LoggedModelStatus.READY)
    client.logged_models.delete(client.logged_models.create("0", name="deleted").model_id)


def _registry(client: Client) -> None:
    client.register_model("models:/line/1", "copied", copy=True)
    client.stages.transition("line", 1, "Production", comment="good")
    client.aliases.set("line", "champion", 1)
    client.history.keep_anchor("line")
    client.registered_models.create("many", tags={"size": "large"})
    for number in range(MANY):
        client.model_versions.create("many", f"runs:/{number:032}/model", tags={"v": str(number)})
    client.stages.transition("many", 3, "Staging")
    client.stages.transition("many", 200, "Production")
    client.stages.transition("many", 201, "Production", archive_existing_versions=True)
    client.stages.rollback("many", "Production")
    client.model_versions.delete("many", 2)
    client.registered_models.create("old name", description="renamed")
    client.model_versions.create("old name", "s3://elsewhere/model")
    client.registered_models.rename("old name", "new näme")
    client.registered_models.create("gone")
    client.model_versions.create("gone", "s3://elsewhere/model")
    client.registered_models.delete("gone")
    client.releases.switch("search", {"ranker": "line/1", "encoder": "many/7"}, comment="first")
    client.releases.switch("search", {"encoder": "many/8"})
    client.releases.rollback("search")


def _reviews(client: Client) -> None:
    client.registered_models.create("guarded")
    client.policy.set(POLICY)
    client.model_versions.create("guarded", "s3://elsewhere/model", tags={"checked": "yes"})
    client.model_versions.create("guarded", "s3://elsewhere/model")
    client.stages.transition("guarded", 1, "Production")
    asked = client.approvals.request("guarded", 1, "Staging", comment="please")
    client.comments.create("guarded", 1, "looks fine", request_id=asked.id)
    client.approvals.reject("guarded", asked.id, comment="no")
    client.approvals.request("guarded", 2, "Staging")


def _people(client: Client) -> None:
    client.webhooks.create(
        "hook", "https://example.org/hook", [WebhookEvent.of("MODEL_VERSION", "CREATED")], secret="x" * 20
    )
    access = Access(client.store)
    access.add_admin("root")
    access.grant("bob", Resource.EXPERIMENT, "0", Permission.EDIT)
    Tokens(client.store).create("bob", description="laptop")
    client.feed.read(limit=5)


if __name__ == "__main__":
    fill(Path(sys.argv[1]))
