"""Files of predictions: every row, in order, in bounded memory, whole or not at all."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
from sklearn.linear_model import LinearRegression

import cloudtrack as ct
from cloudtrack.batch.prediction import as_table, predict_file
from cloudtrack.errors import CorruptData, InvalidInput, NotFound
from cloudtrack.models.model_file import Model
from cloudtrack.models.pyfunc import PyFuncModel
from cloudtrack.storage.places import reading, writing
from tests.cli.commands import cloudtrack

ROWS = 1003


def data(rows: int = ROWS) -> pandas.DataFrame:
    dice = numpy.random.default_rng(1)
    return pandas.DataFrame(
        {"id": [f"r{number}" for number in range(rows)], "a": dice.random(rows), "b": dice.integers(0, 9, rows)}
    )


@pytest.fixture(scope="module", name="folder")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of columns a and b."""
    table = data()[["a", "b"]]
    model = LinearRegression().fit(table, table["a"] * 2 + table["b"])
    path = tmp_path_factory.mktemp("models") / "line"
    ct.sklearn.save_model(model, path, signature=ct.models.infer_signature(table))
    return path


@pytest.fixture(name="model")
def _model(folder: Path) -> PyFuncModel:
    return ct.pyfunc.load_model(str(folder))


WRITERS: dict[str, Callable[[pandas.DataFrame, str], Any]] = {
    "csv": lambda table, path: table.to_csv(path, index=False),
    "jsonl": lambda table, path: table.to_json(path, orient="records", lines=True),
    "json": lambda table, path: table.to_json(path, orient="records"),
    "parquet": lambda table, path: table.to_parquet(path),
}
READERS: dict[str, Callable[[str], pandas.DataFrame]] = {
    "csv": pandas.read_csv,
    "jsonl": lambda path: pandas.read_json(path, lines=True),
    "json": pandas.read_json,
    "parquet": pandas.read_parquet,
}


@pytest.mark.parametrize("target", WRITERS)
@pytest.mark.parametrize("source", WRITERS)
def test_every_form_goes_in_and_comes_out_in_order(
    source: str, target: str, model: PyFuncModel, tmp_path: Path
) -> None:
    table = data()
    WRITERS[source](table, str(tmp_path / f"in.{source}"))
    rows = predict_file(
        model, str(tmp_path / f"in.{source}"), str(tmp_path / f"out.{target}"), rows_at_once=100, keep=["id"]
    )
    found = READERS[target](str(tmp_path / f"out.{target}"))
    assert rows == len(found) == ROWS
    assert list(found["id"]) == list(table["id"])
    assert numpy.allclose(found["prediction"], model.predict(table), rtol=1e-6)
    assert {path.name for path in tmp_path.iterdir()} == {f"in.{source}", f"out.{target}"}


def test_the_split_form_of_json_is_read(model: PyFuncModel, tmp_path: Path) -> None:
    (tmp_path / "in.json").write_text(json.dumps({"columns": ["a", "b"], "data": [[0.5, 1], [1.0, 2]]}))
    assert predict_file(model, str(tmp_path / "in.json"), str(tmp_path / "out.csv")) == 2


