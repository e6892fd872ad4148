"""Arrays, alone and by name."""

from __future__ import annotations

import numpy
import pandas
from scipy import sparse  # type: ignore[import-untyped]

from tests.models.enforcement.case import Case, cases, table, tensor

_DTYPES = (
    "bool",
    "int8",
    "int32",
    "int64",
    "uint8",
    "float16",
    "float32",
    "float64",
    "complex128",
    "str",
    "object",
    "bytes",
)


def _array(dtype: str) -> numpy.ndarray:
    return (
        numpy.array(["a", "b"])
        if dtype == "str"
        else numpy.array([b"a", b"b"])
        if dtype == "bytes"
        else numpy.array([0, 1]).astype(dtype)
    )


def _dtypes() -> list[Case]:
    return [
        Case(f"tensor of {want}: {have}", [tensor(want, -1)], lambda have=have: _array(have))  # type: ignore[misc]
        for want in (*_DTYPES, "datetime64[ns]")
        for have in _DTYPES
    ]


_TWO = [tensor("float64", -1, 2, name="x"), tensor("int64", -1, name="y")]
_ROWS = [tensor("float32", -1, 2, 2)]
_NAMED = [tensor("float32", -1, 2, name="x")]
_FLAT = [tensor("float64", -1, name="x"), tensor("int64", -1, name="y")]

