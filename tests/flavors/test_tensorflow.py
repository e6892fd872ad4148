"""TensorFlow models, here and in MLflow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest

from cloudtrack.config import TRUST_MODELS
from cloudtrack.errors import InvalidInput, PermissionDenied
from tests.flavors.matrix import Case, Conformance, WrittenByMlflow2, assert_same

tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytestmark = pytest.mark.flavors

ROWS = numpy.arange(12, dtype="float32").reshape(6, 2)
TABLE = pandas.DataFrame({"a": [1.0, 2.0], "b": [0.5, 4.0]})
NAMED = {"a": ROWS, "b": ROWS[:, :1]}


def network() -> Any:
    tf.keras.utils.set_random_seed(7)
    layers = [tf.keras.layers.Dense(4, activation="relu"), tf.keras.layers.Dropout(0.5), tf.keras.layers.Dense(1)]
    return tf.keras.Sequential([tf.keras.Input((2,)), *layers])


def two_ways() -> Any:
    tf.keras.utils.set_random_seed(7)
    inputs = {"a": tf.keras.Input((2,), name="a"), "b": tf.keras.Input((1,), name="b")}
    joined = tf.keras.layers.Concatenate()(list(inputs.values()))
    return tf.keras.Model(inputs, {"y": tf.keras.layers.Dense(1)(joined), "z": tf.keras.layers.Dense(2)(joined)})


Layer: Any = tf.keras.layers.Layer
Module: Any = tf.Module


class Tripled(Layer):
    def call(self, inputs: Any) -> Any:
        return inputs * 3


class Scaled(Module):
    def __init__(self) -> None:
        super().__init__()
        self.factor = tf.Variable(2.0)

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32)])  # type: ignore[untyped-decorator]
    def __call__(self, x: Any) -> Any:
        return self.factor * x


def own(model: Any, data: Any) -> Any:
    return model.predict(data, verbose=0)


def called(model: Any, data: Any) -> Any:
    return model(tf.constant(data)).numpy()


class TestTensorflow(Conformance):
    cases = [
        Case("array", "tensorflow", network, ROWS, own, tolerance=1e-6),
        Case("dictionary", "tensorflow", two_ways, NAMED, own, tolerance=1e-6),
        Case(
            "custom",
            "tensorflow",
            lambda: tf.keras.Sequential([tf.keras.Input((2,)), Tripled()]),
            ROWS,
            own,
            {"custom_objects": {"Tripled": Tripled}},
            trusted=True,
        ),
        Case("module", "tensorflow", Scaled, ROWS, called, trusted=True, same_class=False),
    ]


class TestMlflow2(WrittenByMlflow2):
    flavor = "tensorflow"
    tolerance = 1e-6


def test_an_hdf5_file_of_mlflow_loads_here(tmp_path: Path) -> None:
    from cloudtrack.flavors import tensorflow

    theirs = pytest.importorskip("mlflow.tensorflow", reason="MLflow is not installed")
    hdf5 = {"keras_model_kwargs": {"save_format": "h5"}, "pip_requirements": ["named-by-the-test==1.0"]}
    theirs.save_model(network(), str(tmp_path / "m"), **hdf5)
    assert_same(own(tensorflow.load_model(str(tmp_path / "m")), ROWS), own(network(), ROWS), tolerance=1e-6)


def test_programs_are_not_loaded_without_trust(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cloudtrack.flavors import tensorflow

    tensorflow.save_model(Scaled(), tmp_path / "module")
    own_layer = tf.keras.Sequential([tf.keras.Input((2,)), Tripled()])
    tensorflow.save_model(own_layer, tmp_path / "custom", custom_objects={"Tripled": Tripled})
    monkeypatch.setenv(TRUST_MODELS, "0")
    for name in ("module", "custom"):
        with pytest.raises(PermissionDenied, match="trust"):
            tensorflow.load_model(str(tmp_path / name))
    assert_same(called(tensorflow.load_model(str(tmp_path / "module"), trust=True), ROWS), ROWS * 2)
    assert_same(own(tensorflow.load_model(str(tmp_path / "custom"), trust=True), ROWS), ROWS * 3)


def test_what_it_cannot_read_or_take_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cloudtrack.flavors import pyfunc, tensorflow

    tensorflow.save_model(network(), tmp_path / "old")
    (tmp_path / "old" / "data" / "model.keras").unlink()
    with pytest.raises(InvalidInput, match=r"model\.keras"):
        tensorflow.load_model(str(tmp_path / "old"))
    monkeypatch.setenv(TRUST_MODELS, "1")
    tensorflow.save_model(Scaled(), tmp_path / "module")
    with pytest.raises(InvalidInput, match="DataFrame"):
        pyfunc.load_model(str(tmp_path / "module")).predict(TABLE)


def test_a_table_gives_a_table_with_its_index_as_in_mlflow(tmp_path: Path) -> None:
    """MLflow saves no Keras model with a signature of columns, so that no case of the matrix has one."""
    from cloudtrack.flavors import pyfunc, tensorflow

    theirs = pytest.importorskip("mlflow.pyfunc", reason="MLflow is not installed")
    table = TABLE.set_axis([5, 6])
    model = network()
    tensorflow.save_model(model, tmp_path / "m")
    expected = pandas.DataFrame(own(model, table.to_numpy()), index=table.index)
    for function in (pyfunc, theirs):
        found = function.load_model(str(tmp_path / "m")).predict(table)
        assert list(found.index) == [5, 6]
        assert_same(found, expected, tolerance=1e-6)
