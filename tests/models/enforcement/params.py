"""Params of a prediction."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import numpy
import pandas

from tests.models.enforcement.case import ABSENT, Case, Form, obj, table

SCALARS = ("boolean", "integer", "long", "float", "double", "string", "datetime", "binary")
_DEFAULTS: dict[str, Any] = {
    "boolean": True,
    "integer": 1,
    "long": 1,
    "float": 0.5,
    "double": 0.5,
    "string": "x",
    "datetime": "2024-01-01T00:00:00",
    "binary": None,
}
_VALUES: dict[str, Any] = {
    "true": True,
    "numpy bool": numpy.bool_(True),
    "int": 7,
    "int beyond int32": 2**31,
    "int beyond int64": 2**63,
    "int beyond 2**53": 2**53 + 1,
    "int32": numpy.int32(7),
    "int64": numpy.int64(7),
    "uint8": numpy.uint8(7),
    "float": 1.5,
    "whole float": 2.0,
    "inexact float": 0.1,
    "float32": numpy.float32(0.1),
    "float64": numpy.float64(0.1),
    "nan": float("nan"),
    "text": "t",
    "text of a number": "7",
    "text of a date": "2024-02-29T12:00:00",
    "numpy text": numpy.str_("t"),
    "bytes": b"t",
    "datetime": datetime.datetime(2024, 2, 29, 12),
    "date": datetime.date(2024, 2, 29),
    "numpy datetime": numpy.datetime64("2024-02-29T12:00:00"),
    "timestamp": pandas.Timestamp("2024-02-29T12:00:00"),
    "datetime with zone": datetime.datetime(2024, 2, 29, 12, tzinfo=datetime.UTC),
    "none": None,
    "list": [1],
    "dict": {"k": 1},
    "zero dimensions": numpy.array(7),
}


def param(name: str, kind: str | Form, default: Any, shape: list[int] | None = None) -> Form:
    """A param in the form of ``MLmodel``."""
    form = {"type": kind} if isinstance(kind, str) else kind
    return {"name": name, "default": default, "shape": shape, **form}


def _data() -> pandas.DataFrame:
    return pandas.DataFrame({"a": [1]})


_INPUTS = table(a="long")
_T = param("t", "double", 0.5)


def _scalars() -> list[Case]:
    return [
        Case(f"param {kind}: {name}", _INPUTS, _data, [param("p", kind, _DEFAULTS[kind])], {"p": value})
        for kind in SCALARS
        for name, value in _VALUES.items()
    ]


def _lists(kind: str, default: list[Any], **values: Any) -> list[Case]:
    return [
        Case(
            f"params of {kind}: {name.replace('_', ' ')}",
            _INPUTS,
            _data,
            [param("p", kind, default, [-1])],
            {"p": value},
        )
        for name, value in values.items()
    ]


def _objects(name: str, kind: Form, default: Any, **values: Any) -> list[Case]:
    spec = param("p", kind, default)
    given: dict[str, Any] = {key: {"p": value} for key, value in values.items()}
    return [
        Case(f"param {name}: {key.replace('_', ' ')}", _INPUTS, _data, [spec], value)
        for key, value in {"absent": ABSENT, **given}.items()
    ]


def _case(name: str, params: list[Form] | None, given: Any, inputs: list[Form] | None = _INPUTS) -> Case:
    data: Callable[[], Any] = _data
    return Case(f"given: {name}", inputs, data, params, given)


PARAMS = [
    *_scalars(),
    *_lists(
        "long",
        [1],
        list=[1, 2],
        tuple=(1, 2),
        array=numpy.array([1, 2]),
        array_of_int32=numpy.int32([1, 2]),
        array_of_floats=numpy.array([1.0]),
        empty=[],
        scalar=1,
        none=None,
        text=["x"],
        floats=[1.0],
        booleans=[True],
        none_inside=[1, None],
        numpy_inside=[numpy.int64(1)],
        int32_inside=[numpy.int32(1)],
        nested=[[1]],
        matrix=numpy.array([[1]]),
        series=pandas.Series([1, 2]),
        beyond=[2**63],
    ),
    *_lists(
        "double",
        [0.5],
        list=[0.5, 1.5],
        integers=[1, 2],
        mixed=[0.5, 1],
        array=numpy.array([0.5]),
        array_of_int=numpy.array([1]),
        float32=numpy.float32([0.1]),
        empty=[],
    ),
    *_lists("float", [0.5], list=[0.5, 0.1], integers=[1], float32=[numpy.float32(0.1)]),
    *_lists("integer", [1], list=[1, 2], beyond=[2**31], numpy_inside=[numpy.int32(1)]),
    *_lists(
        "string",
        ["x"],
        list=["a", "b"],
        array=numpy.array(["a"]),
        numbers=[1],
        text="abc",
        empty=[],
        none_inside=["a", None],
    ),
    *_lists("boolean", [True], list=[True, False], numbers=[1]),
    *_lists(
        "datetime",
        ["2024-01-01T00:00:00"],
        text=["2024-02-29"],
        datetimes=[datetime.datetime(2024, 2, 29)],
        numpy_datetimes=[numpy.datetime64("2024-02-29")],
        wrong=["x"],
    ),
    *(
        Case(f"default: {name}", _INPUTS, _data, [param("p", kind, default, shape)], ABSENT)
        for name, kind, default, shape in [
            ("boolean", "boolean", False, None),
            ("integer", "integer", 1, None),
            ("long", "long", 1, None),
            ("float", "float", 0.1, None),
            ("double", "double", 0.1, None),
            ("double of int", "double", 1, None),
            ("string", "string", "x", None),
            ("datetime", "datetime", "2024-01-01T00:00:00", None),
            ("none", "double", None, None),
            ("wrong", "long", "x", None),
            ("list of long", "long", [1, 2], [-1]),
            ("list of double", "double", [0.5, 1.0], [-1]),
            ("list of datetime", "datetime", ["2024-01-01T00:00:00"], [-1]),
            ("empty list", "string", [], [-1]),
            ("no list", "string", None, [-1]),
        ]
    ),
    *_objects(
        "object",
        obj(x="long", y="string?"),
        {"x": 1},
        fitting={"x": 2, "y": "t"},
        missing={"y": "t"},
        extra={"x": 2, "z": 1},
        wrong={"x": "2"},
        none=None,
        none_inside={"x": 2, "y": None},
        number=1,
        numpy_inside={"x": numpy.int64(2)},
    ),
    _case("nothing", [_T], ABSENT),
    _case("none", [_T], None),
    _case("empty", [_T], {}),
    _case("one", [_T], {"t": 0.25}),
    _case("unknown", [_T], {"z": 1}),
    _case("one and unknown", [_T], {"t": 0.25, "z": 1}),
    _case("one of two", [_T, param("n", "long", 3)], {"n": 4}),
    _case("two in another order", [_T, param("n", "long", 3)], {"n": 4, "t": 0.25}),
    _case("a list", [_T], [1]),
    _case("text", [_T], "x"),
    _case("a key that is a number", [_T], {1: 2}),
    _case("nothing where the signature has none", None, ABSENT),
    _case("none where the signature has none", None, None),
    _case("empty where the signature has none", None, {}),
    _case("one where the signature has none", None, {"t": 0.25}),
    _case("a list where the signature has none", None, [1]),
    _case("one without inputs", [_T], {"t": 0.25}, None),
    _case("nothing without inputs", [_T], ABSENT, None),
    Case("given: without a signature", None, _data, None, {"t": 0.25}),
    Case("given: nothing without a signature", None, _data),
]
