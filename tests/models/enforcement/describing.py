"""What a model was handed, in words: containers, types and values. Read by MLflow's interpreter too."""

from __future__ import annotations

from typing import Any

import numpy
import pandas


def describe(value: Any) -> Any:
    """In JSON; equal only for data of equal types and values. numpy's scalars in lists and objects are Python's."""
    if isinstance(value, pandas.DataFrame):
        return {
            "frame": [f"{name!r} {dtype}" for name, dtype in value.dtypes.items()],
            "index": repr(value.index.tolist()),
            "columns": [[_cell(cell) for cell in value.iloc[:, at].tolist()] for at in range(value.shape[1])],
        }
    if isinstance(value, numpy.ndarray):
        values = value.astype(str) if value.dtype.kind == "M" else value
        return {"array": f"{value.dtype} {value.shape}", "values": repr(values.tolist())}
    if hasattr(value, "toarray"):
        return {
            "sparse": f"{type(value).__name__} {value.dtype} {value.shape}",
            "values": repr(value.toarray().tolist()),
        }
    if isinstance(value, dict):
        return {"dict": {repr(key): describe(part) for key, part in sorted(value.items())}}
    if isinstance(value, list | tuple):
        return {type(value).__name__: [describe(part) for part in value]}
    return f"{type(value).__name__} {value!r}"


def _cell(value: Any) -> Any:
    if isinstance(value, dict):
        return {"dict": {repr(key): _cell(part) for key, part in sorted(value.items())}}
    if isinstance(value, list | tuple):
        return {type(value).__name__: [_cell(part) for part in value]}
    is_number = isinstance(value, numpy.generic) and not isinstance(value, numpy.datetime64)
    return describe(value.item() if is_number else value)
