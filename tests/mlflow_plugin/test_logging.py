"""What MLflow's client logs reaches the store, in few requests, however its process ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cloudtrack.client import Client
from tests.mlflow_plugin.environments import HERE, python, run, run_script

pytestmark = pytest.mark.mlflow

_ENDS = """
import os, sys, mlflow
from mlflow import MlflowClient
mlflow.start_run(run_name=sys.argv[1])
for step in range(2500): mlflow.log_metric("m", step, step=step)
match sys.argv[1]:
    case "raises": raise ValueError
    case "is left by a client":
        made = MlflowClient().create_run("0", run_name="of the client")
        for step in range(5): MlflowClient().log_metric(made.info.run_id, "m", step, step=step)
    case "is killed":
        import time
        time.sleep(1)
        os.kill(os.getpid(), 9)
"""

_TRACED = """
import mlflow
@mlflow.trace
def twice(number): return 2 * number
with mlflow.start_run():
    print(twice(21))
print(mlflow.search_traces(locations=["0"]).shape)
"""


def test_a_run_is_few_writes_and_reads_see_all_of_it(tmp_path: Path) -> None:
    run_script(HERE / "logging_script.py", "told.json", uri="cloudtrack+file:store", folder=tmp_path)
    told = json.loads((tmp_path / "told.json").read_text())
    assert told.pop("writes of a run") <= 12  # and not the 1,100 of as many calls
    assert told == {
        "read back": {"m": 1.0},
        "history": [1.0, 2.0],
        "searched": [{"m": 3.0}],
        "status": "RUNNING",
        "and then": "FINISHED",
        "all of it": 1000,
        "writes to a run that has ended": 2,
        "and its status": "FINISHED",
    }


@pytest.mark.parametrize("way", ["ends by itself", "raises", "is left by a client", "is killed"])
def test_nothing_is_lost_however_a_program_ends(way: str, tmp_path: Path) -> None:
    run([python(), "-c", _ENDS, way], uri="cloudtrack+file:store", folder=tmp_path)
    client = Client(tmp_path / "store", spool_dir=tmp_path / "spool")
    client.sync()
    runs = {run.info.run_name: run for run in client.runs.list(["0"])}
    assert len(client.metrics.history(runs[way].info.run_id, "m")) == 2500
    assert runs[way].info.status == ("RUNNING" if way == "is killed" else "FINISHED")
    if way == "is left by a client":
        assert len(client.metrics.history(runs["of the client"].info.run_id, "m")) == 5


def test_tracing_says_that_nothing_is_kept_and_stops_nobody(tmp_path: Path) -> None:
    done = run_script(_TRACED, uri="cloudtrack+file:store", folder=tmp_path)
    assert done.stdout.split("\n")[0] == "42"
    assert "cloudtrack keeps no traces" in done.stderr


def test_a_run_that_is_active_at_the_end_of_a_program_is_finished_on_s3_too(
    make_url: Callable[[str], str], tmp_path: Path
) -> None:
    url = make_url("moto-s3fs")
    run([python(), "-c", _ENDS, "ends by itself"], uri=f"cloudtrack+{url}", folder=tmp_path)
    (left,) = Client(url).runs.list(["0"])
    assert left.info.status == "FINISHED"
