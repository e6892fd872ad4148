"""LightGBM models, both ways between cloudtrack and MLflow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest

from cloudtrack.errors import CorruptData, InvalidInput, PermissionDenied
from cloudtrack.flavors import lightgbm as flavor
from tests.flavors.matrix import Case, Conformance, WrittenByMlflow2

lightgbm = pytest.importorskip("lightgbm", reason="the package lightgbm is not installed")

X = pandas.DataFrame(numpy.random.default_rng(0).normal(size=(60, 3)), columns=list("abc"))
Y = (X["a"] + X["b"] > 0).astype(int)
QUICK = {"n_estimators": 4, "verbose": -1, "random_state": 1, "n_jobs": 1}


def _classifier() -> Any:
    return lightgbm.LGBMClassifier(**QUICK).fit(X, Y)


def _regressor() -> Any:
    return lightgbm.LGBMRegressor(**QUICK).fit(X, X["a"] * 2)


def _ranker() -> Any:
    return lightgbm.LGBMRanker(**QUICK).fit(X, Y, group=[30, 30])


def _booster() -> Any:
    return lightgbm.train({"objective": "binary", "verbose": -1, "seed": 1}, lightgbm.Dataset(X, Y), 4)


def _predict(model: Any, data: Any) -> Any:
    return model.predict(data)


class Mine:
    """A type that LightGBM does not know."""


class TestLightgbm(Conformance):
    cases = [
        Case("classifier", "lightgbm", _classifier, X, _predict),
        Case(
            "classifier-pickle", "lightgbm", _classifier, X, _predict, {"serialization_format": "pickle"}, trusted=True
        ),
        Case(
            "classifier-cloudpickle",
            "lightgbm",
            _classifier,
            X,
            _predict,
            {"serialization_format": "cloudpickle"},
            trusted=True,
        ),
        Case("regressor", "lightgbm", _regressor, X, _predict),
        Case(
            "ranker",
            "lightgbm",
            _ranker,
            X,
            _predict,
            {"skops_trusted_types": ["lightgbm.sklearn.LGBMRanker"]},  # MLflow saves none without
        ),
        Case("booster", "lightgbm", _booster, X, _predict),
    ]


class TestMlflow2(WrittenByMlflow2):
    flavor = "lightgbm"


@pytest.mark.flavors
def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="'joblib'"):
        flavor.save_model(_classifier(), tmp_path / "m", serialization_format="joblib")
    assert not (tmp_path / "m").exists()


@pytest.mark.flavors
@pytest.mark.parametrize(("train", "file"), [(_booster, "model.lgb"), (_classifier, "model.skops")])
def test_a_file_that_holds_no_model_is_named(tmp_path: Path, train: Callable[[], Any], file: str) -> None:
    flavor.save_model(train(), tmp_path / "m")
    (tmp_path / "m" / file).write_bytes(b"nonsense")
    with pytest.raises(CorruptData, match=file):
        flavor.load_model(str(tmp_path / "m"))


@pytest.mark.flavors
def test_types_that_a_model_names_for_itself_take_trust(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDTRACK_TRUST_MODELS", "0")
    model = _classifier()
    model.mine = Mine()
    named = f"{Mine.__module__}.Mine"
    flavor.save_model(model, tmp_path / "m", skops_trusted_types=[named])
    with pytest.raises(PermissionDenied, match=named):
        flavor.load_model(str(tmp_path / "m"))
    monkeypatch.setenv("CLOUDTRACK_TRUST_MODELS", "1")
    assert isinstance(flavor.load_model(str(tmp_path / "m")).mine, Mine)
