"""Commands in the image that a project names, with a stand-in for docker that executes them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cloudtrack.client import Client
from cloudtrack.errors import InvalidInput
from cloudtrack.projects.launching import launch
from cloudtrack.projects.planning import Request
from cloudtrack.projects.submitted import SubmittedRun
from tests.cli.commands import cloudtrack
from tests.projects.backends import stand_in
from tests.projects.backends.project import make_project
from tests.projects.backends.test_conformance import until_it_began

_SECRET = "no-one-may-read-this"


@pytest.fixture(name="place")
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", f"{stand_in.install(tmp_path / 'docker', 'docker')}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    return tmp_path / "docker"


@pytest.fixture(name="project")
def _project(tmp_path: Path) -> Path:
    project = make_project(tmp_path / "line")
    (project / "show.sh").write_text('echo "A=$A COPIED=$COPIED HOST=$HOST_ONLY AWS=$AWS_SECRET_ACCESS_KEY"; cat "$1"')
    (project / "MLproject").write_text(
        (project / "MLproject").read_text()
        + "  show:\n    parameters: {file: path}\n    command: sh show.sh {file}\n"
        + "docker_env:\n  image: line:7\n  volumes: [/tmp:/tmp/host]\n  environment: [[A, of the file], COPIED]\n"
    )
    return project


@pytest.fixture(name="client")
def _client(store_url: str) -> Iterator[Client]:
    client = Client(store_url)
    yield client
    client.close()


def run(client: Client, project: Path, entry_point: str = "main", **fields: Any) -> SubmittedRun:
    return launch(client, Request(uri=str(project), entry_point=entry_point, experiment_id="0", **fields))


def words_of_run(place: Path, submitted: SubmittedRun) -> list[str]:
    (found,) = [
        each["words"] for each in stand_in.asked(place, "run") if f"cloudtrack-{submitted.run_id}" in each["words"]
    ]
    return list(found)


def test_a_command_runs_in_the_image_and_logs_to_its_run(place: Path, project: Path, client: Client) -> None:
    submitted = run(client, project, docker_arguments={"gpus": "all", "t": ""})
    assert submitted.wait()
    found = client.runs.get(submitted.run_id)
    assert found.data.metrics["y"] == 4.0
    assert found.data.tags["mlflow.project.env"] == "docker"
    assert found.data.tags["mlflow.docker.image.name"] == "line:7"
    assert found.data.tags["mlflow.docker.image.id"] == "sha256:line:7"
    assert found.data.tags["cloudtrack.docker.image.digest"] == "line:7@sha256:abc"
    words = words_of_run(place, submitted)
    assert words[:3] == ["docker", "run", "--rm"]
    assert words[words.index("--volume") + 1] == "/tmp:/tmp/host"
    after = words.index("line:7")
    assert words[after - 3 : after] == ["--gpus", "all", "-t"]
    assert words[after + 1 :][-3:] == ['python train.py "${1}"', "project", "2"]


@pytest.mark.slow
def test_the_image_is_pulled_once(place: Path, project: Path, client: Client) -> None:
    for _ in range(2):
        assert run(client, project).wait()
    assert len(stand_in.asked(place, "pull")) == 1


def test_variables_and_files_reach_the_container_and_no_secret_is_in_its_words(
    place: Path, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moto_url: str, make_url: Any
) -> None:
    for name, value in {"COPIED": "of here", "HOST_ONLY": "x", "AWS_SECRET_ACCESS_KEY": _SECRET}.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "in.txt").write_text("what is in the file")
    client = Client(make_url("moto-obstore"))
    submitted = run(
        client, project, "show", parameters={"file": str(tmp_path / "in.txt")}, backend_config={"show_output": True}
    )
    assert submitted.wait()
    words = words_of_run(place, submitted)
    assert _SECRET not in " ".join(words)
    assert words[words.index("AWS_SECRET_ACCESS_KEY") - 1] == "--env"
    assert "A=of the file" in words
    assert "COPIED" in words
    assert "HOST_ONLY" not in words
    mounted = f"type=bind,source={tmp_path / 'in.txt'},target={tmp_path / 'in.txt'},readonly"
    assert words[words.index(mounted) - 1] == "--mount"
    client.close()


@pytest.mark.slow
def test_what_the_container_sees(place: Path, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COPIED", "of here")
    monkeypatch.setenv("HOST_ONLY", "x")
    (tmp_path / "in.txt").write_text("what is in the file")
    done = cloudtrack(
        "run", str(project), "-e", "show", "-P", "file=in.txt", store=str(tmp_path / "store"), cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert "A=of the file COPIED=of here HOST= AWS=\n" in done.stdout
    assert "what is in the file" in done.stdout


@pytest.mark.slow
def test_ending_the_run_ends_the_container(place: Path, project: Path, client: Client) -> None:
    submitted = run(client, project, "endless")
    until_it_began(client, submitted)
    container = stand_in.Container(place, f"cloudtrack-{submitted.run_id}")
    number = int((container.folder / "pid").read_text())
    submitted.cancel()
    assert client.runs.get(submitted.run_id).info.status == "KILLED"
    assert not container.folder.exists()
    assert not Path(f"/proc/{number}").exists()


@pytest.mark.slow
def test_an_image_is_built_with_the_code_in_it(place: Path, project: Path, client: Client) -> None:
    submitted = run(client, project, is_image_built=True)
    assert submitted.wait()
    assert client.runs.get(submitted.run_id).data.metrics["y"] == 4.0
    image = client.runs.get(submitted.run_id).data.tags["mlflow.docker.image.name"]
    built = place / "images" / image
    assert (built / "Dockerfile").read_text().splitlines()[0] == "FROM line:7"
    assert (built / "code" / "train.py").exists()
    assert image in words_of_run(place, submitted)
    assert "--mount" not in " ".join(words_of_run(place, submitted)).split("--workdir")[0]


def test_nothing_is_built_for_a_project_without_an_image(tmp_path: Path, client: Client) -> None:
    with pytest.raises(InvalidInput, match="no docker_env"):
        run(client, make_project(tmp_path / "plain"), is_image_built=True)


@pytest.mark.slow
def test_an_image_that_cannot_be_had_makes_the_run_fail(place: Path, project: Path, client: Client) -> None:
    (project / "MLproject").write_text((project / "MLproject").read_text().replace("line:7", "nowhere:1"))
    submitted = run(client, project)
    assert not submitted.wait()
    assert client.runs.get(submitted.run_id).info.status == "FAILED"


def test_options_that_are_ours_are_refused_before_anything_is_written(project: Path, client: Client) -> None:
    for wrong in ({"name": "x"}, {"--gpus": "all"}, {"detach": ""}):
        with pytest.raises(InvalidInput, match="docker run"):
            run(client, project, docker_arguments=wrong)
    assert not client.runs.search(["0"])


def test_a_backend_with_an_image_of_its_own_says_so(project: Path, client: Client) -> None:
    with pytest.raises(InvalidInput, match="--env-manager local"):
        run(client, project, backend="docker", backend_config={"image": "x"})


@pytest.mark.mlflow
@pytest.mark.skipif(not os.environ.get("CLOUDTRACK_MLFLOW_PYTHON"), reason="there is no interpreter with MLflow")
def test_a_program_of_mlflow_in_an_image_logs_to_its_run(place: Path, tmp_path: Path, client: Client) -> None:
    project = tmp_path / "theirs"
    project.mkdir()
    (project / "MLproject").write_text(
        f"docker_env: {{image: '{stand_in.MLFLOW}'}}\nentry_points: {{main: {{command: python train.py}}}}\n"
    )
    (project / "train.py").write_text(
        "import mlflow\nwith mlflow.start_run() as run:\n    mlflow.log_metric('y', 5)\n    print(run.info.run_id)\n"
    )
    submitted = run(client, project, backend_config={"show_output": True})
    assert submitted.wait()
    assert client.runs.get(submitted.run_id).data.metrics["y"] == 5.0
    words = words_of_run(place, submitted)
    assert words[words.index("--network") + 1] == "host"
    assert b"mlflow==" in client.source_files.read(submitted.run_id, "packages.txt")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("docker") is None, reason="there is no docker here")
def test_the_real_client_understands_our_words(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    """It reads all options before it looks for a daemon, and here there is none."""
    real = shutil.which("docker") or ""
    place = tmp_path / "docker"
    monkeypatch.setenv("PATH", f"{stand_in.install(place, 'docker')}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    odd = tmp_path / "a,b"
    project.rename(odd)
    submitted = run(client, odd, docker_arguments={"network": "none"}, is_image_built=True)
    assert submitted.wait()
    backend = {"backend": "docker", "backend_config": {"image": "x", "arguments": {"gpus": "all"}}}
    assert launch(client, Request(uri=str(make_project(tmp_path / "plain")), experiment_id="0", **backend)).wait()
    nowhere = {**os.environ, "DOCKER_HOST": "tcp://127.0.0.1:1", "DOCKER_BUILDKIT": "0", "DOCKER_CONFIG": str(tmp_path)}
    kinds = set()
    for each in stand_in.asked(place):
        words = [real, *each["words"][1:]]
        said = subprocess.run(words, env=nowhere, capture_output=True, text=True, cwd=tmp_path, check=False)
        assert "127.0.0.1:1" in said.stderr or "context" in said.stderr, (each["words"], said.stderr)
        kinds.add(each["words"][1])
    assert {"run", "image", "build", "rm", "container"} <= kinds
