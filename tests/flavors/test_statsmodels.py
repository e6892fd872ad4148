"""statsmodels results, both ways between cloudtrack and MLflow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest

import cloudtrack as ct
from cloudtrack.errors import InvalidInput, PermissionDenied
from cloudtrack.flavors import statsmodels as flavor
from tests.flavors.matrix import Case, Conformance, WrittenByMlflow2

api = pytest.importorskip("statsmodels.api", reason="the package statsmodels is not installed")
formula = pytest.importorskip("statsmodels.formula.api")

X = pandas.DataFrame(numpy.random.default_rng(0).normal(size=(60, 3)), columns=list("abc"))
Y = X["a"] * 2 + X["b"] + numpy.random.default_rng(1).normal(size=60)
SERIES = pandas.Series(Y.to_numpy(), index=pandas.date_range("2020-01-01", periods=60, freq="D"))
DATES = pandas.DataFrame({"start": [pandas.Timestamp("2020-02-20")], "end": [pandas.Timestamp("2020-03-10")]})


def _arima() -> Any:
    return api.tsa.ARIMA(SERIES, order=(1, 0, 1)).fit()


def _predict(model: Any, data: Any) -> Any:
    return model.predict(data)


class TestStatsmodels(Conformance):
    cases = [
        Case("ols", "statsmodels", lambda: api.OLS(Y, X).fit(), X, _predict, trusted=True),
        Case(
            "ols-without-data",
            "statsmodels",
            lambda: api.OLS(Y, X).fit(),
            X,
            _predict,
            {"remove_data": True},
            trusted=True,
        ),
        Case(
            "formula",
            "statsmodels",
            lambda: formula.ols("y ~ a + b", X.assign(y=Y)).fit(),
            X,
            _predict,
            trusted=True,
        ),
        Case("glm", "statsmodels", lambda: api.GLM(Y > 0, X, api.families.Binomial()).fit(), X, _predict, trusted=True),
        Case(
            "arima",
            "statsmodels",
            _arima,
            DATES,
            lambda model, data: model.predict(data["start"][0], data["end"][0]),
            trusted=True,
        ),
    ]


class TestMlflow2(WrittenByMlflow2):
    flavor = "statsmodels"
    trusted = True


@pytest.mark.flavors
@pytest.mark.parametrize(
    "data",
    [pandas.DataFrame({"start": [1]}), pandas.DataFrame({"start": [1, 2], "end": [3, 4]}), numpy.zeros((1, 2))],
    ids=["no-end", "two-rows", "array"],
)
def test_a_time_series_takes_one_start_and_one_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: Any) -> None:
    monkeypatch.setenv("CLOUDTRACK_TRUST_MODELS", "1")
    flavor.save_model(_arima(), tmp_path / "m")
    with pytest.raises(InvalidInput, match="start and end"):
        ct.pyfunc.load_model(str(tmp_path / "m")).predict(data)


@pytest.mark.flavors
def test_a_pickle_takes_trust(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of a formula more than others: statsmodels evaluates the formula's text while it unpickles."""
    monkeypatch.setenv("CLOUDTRACK_TRUST_MODELS", "0")
    flavor.save_model(formula.ols("y ~ a", X.assign(y=Y)).fit(), tmp_path / "m")
    for load in (flavor.load_model, ct.pyfunc.load_model):
        with pytest.raises(PermissionDenied, match=r"model\.statsmodels"):
            load(str(tmp_path / "m"))
