"""A model predicts in an environment of its own as it does here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sklearn.linear_model import LinearRegression

import cloudtrack as ct
from cloudtrack.environments.manager import EnvironmentManager
from cloudtrack.errors import AlreadyExists, MissingDependency, Unavailable
from cloudtrack.models.rebuilding import create_environment, environment_for
from tests.api.corpus.mlflow_server import free_port
from tests.cli.commands import cloudtrack
from tests.scoring.running import running


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    ct.sklearn.save_model(LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0]), tmp_path / "model")
    return tmp_path / "model"


@pytest.mark.slow
@pytest.mark.parametrize("manager", [EnvironmentManager.UV, EnvironmentManager.VIRTUALENV])
def test_predictions_in_a_rebuilt_environment_are_those_of_here(
    folder: Path, tmp_path: Path, manager: EnvironmentManager
) -> None:
    (tmp_path / "in.csv").write_text("x\n1\n2\n")
    predict = ["models", "predict", "-m", str(folder), "-i", str(tmp_path / "in.csv"), "-o"]
    here = cloudtrack(*predict, str(tmp_path / "here.csv"), store=str(tmp_path / "store"))
    assert here.returncode == 0, here.stderr
    for number in range(2):  # the second time it is there already
        there = cloudtrack(
            *(*predict, str(tmp_path / "there.csv"), "--env-manager", manager), store=str(tmp_path / "store")
        )
        assert there.returncode == 0, (number, there.stderr)
        assert (tmp_path / "there.csv").read_text() == (tmp_path / "here.csv").read_text()
    python = environment_for(folder, manager)
    listed = subprocess.run(
        [python, "-c", "import sklearn, sys; print(sklearn.__version__, sys.prefix)"],
        capture_output=True,
        text=True,
        check=True,
    )
    version, prefix = listed.stdout.split()
    assert f"scikit-learn=={version}" in (folder / "requirements.txt").read_text()
    assert Path(prefix) == python.parents[1]


@pytest.mark.slow
def test_a_model_is_served_in_an_environment_of_its_own(folder: Path, tmp_path: Path) -> None:
    environment_for(folder, EnvironmentManager.UV)
    port = free_port()
    command = [sys.executable, "-m", "cloudtrack", "models", "serve", f"--model-uri={folder}", "-p", str(port)]
    with running([*command, "--env-manager", "uv"], port, tmp_path) as server:
        content = {"dataframe_split": {"columns": ["x"], "data": [[3.0]]}}
        status, _, answer = server.send("POST", "/invocations", content)
        command_line = Path(f"/proc/{server.process.pid}/cmdline").read_bytes().split(b"\0")
    assert (status, answer) == (200, {"predictions": [pytest.approx(6.0)]})
    assert Path(command_line[0].decode()) == environment_for(folder, EnvironmentManager.UV)


def test_versions_to_come_are_not_served_in_the_environment_of_one(tmp_path: Path) -> None:
    serve = ("models", "serve", "-m", "models:/line/Production", "--follow", "--env-manager", "uv")
    done = cloudtrack(*serve, store=str(tmp_path / "store"))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "leave --env-manager out" in done.stderr


def test_conda_gets_the_models_own_file(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a stand-in for conda, whose channels not every machine reaches: what it is asked, and what is done after."""
    conda = tmp_path / "bin" / "conda"
    conda.parent.mkdir()
    conda.write_text(
        f"#!/bin/sh\nprintf '%s\\n' \"$@\" > {tmp_path}/asked\nmkdir -p $4/bin\n"
        f"printf '#!/bin/sh\\ncat \"$5\" > {tmp_path}/then' > $4/bin/python\nchmod +x $4/bin/python\n"
    )
    conda.chmod(0o755)
    monkeypatch.setenv("PATH", f"{conda.parent}:{os.environ['PATH']}")
    python = create_environment(folder, tmp_path / "env", EnvironmentManager.CONDA)
    assert python == tmp_path / "env" / "bin" / "python"
    asked = (tmp_path / "asked").read_text().split()
    assert asked == ["env", "create", "--prefix", str(tmp_path / "env"), "--file", str(folder / "conda.yaml")]
    assert (tmp_path / "then").read_text().startswith("cloudtrack[pandas,arrow]")


@pytest.mark.slow
def test_the_command_makes_an_environment(folder: Path, tmp_path: Path) -> None:
    done = cloudtrack("models", "env", str(folder), "--create", str(tmp_path / "env"), "--json", store=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert Path(json.loads(done.stdout)["python"]).exists()


def test_what_cannot_be_made_leaves_nothing(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "requirements.txt").write_text("/no/such/package\n")
    with pytest.raises(Unavailable, match="no/such/package"):
        create_environment(folder, tmp_path / "env", EnvironmentManager.UV)
    assert not (tmp_path / "env").exists()
    (tmp_path / "env").mkdir()
    with pytest.raises(AlreadyExists, match="env"):
        create_environment(folder, tmp_path / "env", EnvironmentManager.UV)
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(MissingDependency, match="conda is not installed"):
        create_environment(folder, tmp_path / "other", EnvironmentManager.CONDA)


def test_a_broken_environment_is_said_in_one_line(folder: Path, tmp_path: Path) -> None:
    (folder / "python_env.yaml").write_text("{")
    done = cloudtrack("models", "env", str(folder), "--create", str(tmp_path / "env"), store=str(tmp_path))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "python_env.yaml" in done.stderr
