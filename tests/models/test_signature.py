"""Signatures: inferred, stored as MLflow stores them, and enforced."""

from __future__ import annotations

import json
from typing import Any

import numpy
import pandas
import pytest

from cloudtrack.errors import InvalidInput
from cloudtrack.models.enforcement import enforce_input
from cloudtrack.models.infer import infer_schema, infer_signature
from cloudtrack.models.schema import Schema
from cloudtrack.models.signature import ModelSignature

# What MLflow 3.17.2 gives for the same data.
INFERRED: list[tuple[Any, str]] = [
    (
        pandas.DataFrame({"a": [1, 2], "b": ["x", "y"], "c": [1.5, 2.5], "d": [True, False]}),
        '[{"type": "long", "name": "a", "required": true}, {"type": "string", "name": "b", "required": true}, '
        '{"type": "double", "name": "c", "required": true}, {"type": "boolean", "name": "d", "required": true}]',
    ),
    (
        pandas.DataFrame({"a": [1, None], "o": ["x", None], "l": [[1, 2], [3]], "by": [b"x", b"y"]}),
        '[{"type": "double", "name": "a", "required": false}, {"type": "string", "name": "o", "required": false}, '
        '{"type": "array", "items": {"type": "long"}, "name": "l", "required": true}, '
        '{"type": "binary", "name": "by", "required": true}]',
    ),
    (
        pandas.DataFrame({"i8": numpy.int8([1]), "u": numpy.uint32([1]), "f4": numpy.float32([1])}),
        '[{"type": "integer", "name": "i8", "required": true}, {"type": "long", "name": "u", "required": true}, '
        '{"type": "float", "name": "f4", "required": true}]',
    ),
    (
        pandas.DataFrame({"e": pandas.to_datetime(["2020", "2021"])}),
        '[{"type": "datetime", "name": "e", "required": true}]',
    ),
    (pandas.Series([1, 2], name="s"), '[{"type": "long", "name": "s", "required": true}]'),
    (
        numpy.zeros((2, 3), dtype="float32"),
        '[{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 3]}}]',
    ),
    (
        {"x": numpy.zeros((2, 2)), "y": numpy.array(["a"])},
        '[{"name": "x", "type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 2]}}, '
        '{"name": "y", "type": "tensor", "tensor-spec": {"dtype": "str", "shape": [-1]}}]',
    ),
    (
        {"a": 1, "b": [1, 2], "c": {"d": "x"}},
        '[{"type": "long", "name": "a", "required": true}, '
        '{"type": "array", "items": {"type": "long"}, "name": "b", "required": true}, '
        '{"type": "object", "properties": {"d": {"type": "string", "required": true}}, "name": "c", "required": true}]',
    ),
    (
        [{"a": 1}, {"a": 2, "b": None}],
        '[{"type": "long", "name": "a", "required": true}, {"type": "any", "name": "b", "required": false}]',
    ),
    ("hello", '[{"type": "string", "required": true}]'),
    (["a", "b"], '[{"type": "string", "required": true}]'),
    (3, '[{"type": "long", "required": true}]'),
    ([1.5], '[{"type": "double", "required": true}]'),
]


@pytest.mark.parametrize(("data", "expected"), INFERRED, ids=range(len(INFERRED)))
def test_schemas_are_those_mlflow_infers(data: Any, expected: str) -> None:
    assert json.loads(infer_schema(data).to_json()) == json.loads(expected)


@pytest.mark.parametrize(("data", "text"), INFERRED, ids=range(len(INFERRED)))
def test_schemas_read_back_as_they_were_written(data: Any, text: str) -> None:
    assert Schema.from_json(text).to_json() == json.dumps(json.loads(text))


def test_params_are_kept_as_mlflow_keeps_them() -> None:
    signature = infer_signature(params={"t": 0.5, "n": [1, 2]})
    assert json.loads(signature.to_dict()["params"] or "") == [
        {"name": "t", "default": 0.5, "shape": None, "type": "double"},
        {"name": "n", "default": [1, 2], "shape": [-1], "type": "long"},
    ]
    assert ModelSignature.from_dict(signature.to_dict()) == signature


def _schema(**columns: str) -> Schema:
    return Schema.from_json(json.dumps([{"type": kind, "name": name} for name, kind in columns.items()]))


def test_extra_columns_are_left_out_and_the_order_is_the_signatures() -> None:
    found = enforce_input(pandas.DataFrame({"x": [1], "b": [2.0], "a": [1]}), _schema(a="long", b="double"))
    assert list(found.columns) == ["a", "b"]


@pytest.mark.parametrize(
    ("values", "wanted", "dtype"),
    [
        (numpy.int32([1]), "long", "int64"),
        (numpy.int32([1]), "double", "float64"),
        (numpy.int64([1]), "double", "float64"),
        (numpy.float32([1]), "double", "float64"),
        (numpy.int16([1]), "integer", "int32"),
        ([1, 2], "long", "int64"),
    ],
)
def test_numbers_widen_where_nothing_is_lost(values: Any, wanted: str, dtype: str) -> None:
    found = enforce_input(pandas.DataFrame({"a": values}), _schema(a=wanted))
    assert str(found["a"].dtype) == dtype


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (["x"], "long"),
        (["1"], "double"),
        ([1.5], "long"),
        (numpy.int64([1]), "integer"),
        (numpy.float64([1]), "float"),
        ([True], "long"),
        ([1], "boolean"),
        ([1], "string"),
        ([1.0, None], "long"),
        (["not a day"], "datetime"),
    ],
)
def test_other_types_are_refused_naming_the_column(values: Any, wanted: str) -> None:
    with pytest.raises(InvalidInput, match="'price'"):
        enforce_input(pandas.DataFrame({"price": values}), _schema(price=wanted))


def test_a_missing_column_is_named() -> None:
    with pytest.raises(InvalidInput, match="'b' is missing"):
        enforce_input(pandas.DataFrame({"a": [1]}), _schema(a="long", b="long"))


def test_rows_and_arrays_become_tables() -> None:
    schema = _schema(a="long", b="long")
    assert enforce_input([{"a": 1, "b": 2}], schema)["b"].tolist() == [2]
    assert enforce_input({"a": [1, 3], "b": [2, 4]}, schema)["a"].tolist() == [1, 3]
    assert enforce_input(numpy.array([[1, 2]]), schema)["b"].tolist() == [2]
    with pytest.raises(InvalidInput, match="shape"):
        enforce_input(numpy.zeros((2, 3)), schema)


def test_tensors_have_their_shape_and_type() -> None:
    schema = infer_schema(numpy.zeros((2, 3), dtype="float32"))
    assert enforce_input(numpy.zeros((9, 3), dtype="float16"), schema).dtype == "float32"
    with pytest.raises(InvalidInput, match="without loss"):
        enforce_input(numpy.zeros((9, 3), dtype="float64"), schema)
    with pytest.raises(InvalidInput, match="shape"):
        enforce_input(numpy.zeros((2, 4), dtype="float32"), schema)
    with pytest.raises(InvalidInput, match="type"):
        enforce_input(numpy.array([["a", "b", "c"]]), schema)
