"""MLflow's own page over a store, by its plugin. Needs MLflow: in ``make test-all``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import cloudtrack as ct
from tests.api.corpus.mlflow_server import mlflow_server
from tests.mlflow_plugin.environments import python

pytestmark = pytest.mark.mlflow


@pytest.fixture
def made(tmp_path: Path) -> dict[str, str]:
    """A store that cloudtrack has filled: the ids of an experiment and of a run in it."""
    ct.set_tracking_uri(tmp_path / "store")
    experiment = ct.set_experiment("seen by mlflow")
    with ct.start_run(run_name="a run of cloudtrack") as run:
        ct.log_params({"depth": 3})
        for step in range(20):
            ct.log_metric("loss", 1 / (step + 1), step=step)
        ct.log_text("words of an artifact", "notes/words.txt")
    client = ct.MlflowClient()
    client.create_registered_model("flowers")
    client.create_model_version("flowers", f"runs:/{run.info.run_id}/model", run.info.run_id)
    return {"experiment": experiment.experiment_id, "run": run.info.run_id}


@pytest.fixture
def url(made: dict[str, str], tmp_path: Path) -> Iterator[str]:
    """Where ``mlflow ui`` shows it."""
    store = f"cloudtrack+{(tmp_path / 'store').as_uri()}"
    with mlflow_server(python(), tmp_path, f"--backend-store-uri={store}", command="ui") as port:
        yield f"http://127.0.0.1:{port}"


def test_mlflows_page_shows_the_store(url: str, made: dict[str, str], context: Any) -> None:
    context.set_default_timeout(60_000)
    page = context.new_page()
    failed: list[str] = []
    page.on("response", lambda answer: failed.append(answer.url) if answer.status >= 500 else None)
    experiment = f"{url}/#/experiments/{made['experiment']}"

    page.goto(f"{url}/#/experiments")
    page.get_by_text("seen by mlflow").first.wait_for()
    page.goto(f"{experiment}/runs")
    page.get_by_text("a run of cloudtrack").first.wait_for()
    page.goto(f"{experiment}/runs/{made['run']}")
    for text in ("Finished", "depth", "loss"):
        page.get_by_text(text, exact=True).first.wait_for()
    page.goto(f"{experiment}/runs/{made['run']}/model-metrics")
    page.locator(".js-plotly-plot .scatterlayer .trace path").first.wait_for()
    page.goto(f"{experiment}/runs/{made['run']}/artifacts/notes/words.txt")
    page.get_by_text("words of an artifact").first.wait_for()
    page.goto(f"{url}/#/models")
    page.get_by_role("link", name="flowers").first.wait_for()
    page.goto(f"{experiment}/traces")
    page.get_by_text("Traces").first.wait_for()
    assert failed == []
