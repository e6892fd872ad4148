"""Classes and functions of one's own, both ways with MLflow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest

import cloudtrack as ct
from cloudtrack.config import TRUST_MODELS
from cloudtrack.errors import PermissionDenied
from tests.flavors.matrix import WrittenByMlflow2

pytestmark = pytest.mark.flavors
TABLE = pandas.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})


def expected(plus: float = 0.0) -> list[float]:
    return [float(value) for value in TABLE["a"] * 2 + TABLE["b"] + plus]


@pytest.fixture(autouse=True)
def _distrust(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "true")
    monkeypatch.setenv(TRUST_MODELS, "0")


def test_mlflow_loads_a_class_of_ours(tmp_path: Path) -> None:
    import mlflow

    class Ours(ct.pyfunc.PythonModel):
        def load_context(self, context: Any) -> None:
            self.factor = float(Path(context.artifacts["factor"]).read_text())

        def predict(self, context: Any, model_input: Any, params: dict[str, Any] | None = None) -> Any:
            return model_input["a"] * self.factor + model_input["b"] + (params or {}).get("plus", 0.0)

    (tmp_path / "factor.txt").write_text("2")
    ct.pyfunc.save_model(
        tmp_path / "m",
        python_model=Ours(),
        artifacts={"factor": str(tmp_path / "factor.txt")},
        signature=ct.models.infer_signature(TABLE, TABLE["a"], params={"plus": 0.0}),
    )
    theirs = mlflow.pyfunc.load_model(str(tmp_path / "m"))
    assert list(theirs.predict(TABLE)) == expected()
    assert list(theirs.predict(TABLE, params={"plus": 1.0})) == expected(1.0)
    ours = ct.pyfunc.load_model(str(tmp_path / "m"), trust=True)
    assert list(ours.predict(TABLE, params={"plus": 1.0})) == expected(1.0)


def test_mlflow_loads_a_function_of_ours(tmp_path: Path) -> None:
    import mlflow

    ct.pyfunc.save_model(tmp_path / "m", python_model=lambda data: data["a"] * 2 + data["b"])
    assert list(mlflow.pyfunc.load_model(str(tmp_path / "m")).predict(TABLE)) == expected()


@pytest.mark.parametrize("is_class", [True, False])
def test_a_model_of_mlflow_is_loaded_where_it_is_trusted(is_class: bool, tmp_path: Path) -> None:
    import mlflow

    class Theirs(mlflow.pyfunc.PythonModel):
        def predict(self, context: Any, model_input: Any, params: dict[str, Any] | None = None) -> Any:
            return numpy.asarray(model_input["a"] * 2 + model_input["b"])

    def function(model_input: Any) -> Any:
        return numpy.asarray(model_input["a"] * 2 + model_input["b"])

    mlflow.pyfunc.save_model(str(tmp_path / "m"), python_model=Theirs() if is_class else function, input_example=TABLE)
    with pytest.raises(PermissionDenied, match="trust"):
        ct.pyfunc.load_model(str(tmp_path / "m"))
    assert list(ct.pyfunc.load_model(str(tmp_path / "m"), trust=True).predict(TABLE)) == expected()


class TestMlflow2(WrittenByMlflow2):
    flavor = "pyfunc"
    trusted = True


def test_settings_and_extra_files_go_both_ways(tmp_path: Path) -> None:
    import mlflow

    class Ours(ct.pyfunc.PythonModel):
        def predict(self, context: Any, model_input: Any, params: dict[str, Any] | None = None) -> Any:
            return model_input["a"] * context.model_config["factor"] + model_input["b"]

    class Theirs(mlflow.pyfunc.PythonModel):
        def predict(self, context: Any, model_input: Any, params: dict[str, Any] | None = None) -> Any:
            return model_input["a"] * context.model_config["factor"] + model_input["b"]

    (tmp_path / "notes.txt").write_text("read me")
    config = {"factor": 9, "deep": {"a": [1]}}
    ct.pyfunc.save_model(
        tmp_path / "ours", python_model=Ours(), model_config=config, extra_files=[tmp_path / "notes.txt"]
    )
    mlflow.pyfunc.save_model(str(tmp_path / "theirs"), python_model=Theirs(), model_config=config)
    for name in ("ours", "theirs"):
        folder = str(tmp_path / name)
        by_mlflow = mlflow.pyfunc.load_model(folder, model_config={"factor": 2})
        by_us = ct.pyfunc.load_model(folder, model_config={"factor": 2}, trust=True)
        assert list(by_mlflow.predict(TABLE)) == list(by_us.predict(TABLE)) == expected()
        assert dict(by_mlflow.model_config) == by_us.model_config == {**config, "factor": 2}
