"""Projects whose programs run projects: steps, and nested runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloudtrack.client import Client, connect
from cloudtrack.entities.run import Run
from tests.cli.commands import cloudtrack
from tests.conftest import SLOW_SERVER

_MLPROJECT = """
name: steps
entry_points:
  main:
    parameters:
      rows: {type: int, default: 10}
      broken: {type: string, default: "no"}
    command: "python main.py {rows} {broken}"
  etl:
    parameters:
      rows: int
    command: "python etl.py {rows}"
  train:
    parameters:
      data_run: string
      broken: string
    command: "python train.py {data_run} {broken}"
  inner:
    command: "python inner.py"
"""
_MAIN = """
import sys
import cloudtrack as ct
with ct.start_run() as run:
    etl = ct.projects.run(".", "etl", parameters={"rows": sys.argv[1]})
    ct.set_tag("etl", etl.run_id)
    trained = ct.projects.run(".", "train", parameters={"data_run": etl.run_id, "broken": sys.argv[2]})
    ct.log_metric("rows", ct.get_run(trained.run_id).data.metrics["rows"])
"""
_ETL = """
import sys
import cloudtrack as ct
with ct.start_run():
    ct.log_metric("rows", int(sys.argv[1]))
"""
_TRAIN = """
import sys
import cloudtrack as ct
with ct.start_run():
    if sys.argv[2] == "yes":
        raise ValueError("the data are broken")
    ct.log_metric("rows", ct.get_run(sys.argv[1]).data.metrics["rows"])
"""
_INNER = """
import subprocess, sys
import cloudtrack as ct
CHILD = '''
import cloudtrack as ct
with ct.start_run(run_name="the program's own") as run:
    with ct.start_run(nested=True, run_name="fold"):
        ct.log_metric("fold", 1)
'''
subprocess.run([sys.executable, "-c", CHILD], check=True)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    for name, text in {
        "MLproject": _MLPROJECT,
        "main.py": _MAIN,
        "etl.py": _ETL,
        "train.py": _TRAIN,
        "inner.py": _INNER,
    }.items():
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize("store_url", SLOW_SERVER, indirect=True)
def test_steps_are_children_of_the_run_that_starts_them(store_url: str, project: Path) -> None:
    client = connect(store_url)
    done = cloudtrack("run", str(project), "-P", "rows=42", "--experiment-name", "steps", store=store_url)
    assert done.returncode == 0, done.stderr
    main, etl, train = _by_entry_point(client, "steps", "main", "etl", "train")
    assert {run.data.tags["mlflow.parentRunId"] for run in (etl, train)} == {main.info.run_id}
    assert "mlflow.parentRunId" not in main.data.tags
    assert etl.data.params == {"rows": "42"}
    assert train.data.params == {"data_run": etl.info.run_id, "broken": "no"}
    assert main.data.tags["etl"] == etl.info.run_id
    assert main.data.metrics["rows"] == train.data.metrics["rows"] == 42
    assert {run.info.status for run in (main, etl, train)} == {"FINISHED"}


@pytest.mark.slow
def test_a_step_that_fails_fails_the_whole_and_is_named(store_url: str, project: Path) -> None:
    client = Client(store_url)
    client.make_ready()
    done = cloudtrack("run", str(project), "-P", "broken=yes", "--experiment-name", "steps", store=store_url)
    assert done.returncode == 1
    main, etl, train = _by_entry_point(client, "steps", "main", "etl", "train")
    assert [run.info.status for run in (main, etl, train)] == ["FAILED", "FINISHED", "FAILED"]
    shown = done.stdout + done.stderr
    assert "the data are broken" in shown
    assert f"run {train.info.run_id} of the project ended FAILED" in shown
    assert f"run {main.info.run_id} of the project ended FAILED" in done.stderr


def test_a_process_that_the_program_starts_logs_to_its_run_and_below(store_url: str, project: Path) -> None:
    client = Client(store_url)
    client.make_ready()
    done = cloudtrack("run", str(project), "-e", "inner", "--experiment-name", "steps", store=store_url)
    assert done.returncode == 0, done.stderr
    runs = client.runs.list([_experiment_id(client, "steps")])
    fold = next(run for run in runs if run.info.run_name == "fold")
    (inner,) = _by_entry_point(client, "steps", "inner")
    assert len(runs) == 2
    assert fold.data.tags["mlflow.parentRunId"] == inner.info.run_id
    assert inner.info.run_name == "the program's own"
    assert inner.info.status == "FINISHED"


def _by_entry_point(client: Client, experiment: str, *names: str) -> list[Run]:
    runs = client.runs.list([_experiment_id(client, experiment)])
    found = {name: run for run in runs if (name := run.data.tags.get("mlflow.project.entryPoint"))}
    return [found[name] for name in names]


def _experiment_id(client: Client, name: str) -> str:
    experiment = client.experiments.get_by_name(name)
    assert experiment
    return experiment.experiment_id
