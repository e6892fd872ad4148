"""Projects are run, recorded so that they can be repeated, and ended as their program ended."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

import cloudtrack as ct
from cloudtrack.client import Client
from cloudtrack.entities.run import Run, RunStatus
from cloudtrack.errors import InvalidInput, NotFound
from cloudtrack.projects.launching import find_submitted
from cloudtrack.projects.record import ARCHIVE, read_record
from cloudtrack.projects.running import ExecutionException
from tests.cli.commands import cloudtrack
from tests.projects.making import script, tutorial
from tests.projects.repositories import bare, commit, git


@pytest.fixture(autouse=True)
def _store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDTRACK_CACHE_DIR", str(tmp_path / "cache"))
    ct.set_tracking_uri(str(tmp_path / "store"))


@pytest.fixture(name="client")
def _client(tmp_path: Path) -> Client:
    return Client(str(tmp_path / "store"))


def run(uri: object, **arguments: object) -> str:
    return ct.projects.run(str(uri), env_manager="local", **arguments).run_id


def printed(client: Client, run_id: str) -> str:
    return b"".join(piece.body for piece in client.console.read(run_id).pieces).decode()


def test_a_folder_is_run_and_recorded(tmp_path: Path, client: Client) -> None:
    folder = tutorial(tmp_path / "project")
    found = client.runs.get(run(folder, parameters={"l1_ratio": 0.25, "seed": 7}, run_name="first"))
    assert (found.info.status, found.info.run_name) == (RunStatus.FINISHED, "first")
    assert found.data.params == {"alpha": "0.5", "l1_ratio": "0.25", "seed": "7"}
    assert found.data.metrics["rmse"] == pytest.approx(0.5 + 0.25 / 3)
    tags = found.data.tags
    assert tags["mlflow.source.type"] == "PROJECT"
    assert tags["mlflow.source.name"] == str(folder)
    assert (tags["mlflow.project.entryPoint"], tags["mlflow.project.backend"], tags["by"]) == (
        "main",
        "local",
        "train.py",
    )
    record = read_record(client, found.info.run_id)
    assert record.command == "python train.py 0.5 0.25 --seed 7"
    assert record.parameters == {"l1_ratio": "0.25", "seed": "7"}
    assert record.archive is not None, "it is in no repository"
    assert client.artifacts.stat(found.info.run_id, ARCHIVE).file_size
    assert "trained with 0.5 0.25" in printed(client, found.info.run_id)
    assert tags["cloudtrack.command"] == record.command
    assert b"pytest==" in client.source_files.read(found.info.run_id, "packages.txt")


def test_a_commit_of_a_repository_is_run(tmp_path: Path, client: Client) -> None:
    work = tutorial(tmp_path / "work" / "deep").parent
    first = commit(work)
    (work / "deep" / "train.py").write_text("raise SystemExit(3)")
    commit(work)
    repository = bare(work, tmp_path / "repository.git")
    found = client.runs.get(run(f"git+file://{repository}#deep", version=first))
    assert found.info.status == RunStatus.FINISHED
    assert found.data.tags["mlflow.source.git.commit"] == first
    assert found.data.tags["mlflow.source.git.repoURL"] == str(repository)
    record = read_record(client, found.info.run_id)
    assert (record.commit, record.repository, record.subdirectory, record.archive) == (
        first,
        str(repository),
        "deep",
        None,
    )
    with pytest.raises(ExecutionException, match="ended FAILED"):
        run(f"git+file://{repository}#deep", version="main")


@pytest.mark.slow
def test_changes_that_were_not_committed_are_kept(tmp_path: Path, client: Client) -> None:
    folder = tutorial(tmp_path / "project")
    head = commit(folder)
    (folder / "train.py").write_text((folder / "train.py").read_text() + "# changed\n")
    run_id = run(folder)
    record = read_record(client, run_id)
    assert (record.commit, record.is_dirty, record.archive) == (head, True, None)
    patch = client.source_files.read(run_id, "code.patch")
    assert patch is not None
    clean = tmp_path / "clean"
    git(tmp_path, "clone", "--quiet", str(folder), str(clean))
    (tmp_path / "patch").write_bytes(patch)
    git(clean, "apply", str(tmp_path / "patch"))
    assert (clean / "train.py").read_text() == (folder / "train.py").read_text()

    (folder / "new.py").touch()
    assert read_record(client, run(folder)).archive is not None, "a patch does not have files that git does not know"


def test_values_reach_the_program_as_they_are(tmp_path: Path, client: Client) -> None:
    folder = script(
        tmp_path / "project",
        "import json, sys, pathlib; pathlib.Path('got.json').write_text(json.dumps(sys.argv[1:]))",
        command="""python run.py {a} "x{b}" '{c}'""",
        parameters="{a: string, b: string, c: string}",
    )
    values = {"a": 'it\'s "q" ; touch owned', "b": "$(touch owned) `touch owned`\n$HOME", "c": "'; touch owned; '"}
    run_id = run(folder, parameters=values)
    assert json.loads((folder / "got.json").read_text()) == [values["a"], "x" + values["b"], values["c"]]
    assert not (folder / "owned").exists()
    assert client.runs.get(run_id).data.params == values


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("raise SystemExit(0)", RunStatus.FINISHED),
        ("raise SystemExit(3)", RunStatus.FAILED),
        ("import os; os.kill(os.getpid(), 9)", RunStatus.FAILED),
        ("import cloudtrack as ct; ct.start_run(); ct.end_run('FAILED')", RunStatus.FAILED),
        ("import cloudtrack as ct\nwith ct.start_run(): pass\nraise SystemExit(4)", RunStatus.FAILED),
    ],
)
def test_a_run_ends_as_its_program_ends(tmp_path: Path, client: Client, text: str, status: str) -> None:
    submitted = ct.projects.run(str(script(tmp_path / "p", text)), env_manager="local", synchronous=False)
    assert submitted.wait() is (status == RunStatus.FINISHED)
    found = client.runs.get(submitted.run_id)
    assert (found.info.status, found.info.end_time is not None) == (status, True)


def test_what_goes_wrong_before_the_program_fails_the_run(tmp_path: Path, client: Client) -> None:
    folder = tutorial(tmp_path / "project")
    (folder / "conda.yaml").write_text("dependencies: [python=3.11, pip, pip: [/no/such/package]]")
    submitted = ct.projects.run(str(folder), synchronous=False, env_manager="uv")
    assert submitted.wait() is False
    assert client.runs.get(submitted.run_id).info.status == RunStatus.FAILED
    assert "Error: the environment could not be made: uv said: " in printed(client, submitted.run_id)


def _until_there(client: Client, run_id: str, key: str) -> Run:
    for _ in range(600):
        found = client.runs.get(run_id)
        if key in found.data.metrics:
            return found
        time.sleep(0.1)
    raise AssertionError(f"{key} was never logged")


ENDLESS = """
import subprocess, sys, time
import cloudtrack as ct
with ct.start_run():
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    ct.log_metric("child", child.pid)
    ct.flush()
    time.sleep(600)
