"""A sweep from its start to its end."""

from __future__ import annotations

import csv
import io
import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from cloudtrack import clock
from cloudtrack.client import AnyClient, Client, connect
from cloudtrack.entities.run import Metric
from cloudtrack.errors import InvalidInput, MissingDependency, NotFound, StateError
from cloudtrack.projects import ExecutionException
from cloudtrack.projects.record import read_record
from cloudtrack.projects.sweeps import running
from cloudtrack.projects.sweeps.attempts import ATTEMPT_TAG, SUPERSEDED_TAG, TRIAL_TAG, VALUES_TAG, operation_of
from cloudtrack.projects.sweeps.plan import SWEEP_TAG
from cloudtrack.projects.sweeps.sweeping import resume_sweep
from tests.conftest import BOTH_MODES
from tests.projects.sweeps import inline_backend
from tests.projects.sweeps.sweeps import assert_exact, children, start, sweep_ids
from tests.storage.lossy import CountingStore, Stopped, StoppingStore
from tests.thoroughness import IS_THOROUGH

BOTH = pytest.mark.parametrize("store_url", BOTH_MODES, indirect=True)


@pytest.fixture
def client(store_url: str) -> AnyClient:
    return connect(store_url)


def say_nothing(line: str) -> None:
    """Nobody listens."""


@BOTH
def test_every_trial_has_one_child_and_the_best_is_shown_by_the_parent(
    client: AnyClient, project: Path, inline: str
) -> None:
    result = start(client, project, trials=12, workers=4, metric="loss", parameters={"depth": 7})
    found = assert_exact(client, result.run_id, 12)
    best = min(found, key=lambda run: run.data.metrics["loss"])
    parent = client.runs.get(result.run_id)
    assert result.best
    assert result.best.run_id == best.info.run_id
    assert parent.data.tags["cloudtrack.sweep.best_run_id"] == best.info.run_id
    assert float(parent.data.tags["cloudtrack.sweep.best_value"]) == best.data.metrics["loss"]
    assert parent.data.params == best.data.params
    assert parent.data.metrics == best.data.metrics
    assert {run.data.params["depth"] for run in found} == {"7"}
    assert [run.info.run_name for run in found][:2] == ["trial-000", "trial-001"]
    rows = list(csv.DictReader(io.StringIO(client.artifacts.read(result.run_id, "sweep/trials.csv").decode())))
    assert [row["run_id"] for row in rows] == [run.info.run_id for run in found]
    assert [float(row["loss"]) for row in rows] == [run.data.metrics["loss"] for run in found]


def test_no_more_trials_run_at_a_time_than_there_are_workers(client: AnyClient, project: Path, inline: str) -> None:
    start(client, project, trials=12, workers=3)
    assert 1 <= inline_backend.most_at_once <= 3


def test_the_same_seed_makes_the_same_trials(client: AnyClient, project: Path, inline: str) -> None:
    one, two = (start(client, project, trials=6, workers=workers, seed=9) for workers in (1, 4))
    assert [trial.values for trial in one.trials] == [trial.values for trial in two.trials]
    assert [trial.values for trial in start(client, project, seed=10).trials] != [t.values for t in one.trials][:5]


def test_a_grid_is_swept_whole(client: AnyClient, project: Path, inline: str) -> None:
    space = {"alpha": "0.5,0.25", "depth": "1:3:int"}
    result = start(client, project, space, sampler="grid", trials=None, workers=2, metric="loss", goal="maximize")
    assert [(trial.values["alpha"], trial.values["depth"]) for trial in result.trials] == [
        (alpha, depth) for alpha in ("0.5", "0.25") for depth in (1, 2, 3)
    ]
    assert result.best
    assert result.best.result == 0.25


def test_optuna_finds_a_good_trial_and_goes_on_from_the_store_alone(
    client: AnyClient, project: Path, inline: str
) -> None:
    result = start(client, project, {"alpha": "-1:1"}, sampler="optuna", trials=30, metric="loss", workers=2)
    assert_exact(client, result.run_id, 30)
    assert result.best
    assert result.best.result is not None
    assert result.best.result < 0.01
    for run in children(client, result.run_id)[20:]:
        client.runs.delete(run.info.run_id)
    again = resume_sweep(client, result.run_id, say_nothing)
    assert_exact(client, again.run_id, 30)


def test_all_trials_run_the_code_of_the_start(client: AnyClient, project: Path, inline: str) -> None:
    result = start(client, project, trials=3)
    (project / "MLproject").write_text("entry_points: {main: {command: 'exit 1'}}")
    client.runs.delete(children(client, result.run_id)[1].info.run_id)
    resume_sweep(client, result.run_id, say_nothing)
    records = [read_record(client, run.info.run_id) for run in assert_exact(client, result.run_id, 3)]
    archives = {record.archive.run_id for record in records if record.archive}
    assert archives == {result.run_id}
    assert [file.path for file in client.artifacts.walk(result.run_id)] == [
        "project/code.zip",
        "sweep/sweep.json",
        "sweep/trials.csv",
    ]
    assert all(not any(f.path.endswith(".zip") for f in client.artifacts.walk(t.run_id)) for t in result.trials)


