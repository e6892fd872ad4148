"""A run is done again, judged right in each case, and refused with a name where what it read has changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import cloudtrack as ct
from cloudtrack.client import Client
from cloudtrack.errors import CorruptData, NotFound, StateError
from cloudtrack.projects.reproducing import OUTCOME_TAG, REPEATED_BY_TAG, REPEATS_TAG, VERDICT, reproduce
from cloudtrack.projects.running import ExecutionException
from cloudtrack.projects.verdict import Outcome
from tests.cli.commands import cloudtrack
from tests.projects.making import script
from tests.projects.repositories import bare, commit

SEEDED = """
import random, sys
import cloudtrack as ct
random.seed(int(sys.argv[1]))
with ct.start_run():
    for step in range(20):
        ct.log_metric("loss", random.random(), step=step)
    ct.log_text(f"{random.random()}", "out/last.txt")
"""
ONCE_MORE = """
import os, pathlib
import cloudtrack as ct
seen = pathlib.Path(os.environ["PLACE"])
again = seen.exists()
seen.touch()
with ct.start_run():
    for step in range(20):
        ct.log_metric("loss", 1 / (step + 1) + (CHANGE if again and step >= 12 else 0), step=step)
        ct.log_metric("time_s", 1.5 if again else 1.0, step=step)
"""


@pytest.fixture(name="client")
def _client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setenv("CLOUDTRACK_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PLACE", str(tmp_path / "seen"))
    ct.set_tracking_uri(str(tmp_path / "store"))
    return Client(str(tmp_path / "store"))


def run(folder: Path, **parameters: object) -> str:
    return ct.projects.run(str(folder), parameters=parameters, env_manager="local").run_id


@pytest.mark.parametrize(
    "code",
    [pytest.param("plain folder", marks=pytest.mark.slow), pytest.param("commit", marks=pytest.mark.slow), "patch"],
)
def test_a_seeded_run_is_bit_identical(tmp_path: Path, client: Client, code: str) -> None:
    folder = script(tmp_path / "p", SEEDED, command="python run.py {seed}", parameters="{seed: int}")
    if code != "plain folder":
        commit(folder)
    if code == "patch":
        (folder / "run.py").write_text(SEEDED.replace("range(20)", "range(21)"))
    run_id = run(folder, seed=7)
    (folder / "run.py").write_text("raise SystemExit(9)  # what is there now does not count")
    verdict = reproduce(client, run_id)
    assert verdict.outcome == Outcome.BIT_IDENTICAL
    assert (verdict.metrics, verdict.points, verdict.files) == (1, 21 if code == "patch" else 20, 1)
    before, after = client.runs.get(run_id), client.runs.get(verdict.repeated_by)
    assert before.data.tags[OUTCOME_TAG] == after.data.tags[OUTCOME_TAG] == "bit-identical"
    assert (before.data.tags[REPEATED_BY_TAG], after.data.tags[REPEATS_TAG]) == (verdict.repeated_by, run_id)
    assert before.data.params == after.data.params
    assert after.data.tags["mlflow.source.name"] == before.data.tags["mlflow.source.name"]
    assert json.loads(client.artifacts.read(verdict.repeated_by, VERDICT))["outcome"] == "bit-identical"
    assert reproduce(client, verdict.repeated_by).outcome == Outcome.BIT_IDENTICAL, "also of one that repeats another"


@pytest.mark.slow
def test_values_that_are_near_enough_are_identical_within_tolerance(tmp_path: Path, client: Client) -> None:
    run_id = run(script(tmp_path / "p", ONCE_MORE.replace("CHANGE", "1e-7")))
    done = cloudtrack("reproduce", run_id, "--rtol", "1e-4", "--ignore", "time_*", "--json", store=client.uri)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["outcome"] == "identical within tolerance"


def test_a_run_that_diverges_says_where(tmp_path: Path, client: Client) -> None:
    run_id = run(script(tmp_path / "p", ONCE_MORE.replace("CHANGE", "0.25")))
    done = cloudtrack("reproduce", run_id, "--ignore", "time_*", store=client.uri)
    assert (done.returncode, "diverged at step 12 of metric loss: " in done.stdout) == (1, True), done.stdout
    assert client.runs.get(run_id).data.tags[OUTCOME_TAG] == "diverged"
    [found] = client.runs.search(["0"], f"tags.`{REPEATS_TAG}` = '{run_id}'")
    assert found.data.tags[OUTCOME_TAG] == "diverged"


def test_an_input_that_changed_is_refused_by_name(tmp_path: Path, client: Client) -> None:
    data = tmp_path / "data.csv"
    data.write_text("1,2,3")
    folder = script(tmp_path / "p", "", command="python run.py {data}", parameters="{data: path}")
    run_id = run(folder, data=data)
    assert reproduce(client, run_id).outcome == Outcome.BIT_IDENTICAL
    data.write_text("1,2,4")
    before = len(client.runs.search(["0"]))
    with pytest.raises(StateError, match=r"the input 'data' of the run has changed: .*data.csv had SHA-256"):
        reproduce(client, run_id)
    data.unlink()
    with pytest.raises(StateError, match=r"the input 'data' of the run is gone"):
        reproduce(client, run_id)
    assert len(client.runs.search(["0"])) == before, "nothing was run"


READS = "import sys, cloudtrack as ct; ct.log_metric('size', len(open(sys.argv[1]).read()))"


def reads_its_own_file(folder: Path) -> Path:
    parameters = "{data: {type: path, default: data.csv}, seed: {type: int, default: 0}}"
    (script(folder, READS, command="python run.py {data}", parameters=parameters) / "data.csv").write_text("1,2,3")
    return folder


def test_a_file_of_the_project_itself_comes_with_its_code(tmp_path: Path, client: Client) -> None:
    """The clone that the run read it in is gone."""
    work = reads_its_own_file(tmp_path / "work")
    commit(work)
    repository = bare(work, tmp_path / "repository.git")
    run_id = ct.projects.run(f"git+file://{repository}", env_manager="local").run_id
    assert client.runs.get(run_id).data.params == {"data": "data.csv", "seed": "0"}
    verdict = reproduce(client, run_id)
    assert (verdict.outcome, verdict.points) == (Outcome.BIT_IDENTICAL, 1)


@pytest.mark.slow
def test_a_trial_of_a_sweep_is_done_again(tmp_path: Path, client: Client) -> None:
    folder = reads_its_own_file(tmp_path / "p")
    swept = ct.projects.sweep(str(folder), {"seed": [1]}, sampler="grid", env_manager="local")
    (folder / "data.csv").unlink()
    assert reproduce(client, swept.trials[0].run_id).outcome == Outcome.BIT_IDENTICAL


@pytest.mark.slow
def test_a_dataset_that_changed_is_refused_by_name(tmp_path: Path, client: Client) -> None:
    table = tmp_path / "table.csv"
    table.write_text("a\n1\n2\n")
    text = f"""
