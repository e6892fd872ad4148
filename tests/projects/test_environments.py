"""Projects run in environments of their own. Packages are fetched, so all here is slow."""

from __future__ import annotations

from pathlib import Path

import pytest

import cloudtrack as ct
from cloudtrack.client import Client
from tests.projects.making import script, tutorial

pytestmark = pytest.mark.slow


@pytest.fixture(name="client")
def _client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setenv("CLOUDTRACK_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("PYTHONPATH", raising=False)
    ct.set_tracking_uri(str(tmp_path / "store"))
    return Client(str(tmp_path / "store"))


@pytest.mark.parametrize(
    ("name", "text", "manager"),
    [
        ("requirements.txt", "six==1.16.0\n", "uv"),
        ("requirements.txt", "six==1.16.0\n", "virtualenv"),
        ("python_env.yaml", "dependencies: [-r more.txt]", "uv"),
        ("conda.yaml", "dependencies: [python=3.11, pip, pip: [six==1.16.0]]", "uv"),
        (
            "pyproject.toml",
            '[project]\nname="p"\nversion="1"\nrequires-python=">=3.11"\ndependencies=["six==1.16.0"]',
            "uv",
        ),
    ],
)
def test_a_program_has_what_its_project_asks_for(
    tmp_path: Path, client: Client, name: str, text: str, manager: str
) -> None:
    program = "import six, sys; assert six.__version__ == '1.16.0'; assert 'environments' in sys.prefix, sys.prefix"
    folder = script(tmp_path / "p", program)
    (folder / "more.txt").write_text("six==1.16.0\n")
    (folder / name).write_text(text)
    for _ in range(2):  # the second time it is there already
        submitted = ct.projects.run(str(folder), env_manager=manager)
        assert b"six==1.16.0" in client.source_files.read(submitted.run_id, "packages.txt")
        assert b"pytest" not in client.source_files.read(submitted.run_id, "packages.txt")
    assert len(list((tmp_path / "cache" / "environments").glob("*.whole"))) == 1
    assert client.runs.get(submitted.run_id).data.tags["mlflow.project.env"] == manager


def test_a_lock_file_pins_what_a_project_gets(tmp_path: Path, client: Client) -> None:
    from cloudtrack.environments.manager import program, run_tool

    folder = script(tmp_path / "p", "import six; assert six.__version__ == '1.15.0', six.__version__")
    declared = '[project]\nname="p"\nversion="1"\nrequires-python=">=3.11"\ndependencies=["six{}"]'
    (folder / "pyproject.toml").write_text(declared.format("==1.15.0"))
    run_tool([program("uv"), "lock", "--project", str(folder)])
    (folder / "pyproject.toml").write_text(declared.format(""))
    submitted = ct.projects.run(str(folder))
    assert b"six==1.15.0" in client.source_files.read(submitted.run_id, "packages.txt")


def test_the_tutorial_runs_in_the_environment_that_its_conda_file_asks_for(tmp_path: Path, client: Client) -> None:
    submitted = ct.projects.run(str(tutorial(tmp_path / "p")), parameters={"alpha": 0.3})
    found = client.runs.get(submitted.run_id)
    assert (found.info.status, found.data.tags["mlflow.project.env"], found.data.tags["by"]) == (
        "FINISHED",
        "uv",
        "train.py",
    )