def test_no_rows_give_no_predictions(model: PyFuncModel, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text("")
    assert predict_file(model, str(tmp_path / "in.jsonl"), str(tmp_path / "out.json")) == 0
    assert json.loads((tmp_path / "out.json").read_text()) == []


@pytest.mark.parametrize(
    ("content", "error", "said"),
    [
        ("a\n1\n", InvalidInput, "'b' is missing"),
        ("a,b\n1,x\n", CorruptData, "no csv table"),
        ("a,b\n1,2\n3,4,5,6\n", CorruptData, "no csv table"),
    ],
)
def test_bad_input_leaves_what_was_there(
    content: str, error: type[Exception], said: str, model: PyFuncModel, tmp_path: Path
) -> None:
    (tmp_path / "in.csv").write_text(content)
    (tmp_path / "out.csv").write_text("older")
    with pytest.raises(error, match=said):
        predict_file(model, str(tmp_path / "in.csv"), str(tmp_path / "out.csv"), rows_at_once=2)
    assert (tmp_path / "out.csv").read_text() == "older"
    assert {path.name for path in tmp_path.iterdir()} == {"in.csv", "out.csv"}


def test_what_cannot_be_asked_is_said(model: PyFuncModel, tmp_path: Path) -> None:
    data(3).to_csv(tmp_path / "in.csv", index=False)
    place, target = str(tmp_path / "in.csv"), str(tmp_path / "out.csv")
    with pytest.raises(NotFound, match=r"none\.csv"):
        predict_file(model, str(tmp_path / "none.csv"), target)
    with pytest.raises(InvalidInput, match="format"):
        predict_file(model, place, str(tmp_path / "out.xyz"))
    with pytest.raises(InvalidInput, match="no column 'c'"):
        predict_file(model, place, target, keep=["c"])
    with pytest.raises(InvalidInput, match="rows_at_once"):
        predict_file(model, place, target, rows_at_once=0)
    with pytest.raises(InvalidInput, match="takes no param"):
        predict_file(model, place, target, params={"x": 1})


def test_numbers_of_a_file_become_as_wide_as_the_arrays_of_the_signature(tmp_path: Path) -> None:
    seen: list[Any] = []

    class Narrow:
        def predict(self, inputs: Any, params: Any = None) -> Any:
            seen.append(inputs)
            return next(iter(inputs.values())) if isinstance(inputs, dict) else inputs[:, 0]

    (tmp_path / "in.csv").write_text("a,b\n0.5,1\n1.5,2\n")
    one, named = numpy.zeros((2, 2), "float32"), {"a": numpy.zeros(2, "float32"), "b": numpy.zeros(2, "int64")}
    for example in (one, named):
        model = PyFuncModel(Narrow(), Model.new().model_copy(update={"signature": ct.models.infer_signature(example)}))
        predict_file(model, str(tmp_path / "in.csv"), str(tmp_path / "out.csv"))
        assert (tmp_path / "out.csv").read_text() == "prediction\n0.5\n1.5\n"
    assert (seen[0].dtype, seen[0].tolist()) == ("float32", [[0.5, 1.0], [1.5, 2.0]])
    assert {name: array.dtype for name, array in seen[1].items()} == {"a": "float32", "b": "int64"}


def test_predictions_of_every_shape_are_columns() -> None:
    assert list(as_table([1, 2], 2)["prediction"]) == [1, 2]
    assert list(as_table(numpy.ones((2, 3)), 2).columns) == ["prediction_0", "prediction_1", "prediction_2"]
    assert list(as_table({"x": [1, 2], "y": [3, 4]}, 2).columns) == ["x", "y"]
    assert list(as_table(pandas.Series([1.0], name="s"), 1)["prediction"]) == [1.0]
    with pytest.raises(InvalidInput, match="1 predictions for 2 rows"):
        as_table([1], 2)


def test_files_on_s3_are_read_and_written(
    model: PyFuncModel, moto_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import boto3

    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    boto3.client("s3").create_bucket(Bucket="tables")
    with writing("s3://tables/in.csv") as stream:
        stream.write(data(20).to_csv(index=False).encode())
    assert predict_file(model, "s3://tables/in.csv", "s3://tables/out.parquet", rows_at_once=7) == 20
    with reading("s3://tables/out.parquet") as stream:
        (tmp_path / "out.parquet").write_bytes(stream.read())
    assert len(pandas.read_parquet(tmp_path / "out.parquet")) == 20
    with writing("s3://tables/bad.csv") as stream:
        stream.write(b"a\n1\n")
    with pytest.raises(InvalidInput, match="'b' is missing"):
        predict_file(model, "s3://tables/bad.csv", "s3://tables/never.csv")
    with pytest.raises(NotFound), reading("s3://tables/never.csv"):
        pass


def test_the_command_predicts(folder: Path, tmp_path: Path) -> None:
    data().to_csv(tmp_path / "in.csv", index=False)
    done = cloudtrack(
        *("models", "predict", "-m", str(folder), "-i", str(tmp_path / "in.csv"), "-o", str(tmp_path / "out.jsonl")),
        *("--keep", "id", "--keep", "a", "--rows-at-once", "50", "--json"),
        store=str(tmp_path / "store"),
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rows"] == ROWS
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == ROWS
    done = cloudtrack("models", "predict", "-m", str(folder), "-i", "no.csv", "-o", "x.csv", store=str(tmp_path / "s"))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "no.csv" in done.stderr
    assert not (tmp_path / "s").exists()


_SCORE = """
import pathlib, re, sys
import cloudtrack as ct
from cloudtrack.batch.prediction import predict_file
def most_kb():  # that of getrusage may be the parent's
    return re.search(r"VmHWM:\\s+(\\d+) kB", pathlib.Path("/proc/self/status").read_text())[1]
model = ct.pyfunc.load_model(sys.argv[1])
before = most_kb()
rows = predict_file(model, sys.argv[2], sys.argv[3])
print(rows, before, most_kb())
"""


@pytest.mark.slow
@pytest.mark.parametrize(("megabytes", "more_mb"), [(30, 20), pytest.param(2000, 100, marks=pytest.mark.slow)])
def test_a_large_file_is_scored_in_bounded_memory(megabytes: int, more_mb: int, folder: Path, tmp_path: Path) -> None:
    block = data(20_000)[["a", "b"]].to_csv(index=False, header=False).encode()
    times = megabytes * 1_000_000 // len(block)
    with (tmp_path / "in.csv").open("wb") as stream:
        stream.write(b"a,b\n")
        for _ in range(times):
            stream.write(block)
    command = [sys.executable, "-c", _SCORE, str(folder), str(tmp_path / "in.csv"), str(tmp_path / "out.csv")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    rows, before_kb, most_kb = map(int, done.stdout.split())
    assert rows == times * 20_000
    assert most_kb < 500 * 1024
    assert most_kb - before_kb < more_mb * 1024
