"""Datasets of Hugging Face's library and of Spark; no hub is asked."""

from __future__ import annotations

import json
from typing import Any

import pandas
import pytest

import cloudtrack as ct
from cloudtrack.autologging.datasets import describe
from cloudtrack.errors import InvalidInput

pytestmark = pytest.mark.flavors

FRAME = pandas.DataFrame({"text": ["good", "bad", None, "good"], "label": [1, 0, 0, 1], "score": [0.5, 1.5, 2.5, 3.5]})


@pytest.fixture
def hub() -> Any:
    return pytest.importorskip("datasets", reason="the package datasets is not installed")


def test_a_dataset_of_hugging_face_has_the_digest_of_its_rows(hub: Any) -> None:
    held = hub.Dataset.from_pandas(FRAME)
    found = ct.data.from_huggingface(held, path="acme/reviews", revision="abc", targets="label")
    assert found.digest == ct.data.from_pandas(FRAME).digest
    assert (found.name, found.profile) == ("acme/reviews", {"num_rows": 4, "num_elements": 12})
    assert ct.data.from_huggingface(held.shuffle(seed=1).sort("score")).digest == found.digest
    assert ct.data.from_huggingface(held.select([0, 1])).digest == ct.data.from_pandas(FRAME[:2]).digest
    assert ct.data.from_huggingface(held.with_format("numpy")).digest == found.digest
    assert ct.data.from_huggingface(hub.concatenate_datasets([held.select([0]), held.select([1, 2, 3])])).digest == (
        found.digest
    )
    described = describe(held)
    assert described is not None
    assert described.digest == found.digest


def test_a_run_says_where_on_the_hub_it_comes_from(hub: Any) -> None:
    held = hub.Dataset.from_pandas(FRAME, split="train")
    entity = ct.data.from_huggingface(held, path="acme/reviews", revision="abc", data_files=["x.csv"]).to_entity()
    assert entity.source_type == "hugging_face"
    said = json.loads(entity.source)
    assert {key: said[key] for key in ("path", "revision", "split", "data_files")} == {
        "path": "acme/reviews",
        "revision": "abc",
        "split": "train",
        "data_files": ["x.csv"],
    }
    assert ct.data.get_source(entity).to_json() == entity.source
    columns = json.loads(entity.schema or "")["mlflow_colspec"]
    assert [(each["name"], each["type"]) for each in columns] == [
        ("text", "string"),
        ("label", "long"),
        ("score", "double"),
    ]
    assert ct.data.from_huggingface(held).to_entity().source_type == "code"


def test_what_has_no_rows_yet_is_refused(hub: Any) -> None:
    held = hub.Dataset.from_pandas(FRAME)
    with pytest.raises(InvalidInput, match="digest="):
        ct.data.from_huggingface(held.to_iterable_dataset())
    assert ct.data.from_huggingface(held.to_iterable_dataset(), digest="rev").digest == "rev"
    with pytest.raises(InvalidInput, match="train"):
        ct.data.from_huggingface(hub.DatasetDict(train=held))
    with pytest.raises(InvalidInput, match="'none'"):
        ct.data.from_huggingface(held, targets="none")
    assert len(ct.data.from_huggingface(hub.Dataset.from_dict({})).digest) == 16


def test_a_dataset_is_loaded_with_its_own_library(hub: Any, tmp_path: Any) -> None:
    FRAME.to_csv(tmp_path / "x.csv", index=False)
    named = {"path": "csv", "data_files": str(tmp_path / "x.csv")}
    loaded = hub.load_dataset(**named, split="train", cache_dir=str(tmp_path / "one"))
    found = ct.data.from_huggingface(loaded, **named)
    again = ct.data.get_source(found.to_entity()).load(str(tmp_path / "two"))
    assert ct.data.from_huggingface(again).digest == found.digest


def test_a_spark_frame_has_the_digest_of_its_rows() -> None:
    spark = pytest.importorskip("pyspark.sql", reason="the package pyspark is not installed")
    session = spark.SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    try:
        held = session.createDataFrame(FRAME.astype({"text": object}).where(FRAME.notna(), None)).coalesce(1)
        found = ct.data.from_spark(held.sort("score"), path="s3://lake/reviews", targets="label")
        assert found.digest == ct.data.from_pandas(FRAME).digest
        assert (found.source.source_type, json.loads(found.to_entity().source)) == (
            "spark",
            {"path": "s3://lake/reviews"},
        )
        with pytest.raises(InvalidInput, match="Delta"):
            ct.data.from_spark(held, version="1")
    finally:
        session.stop()
