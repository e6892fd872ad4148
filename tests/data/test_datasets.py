"""What a run's document says of a dataset, and who takes it."""

from __future__ import annotations

import json
from typing import Any

import numpy
import pandas
import polars
import pyarrow
import pytest

import cloudtrack as ct
from cloudtrack.autologging import datasets
from cloudtrack.data.dataset import MAX_SCHEMA_BYTES
from cloudtrack.data.meta_dataset import MetaDataset
from cloudtrack.entities.dataset import DatasetInput, InputTag
from cloudtrack.errors import InvalidInput
from cloudtrack.models.schema import ColSpec, Schema

FRAME = pandas.DataFrame({"a": [1, 2], "b": ["x", None], "y": [0.5, 1.0], "p": [0.5, 0.5]})


def _columns(dataset: Any) -> list[tuple[str, str, bool]]:
    specs = json.loads(dataset.to_entity().schema)["mlflow_colspec"]
    return [(each["name"], each["type"], each["required"]) for each in specs]


def test_a_dataset_has_what_mlflow_documents() -> None:
    found = ct.data.from_pandas(FRAME, source="s3://b/k.csv", targets="y", predictions="p", name="n")
    assert (found.name, found.targets, found.predictions, found.df is FRAME) == ("n", "y", "p", True)
    assert isinstance(found.schema, Schema)
    assert found.schema.input_names() == ["a", "b", "y", "p"]
    assert found.profile == {"num_rows": 2, "num_elements": 8}
    assert found.source.uri == "s3://b/k.csv"  # type: ignore[attr-defined]
    said = json.loads(found.to_json())
    assert said["source_type"] == "s3"
    assert json.loads(said["schema"])["targets"] == "y"
    assert json.loads(said["schema"])["predictions"] == "p"
    arrays = ct.data.from_numpy(numpy.zeros((2, 3)), targets=numpy.zeros(2))
    assert list(json.loads(arrays.to_entity().schema or "")["mlflow_tensorspec"]) == ["features", "targets"]
    assert arrays.profile["targets_shape"] == [2]
    assert arrays.features.shape == (2, 3)


@pytest.mark.parametrize("make", [ct.data.from_pandas, ct.data.from_polars, ct.data.from_arrow])
def test_targets_and_predictions_must_be_columns(make: Any) -> None:
    frame = pandas.DataFrame({"a": [1]})
    data = {"from_polars": polars.from_pandas, "from_arrow": pyarrow.Table.from_pandas}.get(
        make.__name__, pandas.DataFrame
    )
    for wrong in ({"targets": "z"}, {"predictions": "z"}):
        with pytest.raises(InvalidInput, match="'z'"):
            make(data(frame), **wrong)


def test_schemas_are_the_same_in_every_library() -> None:
    arrow = pyarrow.Table.from_pandas(FRAME, preserve_index=False)
    wanted = [("a", "long", True), ("b", "string", False), ("y", "double", True), ("p", "double", True)]
    for found in (ct.data.from_pandas(FRAME), ct.data.from_arrow(arrow), ct.data.from_polars(polars.from_arrow(arrow))):
        assert _columns(found) == wanted


def test_arrow_types_are_named_in_mlflows_words() -> None:
    kinds = {
        "integer": pyarrow.int16(),
        "long": pyarrow.uint32(),
        "float": pyarrow.float16(),
        "boolean": pyarrow.bool_(),
        "string": pyarrow.dictionary(pyarrow.int8(), pyarrow.large_string()),
        "binary": pyarrow.binary(3),
        "datetime": pyarrow.date32(),
        "any": pyarrow.decimal128(5, 2),
        "array": pyarrow.large_list(pyarrow.int8()),
        "object": pyarrow.struct([("x", pyarrow.string())]),
        "map": pyarrow.map_(pyarrow.string(), pyarrow.float64()),
    }
    table = pyarrow.schema(list(kinds.items())).empty_table()
    assert [(name, kind) for name, kind, _ in _columns(ct.data.from_arrow(table))] == [(name, name) for name in kinds]


def test_columns_that_no_signature_describes_are_any() -> None:
    odd = pandas.DataFrame({"mixed": [1, "x"], "plain": [1, 2]})
    assert _columns(ct.data.from_pandas(odd)) == [("mixed", "any", True), ("plain", "long", True)]


