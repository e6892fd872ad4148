"""``models.predict``: a prediction as a server answers it, without one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas
import pytest
from sklearn.linear_model import LinearRegression

import cloudtrack as ct
from cloudtrack.errors import InvalidInput, NotFound

FRAME = pandas.DataFrame({"a": [1.0, 2.0]})


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("models") / "line"
    fitted = LinearRegression().fit(FRAME, [2.0, 4.0])
    ct.sklearn.save_model(fitted, path, signature=ct.models.infer_signature(FRAME, fitted.predict(FRAME)))
    return str(path)


@pytest.mark.parametrize(
    "given",
    [FRAME, {"a": [1.0, 2.0]}, '{"dataframe_split": {"columns": ["a"], "data": [[1.0], [2.0]]}}'],
    ids=["frame", "columns", "body"],
)
def test_predictions_are_printed_as_a_server_answers_them(
    model: str, given: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    ct.models.predict(model, given, env_manager="local")
    assert json.loads(capsys.readouterr().out) == {"predictions": pytest.approx([2.0, 4.0])}


def test_predictions_for_a_file_are_written_to_a_file(model: str, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("a\n3\n")
    ct.models.predict(model, input_path=tmp_path / "in.csv", content_type="csv", output_path=tmp_path / "out.json")
    assert json.loads((tmp_path / "out.json").read_text()) == {"predictions": pytest.approx([6.0])}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "exactly one"),
        ({"input_data": FRAME, "input_path": "in.csv"}, "exactly one"),
        ({"input_data": FRAME, "env_manager": "virtualenv"}, "--env-manager uv"),
        ({"input_data": FRAME, "pip_requirements_override": ["numpy"]}, "--env-manager uv"),
        ({"input_data": "{}", "content_type": "xml"}, "'json' or 'csv'"),
        ({"input_data": "no JSON"}, "JSON"),
        ({"input_data": pandas.DataFrame({"b": [1.0]})}, "'a'"),
    ],
)
def test_what_cannot_be_predicted_is_refused(model: str, arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        ct.models.predict(model, **arguments)


def test_a_file_that_is_not_there_is_named(model: str) -> None:
    with pytest.raises(NotFound, match=r"nowhere\.csv"):
        ct.models.predict(model, input_path="nowhere.csv")
