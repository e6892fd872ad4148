"""The callback of Ray Tune."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import cloudtrack as ct
from cloudtrack.autologging import patching
from cloudtrack.tracking.runs import Runs

ray = pytest.importorskip("ray", reason="the package ray is not installed")
tune = pytest.importorskip("ray.tune", reason="the package ray[tune] is not installed")
pytestmark = pytest.mark.flavors


@pytest.fixture
def cluster() -> Iterator[None]:
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, configure_logging=False)
    yield
    ray.shutdown()


@pytest.fixture(autouse=True)
def _store(tmp_path: Path) -> None:
    patching._warned.clear()
    ct.set_tracking_uri(tmp_path / "store")


def _train(config: dict[str, Any]) -> None:
    for step in range(3):
        if config["depth"] == 3:
            raise ZeroDivisionError
        tune.report({"score": config["depth"] * step})


def _tune(folder: Path, callback: Any) -> Any:
    return tune.Tuner(
        _train,
        param_space={"depth": tune.grid_search([1, 2, 3])},
        run_config=tune.RunConfig(callbacks=[callback], storage_path=str(folder), name="tuned", verbose=0),
    ).fit()


def test_every_trial_is_a_run_below_the_active_one(cluster: None, tmp_path: Path) -> None:
    with ct.start_run() as parent:
        results = _tune(tmp_path, ct.ray.LoggerCallback(tags={"team": "blue"}, save_artifact=True))
    assert len(results) == 3
    runs = [run for run in ct.MlflowClient().search_runs(["0"]) if "mlflow.parentRunId" in run.data.tags]
    assert {run.data.tags["mlflow.parentRunId"] for run in runs} == {parent.info.run_id}
    by_depth = {run.data.params["depth"]: run for run in runs}
    assert [by_depth[depth].info.status for depth in "123"] == ["FINISHED", "FINISHED", "FAILED"]
    history = ct.MlflowClient().get_metric_history(by_depth["2"].info.run_id, "score")
    assert [(point.step, point.value) for point in history] == [(1, 0), (2, 2), (3, 4)]
    assert by_depth["1"].data.tags["team"] == "blue"
    assert any(file.path.endswith("json") for file in ct.MlflowClient().list_artifacts(by_depth["1"].info.run_id))


def test_a_trial_that_cannot_be_logged_stops_no_tuning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise OSError("the store is away")

    monkeypatch.setattr(Runs, "start_writer", fail)
    callback = ct.ray.LoggerCallback()
    callback.setup()
    for _ in range(2):
        callback.log_trial_start("trial")
        callback.log_trial_result(1, "trial", {"score": 1})
        callback.log_trial_end("trial", failed=False)
    assert "the store is away" in caplog.text