def test_long_schemas_are_cut() -> None:
    wide = ct.data.from_arrow(pyarrow.table({f"column {number:05}": [1] for number in range(3000)})).to_entity()
    said = json.loads(wide.schema or "")
    assert len(wide.schema or "") < MAX_SCHEMA_BYTES + 100
    assert said["num_columns"] == 3000
    assert 500 < len(said["mlflow_colspec"]) < 3000
    assert len(ct.data.from_pandas(FRAME, name="x" * 5000).name) == 500


def test_a_run_takes_datasets_with_context_and_tags() -> None:
    one = ct.data.from_polars(polars.DataFrame({"a": [1]}), name="one")
    with ct.start_run() as run:
        ct.log_input(one, context="training", tags={"team": "x"})
        ct.log_inputs([ct.data.from_numpy(numpy.zeros(2), name="two")], ["eval"], [None])
    client = ct.MlflowClient()
    three, four = (ct.data.from_numpy(numpy.zeros(size), name=f"of {size}") for size in (3, 4))
    client.log_inputs(run.info.run_id, [three, DatasetInput(four, [InputTag("mlflow.data.context", "test")])])
    uses = {use.dataset.name: use for use in ct.get_run(run.info.run_id).inputs.dataset_inputs}
    assert {name: {tag.key: tag.value for tag in use.tags} for name, use in uses.items()} == {
        "one": {"mlflow.data.context": "training", "team": "x"},
        "two": {"mlflow.data.context": "eval"},
        "of 3": {},
        "of 4": {"mlflow.data.context": "test"},
    }
    assert uses["one"].dataset == one.to_entity()
    assert ct.data.get_source(uses["one"]) == one.source
    found = ct.search_runs(filter_string="datasets.context = 'test' AND datasets.digest = '" + one.digest + "'")
    assert len(found) == 1
    with ct.start_run(), pytest.raises(InvalidInput, match="DataFrame is no dataset"):
        ct.log_input(FRAME)


def test_autologging_knows_tables_of_every_library() -> None:
    few = pandas.DataFrame({"a": range(100)})
    arrow = pyarrow.Table.from_pandas(few)
    whole = ct.data.from_pandas(few).digest
    for table in (few, arrow, polars.from_arrow(arrow)):
        assert datasets.describe(table).digest == whole  # type: ignore[union-attr]
    many = pandas.DataFrame({"a": range(50_000), "b": 1})
    of_each = [datasets.describe(table) for table in (many, pyarrow.Table.from_pandas(many), polars.from_pandas(many))]
    assert len({each.digest for each in of_each if each}) == 1
    assert json.loads(of_each[2].profile or "") == {"num_rows": 50_000, "num_elements": 100_000}  # type: ignore[union-attr]
    assert datasets.describe(polars.LazyFrame({"a": [1]})) is None


def test_a_dataset_can_be_said_and_not_read(store_url: str) -> None:
    from cloudtrack.data.http_dataset_source import HTTPDatasetSource  # type: ignore[import-not-found]
    from cloudtrack.data.pandas_dataset import PandasDataset  # type: ignore[import-not-found]

    ct.set_tracking_uri(store_url)
    source = HTTPDatasetSource(url="https://ann:secret@data.example/imdb.tar.gz?key=secret")
    schema = Schema([ColSpec("string", "text"), ColSpec("integer", "label")])
    said = MetaDataset(source=source, name="imdb", schema=schema)
    with ct.start_run() as run:
        ct.log_input(said, context="external_data")
    kept = ct.get_run(run.info.run_id).inputs.dataset_inputs[0].dataset
    assert (kept.name, kept.digest, kept.source_type) == ("imdb", said.digest, "http")
    assert json.loads(kept.source or "") == {"url": "https://data.example/imdb.tar.gz"}
    assert _columns(said) == [("text", "string", True), ("label", "integer", True)]

    assert said.digest == MetaDataset(said.source, "imdb", schema=schema).digest
    assert len({said.digest, MetaDataset(said.source).digest, MetaDataset(said.source, "imdb").digest}) == 3
    assert MetaDataset(said.source, digest="2026").digest == "2026"
    assert isinstance(ct.data.from_pandas(FRAME), PandasDataset)
