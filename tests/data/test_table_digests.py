"""Equal tables have an equal digest: in every library, however they are cut, on every machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
import pandas
import polars
import pyarrow
import pyarrow.compute
import pyarrow.dataset
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.util import hash_pandas_object

import cloudtrack as ct
from cloudtrack.data.table_digest import row_hashes
from cloudtrack.errors import CorruptData, InvalidInput
from tests.data.tables import ROWS, frame
from tests.thoroughness import examples

FRAME = frame()
TABLE = pyarrow.Table.from_pandas(FRAME, preserve_index=False)

GOLDEN = {
    "int": "9081e96248e696aa",
    "int8": "1d0f99ebc477e9cb",
    "uint64": "9d3d2cb17aca580f",
    "double": "e4db2b1980abc851",
    "float": "6b4119f624ca5350",
    "holes": "fcfb28bfe25c1708",
    "text": "2d406939eee866b3",
    "bool": "629b02d372625bea",
    "category": "57c407bdedda6b60",
    "instant": "dbc73feb2340b4f5",
    "zoned": "49de954ed6c0cd92",
    "duration": "c5da0828b68c2443",
    "whole": "c12c7c4cad4ebb43",
    "maybe": "a03a75f511aca5ef",
    "date": "9b3a0e75c6fb1eca",
    "time": "7fc6bb8e57d6f203",
    "decimal": "80dbab0192bb960e",
    "bytes": "e02d2c97e556b3e0",
    "list": "6ef2e71b64d03440",
    "object": "370ca4d48b5d5354",
    "nothing": "db85b6575d929db5",
}
"""Digests of each column alone, as they are for ever. pandas 2.1.4 with numpy 1.26 gave the same."""


def _digest(data: Any) -> str:
    if isinstance(data, pandas.DataFrame):
        return ct.data.from_pandas(data).digest
    return (ct.data.from_polars if isinstance(data, polars.DataFrame) else ct.data.from_arrow)(data).digest


@pytest.mark.parametrize("column", FRAME.columns)
def test_digests_are_what_they_were_in_every_library(column: str) -> None:
    arrow = TABLE.select([column])
    held = [FRAME[[column]], arrow, polars.from_arrow(arrow), arrow.to_pandas(types_mapper=pandas.ArrowDtype)]
    assert [_digest(each) for each in held] == [GOLDEN[column]] * 4


def test_chunks_row_groups_and_files_do_not_matter(tmp_path: Path) -> None:
    wanted = _digest(FRAME)
    for name, rows in (("a", 200), ("b", 17)):
        pyarrow.parquet.write_table(TABLE, tmp_path / f"{name}.parquet", row_group_size=rows)
    (tmp_path / "parts").mkdir()
    pyarrow.parquet.write_table(TABLE.slice(0, 90), tmp_path / "parts" / "1.parquet")
    pyarrow.parquet.write_table(TABLE.slice(90), tmp_path / "parts" / "2.parquet")
    dataset = pyarrow.dataset.dataset(tmp_path / "parts")
    for held in (
        tmp_path / "a.parquet",
        str(tmp_path / "b.parquet"),
        pyarrow.parquet.ParquetFile(tmp_path / "b.parquet"),
        dataset,
        dataset.scanner(batch_size=3),
        TABLE.to_batches(max_chunksize=7),
        TABLE.to_reader(max_chunksize=9),
        TABLE.combine_chunks().to_batches()[0],
        pyarrow.concat_tables([TABLE.slice(0, 3), TABLE.slice(3)]),
    ):
        assert _digest(held) == wanted, held
    assert json.loads(ct.data.from_arrow(tmp_path / "a.parquet").to_entity().source)["uri"].endswith("a.parquet")


def test_batches_are_read_one_at_a_time() -> None:
    batch = pyarrow.record_batch({"a": numpy.arange(65_536.0)})
    start, alive = pyarrow.total_allocated_bytes(), []

    def batches() -> Iterator[Any]:
        for _ in range(40):
            alive.append(pyarrow.total_allocated_bytes() - start)
            yield pyarrow.compute.add(batch["a"], 1.0)

    rows = (pyarrow.record_batch([column], ["a"]) for column in batches())
    found = ct.data.from_arrow(pyarrow.RecordBatchReader.from_batches(batch.schema, rows))
    assert found.profile["num_rows"] == 40 * 65_536
    assert max(alive) <= 4 * batch.nbytes


@pytest.mark.parametrize("kind", ["large_string", "string_view", "dictionary", "string"])
def test_forms_of_text_do_not_matter(kind: str) -> None:
    types = {"large_string": pyarrow.large_string(), "string_view": pyarrow.string_view(), "string": pyarrow.string()}
    plain = pyarrow.chunked_array([["x", None, "y"], ["x"]])
    column = plain.dictionary_encode() if kind == "dictionary" else plain.cast(types[kind])
    assert _digest(pyarrow.table({"a": column})) == _digest(pandas.DataFrame({"a": ["x", None, "y", "x"]}))


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_units_of_time_do_not_matter(unit: str) -> None:
    moments = pandas.Series(pandas.to_datetime(["2020-01-01 00:00:00", None, "1969-12-31 23:59:59"]))
    held = pandas.DataFrame({"a": moments.astype(f"datetime64[{unit}]")})
    zoned = pandas.DataFrame({"a": held["a"].dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo")})
    assert _digest(held) == _digest(zoned) == _digest(pyarrow.Table.from_pandas(held)) == "bb8e215e96179968"


def test_what_a_unit_is_too_coarse_for_counts() -> None:
    fine = pandas.DataFrame({"a": pandas.to_datetime([1_000_000_001, 5], unit="ns")})
    coarse = pandas.DataFrame({"a": fine["a"].astype("datetime64[us]")})
    assert _digest(fine) != _digest(coarse)


def test_nan_is_one_value_whatever_its_bits() -> None:
    plain = numpy.array([1.0, numpy.nan])
    other = numpy.array([1.0, -numpy.nan])
    assert plain.tobytes() != other.tobytes()
    assert _digest(pandas.DataFrame({"a": plain})) == _digest(pandas.DataFrame({"a": other}))
    assert ct.data.from_numpy(plain).digest == ct.data.from_numpy(other).digest


@given(st.data())
@settings(max_examples=examples(200), deadline=None)
def test_what_changes_changes_the_digest(data: st.DataObject) -> None:
    row, column = data.draw(st.integers(0, ROWS - 1)), data.draw(st.sampled_from(["int", "double", "bool", "text"]))
    other = FRAME.copy()
    other[column] = other[column].astype(object)
    other.loc[row, column] = {"int": 10**6, "double": 2.5, "bool": not FRAME.loc[row, "bool"], "text": "z"}[column]
    other[column] = other[column].astype(FRAME[column].dtype)
    assert _digest(other[[column]]) != _digest(FRAME[[column]])
    assert _digest(FRAME[[column]].iloc[::-1]) != _digest(FRAME[[column]])
    assert _digest(FRAME[[column]].iloc[:-1]) != _digest(FRAME[[column]])
    assert _digest(FRAME[[column]].rename(columns={column: "renamed"})) != _digest(FRAME[[column]])


def test_rows_are_hashed_as_pandas_hashes_them() -> None:
    plain = FRAME[["int", "double", "text", "bool", "category"]]
    columns = [hash_pandas_object(plain[name], index=False).to_numpy() for name in plain]
    assert (row_hashes(columns) == hash_pandas_object(plain, index=False).to_numpy()).all()


def test_the_index_does_not_count() -> None:
    assert _digest(FRAME.set_index(FRAME.index[::-1])) == _digest(FRAME)


@pytest.mark.parametrize(
    "held",
    [
        pandas.DataFrame({"a": []}),
        pandas.DataFrame(),
        pandas.DataFrame(index=range(3)),
        pyarrow.table({}),
        pyarrow.table({"a": pyarrow.array([], pyarrow.int64())}),
        polars.DataFrame(),
        polars.DataFrame({"a": []}),
    ],
    ids=repr,
)
def test_empty_tables_have_a_digest(held: Any) -> None:
    assert len(_digest(held)) == 16


@pytest.mark.parametrize(
    "values",
    [
        [[1], [2, 3], None],
        [{"a": {"b": [1, None]}}, {}, {"c": numpy.arange(3)}],
        [1, "1", b"1"],
        [{1, 2}, {"x"}, None],
        ["\udcff", "ok", None],
        [numpy.arange(2), numpy.arange(3), None],
        [2**80, -(2**80), 1],
        [(1, 2), (3,), None],
        [Path("a"), Path("b"), None],
    ],
    ids=str,
)
def test_columns_of_objects_have_a_digest(values: list[Any]) -> None:
    held = pandas.DataFrame({"a": pandas.Series(values, dtype=object)})
    assert _digest(held) == _digest(held.copy(deep=True)) != _digest(held.iloc[:-1])
    assert json.loads(ct.data.from_pandas(held).to_entity().schema or "")["mlflow_colspec"][0]["name"] == "a"


class _Opaque:
    """Says nothing of itself but where it is."""


@pytest.mark.parametrize("value", [_Opaque(), [_Opaque()], lambda: 1], ids=["object", "nested", "function"])
def test_objects_that_say_nothing_are_refused(value: Any) -> None:
    held = pandas.DataFrame({"things": pandas.Series([value], dtype=object)})
    with pytest.raises(InvalidInput, match="'things'"):
        _digest(held)
    assert ct.data.from_pandas(held, digest="mine").digest == "mine"


def test_values_in_themselves_are_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(InvalidInput, match="'a'"):
        _digest(pandas.DataFrame({"a": pandas.Series([loop], dtype=object)}))
    with pytest.raises(InvalidInput, match="cast it"):
        _digest(polars.DataFrame({"a": [_Opaque()]}))


def test_columns_of_one_name_count_each() -> None:
    twice = pandas.DataFrame([[1, 2, "x"]], columns=["a", "a", "b"])
    assert _digest(twice) != _digest(pandas.DataFrame([[2, 1, "x"]], columns=["a", "a", "b"]))
    names = [each["name"] for each in json.loads(ct.data.from_pandas(twice).to_entity().schema or "")["mlflow_colspec"]]
    assert names == ["a", "a", "b"]
    assert _digest(pyarrow.Table.from_arrays([pyarrow.array([1]), pyarrow.array([2])], ["a", "a"]))


def test_forms_that_hold_the_same_values_do_not_matter() -> None:
    plain = pandas.DataFrame({"a": [1.5, 2.0]})
    assert _digest(pandas.DataFrame({"a": plain["a"].to_numpy().astype(">f8")})) == _digest(plain)
    assert _digest(pandas.DataFrame({"a": pandas.arrays.SparseArray([1.5, 2.0])})) == _digest(plain)
    runs = pyarrow.RunEndEncodedArray.from_arrays([2, 3], ["a", "b"])
    assert _digest(pyarrow.table({"a": runs})) == _digest(pandas.DataFrame({"a": ["a", "a", "b"]}))


def test_what_is_no_table_is_refused(tmp_path: Path) -> None:
    bad = pyarrow.array([b"\xff"]).cast(pyarrow.binary()).view(pyarrow.string())
    with pytest.raises(InvalidInput, match="UTF-8"):
        _digest(pyarrow.table({"a": bad}))
    structured = numpy.zeros(2, dtype=[("a", "O")])
    for call, data in (
        (ct.data.from_pandas, [1]),
        (ct.data.from_numpy, [1]),
        (ct.data.from_numpy, structured),
        (ct.data.from_polars, polars.Series([1])),
        (ct.data.from_huggingface, "x"),
    ):
        with pytest.raises(InvalidInput):
            call(data)
    (tmp_path / "x.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(CorruptData, match=r"x\.parquet"):
        ct.data.from_arrow(tmp_path / "x.parquet")
    with pytest.raises(InvalidInput, match="dict"):
        ct.data.from_arrow({})
    with pytest.raises(InvalidInput, match="collect"):
        ct.data.from_polars(polars.LazyFrame({"a": [1]}))
    with pytest.raises(InvalidInput, match="other columns"):
        ct.data.from_arrow([pyarrow.record_batch({"a": [1]}), pyarrow.record_batch({"b": [1]})])


def test_dictionaries_of_arrays_and_objects_have_digests() -> None:
    both = {"x": numpy.arange(4.0), "y": numpy.zeros((2, 2))}
    assert ct.data.from_numpy(both).digest == ct.data.from_numpy(dict(reversed(both.items()))).digest
    assert ct.data.from_numpy(both).digest != ct.data.from_numpy({"x": both["y"], "y": both["x"]}).digest
    texts = numpy.array(["a", None, "b"], dtype=object)
    assert ct.data.from_numpy(texts).digest == ct.data.from_numpy(numpy.array(texts.tolist(), dtype=object)).digest
    assert ct.data.from_numpy(numpy.float64(3) * numpy.ones(())).digest
    assert ct.data.from_numpy(numpy.zeros((0, 3))).digest


def test_digests_of_frames_are_what_they_were() -> None:
    kinds = {"a": [1, 2], "b": ["x", None], "c": [1.5, numpy.nan], "d": [True, False]}
    moments = pandas.Series(pandas.to_datetime(["2020", "2021"])).astype("datetime64[us]")
    held = pandas.DataFrame(kinds).assign(e=pandas.Categorical(["x", "y"]), f=moments)
    assert _digest(held) == "952219dc996c075e"


def test_digests_of_arrays_are_what_they_were() -> None:
    assert ct.data.from_numpy(numpy.arange(6.0).reshape(2, 3), targets=numpy.zeros(2)).digest == "9a4b1384d0af2e68"
    assert ct.data.from_numpy(numpy.asfortranarray(numpy.arange(6.0).reshape(2, 3))).digest == "ac77a7378696380c"