"""


def test_a_run_is_cancelled_with_all_that_it_started_from_any_process(tmp_path: Path, client: Client) -> None:
    folder = script(tmp_path / "p", ENDLESS)
    submitted = ct.projects.run(str(folder), env_manager="local", synchronous=False)
    child = int(_until_there(client, submitted.run_id, "child").data.metrics["child"])
    assert submitted.get_status() == RunStatus.RUNNING
    find_submitted(Client(client.uri), submitted.run_id).cancel()
    assert client.runs.get(submitted.run_id).info.status == RunStatus.KILLED
    assert _is_gone(child)
    find_submitted(client, submitted.run_id).cancel()  # nothing is left to cancel
    assert client.runs.get(submitted.run_id).info.status == RunStatus.KILLED


def _is_gone(number: int) -> bool:
    for _ in range(100):
        try:
            state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.1)
    return False


def test_what_is_wrong_is_said_before_anything_is_written(tmp_path: Path, client: Client) -> None:
    folder = tutorial(tmp_path / "project")
    for error, arguments in (
        (InvalidInput, {"parameters": {"alpha": "high"}}),
        (NotFound, {"entry_point": "nowhere"}),
        (NotFound, {"backend": "nowhere"}),
        (InvalidInput, {"version": "v1"}),
    ):
        with pytest.raises(error):
            run(folder, **arguments)
    assert list(client.runs.search(["0"])) == []


def test_a_dry_run_says_what_would_be_done_and_does_nothing(tmp_path: Path) -> None:
    folder = tutorial(tmp_path / "project")
    Client(str(tmp_path / "store")).close()
    before = sorted(str(path) for path in (tmp_path / "store").rglob("*"))
    done = cloudtrack(
        *("run", str(folder), "-P", "alpha=0.3", "--experiment-name", "new", "--dry-run"), store=str(tmp_path / "store")
    )
    said = json.loads(done.stdout)
    assert (done.returncode, said["command"], said["environment"]) == (0, "python train.py 0.3 0.1", "uv")
    assert said["specification"]["command"] == [
        *(sys.executable, "-m", "cloudtrack.projects.worker", "RUN_ID", f"--folder={folder}")
    ]
    assert sorted(str(path) for path in (tmp_path / "store").rglob("*")) == before


def test_the_command_runs_a_project_and_shows_what_it_prints(tmp_path: Path, client: Client) -> None:
    words = ("run", str(tutorial(tmp_path / "project")), "--env-manager", "local", "--experiment-name", "tutorial")
    done = cloudtrack(*words, "-P", "alpha=0.3", store=client.uri)
    assert (done.returncode, "trained with 0.3 0.1" in done.stdout) == (0, True), done.stderr
    as_json = cloudtrack(*words, "-P", "alpha=x", "--json", store=client.uri)
    assert (as_json.returncode, as_json.stderr.count("\n")) == (1, 1)
    assert "must be a float" in as_json.stderr
    twice = cloudtrack(*words, "-P", "alpha=1", "-P", "alpha=2", store=client.uri)
    assert "gives 'alpha' twice" in twice.stderr
    [found] = client.runs.search([client.experiments.get_by_name("tutorial").experiment_id])
    assert found.data.params["alpha"] == "0.3"


@pytest.mark.slow
def test_a_run_goes_on_when_nobody_looks_on_any_more(tmp_path: Path, client: Client) -> None:
    text = "import time, cloudtrack as ct\nfor n in range(200): print('x' * 1000, n)\nct.log_metric('done', 1)"
    folder = script(tmp_path / "p", text)
    command = [sys.executable, "-m", "cloudtrack", "--store", client.uri, "run", str(folder), "--env-manager", "local"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    process.stdout.read(10)
    process.stdout.close()
    process.wait(60)
    [found] = client.runs.search(["0"])
    assert (found.info.status, found.data.metrics) == (RunStatus.FINISHED, {"done": 1.0})
    assert printed(client, found.info.run_id).count("\n") == 200


STEPS = """
import cloudtrack as ct
with ct.start_run() as parent:
    child = ct.projects.run(".", "step", parameters={"n": 3}, env_manager="local")
    ct.log_metric("total", ct.Client().runs.get(child.run_id).data.metrics["n"] + 1)
"""


@pytest.mark.slow
def test_a_project_runs_steps_of_its_own_as_children(tmp_path: Path, client: Client) -> None:
    folder = script(tmp_path / "p", STEPS)
    (folder / "step.py").write_text("import sys, cloudtrack as ct; ct.log_metric('n', float(sys.argv[1]))")
    text = (folder / "MLproject").read_text()
    (folder / "MLproject").write_text(f'{text}  step: {{parameters: {{n: int}}, command: "python step.py {{n}}"}}\n')
    run_id = run(folder)
    parent = client.runs.get(run_id)
    [child] = client.runs.search(["0"], f"tags.`mlflow.parentRunId` = '{run_id}'")
    assert (parent.data.metrics, child.data.metrics) == ({"total": 4.0}, {"n": 3.0})
    assert (parent.info.status, child.info.status) == (RunStatus.FINISHED, RunStatus.FINISHED)
