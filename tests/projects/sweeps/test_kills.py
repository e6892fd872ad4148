"""Sweepers and workers that are killed: every trial has exactly one child in the end."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

import pytest

from cloudtrack.client import Client
from cloudtrack.entities.experiment import ViewType
from cloudtrack.projects.launching import HANDLE_TAG
from cloudtrack.projects.sweeps.attempts import SUPERSEDED_TAG
from tests.projects.sweeps.processes import finish, kill, start_sweeper, sweep_of, wait_until, workers_of
from tests.projects.sweeps.sweeps import assert_exact, children
from tests.thoroughness import examples


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(examples(12)))
def test_a_sweep_that_is_killed_at_any_moment_and_resumed_is_exact(store_url: str, project: Path, seed: int) -> None:
    _killed_and_resumed(store_url, project, random.Random(seed), trials=6, kills=3)


@pytest.mark.slow
def test_a_sweep_of_50_trials_on_2_workers_killed_and_resumed_has_exactly_50_children(
    store_url: str, project: Path
) -> None:
    _killed_and_resumed(store_url, project, random.Random(50), trials=50, kills=8)


def _killed_and_resumed(store_url: str, project: Path, chance: random.Random, *, trials: int, kills: int) -> None:
    client = Client(store_url)
    client.make_ready()
    space = ("--param", "seconds=0.05:0.6", "--seed", "1")
    how = ("-e", "sleep", "--trials", str(trials), "--workers", "2")
    sweeper = start_sweeper(store_url, str(project), *how, *space)
    sweep_id = sweep_of(client)
    for _ in range(kills):
        time.sleep(chance.uniform(0.1, 4))
        kill(sweeper.pid)
        finish(sweeper)
        for number in workers_of(_run_ids(client)).values():
            if chance.random() < 0.5:
                kill(number)
        time.sleep(chance.choice([0, 0.5]))
        sweeper = start_sweeper(store_url, "--resume", sweep_id)
        if chance.random() < 0.3:
            rival = start_sweeper(store_url, "--resume", sweep_id)
            time.sleep(chance.uniform(0.5, 2))
            kill(rival.pid)
            finish(rival)
    code, out, err = finish(sweeper)
    assert code == 0, err
    found = assert_exact(client, sweep_id, trials)
    assert {run.info.status for run in found} == {"FINISHED"}
    assert len({run.data.params["seconds"] for run in found}) == trials
    assert all(run.info.run_id[:8] in out for run in found)
    assert all(SUPERSEDED_TAG in run.data.tags for run in children(client, sweep_id, trashed=True))
    wait_until(lambda: not workers_of(_run_ids(client)))


@pytest.mark.slow
def test_two_rivals_resume_a_killed_sweep(store_url: str, project: Path) -> None:
    client = Client(store_url)
    client.make_ready()
    how = ("-e", "sleep", "--trials", "6", "--workers", "2", "--param", "seconds=0.1:0.3")
    sweeper = start_sweeper(store_url, str(project), *how)
    sweep_id = sweep_of(client)
    kill(sweeper.pid)
    finish(sweeper)
    rivals = [start_sweeper(store_url, "--resume", sweep_id) for _ in range(2)]
    assert [finish(rival)[0] for rival in rivals] == [0, 0]
    assert_exact(client, sweep_id, 6)


@pytest.mark.slow
def test_a_worker_that_outlives_its_sweeper_is_waited_for(store_url: str, project: Path, tmp_path: Path) -> None:
    client = Client(store_url)
    client.make_ready()
    flag = tmp_path / "flag"
    how = ("-e", "wait", "-P", f"flag={flag}", "--param", "number=1,2", "--sampler", "grid", "--workers", "2")
    sweeper = start_sweeper(store_url, str(project), *how)
    sweep_id = sweep_of(client)
    wait_until(lambda: [HANDLE_TAG in run.data.tags for run in children(client, sweep_id)] == [True, True])
    before = [run.info.run_id for run in children(client, sweep_id)]
    kill(sweeper.pid)
    finish(sweeper)
    flag.touch()
    assert finish(start_sweeper(store_url, "--resume", sweep_id))[0] == 0
    assert [run.info.run_id for run in assert_exact(client, sweep_id, 2)] == before
    assert children(client, sweep_id, trashed=True) == []


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.slow)]
)
def test_a_sweep_that_is_stopped_cancels_its_trials_and_says_how_to_go_on(
    store_url: str, project: Path, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    client = Client(store_url)
    client.make_ready()
    flag = tmp_path / "flag"
    how = ("-e", "wait", "-P", f"flag={flag}", "--param", "number=1,2,3", "--sampler", "grid", "--workers", "2")
    sweeper = start_sweeper(store_url, str(project), *how)
    sweep_id = sweep_of(client)
    wait_until(lambda: [HANDLE_TAG in run.data.tags for run in children(client, sweep_id)] == [True, True])
    sweeper.send_signal(number)
    ended, _, err = finish(sweeper)
    assert ended == code
    assert f"cancelled: cloudtrack sweep --resume {sweep_id}" in err
    assert {run.info.status for run in children(client, sweep_id)} == {"KILLED"}
    assert client.runs.get(sweep_id).info.status == "KILLED"
    assert not workers_of(_run_ids(client))
    flag.touch()
    assert finish(start_sweeper(store_url, "--resume", sweep_id, "--workers", "3"))[0] == 0
    assert_exact(client, sweep_id, 3)


def _run_ids(client: Client) -> set[str]:
    return {run.info.run_id for run in client.runs.list(["0"], view_type=ViewType.ALL)}
