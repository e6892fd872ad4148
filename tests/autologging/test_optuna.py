"""The callback of Optuna."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest

import cloudtrack as ct
from cloudtrack.autologging import patching
from cloudtrack.tracking.runs import Runs

optuna.logging.set_verbosity(optuna.logging.ERROR)


@pytest.fixture(autouse=True)
def _store(tmp_path: Path) -> Iterator[None]:
    patching._warned.clear()
    ct.set_tracking_uri(tmp_path / "store")
    yield
    while ct.active_run():
        ct.end_run()


def _study() -> Any:
    return optuna.create_study(direction="maximize", study_name="s", sampler=optuna.samplers.RandomSampler(seed=0))


def _objective(trial: Any) -> float:
    x = trial.suggest_float("x", 0, 1)
    if trial.number == 1:
        raise optuna.TrialPruned
    if trial.number == 2:
        raise ZeroDivisionError
    trial.set_user_attr("colour", "blue")
    return float(x)


def test_every_trial_is_a_run_below_the_active_one() -> None:
    study = _study()
    with ct.start_run() as parent:
        study.optimize(
            _objective, n_trials=4, callbacks=[ct.optuna.Callback(metric_name="score")], catch=[ZeroDivisionError]
        )
    runs = [run for run in ct.MlflowClient().search_runs(["0"]) if "mlflow.parentRunId" in run.data.tags]
    assert {run.data.tags["mlflow.parentRunId"] for run in runs} == {parent.info.run_id}
    by_number = {int(run.data.tags["number"]): run for run in runs}
    assert [by_number[at].info.status for at in range(4)] == ["FINISHED", "KILLED", "FAILED", "FINISHED"]
    for trial in study.trials:
        assert by_number[trial.number].data.params == {"x": str(trial.params["x"])}
    assert by_number[3].data.metrics == {"score": study.trials[3].value}
    tags = by_number[0].data.tags
    assert (tags["study"], tags["direction"], tags["state"], tags["colour"]) == ("s", "MAXIMIZE", "COMPLETE", "blue")


def test_an_objective_can_log_to_the_run_of_its_trial() -> None:
    callback = ct.optuna.MLflowCallback()

    @callback.track()
    def objective(trial: Any) -> float:
        ct.log_metric("inner", 1, step=3)
        return float(trial.suggest_float("x", 0, 1))

    study = _study()
    study.optimize(objective, n_trials=2, callbacks=[callback])
    runs = ct.MlflowClient().search_runs(["0"])
    assert len(runs) == 2
    assert all(set(run.data.metrics) == {"inner", "value"} and "x" in run.data.params for run in runs)
    assert {run.info.status for run in runs} == {"FINISHED"}


def test_a_trial_that_cannot_be_logged_stops_no_study(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise OSError("the store is away")

    monkeypatch.setattr(Runs, "start_writer", fail)
    study = _study()
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3, callbacks=[ct.optuna.Callback()])
    assert len(study.trials) == 3
    assert len(caplog.records) == 1
