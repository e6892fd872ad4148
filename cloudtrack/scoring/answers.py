"""Predictions as JSON, as MLflow's scoring server writes them.

Tables are lists of records, arrays nested lists; bytes are base64 in lines that end with a newline; dates have ISO's
form. NaN and infinities are written as ``NaN`` and ``Infinity``, which Python and pandas read though JSON has no such
words. Source: the answers of an MLflow 3.17 server.
"""

from __future__ import annotations

import base64
import datetime
import json
from typing import Any

from cloudtrack.api.errors import ApiError
from cloudtrack.api.message import JSON_TYPE, Response


def answer(predictions: Any, *, wrapped: bool) -> Response:
    """The answer; ``wrapped`` puts predictions under their key. Raises ApiError, 500, for what JSON cannot hold."""
    return Response(200, {"content-type": JSON_TYPE}, as_json(predictions, wrapped=wrapped).encode())


def as_json(predictions: Any, *, wrapped: bool) -> str:
    """The text of the answer. Raises as ``answer`` does."""
    content = _as_records(predictions)
    try:
        return json.dumps({"predictions": content} if wrapped else content, default=_plain)
    except (TypeError, ValueError, RecursionError) as error:
        raise ApiError(
            "INTERNAL_ERROR", f"the model returned a {type(predictions).__name__} that cannot be written as JSON"
        ) from error


def _as_records(predictions: Any) -> Any:
    kind = type(predictions).__name__
    if kind == "Series" and hasattr(predictions, "to_frame"):
        predictions = predictions.to_frame()
    if hasattr(predictions, "to_dict") and hasattr(predictions, "columns"):
        return predictions.to_dict(orient="records")
    return predictions


def _plain(value: Any) -> Any:
    """A value that JSON has no form for, in one that it has. Raises TypeError where there is none."""
    import numpy

    if isinstance(value, numpy.ndarray):
        return value.tolist()
    if isinstance(value, numpy.generic):
        return value.item()
    if isinstance(value, bytes | bytearray):
        return base64.encodebytes(value).decode("ascii")
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):  # pandas' timestamps and NaT are some
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no form in JSON")
