"""The tutorial's project is recorded alike by ``mlflow run`` and ``cloudtrack run``."""

from __future__ import annotations

import getpass
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cloudtrack.client import Client
from tests.cli.commands import cloudtrack
from tests.projects.making import tutorial
from tests.projects.repositories import bare, commit

MLFLOW = os.environ.get("CLOUDTRACK_MLFLOW_PYTHON", "")
pytestmark = [
    pytest.mark.mlflow,
    pytest.mark.skipif(not MLFLOW, reason="CLOUDTRACK_MLFLOW_PYTHON names no interpreter with mlflow"),
]
_READ = """
import json, mlflow
[run] = mlflow.search_runs(output_format="list", search_all_experiments=True)
history = [(point.step, point.value) for point in mlflow.MlflowClient().get_metric_history(run.info.run_id, "rmse")]
print(json.dumps([run.info.status, run.data.params, history, run.data.tags]))
"""
OURS_ALONE = ("cloudtrack.",)
OWN_TO_EACH_RUN = {"mlflow.runName"}


def _by_mlflow(folder: Path, words: list[str], environment: dict[str, str]) -> list[Any]:
    environment = {
        **os.environ,
        **environment,
        "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db",
        "PATH": f"{Path(MLFLOW).parent}{os.pathsep}{os.environ['PATH']}",
    }
    mlflow = [MLFLOW, "-m", "mlflow", "run", *words, "--env-manager", "local"]
    done = subprocess.run(mlflow, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    read = subprocess.run(
        [MLFLOW, "-c", _READ], env=environment, cwd=folder, capture_output=True, text=True, check=True
    )
    found: list[Any] = json.loads(read.stdout)
    return found


def _by_us(folder: Path, words: list[str], environment: dict[str, str]) -> list[Any]:
    """The project's own program is run by the interpreter that has MLflow, and reaches the store through the bridge."""
    activated = {
        "CLOUDTRACK_USER": getpass.getuser(),
        "VIRTUAL_ENV": str(Path(MLFLOW).parents[1]),
        "PATH": f"{Path(MLFLOW).parent}{os.pathsep}{os.environ['PATH']}",
    }
    done = cloudtrack(
        "run", *words, "--env-manager", "local", store=str(folder / "store"), variables={**environment, **activated}
    )
    assert done.returncode == 0, done.stderr[-2000:]
    client = Client(str(folder / "store"))
    [run] = client.runs.search(["0"])
    history = [[point.step, point.value] for point in client.metrics.history(run.info.run_id, "rmse")]
    return [run.info.status, dict(run.data.params), history, dict(run.data.tags)]


def _compared(tags: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in tags.items() if not key.startswith(OURS_ALONE) and key not in OWN_TO_EACH_RUN}


@pytest.mark.parametrize("place", ["folder", "working tree", "repository"])
def test_both_record_the_same(tmp_path: Path, place: str) -> None:
    project = tutorial(tmp_path / "project", "mlflow")
    words, environment = [str(project), "-P", "l1_ratio=0.25", "-P", "seed=7"], {}
    if place == "working tree":
        commit(project)
    elif place == "repository":
        first = commit(project)
        (project / "train.py").write_text("raise SystemExit(1)")
        commit(project)
        bare(project, tmp_path / "repository.git")
        environment = {  # git reads the bare repository where a server is named, for both
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.file://{tmp_path}/.insteadOf",
            "GIT_CONFIG_VALUE_0": "https://code.example/",
        }
        words = ["https://code.example/repository.git", "--version", first, *words[1:]]
    theirs = _by_mlflow(tmp_path, words, environment)
    ours = _by_us(tmp_path, words, environment)
    assert ours[:3] == theirs[:3]
    assert theirs[0] == "FINISHED"
    more = _compared(ours[3]).items() - _compared(theirs[3]).items()
    assert _compared(theirs[3]).items() <= _compared(ours[3]).items()
    assert dict(more).keys() <= {"mlflow.source.git.branch"}, "of a working tree MLflow leaves it out"
