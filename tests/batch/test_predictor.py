"""A model on Ray, on Dask and in a pool gives the numbers that it gives here."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy
import pandas
import pytest
from sklearn.linear_model import LinearRegression

import cloudtrack as ct
from cloudtrack.errors import InvalidInput, NotFound

TABLE = pandas.DataFrame({"a": numpy.linspace(0, 1, 1000), "b": numpy.arange(1000.0)}, index=range(5, 1005))
LINE = LinearRegression().fit(TABLE, TABLE["a"] * 3 + TABLE["b"])
TURNED = LinearRegression().fit(TABLE, -TABLE["b"])


@pytest.fixture
def store(tmp_path: Path) -> Iterator[None]:
    before = ct.get_tracking_uri()
    ct.set_tracking_uri(tmp_path / "store")
    _register(LINE)
    yield
    ct.set_tracking_uri(before)


def _register(model: LinearRegression) -> None:
    signature = ct.models.infer_signature(TABLE, model.predict(TABLE))
    with ct.start_run():
        ct.sklearn.log_model(model, name="line", signature=signature, registered_model_name="line")


@pytest.mark.usefixtures("store")
def test_a_stage_means_the_same_version_in_all_tables() -> None:
    ct.MlflowClient().transition_model_version_stage("line", 1, "Production")
    predict = ct.pyfunc.batch_predictor("models:/line/Production", keep=["b"])
    assert predict.model_uri == "models:/line/1"
    first = predict(TABLE[:500])
    _register(TURNED)
    ct.MlflowClient().transition_model_version_stage("line", 2, "Production", archive_existing_versions=True)
    again = pickle.loads(pickle.dumps(predict))
    found = pandas.concat([first, again(TABLE[500:])])
    assert numpy.allclose(found["prediction"], LINE.predict(TABLE), rtol=1e-12, atol=1e-12)
    assert found["b"].tolist() == TABLE["b"].tolist()
    assert found.index.equals(TABLE.index)
    assert len(pickle.dumps(predict)) < 1000
    moved = ct.pyfunc.batch_predictor("models:/line/Production")
    assert numpy.allclose(moved(TABLE)["prediction"], TURNED.predict(TABLE), rtol=1e-12, atol=1e-12)


@pytest.mark.slow
@pytest.mark.usefixtures("store")
def test_other_processes_load_it_themselves() -> None:
    predict = ct.pyfunc.batch_predictor("models:/line/latest")
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        found = pandas.concat(pool.map(predict, [TABLE[:300], TABLE[300:]]))
    assert numpy.allclose(found["prediction"], LINE.predict(TABLE), rtol=1e-12, atol=1e-12)


@pytest.mark.usefixtures("store")
def test_what_is_not_there_is_said_at_once() -> None:
    with pytest.raises(NotFound, match="nothing"):
        ct.pyfunc.batch_predictor("models:/nothing/Production")
    with pytest.raises(InvalidInput, match="'c' to keep"):
        ct.pyfunc.batch_predictor("models:/line/1", keep=["c"])(TABLE)


def test_what_the_signature_does_not_say_is_asked_for(tmp_path: Path) -> None:
    ct.sklearn.save_model(LINE, tmp_path / "line")
    predict = ct.pyfunc.batch_predictor(str(tmp_path / "line"))
    assert len(predict(TABLE)) == len(TABLE)
    with pytest.raises(InvalidInput, match="give meta"):
        predict.meta(TABLE)


@pytest.mark.slow
@pytest.mark.usefixtures("store")
@pytest.mark.filterwarnings("ignore")
def test_ray_predicts_as_we_do() -> None:
    import ray

    ray.init(num_cpus=2, include_dashboard=False, logging_level="ERROR")
    try:
        dataset = ray.data.from_pandas(TABLE).repartition(4)
        predict = ct.pyfunc.batch_predictor("models:/line/1", keep=["b"])
        found = dataset.map_batches(predict, batch_format="pandas").to_pandas().sort_values("b")
    finally:
        ray.shutdown()
    assert numpy.allclose(found["prediction"], LINE.predict(TABLE), rtol=1e-12, atol=1e-12)


@pytest.mark.slow
@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("scheduler", ["threads", "processes"])
def test_dask_predicts_as_we_do(scheduler: str) -> None:
    from dask import dataframe

    frame = dataframe.from_pandas(TABLE, npartitions=4)
    predict = ct.pyfunc.batch_predictor("models:/line/1", keep=["*"])
    promised = frame.map_partitions(predict, meta=predict.meta(frame._meta))
    assert list(promised.columns) == ["a", "b", "prediction"]
    found = promised.compute(scheduler=scheduler)
    assert numpy.allclose(found["prediction"], LINE.predict(TABLE), rtol=1e-12, atol=1e-12)
    assert found.dtypes.to_dict() == promised.dtypes.to_dict()