def test_files_of_the_project_and_files_that_are_given_are_read_wherever_the_sweep_is_resumed(
    client: AnyClient, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "outside.txt").write_text("out\n")
    space, given = {"number": [1]}, {"outside": "outside.txt"}
    how = {"entry_point": "read", "sampler": "grid", "trials": None, "backend": "local"}
    result = start(client, project, space, parameters=given, **how)
    monkeypatch.chdir("/")
    client.runs.delete(result.trials[0].run_id)
    resume_sweep(client, result.run_id, say_nothing)
    (run,) = assert_exact(client, result.run_id, 1)
    assert run.info.status == "FINISHED"
    assert run.data.params == {"inside": "inside.txt", "outside": str(tmp_path / "outside.txt"), "number": "1"}
    inputs = read_record(client, run.info.run_id).inputs
    assert [(item.uri, item.size_bytes) for item in inputs] == [("inside.txt", 3), (str(tmp_path / "outside.txt"), 4)]


def test_the_plan_says_all_and_no_fixed_parameter_is_varied(client: AnyClient, project: Path, inline: str) -> None:
    result = start(client, project, trials=2, metric="loss", seed=4, parameters={"depth": 3})
    plan = json.loads(client.artifacts.read(result.run_id, "sweep/sweep.json"))
    assert (plan["format"], plan["sampler"], plan["seed"], plan["trials"]) == ("cloudtrack.sweep/1", "random", 4, 2)
    assert plan["origin"]["uri"] == str(project)
    assert client.runs.get(result.run_id).data.tags[SWEEP_TAG] == "random"
    with pytest.raises(InvalidInput, match="'alpha' is given with -P and is varied too"):
        start(client, project, parameters={"alpha": 1})


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"trials": None}, "give --trials"),
        ({"trials": 0}, "1 to 100000 trials"),
        ({"sampler": "grid", "space": {"alpha": "1,2"}, "trials": 3}, "leave --trials out"),
        ({"sampler": "optuna"}, "--metric"),
        ({"workers": 0}, "at a time"),
        ({"retry_failed": -1}, "0 or more"),
        ({"space": {"depth": "0.5:1"}}, "must be a int"),
        ({"entry_point": "sleep", "space": {"other": "0:1"}}, "needs seconds"),
    ],
)
def test_what_cannot_be_swept_is_refused_before_anything_is_written(
    client: AnyClient, project: Path, inline: str, options: dict, complaint: str
) -> None:
    with pytest.raises(InvalidInput, match=complaint):
        start(client, project, **options)
    assert client.runs.list(["0"]) == []
    assert inline_backend.launched == []


def test_a_failed_trial_is_done_and_has_no_result(client: AnyClient, project: Path, inline: str) -> None:
    fates = {"fates": {"1": ["FAILED"]}}
    result = start(client, project, trials=3, metric="loss", backend_config=fates)
    assert [trial.status for trial in result.trials] == ["FINISHED", "FAILED", "FINISHED"]
    assert result.trials[1].result is None
    assert len(inline_backend.launched) == 3
    resume_sweep(client, result.run_id, say_nothing)
    assert len(inline_backend.launched) == 3


def test_a_failed_trial_is_made_again_as_often_as_asked(client: AnyClient, project: Path, inline: str) -> None:
    fates = {"fates": {"0": ["FAILED"], "1": ["FAILED"] * 3, "2": ["lost", "FAILED", "KILLED"]}}
    result = start(client, project, trials=3, metric="loss", backend_config=fates, retry_failed=1)
    assert [trial.status for trial in result.trials] == ["FINISHED", "FAILED", "FINISHED"]
    resume_sweep(client, result.run_id, say_nothing, retry_failed=3)
    found = assert_exact(client, result.run_id, 3)
    assert {run.info.status for run in found} == {"FINISHED"}
    assert [run.data.tags[ATTEMPT_TAG] for run in found] == ["1", "3", "3"]
    thrown = children(client, result.run_id, trashed=True)
    assert [run.data.tags[SUPERSEDED_TAG].partition(":")[0] for run in thrown if run.data.tags[TRIAL_TAG] == "0"] == [
        "failed"
    ]


