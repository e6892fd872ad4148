"""Keras models, here and in MLflow."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy
import pandas
import pytest

from cloudtrack.config import TRUST_MODELS
from cloudtrack.errors import InvalidInput, PermissionDenied
from tests.flavors.matrix import Case, Conformance, WrittenByMlflow2, assert_same

keras = pytest.importorskip("keras", reason="Keras is not installed")
pytestmark = pytest.mark.flavors

ROWS = numpy.arange(12, dtype="float32").reshape(6, 2)
TABLE = pandas.DataFrame({"a": [1.0, 2.0], "b": [0.5, 4.0]})
NAMED = {"a": ROWS, "b": ROWS[:, :1]}


def network() -> Any:
    keras.utils.set_random_seed(7)
    layers = [keras.layers.Dense(4, activation="relu"), keras.layers.Dropout(0.5), keras.layers.Dense(1)]
    return keras.Sequential([keras.Input((2,)), *layers])


def two_inputs() -> Any:
    keras.utils.set_random_seed(7)
    inputs = {"a": keras.Input((2,), name="a"), "b": keras.Input((1,), name="b")}
    return keras.Model(inputs, keras.layers.Dense(1)(keras.layers.Concatenate()(list(inputs.values()))))


def own(model: Any, data: Any) -> Any:
    return model.predict(data, verbose=0)


def served(model: Any, data: Any) -> Any:
    return model.serve(data).numpy() if hasattr(model, "serve") else own(model, data)


class KerasCase(Case):
    """MLflow's flavor writes an example only into a folder that is there."""

    @property
    def theirs(self) -> Any:
        flavor = super().theirs

        def save_model(model: Any, path: str, **arguments: Any) -> None:
            Path(path).mkdir()
            flavor.save_model(model, path, **arguments)

        return SimpleNamespace(load_model=flavor.load_model, save_model=save_model)


class TestKeras(Conformance):
    cases = [
        KerasCase("array", "keras", network, ROWS, own, tolerance=1e-6),
        KerasCase("dictionary", "keras", two_inputs, NAMED, own, tolerance=1e-6),
        KerasCase(
            "exported",
            "keras",
            network,
            ROWS,
            served,
            {"save_exported_model": True},
            tolerance=1e-6,
            trusted=True,
            same_class=False,
        ),
    ]


class TestMlflow2(WrittenByMlflow2):
    flavor = "keras"
    tolerance = 1e-6


def test_code_in_a_model_runs_only_where_it_is_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cloudtrack.flavors import keras as flavor

    doubling = keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda x: x * 2)])
    flavor.save_model(doubling, tmp_path / "lambda")
    flavor.save_model(network(), tmp_path / "exported", save_exported_model=True)
    flavor.save_model(network(), tmp_path / "plain")
    monkeypatch.setenv(TRUST_MODELS, "0")
    for name in ("lambda", "exported"):
        with pytest.raises(PermissionDenied, match="trust"):
            flavor.load_model(str(tmp_path / name))
    assert isinstance(flavor.load_model(str(tmp_path / "plain")), keras.Model)
    assert_same(own(flavor.load_model(str(tmp_path / "lambda"), trust=True), ROWS), ROWS * 2)


def test_layers_of_ones_own_are_given_by_name(tmp_path: Path) -> None:
    from cloudtrack.flavors import keras as flavor

    layer: Any = keras.layers.Layer

    class Tripled(layer):
        def call(self, inputs: Any) -> Any:
            return inputs * 3

    flavor.save_model(keras.Sequential([keras.Input((2,)), Tripled()]), tmp_path / "m")
    assert_same(own(flavor.load_model(str(tmp_path / "m"), custom_objects={"Tripled": Tripled}), ROWS), ROWS * 3)


def test_a_function_refuses_what_keras_does_not_take(tmp_path: Path) -> None:
    from cloudtrack.flavors import keras as flavor
    from cloudtrack.flavors import pyfunc

    flavor.save_model(network(), tmp_path / "m")
    with pytest.raises(InvalidInput, match="Series"):
        pyfunc.load_model(str(tmp_path / "m")).predict(pandas.Series([1.0]))


def test_a_table_gives_a_table_with_its_index_as_in_mlflow(tmp_path: Path) -> None:
    """MLflow saves no Keras model with a signature of columns, so that no case of the matrix has one."""
    from cloudtrack.flavors import keras as flavor
    from cloudtrack.flavors import pyfunc

    theirs = pytest.importorskip("mlflow.pyfunc", reason="MLflow is not installed")
    table = TABLE.set_axis([5, 6])
    model = network()
    flavor.save_model(model, tmp_path / "m")
    expected = pandas.DataFrame(own(model, table.to_numpy()), index=table.index)
    for function in (pyfunc, theirs):
        found = function.load_model(str(tmp_path / "m")).predict(table)
        assert list(found.index) == [5, 6]
        assert_same(found, expected, tolerance=1e-6)