import pandas, cloudtrack as ct
with ct.start_run():
    ct.log_input(ct.data.from_pandas(pandas.read_csv({str(table)!r}), name="wine"))
"""
    run_id = run(script(tmp_path / "p", text))
    assert reproduce(client, run_id).outcome == Outcome.BIT_IDENTICAL
    table.write_text("a\n1\n3\n")
    with pytest.raises(StateError, match=r"the dataset 'wine' of the run has changed: it had the digest"):
        reproduce(client, run_id)


def test_what_cannot_be_done_again_is_said(tmp_path: Path, client: Client) -> None:
    with ct.start_run() as plain:
        pass
    with pytest.raises(NotFound, match="was not launched as a project"):
        reproduce(client, plain.info.run_id)
    with pytest.raises(NotFound):
        reproduce(client, "0" * 32)
    failing = script(tmp_path / "p", "raise SystemExit(2)")
    failed = ct.projects.run(str(failing), env_manager="local", synchronous=False)
    assert not failed.wait()
    with pytest.raises(StateError, match="is FAILED: only a run that finished"):
        reproduce(client, failed.run_id)

    flaky = script(tmp_path / "q", "import os; os.path.exists('/nowhere')")
    run_id = run(flaky)
    client.artifacts.log_text(run_id, "another", "project/code.zip")
    with pytest.raises(CorruptData, match="is not the code that was launched"):
        reproduce(client, run_id)


@pytest.mark.slow
def test_a_run_that_fails_this_time_has_no_verdict(tmp_path: Path, client: Client) -> None:
    text = "import os, pathlib, sys; p = pathlib.Path(os.environ['PLACE']); n = p.exists(); p.touch(); sys.exit(int(n))"
    run_id = run(script(tmp_path / "p", text))
    with pytest.raises(ExecutionException, match=f"which repeats {run_id}, ended FAILED"):
        reproduce(client, run_id)
    assert OUTCOME_TAG not in client.runs.get(run_id).data.tags


@pytest.mark.slow
def test_the_environment_of_a_run_is_made_again_exactly(tmp_path: Path, client: Client) -> None:
    folder = script(tmp_path / "p", "import six; print(six.__version__)")
    (folder / "requirements.txt").write_text("six==1.15.0\n")
    run_id = ct.projects.run(str(folder)).run_id
    (folder / "requirements.txt").write_text("six\n")
    verdict = reproduce(client, run_id)
    before, after = (client.source_files.read(each, "packages.txt") for each in (run_id, verdict.repeated_by))
    assert before == after
    assert b"six==1.15.0" in before
