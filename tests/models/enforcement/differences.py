"""Where models are handed something else here than in MLflow on purpose, and why."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class Difference:
    """What we do in the cases whose names match (``*`` and ``?`` as in file names), and the reason."""

    does: str
    """``refuses`` what MLflow takes, ``takes`` what it refuses, or ``hands over`` something else."""
    reason: str
    names: tuple[str, ...]

    def covers(self, name: str) -> bool:
        """Whether it is about this case."""
        return any(fnmatchcase(name, pattern) for pattern in self.names)


def difference_of(name: str, does: str) -> Difference | None:
    """The one that says why we do this in a case."""
    return next((found for found in DIFFERENCES if found.does == does and found.covers(name)), None)


def _of(kinds: str, *sources: str) -> tuple[str, ...]:
    return tuple(f"{kind} of {source}" for kind in kinds.split() for source in sources)


DIFFERENCES = [
    Difference(
        "refuses",
        "a required column has no missing values; there only some types say so",
        (
            *_of("boolean", "objects bool with none", "objects all none", "objects bytes with none"),
            *_of("string binary", "text with none", "string dtype with na", "objects * with none", "objects all none"),
            *_of("datetime", "datetime with nat", "objects all none", "objects datetime with none"),
            "one text: dict of none",
            "unnamed text: list with none",
        ),
    ),
    Difference(
        "refuses",
        "each value has the type of the column; there an object column may hold anything",
        (
            *_of("boolean", "objects int and bool", "objects text and int", "objects bytes", "objects bytearray"),
            *_of(
                "boolean", "objects bytes and text", "objects date", "objects decimal", "objects list", "objects dict"
            ),
            *_of("boolean", "numpy bytes"),
            *_of("boolean[?]", "objects bytes with none"),
            *_of("string binary", "objects bool", "objects int", "objects float", "objects numpy *", "objects * and *"),
            *_of("string binary", "objects int beyond *", "objects float whole", "objects date", "objects datetime"),
            *_of("string binary", "objects timestamp*", "objects decimal", "objects list", "objects dict"),
            *_of("string", "objects bytes", "objects bytearray", "numpy bytes"),
            *_of("binary", "text", "text of *", "string *e", "string of pyarrow", "objects text", "objects text of *"),
            *_of("string[?]", "objects bool with none", "objects int with none", "objects float with none"),
            *_of("string[?]", "objects bytes with none", "objects datetime with none"),
            *_of("binary[?]", "text*", "string dtype with na", "objects [!ab]* with none", "objects bool with none"),
            "unnamed text: bytes",
            "unnamed text: list mixed",
            "unnamed binary: text",
            "array of string: one number",
            "array of string: none inside",
            "array of binary: text",
            "map of arrays: none inside",
        ),
    ),
    Difference(
        "refuses",
        "neither True nor a Decimal becomes a float",
        (
            *_of("double", "objects bool with none", "objects int and bool", "objects decimal"),
            *_of("double[?]", "objects bool with none"),
        ),
    ),
    Difference("refuses", "a fraction would be cut off", ("flat tensors: frame too wide",)),
    Difference(
        "refuses",
        "lists in a table are arrays of float64; there they are rounded to the type",
        ("one tensor by name: frame",),
    ),
    Difference(
        "refuses",
        "the number would become another one",
        ("param float: int beyond *", "param double: int beyond int64", "param double: int beyond 2**53"),
    ),
    Difference("refuses", "the time zone would be dropped", ("param datetime: datetime with zone",)),
    Difference("refuses", "params are a dictionary", ("given: a list where the signature has none",)),
    Difference(
        "takes",
        "whole numbers become floats that hold them exactly: tables made by people and files have them",
        (
            *_of("float float[?]", "*int*", "*Int*"),
            *_of("double double[?]", "*int*", "*Int*"),
            "names: index converted",
            "containers: * to widen",
            "containers: array of objects",
            "unnamed two: widening",
            "unnamed double: * of int",
            "array of double: integers",
            "object: integers inside",
        ),
    ),
    Difference(
        "takes",
        "an optional column may have gaps, whatever its type; it stays as it is",
        (
            *_of("boolean[?]", "boolean dtype with na", "float64 all nan"),
            *_of("integer[?] long[?]", "float64 with nan", "float64 all nan", "Int* with na", "objects all none"),
            *_of("long[?]", "objects int with none", "int64 of pyarrow with na"),
            *_of("float float[?]", "objects all none"),
            *_of("string[?] binary[?]", "float64 all nan"),
            "array[?]: nan",
        ),
    ),
    Difference(
        "takes",
        "a column without rows has no wrong value",
        (
            *_of("integer integer[?] long long[?] float float[?]", "none"),
            *_of("string binary", "no floats"),
            "one column: dict of empty list",
            "unnamed array: empty",
        ),
    ),
    Difference(
        "hands over",
        "a column without rows has the type of the signature too",
        _of("boolean boolean[?] double double[?]", "none"),
    ),
    Difference(
        "takes",
        "what a signature is inferred from fits it: categories, sparse columns, pyarrow's types, tuples, lists",
        (
            *_of("long", "category of ints", "sparse int"),
            *_of("double", "category of floats", "sparse"),
            *_of("string string[?]", "category of text*"),
            *_of("binary", "binary of pyarrow"),
            "array of double: tuples",
            "array of binary: bytearrays",
            "unnamed array: list of lists",
        ),
    ),
    Difference(
        "takes",
        "dates in ISO's form are dates: files of text have no others",
        (*_of("datetime", "*text of dates"), "unnamed datetime: text", "unnamed datetime: list of text"),
    ),
    Difference(
        "takes",
        "an array with as many columns as the signature is a table",
        (
            "containers: array",
            "one column: array",
            "one text: array of two",
            "integer of one row: array of int32",
            "unnamed two: array",
            "any: array",
        ),
    ),
    Difference(
        "takes",
        "a plain date is one row, as other plain values are",
        ("unnamed datetime: datetime", "unnamed datetime: date"),
    ),
    Difference(
        "takes",
        "a dictionary may hold rows of lists and objects, as it may hold rows of numbers; and one row of any of them",
        (
            "array of double: dict of lists",
            "array of double: dict of matrix",
            "array of string: dict of lists",
            "array of arrays: dict of lists of lists",
            "object: dict of list of dicts",
            "map of long: dict of dict",
            "messages: rows",
            "several nested: dict of rows",
            "unnamed object: dict",
            "unnamed object: list of dicts",
            "unnamed map: dict",
            "unnamed map: list",
        ),
    ),
    Difference(
        "takes",
        "Python's own numbers and dates inside lists and objects have no width: they fit where the value does",
        (
            "array of integer: lists",
            "array of integer: numpy int64",
            "array of float: lists",
            "object of numbers: python integers",
            "object of others: fitting",
        ),
    ),
    Difference(
        "takes",
        "types of arrays widen where no value changes, as those of columns do",
        (
            "tensor of int*: *int*",
            "tensor of float*: *int*",
            "tensor of float*: float*",
            "tensor of complex128: *int*",
            "tensor of complex128: float*",
            "tensor: integers",
            "tensor: floats32",
            "tensor: frame of integers",
            "tensor: frame of floats32",
            "sparse: csr of *",
            "tensors: narrower",
            "tensors: integers",
        ),
    ),
    Difference(
        "takes",
        "nested lists, Series and sparse matrices of every form are arrays",
        (
            "tensor: list*",
            "tensor: tuple",
            "sparse: coo",
            "sparse: csr array",
            "flat tensor: list",
            "tensors: lists",
            "tensors: list and array",
            "*tensors: series",
            "one tensor by name: dict of sparse",
        ),
    ),
    Difference(
        "takes",
        "numbers of numpy's other types become Python's; bytes are a param like others; a tuple is a list",
        (
            "param integer: int64",
            "param *: uint8",
            "param float: float64",
            "param binary: *",
            "params of long: tuple",
        ),
    ),
    Difference(
        "hands over",
        "what fits stays as it is; there it is rebuilt, and lists of dates become nanoseconds",
        (
            "string of large string of pyarrow",
            "array of string: arrays of objects",
            "array of datetime: *",
            "object of others: of numpy",
            "any: some none",
            "any: category",
        ),
    ),
    Difference(
        "hands over", "a dictionary of a list has its rows; there one row of a list", ("one text: dict of list",)
    ),
    Difference("hands over", "an object is one cell; there its values become rows", ("any: dict of dict",)),
    Difference("hands over", "rows are still there when no column is left", ("all optional: other", "*[?]: absent")),
    Difference(
        "hands over",
        "without a signature params reach the model, as the data does; there they are left out",
        ("given: without a signature",),
    ),
]
