"""PyTorch models, here and in MLflow."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy
import pandas
import pytest

from cloudtrack.config import TRUST_MODELS
from cloudtrack.errors import InvalidInput, PermissionDenied
from tests.flavors.matrix import Case, Conformance, WrittenByMlflow2, assert_same

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.flavors

ROWS = numpy.arange(12, dtype="float32").reshape(6, 2)
TABLE = pandas.DataFrame({"a": [1.0, 2.0], "b": [0.5, 4.0]})
PICKLE = {"serialization_format": "pickle"}


def network() -> Any:
    torch.manual_seed(7)
    layers = [torch.nn.Linear(2, 4), torch.nn.ReLU(), torch.nn.Dropout(0.5), torch.nn.Linear(4, 1)]
    return torch.nn.Sequential(*layers).eval()


def of_array(model: Any, data: Any) -> Any:
    with torch.no_grad():
        return model(torch.tensor(data)).numpy()


def of_table(model: Any, data: Any) -> Any:
    return pandas.DataFrame(of_array(model, data.to_numpy(dtype="float32")))


@dataclass(frozen=True)
class Exported(Case):
    """A case whose every save needs the example. What was traced comes back as a program, of a class of its own."""

    same_class: bool = False

    @property
    def ours(self) -> Any:
        flavor = super().ours
        example = {"input_example": self.data}
        return SimpleNamespace(
            load_model=flavor.load_model,
            log_model=partial(flavor.log_model, **example),
            save_model=partial(flavor.save_model, **example),
        )


class TestPytorch(Conformance):
    cases = [
        Case("array", "pytorch", network, ROWS, of_array, PICKLE, distribution="torch"),
        Case("table", "pytorch", network, TABLE, of_table, PICKLE, distribution="torch"),
        Case(
            "script",
            "pytorch",
            lambda: torch.jit.script(network()),
            ROWS,
            of_array,
            PICKLE,
            distribution="torch",
            trusted=True,
        ),
        Exported("pt2", "pytorch", network, ROWS, of_array, distribution="torch", tolerance=1e-6),
    ]


class TestMlflow2(WrittenByMlflow2):
    flavor = "pytorch"
    tolerance = 1e-6


@pytest.mark.parametrize("rows", [1, 3])
def test_an_exported_model_takes_any_number_of_rows_and_drops_nothing(rows: int, tmp_path: Path) -> None:
    from cloudtrack.flavors import pyfunc, pytorch

    model = network().train()
    pytorch.save_model(model, tmp_path / "m", input_example=ROWS[:rows])
    assert model.training
    found = pyfunc.load_model(str(tmp_path / "m")).predict(ROWS)
    assert_same(found, of_array(model.eval(), ROWS), tolerance=1e-6)


@pytest.mark.parametrize("options", [{}, {"input_example": TABLE}, {"serialization_format": "onnx"}])
def test_what_cannot_be_exported_is_refused_with_the_way_out(options: dict[str, Any], tmp_path: Path) -> None:
    from cloudtrack.flavors import pytorch

    with pytest.raises(InvalidInput, match="'pickle'"):
        pytorch.save_model(network(), tmp_path / "m", **options)
    with pytest.raises(InvalidInput, match="'pickle'"):
        pytorch.save_model(torch.jit.script(network()), tmp_path / "m", input_example=ROWS)
    assert not list(tmp_path.iterdir())


def test_layers_are_loaded_without_trust_and_scripts_are_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cloudtrack.flavors import pytorch

    monkeypatch.setenv(TRUST_MODELS, "0")
    pytorch.save_model(network(), tmp_path / "layers", serialization_format="pickle")
    assert_same(of_array(pytorch.load_model(str(tmp_path / "layers")), ROWS), of_array(network(), ROWS))
    pytorch.save_model(torch.jit.script(network()), tmp_path / "script", serialization_format="pickle")
    with pytest.raises(PermissionDenied, match="trust"):
        pytorch.load_model(str(tmp_path / "script"))
    loaded = pytorch.load_model(str(tmp_path / "script"), trust=True)
    assert_same(of_array(loaded, ROWS), of_array(network(), ROWS), tolerance=1e-6)


def test_a_function_takes_a_table_or_an_array(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cloudtrack.flavors import pyfunc, pytorch

    monkeypatch.setenv(TRUST_MODELS, "1")
    pytorch.save_model(network(), tmp_path / "m", serialization_format="pickle")
    with pytest.raises(InvalidInput, match="list"):
        pyfunc.load_model(str(tmp_path / "m")).predict(ROWS.tolist())
