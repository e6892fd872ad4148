"""What MLflow's own client prints after a run opens that run. Needs MLflow: in ``make test-all``."""

from __future__ import annotations

import os
import re
import subprocess
from typing import Any

import pytest

from tests.servers.cloudtrack_server import RunningServer

pytestmark = pytest.mark.mlflow

_PROGRAM = """
import mlflow
mlflow.set_experiment("printed by mlflow")
with mlflow.start_run(run_name="a stranger's run"):
    mlflow.log_metric("m", 1.0)
"""


def test_the_links_that_mlflow_prints_open_the_run_and_its_experiment(server: RunningServer, page: Any) -> None:
    python = os.environ.get("CLOUDTRACK_MLFLOW_PYTHON")
    if not python:
        pytest.fail("CLOUDTRACK_MLFLOW_PYTHON names no interpreter with MLflow: make test-all sets it")
    environment = {**os.environ, "MLFLOW_TRACKING_URI": server.url, "PYTHONPATH": ""}
    done = subprocess.run(
        [python, "-c", _PROGRAM], env=environment, capture_output=True, text=True, timeout=180, check=True
    )
    links = re.findall(rf"{re.escape(server.url)}\S+", done.stdout + done.stderr)
    runs = [link for link in links if "/runs/" in link]
    experiments = [link for link in links if "/runs/" not in link and "/experiments/" in link]
    assert runs
    assert experiments
    page.goto(runs[0])
    page.locator("h1", has_text="a stranger's run").wait_for()
    page.goto("about:blank")
    page.goto(experiments[0])
    page.locator("h1", has_text="printed by mlflow").wait_for()
