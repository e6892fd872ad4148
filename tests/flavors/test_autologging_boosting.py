"""Autologging of XGBoost, LightGBM and CatBoost, each with the library itself, and beside MLflow where it has one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest

import cloudtrack as ct
from cloudtrack.autologging import patching
from cloudtrack.entities.run import Run
from cloudtrack.fluent import artifacts
from tests.flavors.mlflow_arguments import assert_arguments_are_mlflows

pytestmark = pytest.mark.flavors

X = pandas.DataFrame(numpy.random.default_rng(0).normal(size=(90, 3)), columns=list("abc"))
NOISE = numpy.random.default_rng(1).normal(size=90)
Y = (X["a"] + X["b"] + NOISE > 0).astype(int)
TRAIN, VALID = (X[:60], Y[:60]), (X[60:], Y[60:])


@pytest.fixture(autouse=True)
def _autologged(tmp_path: Path) -> Iterator[None]:
    patching._warned.clear()
    ct.set_tracking_uri(tmp_path / "store")
    yield
    ct.autolog(disable=True)


def _run() -> Run:
    (run,) = ct.MlflowClient().search_runs(["0"])
    assert run.info.status == "FINISHED"
    return run


def _steps(run: Run, key: str) -> list[int]:
    return [point.step for point in ct.MlflowClient().get_metric_history(run.info.run_id, key)]


def _files(run: Run) -> set[str]:
    return {file.path for file in ct.MlflowClient().list_artifacts(run.info.run_id)}


def _contexts(run: Run) -> list[tuple[str, str]]:
    return [(used.dataset.name, used.tags[0].value) for used in run.inputs.dataset_inputs]


def test_xgboost_train(caplog: pytest.LogCaptureFixture) -> None:
    import xgboost

    ct.xgboost.autolog(log_input_examples=True, importance_types=["weight", "gain"], registered_model_name="trees")
    train, valid = xgboost.DMatrix(*TRAIN), xgboost.DMatrix(*VALID)
    booster = xgboost.train(
        {"objective": "binary:logistic", "eval_metric": ["logloss", "auc"], "seed": 1},
        train,
        50,
        evals=[(train, "train"), (valid, "valid")],
        early_stopping_rounds=2,
        verbose_eval=False,
    )
    run = _run()
    assert run.data.params["objective"] == "binary:logistic"
    assert run.data.params["num_boost_round"] == "50"
    rounds = booster.num_boosted_rounds()
    assert run.data.metrics["best_iteration"] == booster.best_iteration
    assert run.data.metrics["stopped_iteration"] == rounds - 1
    assert _steps(run, "valid-logloss") == list(range(rounds + 1))  # the last is the best once more
    assert run.data.metrics["valid-logloss"] == _best(run, "valid-logloss")
    assert {f"feature_importance_{kind}.{form}" for kind in ("weight", "gain") for form in ("json", "png")} <= _files(
        run
    )
    importance = json.loads(artifacts.load_text(f"runs:/{run.info.run_id}/feature_importance_weight.json"))
    assert importance == booster.get_score(importance_type="weight")
    assert _contexts(run) == [("dataset", "train"), ("train", "eval"), ("valid", "eval")]
    loaded = ct.pyfunc.load_model("models:/trees/1")
    assert numpy.allclose(loaded.predict(X), booster.predict(xgboost.DMatrix(X)))
    assert [column.name for column in loaded.metadata.signature.inputs] == ["a", "b", "c"]
    assert [record for record in caplog.records if record.name.startswith("cloudtrack")] == []


def _best(run: Run, key: str) -> float:
    history = ct.MlflowClient().get_metric_history(run.info.run_id, key)
    return history[int(run.data.metrics["best_iteration"])].value


def test_an_xgboost_estimator_is_one_run_with_its_iterations() -> None:
    import xgboost

    ct.autolog()
    model = xgboost.XGBClassifier(n_estimators=4, max_depth=2).fit(*TRAIN, eval_set=[VALID], verbose=False)
    run = _run()
    assert run.data.params["n_estimators"] == "4"
    assert run.data.tags["estimator_name"] == "XGBClassifier"
    assert _steps(run, "validation_0-logloss") == [0, 1, 2, 3]
    assert run.data.metrics["training_accuracy_score"] == pytest.approx((model.predict(TRAIN[0]) == TRAIN[1]).mean())
    assert numpy.array_equal(ct.pyfunc.load_model(f"runs:/{run.info.run_id}/model").predict(X), model.predict(X))


def test_a_search_over_an_estimator_of_xgboost_is_the_searchs() -> None:
    import xgboost
    from sklearn.model_selection import GridSearchCV

    ct.autolog(log_models=False)
    GridSearchCV(xgboost.XGBClassifier(n_estimators=2), {"max_depth": [1, 2]}, cv=2).fit(*TRAIN)
    runs = ct.MlflowClient().search_runs(["0"])
    assert sorted(run.data.tags["estimator_name"] for run in runs) == ["GridSearchCV", "XGBClassifier", "XGBClassifier"]


def test_lightgbm_train(caplog: pytest.LogCaptureFixture) -> None:
    import lightgbm

    ct.lightgbm.autolog(log_input_examples=True)
    train = lightgbm.Dataset(*TRAIN)
    valid = lightgbm.Dataset(*VALID, reference=train)
    booster = lightgbm.train(
        {"objective": "binary", "verbose": -1, "metric": ["binary_logloss", "auc"], "seed": 1, "num_threads": 1},
        train,
        50,
        valid_sets=[train, valid],
        valid_names=["train", "valid"],
        callbacks=[lightgbm.early_stopping(2, verbose=False)],
    )
    run = _run()
    assert run.data.params["objective"] == "binary"
    assert run.data.metrics["best_iteration"] == booster.best_iteration
    stopped = int(run.data.metrics["stopped_iteration"])
    assert _steps(run, "valid-auc") == list(range(stopped + 1))
    assert {f"feature_importance_{kind}.{form}" for kind in ("split", "gain") for form in ("json", "png")} <= _files(
        run
    )
    assert _contexts(run) == [("dataset", "train"), ("train", "eval"), ("valid", "eval")]
    loaded = ct.pyfunc.load_model(f"runs:/{run.info.run_id}/model")
    assert numpy.allclose(loaded.predict(X), booster.predict(X))
    assert [record for record in caplog.records if record.name.startswith("cloudtrack")] == []


def test_a_lightgbm_estimator_is_one_run_with_its_iterations() -> None:
    import lightgbm

    ct.autolog()
    model = lightgbm.LGBMClassifier(n_estimators=4, verbose=-1, n_jobs=1).fit(*TRAIN, eval_set=[VALID])
    run = _run()
    assert run.data.tags["estimator_name"] == "LGBMClassifier"
    assert _steps(run, "valid_0-binary_logloss") == [0, 1, 2, 3]
    assert "training_score" in run.data.metrics
    assert numpy.array_equal(
        ct.pyfunc.load_model(f"runs:/{run.info.run_id}/model", trust=True).predict(X), model.predict(X)
    )


@pytest.mark.parametrize("in_pools", [False, True])
def test_catboost(in_pools: bool, caplog: pytest.LogCaptureFixture) -> None:
    import catboost

    ct.catboost.autolog(log_input_examples=True)
    train, valid = (catboost.Pool(*TRAIN), catboost.Pool(*VALID)) if in_pools else (TRAIN, VALID)
    model = catboost.CatBoostClassifier(
        iterations=40, depth=2, verbose=False, allow_writing_files=False, thread_count=1, early_stopping_rounds=2
    )
    model.fit(*([train] if in_pools else train), eval_set=valid)
    run = _run()
    assert run.data.params["depth"] == "2"
    assert run.data.metrics["best_iteration"] == model.get_best_iteration()
    assert _steps(run, "validation-Logloss") == list(range(len(_steps(run, "learn-Logloss"))))
    assert len(_steps(run, "learn-Logloss")) > 1
    assert {"feature_importance_default.json", "feature_importance_default.png", "model"} <= _files(run)
    assert _contexts(run)[0] == ("dataset", "train")
    loaded = ct.pyfunc.load_model(f"runs:/{run.info.run_id}/model")
    assert [column.name for column in loaded.metadata.signature.inputs] == ["a", "b", "c"]
    assert [record for record in caplog.records if record.name.startswith("cloudtrack")] == []


@pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
def test_a_failing_store_stops_no_boosting(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from cloudtrack.tracking.run_writer import RunWriter

    def fail(*_: Any, **__: Any) -> Any:
        raise OSError("the store is away")

    for name in ("log_params", "log_metric", "log_inputs"):
        monkeypatch.setattr(RunWriter, name, fail)
    monkeypatch.setattr(artifacts, "log_text", fail)
    ct.autolog(log_models=False)
    rounds: dict[str, Callable[[], int]] = {"xgboost": _xgboost_rounds, "lightgbm": _lightgbm_rounds}
    assert rounds[library]() == 5


def _xgboost_rounds() -> int:
    import xgboost

    train = xgboost.DMatrix(*TRAIN)
    return int(xgboost.train({}, train, 5, evals=[(train, "t")], verbose_eval=False).num_boosted_rounds())


def _lightgbm_rounds() -> int:
    import lightgbm

    train = lightgbm.Dataset(*TRAIN)
    booster = lightgbm.train({"verbose": -1, "num_threads": 1}, train, 5, valid_sets=[train])
    return int(booster.current_iteration())


BESIDE = """
import importlib, json, sys, warnings
warnings.filterwarnings("ignore")
ml = importlib.import_module(sys.argv[1])
ml.set_tracking_uri(sys.argv[2])
ml.autolog(log_models=False)
import lightgbm, numpy, pandas, xgboost
from sklearn.linear_model import LogisticRegression
X = pandas.DataFrame(numpy.random.default_rng(0).normal(size=(90, 3)), columns=list("abc"))
Y = (X["a"] + X["b"] > 0).astype(int)
train, other = xgboost.DMatrix(X, Y), lightgbm.Dataset(X, Y)
params = {"objective": "binary", "verbose": -1, "metric": ["auc"], "num_threads": 1}
for name, train_it in {
    "sklearn": lambda: LogisticRegression().fit(X, Y),
    "xgboost": lambda: xgboost.train({"max_depth": 2}, train, 3, evals=[(train, "train")], verbose_eval=False),
    "lightgbm": lambda: lightgbm.train(params, other, 3, valid_sets=[other], valid_names=["train"]),
}.items():
    with ml.start_run(run_name=name):
        train_it()
