"""CatBoost models, both ways between cloudtrack and MLflow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
import yaml

from cloudtrack.errors import CorruptData, InvalidInput
from cloudtrack.flavors import catboost as flavor
from tests.flavors.matrix import Case, Conformance, WrittenByMlflow2

catboost = pytest.importorskip("catboost", reason="the package catboost is not installed")

X = pandas.DataFrame(numpy.random.default_rng(0).normal(size=(60, 3)), columns=list("abc"))
Y = (X["a"] + X["b"] > 0).astype(int)
QUICK = {"iterations": 4, "verbose": False, "allow_writing_files": False, "random_seed": 1, "thread_count": 1}


def _classifier() -> Any:
    return catboost.CatBoostClassifier(**QUICK).fit(X, Y)


def _regressor() -> Any:
    return catboost.CatBoostRegressor(**QUICK).fit(X, X["a"] * 2)


def _ranker() -> Any:
    return catboost.CatBoostRanker(**QUICK).fit(X, Y, group_id=numpy.repeat(numpy.arange(10), 6))


def _plain() -> Any:
    return catboost.CatBoost(QUICK).fit(X, X["a"] * 2)


def _predict(model: Any, data: Any) -> Any:
    return model.predict(data)


class TestCatboost(Conformance):
    cases = [
        Case("classifier", "catboost", _classifier, X, _predict),
        Case("regressor", "catboost", _regressor, X, _predict),
        Case("ranker", "catboost", _ranker, X, _predict),
        Case("plain", "catboost", _plain, X, _predict),
        Case(
            "regressor-json",
            "catboost",
            _regressor,
            X,
            _predict,
            options={"format": "json"},
            tolerance=1e-14,  # leaves are written in decimal, to 16 digits
        ),
    ]


class TestMlflow2(WrittenByMlflow2):
    flavor = "catboost"


@pytest.mark.flavors
def test_what_could_not_be_loaded_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="'onnx'"):
        flavor.save_model(_plain(), tmp_path / "m", format="onnx")
    with pytest.raises(InvalidInput, match="not trained"):
        flavor.save_model(catboost.CatBoostClassifier(), tmp_path / "m")
    assert not (tmp_path / "m").exists()


@pytest.mark.flavors
@pytest.mark.parametrize("content", [b"", b"nonsense"])
def test_a_file_that_holds_no_model_is_named(tmp_path: Path, content: bytes) -> None:
    flavor.save_model(_plain(), tmp_path / "m")
    (tmp_path / "m" / "model.cb").write_bytes(content)
    with pytest.raises(CorruptData, match=r"model\.cb"):
        flavor.load_model(str(tmp_path / "m"))


@pytest.mark.flavors
def test_a_type_that_is_no_model_is_not_made(tmp_path: Path) -> None:
    flavor.save_model(_plain(), tmp_path / "m")
    content = yaml.safe_load((tmp_path / "m" / "MLmodel").read_text())
    content["flavors"]["catboost"]["model_type"] = "Pool"
    (tmp_path / "m" / "MLmodel").write_text(yaml.safe_dump(content))
    with pytest.raises(InvalidInput, match="Pool"):
        flavor.load_model(str(tmp_path / "m"))
