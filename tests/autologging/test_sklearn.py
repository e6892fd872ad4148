"""Autologging of scikit-learn."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cloudpickle
import joblib
import numpy
import pandas
import pytest
import sklearn.metrics
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

import cloudtrack as ct
from cloudtrack.autologging import datasets, patching
from cloudtrack.entities.run import Run
from cloudtrack.errors import Unavailable
from cloudtrack.fluent import artifacts

X, Y = load_iris(return_X_y=True, as_frame=True)
TREE = {"max_depth": 2, "random_state": 0}


@pytest.fixture(autouse=True)
def _autologged(tmp_path: Path) -> Iterator[None]:
    patching._warned.clear()
    ct.set_tracking_uri(tmp_path / "store")
    ct.sklearn.autolog(log_models=False)
    yield
    ct.sklearn.autolog(disable=True)
    while ct.active_run():
        ct.end_run()


def _runs() -> list[Run]:
    """All runs, the oldest first."""
    client = ct.MlflowClient()
    return list(reversed(client.search_runs(["0"])))


def _files(run: Run, path: str | None = None) -> set[str]:
    return {file.path for file in ct.MlflowClient().list_artifacts(run.info.run_id, path)}


def test_a_fit_is_a_run_with_params_metrics_model_and_data() -> None:
    ct.sklearn.autolog(log_input_examples=True, extra_tags={"team": "blue"}, registered_model_name="trees")
    model = DecisionTreeClassifier(**TREE).fit(X, Y)
    (run,) = _runs()
    assert run.info.status == "FINISHED"
    assert run.data.params["max_depth"] == "2"
    assert run.data.metrics["training_score"] == pytest.approx((model.predict(X) == Y).mean())
    names = {"accuracy_score", "f1_score", "precision_score", "recall_score", "log_loss", "roc_auc", "score"}
    assert set(run.data.metrics) == {f"training_{name}" for name in names}
    assert run.data.tags["estimator_name"] == "DecisionTreeClassifier"
    assert run.data.tags["estimator_class"] == "sklearn.tree._classes.DecisionTreeClassifier"
    assert (run.data.tags["mlflow.autologging"], run.data.tags["team"]) == ("sklearn", "blue")
    assert {"estimator.html", "training_confusion_matrix.png", "model"} <= _files(run)
    (used,) = run.inputs.dataset_inputs
    assert [(tag.key, tag.value) for tag in used.tags] == [("mlflow.data.context", "train")]
    loaded = ct.pyfunc.load_model(f"runs:/{run.info.run_id}/model")
    assert list(loaded.predict(X)) == list(model.predict(X))
    assert [column.name for column in loaded.metadata.signature.inputs] == list(X.columns)
    assert ct.MlflowClient().get_model_version("trees", 1).run_id == run.info.run_id
    (logged,) = ct.search_logged_models(experiment_ids=["0"], output_format="list")
    assert {metric.key for metric in logged.metrics} == set(run.data.metrics)
    assert logged.params["max_depth"] == "2"


def test_fits_in_an_active_run_are_logged_to_it_and_leave_it_active() -> None:
    with ct.start_run() as run:
        LinearRegression().fit(X, Y)
        assert ct.active_run() is run
    (stored,) = _runs()
    assert set(stored.data.metrics) == {
        "training_score",
        "training_r2_score",
        "training_mean_absolute_error",
        "training_mean_squared_error",
        "training_root_mean_squared_error",
    }


def test_exclusive_leaves_runs_of_the_program_alone() -> None:
    ct.sklearn.autolog(log_models=False, exclusive=True)
    with ct.start_run():
        LinearRegression().fit(X, Y)
    assert [run.data.params for run in _runs()] == [{}]
    LinearRegression().fit(X, Y)
    assert len(_runs()) == 2


def test_a_pipeline_is_one_run_with_the_params_of_its_steps() -> None:
    make_pipeline(StandardScaler(), DecisionTreeClassifier(**TREE)).fit(X, Y)
    (run,) = _runs()
    assert run.data.tags["estimator_name"] == "Pipeline"
    assert run.data.params["decisiontreeclassifier__max_depth"] == "2"


def test_what_is_fitted_in_threads_of_an_estimator_is_its_own_matter() -> None:
    parts = [("a", DecisionTreeClassifier(**TREE)), ("b", LogisticRegression(max_iter=500))]
    with joblib.parallel_backend("threading", n_jobs=2):
        VotingClassifier(parts, n_jobs=2).fit(X, Y)
        cross_val_score(DecisionTreeClassifier(), X, Y, cv=2, n_jobs=2)
    assert [run.data.tags["estimator_name"] for run in _runs()] == ["VotingClassifier"]


def test_a_search_has_its_best_candidates_as_children() -> None:
    ct.sklearn.autolog(max_tuning_runs=2)
    search = GridSearchCV(DecisionTreeClassifier(random_state=0), {"max_depth": [1, 2, 3, 4]}, cv=2).fit(X, Y)
    (parent,) = [run for run in _runs() if run.data.tags["estimator_name"] == "GridSearchCV"]
    children = [run for run in _runs() if run.data.tags.get("mlflow.parentRunId") == parent.info.run_id]
    assert parent.data.params["best_max_depth"] == str(search.best_params_["max_depth"])
    assert parent.data.metrics["best_cv_score"] == search.best_score_
    assert "max_depth" not in parent.data.params
    assert {"cv_results.csv", "model", "best_estimator"} <= _files(parent)
    assert len(children) == 2
    assert (
        sorted(run.data.metrics["rank_test_score"] for run in children)
        == sorted(search.cv_results_["rank_test_score"])[:2]
    )
    assert all(run.info.status == "FINISHED" and run.data.params["criterion"] == "gini" for run in children)
    best = ct.sklearn.load_model(f"runs:/{parent.info.run_id}/best_estimator", trust=True)
    assert best.get_params()["max_depth"] == search.best_params_["max_depth"]


def test_every_candidate_is_a_child_where_none_is_too_many() -> None:
    ct.sklearn.autolog(max_tuning_runs=None, log_models=False)
    GridSearchCV(DecisionTreeClassifier(random_state=0), {"max_depth": [1, 2, 3, 4, 5, 6, 7]}, cv=2).fit(X, Y)
    assert len(_runs()) == 8


def test_estimators_without_targets_and_preparations() -> None:
    StandardScaler().fit(X)
    StandardScaler().fit_transform(X)
    assert _runs() == []
    KMeans(2, n_init=1).fit_predict(X)
    (run,) = _runs()
    assert run.data.metrics == {}
    assert run.data.params["n_clusters"] == "2"


def test_metrics_of_predictions_go_to_the_run_of_the_estimator() -> None:
    held_out, truth = X[::3], Y[::3]
    with ct.start_run():
        model = DecisionTreeClassifier(**TREE).fit(X, Y)
        predicted = model.predict(held_out)
    other = DecisionTreeClassifier(**TREE).fit(X, Y)
    with ct.start_run():
        sklearn.metrics.accuracy_score(truth, predicted)
        sklearn.metrics.accuracy_score(truth, y_pred=model.predict(X[::3]))
        sklearn.metrics.accuracy_score(truth, truth)
        model.score(held_out, truth)
    first, second, third = _runs()
    found = {key: value for key, value in first.data.metrics.items() if not key.startswith("training_")}
    score = float((predicted == truth).mean())
    assert found == {
        "accuracy_score_held_out": score,
        "accuracy_score-2_unknown_dataset": score,
        "DecisionTreeClassifier_score_held_out": score,
    }
    assert first.info.status == "FINISHED"
    assert set(json.loads(artifacts.load_text(f"runs:/{first.info.run_id}/metric_info.json"))) == set(found)
    assert [used.tags[0].value for used in first.inputs.dataset_inputs] == ["train", "eval"]
    assert third.data.metrics == {}
    assert set(second.data.metrics) == {key for key in first.data.metrics if key not in found}
    assert other is not model


def test_metrics_of_predictions_can_be_left_out() -> None:
    ct.sklearn.autolog(log_models=False, log_post_training_metrics=False)
    model = DecisionTreeClassifier(**TREE).fit(X, Y)
    sklearn.metrics.accuracy_score(Y, model.predict(X))
    (run,) = _runs()
    assert all(key.startswith("training_") for key in run.data.metrics)


def test_binary_metrics_are_of_the_positive_class() -> None:
    ct.sklearn.autolog(log_models=False, pos_label=1)
    features, targets = X[Y < 2], (Y[Y < 2] * 1)
    model = DecisionTreeClassifier(max_depth=1, random_state=0).fit(features[["sepal width (cm)"]], targets)
    (run,) = _runs()
    predicted = model.predict(features[["sepal width (cm)"]])
    assert run.data.metrics["training_f1_score"] == pytest.approx(sklearn.metrics.f1_score(targets, predicted))
    assert {"training_roc_curve.png", "training_precision_recall_curve.png"} <= _files(run)


def test_sample_weights_count_in_the_metrics() -> None:
    weights = numpy.where(Y == 2, 10.0, 1.0)
    model = DecisionTreeClassifier(max_depth=1, random_state=0).fit(X, Y, weights)
    (run,) = _runs()
    assert run.data.metrics["training_score"] == pytest.approx(model.score(X, Y, weights))
    assert run.data.metrics["training_score"] != pytest.approx(model.score(X, Y))


def test_a_param_that_is_too_long_never_stops_the_fit(caplog: pytest.LogCaptureFixture) -> None:
    long = FunctionTransformer(kw_args={"text": "x" * 70_000}, func=_same)
    Pipeline([("long", long), ("tree", DecisionTreeClassifier(**TREE))]).fit(X, Y)
    (run,) = _runs()
    assert run.data.params["tree__max_depth"] == "2"
    assert "long__kw_args" not in run.data.params
    assert run.info.status == "FINISHED"
    assert "'long__kw_args'" in caplog.text
    assert "training_score" in run.data.metrics


def _same(rows: Any, text: str) -> Any:
    return rows


def test_another_fit_in_the_same_run_keeps_the_params_of_the_first(caplog: pytest.LogCaptureFixture) -> None:
    with ct.start_run() as run:
        DecisionTreeClassifier(**TREE).fit(X, Y)
        DecisionTreeClassifier(max_depth=3, random_state=0).fit(X, Y)
    assert _runs()[0].data.params["max_depth"] == "2"
    assert "'max_depth'" in caplog.text
    assert len(ct.MlflowClient().get_metric_history(run.info.run_id, "training_score")) == 2


def test_an_error_of_the_fit_is_the_callers_and_the_run_has_failed() -> None:
    with pytest.raises(ValueError, match="C"):
        SVC(C=-1).fit(X, Y)
    (run,) = _runs()
    assert run.info.status == "FAILED"
    assert run.data.params["C"] == "-1"
    assert ct.active_run() is None


class Unsayable:
    """A param that cannot be written."""

    def __repr__(self) -> str:
        raise RuntimeError("no words")


def test_a_param_without_a_text_stops_nothing() -> None:
    model = LogisticRegression(max_iter=500)
    model.verbose_of_mine = Unsayable()
    assert model.fit(X, Y).set_params() is model
    assert _runs()[0].data.params["max_iter"] == "500"


@pytest.mark.parametrize("where", ["start", "all"])
def test_a_store_that_fails_stops_no_fit(
    where: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise Unavailable("the store is away")

    if where == "start":
        from cloudtrack.fluent import active_runs

        monkeypatch.setattr(active_runs, "start_run", fail)
    else:
        from cloudtrack.tracking.run_writer import RunWriter

        for name in ("log_params", "log_metric", "log_inputs"):
            monkeypatch.setattr(RunWriter, name, fail)
        monkeypatch.setattr(artifacts, "log_text", fail)
    for _ in range(2):
        assert DecisionTreeClassifier(**TREE).fit(X, Y).score(X, Y) > 0.9
    assert "the store is away" in caplog.text
    assert len({record.getMessage() for record in caplog.records}) == len(caplog.records)


def test_silent_says_nothing(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    ct.sklearn.autolog(log_models=False, silent=True)
    monkeypatch.setattr(artifacts, "log_text", lambda *_, **__: 1 / 0)
    DecisionTreeClassifier(**TREE).fit(X, Y)
    assert caplog.records == []
    ct.sklearn.autolog(log_models=False)
    DecisionTreeClassifier(**TREE).fit(X, Y)


def test_threads_have_runs_of_their_own() -> None:
    def fit(depth: int) -> None:
        DecisionTreeClassifier(max_depth=depth).fit(X, Y)

    threads = [threading.Thread(target=fit, args=(depth,)) for depth in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(run.data.params["max_depth"] for run in _runs()) == ["1", "2", "3"]


def test_what_is_observed_is_pickled_by_name_as_scorers_in_other_processes_are() -> None:
    for thing in (sklearn.metrics.accuracy_score, DecisionTreeClassifier.fit, LogisticRegression.predict):
        assert pickle.loads(pickle.dumps(thing)) is thing
        assert len(cloudpickle.dumps(thing)) < 200


def test_disabled_it_logs_nothing_and_leaves_no_trace() -> None:
    observed = DecisionTreeClassifier.fit
    ct.autolog(disable=True)
    assert DecisionTreeClassifier.fit is not observed
    assert not hasattr(sklearn.metrics.accuracy_score, "__cloudtrack_observed__")
    model = DecisionTreeClassifier().fit(X, Y)
    sklearn.metrics.accuracy_score(Y, model.predict(X))
    assert _runs() == []


def test_autolog_of_everything_takes_it_in_and_can_leave_it_out() -> None:
    ct.autolog(disable=True)
    ct.autolog(exclude_flavors=["sklearn"], log_models=False)
    DecisionTreeClassifier().fit(X, Y)
    assert _runs() == []
    ct.autolog(log_models=False)
    DecisionTreeClassifier().fit(X, Y)
    assert len(_runs()) == 1
    ct.autolog(disable=True)


class Mine(ClassifierMixin, BaseEstimator):
    """An estimator of the program's own is not scikit-learn's: what it fits inside is logged."""

    def fit(self, features: Any, targets: Any) -> Mine:
        self.inside_ = DecisionTreeClassifier(**TREE).fit(features, targets)
        return self


def test_what_an_estimator_of_ones_own_fits_is_logged() -> None:
    Mine().fit(X, Y)
    assert [run.data.tags["estimator_name"] for run in _runs()] == ["DecisionTreeClassifier"]


def test_large_data_are_told_apart_by_a_sample() -> None:
    large = pandas.DataFrame({"a": numpy.arange(250_000)})
    found = datasets.describe(large)
    assert found is not None
    assert json.loads(found.profile or "") == {"num_rows": 250_000, "num_elements": 250_000}
    assert found.digest != datasets.describe(large[:-1]).digest  # type: ignore[union-attr]
    assert found.digest == datasets.describe(large.copy()).digest  # type: ignore[union-attr]
    array = datasets.describe(numpy.zeros((50_000, 3)))
    assert array is not None
    assert json.loads(array.profile or "")["features_shape"] == [50_000, 3]
    assert datasets.describe(object()) is None


def test_it_may_be_switched_on_before_the_import_which_it_leaves_to_the_program(tmp_path: Path) -> None:
    code = """
import sys
import cloudtrack as ct
ct.set_tracking_uri(sys.argv[1])
ct.autolog(log_models=False)
frameworks = {"sklearn", "xgboost", "lightgbm", "torch", "keras", "statsmodels", "pyspark", "matplotlib"}
assert not frameworks & set(sys.modules)
from sklearn.tree import DecisionTreeClassifier
DecisionTreeClassifier().fit([[0], [1]], [0, 1])
print(*[run.data.tags["estimator_name"] for run in ct.MlflowClient().search_runs(["0"])])
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "early")], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "DecisionTreeClassifier", "")
