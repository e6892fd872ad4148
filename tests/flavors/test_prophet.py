"""Prophet models, both ways between cloudtrack and MLflow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest

from cloudtrack.errors import CorruptData, InvalidInput
from cloudtrack.flavors import prophet as flavor
from tests.flavors.matrix import Case, Conformance, WrittenByMlflow2

prophet = pytest.importorskip("prophet", reason="the package prophet is not installed")

DAYS = pandas.date_range("2020-01-01", periods=60, freq="D")
HISTORY = pandas.DataFrame({"ds": DAYS, "y": numpy.sin(numpy.arange(60) / 7) + numpy.arange(60) / 30})
FUTURE = pandas.DataFrame({"ds": pandas.date_range("2020-02-20", periods=20, freq="D")})


def _trend() -> Any:
    return prophet.Prophet(uncertainty_samples=0, n_changepoints=3).fit(HISTORY, seed=1)  # else predict draws at random


class TestProphet(Conformance):
    cases = [Case("trend", "prophet", _trend, FUTURE, lambda model, data: model.predict(data))]


class TestMlflow2(WrittenByMlflow2):
    flavor = "prophet"


@pytest.mark.flavors
def test_a_model_that_is_not_fitted_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="not fitted"):
        flavor.save_model(prophet.Prophet(), tmp_path / "m")
    assert not (tmp_path / "m").exists()


@pytest.mark.flavors
def test_a_file_that_holds_no_model_is_named(tmp_path: Path) -> None:
    flavor.save_model(_trend(), tmp_path / "m")
    for text in ("", "{}", '"{}"'):
        (tmp_path / "m" / "model.pr").write_text(text)
        with pytest.raises(CorruptData, match=r"model\.pr"):
            flavor.load_model(str(tmp_path / "m"))