TENSORS = [
    *_dtypes(),
    *cases(
        "tensor",
        [tensor("float64", -1, 2)],
        fitting=lambda: numpy.array([[0.5, 1.0]]),
        by_columns=lambda: numpy.asfortranarray([[0.5, 1.0], [2.0, 3.0]]),
        too_wide=lambda: numpy.zeros((1, 3)),
        too_flat=lambda: numpy.zeros(2),
        too_deep=lambda: numpy.zeros((1, 2, 1)),
        no_rows=lambda: numpy.zeros((0, 2)),
        integers=lambda: numpy.array([[1, 2]]),
        floats32=lambda: numpy.float32([[0.1, 1]]),
        frame=lambda: pandas.DataFrame({"a": [0.5, 1.0], "b": [2.0, 3.0]}),
        frame_of_integers=lambda: pandas.DataFrame({"a": [1], "b": [2]}),
        frame_of_both=lambda: pandas.DataFrame({"a": [1], "b": [0.5]}),
        frame_of_text=lambda: pandas.DataFrame({"a": ["x"], "b": ["y"]}),
        frame_too_wide=lambda: pandas.DataFrame({"a": [0.5], "b": [2.0], "c": [3.0]}),
        frame_of_floats32=lambda: pandas.DataFrame({"a": numpy.float32([0.5]), "b": numpy.float32([1])}),
        series=lambda: pandas.Series([0.5, 1.0]),
        list=lambda: [[0.5, 1.0]],
        list_of_arrays=lambda: [numpy.array([0.5, 1.0])],
        list_of_integers=lambda: [[1, 2]],
        list_too_flat=lambda: [0.5, 1.0],
        tuple=lambda: ((0.5, 1.0),),
        dict=lambda: {"x": numpy.array([[0.5, 1.0]])},
        dict_of_lists=lambda: {"x": [[0.5, 1.0]]},
        none=lambda: None,
        scalar=lambda: 0.5,
        text=lambda: "x",
        masked=lambda: numpy.ma.masked_array([[0.5, 1.0]], mask=[[True, False]]),
        nan=lambda: numpy.array([[float("nan"), 1.0]]),
        objects=lambda: numpy.array([[0.5, 1.0]], dtype=object),
    ),
    *cases(
        "sparse",
        [tensor("float64", -1, 2)],
        csr=lambda: sparse.csr_matrix([[0.0, 1.0]]),
        csc=lambda: sparse.csc_matrix([[0.0, 1.0]]),
        coo=lambda: sparse.coo_matrix([[0.0, 1.0]]),
        csr_array=lambda: sparse.csr_array([[0.0, 1.0]]),
        csr_of_float32=lambda: sparse.csr_matrix(numpy.float32([[0.0, 1.0]])),
        csr_of_int64=lambda: sparse.csr_matrix(numpy.int64([[0, 1]])),
        csr_too_wide=lambda: sparse.csr_matrix([[0.0, 1.0, 2.0]]),
    ),
    *cases("sparse for columns", table(a="double", b="double"), csr=lambda: sparse.csr_matrix([[0.0, 1.0]])),
    *cases(
        "rows of matrices",
        _ROWS,
        fitting=lambda: numpy.zeros((3, 2, 2), "float32"),
        wider_type=lambda: numpy.zeros((1, 2, 2)),
        wrong_shape=lambda: numpy.zeros((1, 2, 3), "float32"),
        one_row=lambda: numpy.zeros((2, 2), "float32"),
        list=lambda: numpy.zeros((1, 2, 2), "float32").tolist(),
        frame=lambda: pandas.DataFrame(numpy.zeros((1, 4), "float32")),
        frame_of_arrays=lambda: pandas.DataFrame({"x": [numpy.zeros((2, 2), "float32")]}),
        frame_of_lists=lambda: pandas.DataFrame({"x": [[[0.0, 1.0], [2.0, 3.0]]]}),
    ),
    *cases(
        "fixed rows", [tensor("float64", 2, 2)], fitting=lambda: numpy.zeros((2, 2)), more=lambda: numpy.zeros((3, 2))
    ),
    *cases("any shape", [tensor("float64", -1, -1)], fitting=lambda: numpy.zeros((2, 5)), flat=lambda: numpy.zeros(2)),
    *cases(
        "flat tensor",
        [tensor("float64", -1)],
        array=lambda: numpy.array([0.5]),
        series=lambda: pandas.Series([0.5, 1.0]),
        list=lambda: [0.5, 1.0],
        frame_of_one=lambda: pandas.DataFrame({"a": [0.5, 1.0]}),
        zero_dimensions=lambda: numpy.array(0.5),
        frame_of_two=lambda: pandas.DataFrame({"a": [0.5], "b": [1.0]}),
    ),
    *cases(
        "tensor of dates",
        [tensor("datetime64[ns]", -1)],
        fitting=lambda: numpy.array(["2024-01-01"], dtype="datetime64[ns]"),
        days=lambda: numpy.array(["2024-01-01"], dtype="datetime64[D]"),
        text=lambda: numpy.array(["2024-01-01"]),
    ),
    *cases(
        "tensors",
        _TWO,
        fitting=lambda: {"x": numpy.array([[0.5, 1.0]]), "y": numpy.array([1])},
        other_order=lambda: {"y": numpy.array([1]), "x": numpy.array([[0.5, 1.0]])},
        extra=lambda: {"x": numpy.array([[0.5, 1.0]]), "y": numpy.array([1]), "z": numpy.array([1])},
        missing=lambda: {"x": numpy.array([[0.5, 1.0]])},
        wrong_shape=lambda: {"x": numpy.array([0.5, 1.0]), "y": numpy.array([1])},
        wrong_type=lambda: {"x": numpy.array([["a", "b"]]), "y": numpy.array([1])},
        narrower=lambda: {"x": numpy.float32([[0.5, 1.0]]), "y": numpy.int32([1])},
        integers=lambda: {"x": numpy.array([[1, 2]]), "y": numpy.array([1])},
        lists=lambda: {"x": [[0.5, 1.0]], "y": [1]},
        list_and_array=lambda: {"x": numpy.array([[0.5, 1.0]]), "y": [1]},
        list_of_wrong_type=lambda: {"x": [["a", "b"]], "y": [1]},
        scalars=lambda: {"x": 0.5, "y": 1},
        other_lengths=lambda: {"x": numpy.array([[0.5, 1.0]]), "y": numpy.array([1, 2])},
        array=lambda: numpy.array([[0.5, 1.0]]),
        list_of_dicts=lambda: [{"x": [0.5, 1.0], "y": 1}],
        frame_of_lists=lambda: pandas.DataFrame({"x": [[0.5, 1.0], [2.0, 3.0]], "y": [1, 2]}),
        frame_of_arrays=lambda: pandas.DataFrame({"x": [numpy.array([0.5, 1.0])], "y": [1]}),
        frame_of_scalars=lambda: pandas.DataFrame({"x": [0.5], "y": [1]}),
        frame_missing=lambda: pandas.DataFrame({"x": [[0.5, 1.0]]}),
        frame_ragged=lambda: pandas.DataFrame({"x": [[0.5, 1.0], [2.0]], "y": [1, 2]}),
        series=lambda: {"x": pandas.DataFrame([[0.5, 1.0]]), "y": pandas.Series([1])},
        none=lambda: None,
    ),
    *cases(
        "flat tensors",
        _FLAT,
        fitting=lambda: {"x": numpy.array([0.5]), "y": numpy.array([1])},
        frame=lambda: pandas.DataFrame({"x": [0.5, 1.0], "y": [1, 2]}),
        frame_other_order=lambda: pandas.DataFrame({"y": [1, 2], "x": [0.5, 1.0]}),
        frame_extra=lambda: pandas.DataFrame({"x": [0.5], "y": [1], "z": [2]}),
        frame_to_widen=lambda: pandas.DataFrame({"x": [1], "y": numpy.int32([1])}),
        frame_narrower=lambda: pandas.DataFrame({"x": numpy.float32([0.5]), "y": [1]}),
        frame_too_wide=lambda: pandas.DataFrame({"x": [0.5], "y": [0.5]}),
        frame_of_text=lambda: pandas.DataFrame({"x": ["a"], "y": [1]}),
        scalars=lambda: {"x": 0.5, "y": 1},
        numpy_scalars=lambda: {"x": numpy.float64(0.5), "y": numpy.int64(1)},
        series=lambda: {"x": pandas.Series([0.5]), "y": pandas.Series([1])},
    ),
    *cases(
        "one tensor by name",
        _NAMED,
        dict=lambda: {"x": numpy.float32([[0.5, 1.0]])},
        array=lambda: numpy.float32([[0.5, 1.0]]),
        array_of_float64=lambda: numpy.array([[0.5, 1.0]]),
        list=lambda: [[0.5, 1.0]],
        frame=lambda: pandas.DataFrame({"x": [[0.5, 1.0]]}),
        frame_of_numbers=lambda: pandas.DataFrame({"a": [0.5], "b": [1.0]}),
        dict_of_lists=lambda: {"x": [[0.5, 1.0]]},
        dict_of_float64=lambda: {"x": numpy.array([[0.5, 1.0]])},
        dict_of_sparse=lambda: {"x": sparse.csr_matrix(numpy.float32([[0.5, 1.0]]))},
    ),
]
