"""Autologging of Keras."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
import pytest

import cloudtrack as ct
from cloudtrack.autologging import patching
from cloudtrack.entities.run import Run
from tests.flavors.mlflow_arguments import assert_arguments_are_mlflows

pytestmark = pytest.mark.flavors

X = numpy.random.default_rng(0).normal(size=(64, 4)).astype("float32")
Y = (X[:, 0] > 0).astype(int)


@pytest.fixture(autouse=True)
def _autologged(tmp_path: Path) -> Iterator[None]:
    patching._warned.clear()
    ct.set_tracking_uri(tmp_path / "store")
    yield
    ct.autolog(disable=True)


def _run() -> Run:
    (run,) = ct.MlflowClient().search_runs(["0"])
    return run


def _steps(run: Run, key: str) -> list[int]:
    return [point.step for point in ct.MlflowClient().get_metric_history(run.info.run_id, key)]


def _model() -> Any:
    import keras

    model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(2, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def test_what_keras_fits(caplog: pytest.LogCaptureFixture) -> None:
    import keras

    ct.keras.autolog(log_input_examples=True)
    model = _model()
    stopping = keras.callbacks.EarlyStopping(patience=1, min_delta=100, restore_best_weights=True)
    model.fit(X, Y, epochs=9, batch_size=16, validation_split=0.25, verbose=0, callbacks=[stopping])
    run = _run()
    wanted = {"epochs": "9", "batch_size": "16", "optimizer_name": "adam", "early_stopping_patience": "1"}
    assert wanted.items() <= run.data.params.items()
    for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
        assert _steps(run, name) == [0, 1]
    assert run.data.metrics["stopped_epoch"] == 1
    assert run.data.metrics["restored_epoch"] == 0
    files = {file.path for file in ct.MlflowClient().list_artifacts(run.info.run_id)}
    assert {"model", "model_summary.txt"} <= files
    assert [used.tags[0].value for used in run.inputs.dataset_inputs] == ["train"]
    loaded = ct.pyfunc.load_model(f"runs:/{run.info.run_id}/model")
    assert numpy.allclose(loaded.predict(X), model.predict(X, verbose=0), atol=1e-5)
    assert [record for record in caplog.records if record.name.startswith("cloudtrack")] == []


def test_every_n_th_batch() -> None:
    ct.keras.autolog(log_models=False, log_every_n_steps=2)
    _model().fit(X, Y, epochs=2, batch_size=16, verbose=0)
    assert _steps(_run(), "loss") == [2, 4, 6, 8]


def test_through_tensorflows_name_and_a_callback_of_ones_own() -> None:
    with ct.start_run():
        model = _model()
        model.fit(X, Y, epochs=2, verbose=0, callbacks=[ct.keras.MLflowCallback()])
        model.evaluate(X, Y, verbose=0, callbacks=[ct.keras.Callback()])
    run = _run()
    assert _steps(run, "loss") == [0, 1]
    assert "eval_loss" in run.data.metrics
    ct.tensorflow.autolog(log_models=False)
    _model().fit(X, Y, epochs=1, verbose=0)
    assert len(ct.MlflowClient().search_runs(["0"])) == 2


@pytest.mark.parametrize(("flavor", "module"), [("keras", "mlflow.keras")])
def test_arguments_are_mlflows(flavor: str, module: str) -> None:
    assert_arguments_are_mlflows(getattr(ct, flavor).autolog, module)