client = ml.MlflowClient()
found = {}
for run in client.search_runs(["0"]):
    contexts = sorted(tag.value for used in run.inputs.dataset_inputs for tag in used.tags)
    files = sorted(file.path for file in client.list_artifacts(run.info.run_id))
    tags = {key: value for key, value in run.data.tags.items() if key.startswith("estimator_")}
    steps = {key: len(client.get_metric_history(run.info.run_id, key)) for key in run.data.metrics}
    metrics = {key: round(value, 9) for key, value in run.data.metrics.items()}
    found[run.info.run_name] = [run.data.params, metrics, steps, tags, files, contexts]
print(json.dumps(found, sort_keys=True))
"""


def test_the_same_is_logged_as_mlflow_logs(tmp_path: Path) -> None:
    """Names and values of params, metrics, tags, artifacts and datasets; docs/autologging.md has what differs else."""
    found = []
    for library, uri in (("mlflow", f"sqlite:///{tmp_path}/mlflow.db"), ("cloudtrack", str(tmp_path / "ours"))):
        folder = tmp_path / f"in-{library}"
        folder.mkdir()
        done = subprocess.run(
            [sys.executable, "-c", BESIDE, library, uri],
            capture_output=True,
            text=True,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        found.append(json.loads(done.stdout.strip().splitlines()[-1]))
    theirs, ours = found
    for name in theirs:
        assert ours[name] == theirs[name], name


@pytest.mark.parametrize(
    ("flavor", "module"),
    [("sklearn", "mlflow.sklearn"), ("xgboost", "mlflow.xgboost"), ("lightgbm", "mlflow.lightgbm")],
)
def test_arguments_are_mlflows(flavor: str, module: str) -> None:
    assert_arguments_are_mlflows(getattr(ct, flavor).autolog, module)
