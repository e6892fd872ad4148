"""XGBoost models, both ways between cloudtrack and MLflow."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
import yaml

import cloudtrack as ct
from cloudtrack.errors import CorruptData, InvalidInput
from cloudtrack.flavors import xgboost as flavor
from tests.evaluation.corpus import table
from tests.flavors.matrix import Case, Conformance, WrittenByMlflow2

xgboost = pytest.importorskip("xgboost", reason="the package xgboost is not installed")

X = pandas.DataFrame(numpy.random.default_rng(0).normal(size=(60, 3)), columns=list("abc"))
Y = (X["a"] + X["b"] > 0).astype(int)


def _classifier() -> Any:
    return xgboost.XGBClassifier(n_estimators=4, random_state=1).fit(X, Y)


def _regressor() -> Any:
    return xgboost.XGBRegressor(n_estimators=4, random_state=1).fit(X, X["a"] * 2)


def _booster() -> Any:
    return xgboost.train({"objective": "binary:logistic", "seed": 1}, xgboost.DMatrix(X, Y), 4)


def _predict(model: Any, data: Any) -> Any:
    return model.predict(data)


def _predict_booster(model: Any, data: Any) -> Any:
    return model.predict(xgboost.DMatrix(data))


class TestXgboost(Conformance):
    cases = [
        Case("classifier", "xgboost", _classifier, X, _predict),
        Case("classifier-json", "xgboost", _classifier, X, _predict, options={"model_format": "json"}),
        Case(
            "classifier-margin",
            "xgboost",
            _classifier,
            X,
            lambda model, data: model.predict(data, output_margin=True),
            params={"output_margin": True},
        ),
        Case("regressor", "xgboost", _regressor, X, _predict),
        Case("booster", "xgboost", _booster, X, _predict_booster),
        Case("booster-json", "xgboost", _booster, X, _predict_booster, options={"model_format": "json"}),
    ]


class TestMlflow2(WrittenByMlflow2):
    flavor = "xgboost"


@pytest.mark.flavors
def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="'xgb'"):
        flavor.save_model(_booster(), tmp_path / "m", model_format="xgb")
    assert not (tmp_path / "m").exists()


@pytest.mark.flavors
def test_an_estimator_that_is_not_fitted_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="XGBClassifier is not fitted"):
        flavor.save_model(xgboost.XGBClassifier(), tmp_path / "m")
    assert not (tmp_path / "m").exists()


@pytest.mark.flavors
@pytest.mark.parametrize("content", [b"", b"nonsense", b"{}"])
def test_a_file_that_holds_no_model_is_named(tmp_path: Path, content: bytes) -> None:
    flavor.save_model(_booster(), tmp_path / "m")
    (tmp_path / "m" / "model.ubj").write_bytes(content)
    with pytest.raises(CorruptData, match=r"model\.ubj"):
        flavor.load_model(str(tmp_path / "m"))


@pytest.mark.flavors
def test_a_class_that_is_no_model_is_not_made(tmp_path: Path) -> None:
    flavor.save_model(_booster(), tmp_path / "m")
    content = yaml.safe_load((tmp_path / "m" / "MLmodel").read_text())
    content["flavors"]["xgboost"]["model_class"] = "xgboost.core.DMatrix"
    (tmp_path / "m" / "MLmodel").write_text(yaml.safe_dump(content))
    with pytest.raises(InvalidInput, match="DMatrix"):
        flavor.load_model(str(tmp_path / "m"))


@pytest.mark.flavors
def test_a_booster_of_an_old_mlflow_has_no_class(tmp_path: Path) -> None:
    flavor.save_model(_booster(), tmp_path / "m")
    content = yaml.safe_load((tmp_path / "m" / "MLmodel").read_text())
    for entry in content["flavors"].values():
        entry["data"] = "model.xgb"
    del content["flavors"]["xgboost"]["model_class"], content["flavors"]["xgboost"]["model_format"]
    (tmp_path / "m" / "MLmodel").write_text(yaml.safe_dump(content))
    shutil.move(tmp_path / "m" / "model.ubj", tmp_path / "m" / "model.xgb")
    function = ct.pyfunc.load_model(str(tmp_path / "m"))
    assert numpy.array_equal(function.predict(X), _predict_booster(_booster(), X))


def test_an_evaluation_has_the_probabilities_of_a_classifier(tmp_path: Path) -> None:
    ct.set_tracking_uri(tmp_path / "store")
    frame = table(3)
    with ct.start_run():
        classifier = xgboost.XGBClassifier(n_estimators=3).fit(frame[["a", "b"]], frame["label"])
        uri = ct.xgboost.log_model(classifier, name="model").model_uri
        booster = ct.xgboost.log_model(classifier.get_booster(), name="booster").model_uri
    result = ct.evaluate(uri, frame, targets="label", model_type="classifier")
    assert result.metrics["roc_auc"] > 0.5
    assert result.metrics["accuracy_score"] == classifier.score(frame[["a", "b"]], frame["label"])
    with pytest.raises(InvalidInput, match="the shape"):
        ct.evaluate(booster, frame, targets="label", model_type="classifier")
    ct.set_tracking_uri("memory://none")