def test_a_lost_trial_is_made_again_with_the_same_values(client: AnyClient, project: Path, inline: str) -> None:
    fates = {"fates": {"0": ["lost", "KILLED", "lost"]}}
    result = start(
        client, project, sampler="optuna", trials=2, metric="loss", backend_config=fates, parameters={"depth": 5}
    )
    found = assert_exact(client, result.run_id, 2)
    assert (found[0].info.status, found[0].data.tags[ATTEMPT_TAG]) == ("FINISHED", "3")
    thrown = children(client, result.run_id, trashed=True)
    assert {run.data.tags[VALUES_TAG] for run in thrown} == {found[0].data.tags[VALUES_TAG]}
    assert sorted(run.data.tags[SUPERSEDED_TAG] for run in thrown) == [
        f"interrupted: attempt {number} takes its place" for number in (1, 2, 3)
    ]
    assert {run.info.status for run in thrown} == {"KILLED"}


def test_a_backend_that_loses_every_job_ends_the_sweep_and_not_for_ever(
    client: AnyClient, project: Path, inline: str
) -> None:
    with pytest.raises(StateError, match="trial 0 was interrupted 10 times"):
        start(client, project, trials=1, backend_config={"fates": {"0": ["lost"] * 10}})
    (sweep_id,) = sweep_ids(client)
    assert client.runs.get(sweep_id).info.status == "FAILED"
    resume_sweep(client, sweep_id, say_nothing)
    assert_exact(client, sweep_id, 1)


def test_a_job_that_the_backend_refuses_stops_the_sweep_and_is_launched_again_on_resuming(
    client: AnyClient, project: Path, inline: str
) -> None:
    said: list[str] = []
    refused = {"fates": {"2": ["refused"]}}
    with pytest.raises(RuntimeError, match="the place is closed"):
        start(client, project, trials=4, backend_config=refused, said=said)
    (sweep_id,) = sweep_ids(client)
    assert said[-1].endswith(f"cloudtrack sweep --resume {sweep_id}")
    resume_sweep(client, sweep_id, say_nothing)
    assert len(children(client, sweep_id)) == 4


def test_a_sweep_without_any_result_fails(client: AnyClient, project: Path, inline: str) -> None:
    with pytest.raises(ExecutionException, match="logged the metric 'accuracy'"):
        start(client, project, metric="accuracy")
    with pytest.raises(ExecutionException, match=r"no trial of sweep .* finished"):
        start(client, project, trials=1, backend_config={"fates": {"0": ["FAILED"]}})
    assert {client.runs.get(sweep_id).info.status for sweep_id in sweep_ids(client)} == {"FAILED"}


def test_a_sweeper_killed_before_any_write_leaves_a_sweep_that_is_finished_exactly(
    project: Path, inline: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sweeper dies before each of its writes in turn; its jobs live. Some trials are lost, too."""
    fates = {"fates": {"1": ["lost"]}}
    now, passed = clock.now_ms, [0]
    monkeypatch.setattr(clock, "now_ms", lambda: now() + passed[0])
    for writes in range(1, 200, 1 if IS_THOROUGH else 3):
        healthy = Client(f"memory://sweep-{writes}")
        healthy.make_ready()
        client = Client(StoppingStore(healthy.store, writes=writes))
        try:
            start(client, project, trials=3, metric="loss", backend_config=fates)
        except Stopped:
            is_whole = False
        else:
            is_whole = True
        passed[0] += 600_000
        for sweep_id in sweep_ids(healthy):
            try:
                resume_sweep(healthy, sweep_id, say_nothing, workers=2)
            except NotFound:
                assert children(healthy, sweep_id) == []  # it had no plan yet
                continue
            found = assert_exact(healthy, sweep_id, 3)
            assert all(len(healthy.metrics.history(run.info.run_id, "loss")) == 1 for run in found)
        if is_whole:
            break
    assert is_whole
    assert writes > 20


def test_rival_sweepers_make_each_trial_once(store_url: str, project: Path, inline: str) -> None:
    client = Client(store_url)
    fates = {"fates": {"3": ["lost", "lost"], "8": ["KILLED"]}}
    with pytest.raises(ExecutionException):
        start(client, project, trials=1, metric="none", backend_config=fates)
    (sweep_id,) = sweep_ids(client)
    plan = json.loads(client.artifacts.read(sweep_id, "sweep/sweep.json"))
    client.artifacts.log_text(sweep_id, json.dumps({**plan, "trials": 20, "metric": "loss"}), "sweep/sweep.json")
    failures: list[BaseException] = []
    barrier = threading.Barrier(3)

    def rival() -> None:
        try:
            own = Client(store_url)
            barrier.wait(60)
            assert len(resume_sweep(own, sweep_id, say_nothing, workers=2).trials) == 20
        except BaseException as error:
            failures.append(error)

    rivals = [threading.Thread(target=rival) for _ in range(3)]
    for thread in rivals:
        thread.start()
    for thread in rivals:
        thread.join(120)
    assert failures == []
    found = assert_exact(client, sweep_id, 20)
    assert len(inline_backend.launched) == len(set(inline_backend.launched)) == 23  # none twice, three again
    assert all(len(client.metrics.history(run.info.run_id, "loss")) == 1 for run in found)


def test_of_two_runs_of_a_trial_one_stays(client: AnyClient, project: Path, inline: str) -> None:
    """As two sweepers make them that log in at a server as different users."""
    result = start(client, project, trials=3, metric="loss")
    first = children(client, result.run_id)[1]
    twin = client.runs.create("0", tags=first.data.tags)
    client.runs.update(twin.info.run_id, status="FINISHED")
    client.runs.delete(children(client, result.run_id)[0].info.run_id)
    resume_sweep(client, result.run_id, say_nothing)
    found = assert_exact(client, result.run_id, 3)
    assert found[1].info.run_id == first.info.run_id
    assert client.runs.get(twin.info.run_id).info.lifecycle_stage == "deleted"


def test_a_trial_whose_run_was_purged_is_made_again(store_url: str, project: Path, inline: str) -> None:
    client = Client(store_url)
    result = start(client, project, trials=2, metric="loss")
    gone = operation_of(result.run_id, 1, 0)
    client.runs.delete(gone)
    client.purging.run(gone)
    resume_sweep(client, result.run_id, say_nothing)
    assert [run.data.tags[ATTEMPT_TAG] for run in assert_exact(client, result.run_id, 2)] == ["0", "1"]


def test_resuming_a_finished_sweep_changes_nothing(client: AnyClient, project: Path, inline: str) -> None:
    result = start(client, project, trials=3, metric="loss")
    again = resume_sweep(client, result.run_id, say_nothing)
    assert again == result
    assert len(client.metrics.history(result.run_id, "loss")) == 1
    assert len(inline_backend.launched) == 3


def test_another_best_trial_is_shown_and_params_stay(client: AnyClient, project: Path, inline: str) -> None:
    said: list[str] = []
    result = start(client, project, trials=3, metric="loss")
    assert result.best
    client.runs.delete(result.best.run_id)
    for trial in result.trials:
        if trial.run_id != result.best.run_id:
            client.runs.log_batch(trial.run_id, metrics=[Metric("loss", -1.0, clock.now_ms(), 1)])
    again = resume_sweep(client, result.run_id, said.append)
    assert again.best
    assert again.best.run_id != result.best.run_id
    parent = client.runs.get(result.run_id).data
    assert parent.tags["cloudtrack.sweep.best_run_id"] == again.best.run_id
    assert parent.metrics["loss"] == -1.0
    assert "written once" in said[-1]


def test_a_run_that_is_no_sweep_cannot_be_resumed(client: AnyClient) -> None:
    run = client.runs.create("0")
    with pytest.raises(NotFound, match="is no sweep"):
        resume_sweep(client, run.info.run_id, say_nothing)
    with pytest.raises(NotFound, match="no run with id"):
        resume_sweep(client, "0" * 32, say_nothing)


def test_a_sweep_in_the_trash_is_not_resumed(client: AnyClient, project: Path, inline: str) -> None:
    result = start(client, project, trials=1)
    client.runs.delete(result.run_id)
    with pytest.raises(StateError, match="restore it first"):
        resume_sweep(client, result.run_id, say_nothing)


def test_a_trial_costs_few_requests(make_url: Callable[[str], str], project: Path, inline: str) -> None:
    """Without those of its worker: the run, its params, its record, its job's handle, and one look at its end."""
    store = CountingStore(Client(make_url("folder")).store)
    client = Client(store)
    client.make_ready()
    start(client, project, trials=1)
    before = store.requests
    start(client, project, trials=1)
    one = store.requests - before
    before = store.requests
    start(client, project, trials=11)
    assert (store.requests - before - one) / 10 <= 14


def test_python_sweeps_within_a_run_as_its_child(
    store_url: str, project: Path, inline: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import cloudtrack as ct

    monkeypatch.setenv("CLOUDTRACK_URI", store_url)
    ct.set_tracking_uri(store_url)
    with ct.start_run() as outer:
        result = ct.projects.sweep(
            str(project), {"alpha": [1, 2]}, sampler="grid", metric="loss", goal="maximize", backend=inline
        )
    assert ct.get_parent_run(result.run_id).info.run_id == outer.info.run_id
    assert result.best
    assert result.best.values == {"alpha": 2}
    assert running.resume_sweep(result.run_id).best == result.best
    with pytest.raises(InvalidInput, match="minimize, maximize"):
        ct.projects.sweep(str(project), {"alpha": [1, 2]}, sampler="grid", goal="best")


def test_optuna_that_is_not_installed_is_named_with_its_extra(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    with pytest.raises(MissingDependency, match=r"cloudtrack\[sweeps\]"):
        start(Client("memory://none"), project, sampler="optuna", metric="loss", backend="local")
