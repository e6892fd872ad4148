"""One table with a column of every kind."""

from __future__ import annotations

import datetime
import decimal
from typing import Any

import numpy
import pandas

ROWS = 200


def frame() -> Any:
    """As pandas holds it."""
    random = numpy.random.default_rng(7)
    places = numpy.arange(ROWS)
    return pandas.DataFrame(
        {
            "int": places - 25,
            "int8": (places % 100 - 50).astype("int8"),
            "uint64": places.astype("uint64") + 2**63,
            "double": random.random(ROWS),
            "float": random.random(ROWS).astype("float32"),
            "holes": [numpy.nan if place % 2 else place / 3 for place in places],
            "text": [f"sü{place % 7}" if place % 5 else None for place in places],
            "bool": places % 2 == 0,
            "category": pandas.Categorical([("u", "v", None)[place % 3] for place in places]),
            "instant": pandas.Series(pandas.date_range("2020", periods=ROWS, freq="h", unit="ns")).where(
                places % 9 > 0
            ),
            "zoned": pandas.date_range("2020", periods=ROWS, freq="h", tz="Europe/Berlin", unit="us"),
            "duration": pandas.to_timedelta(places, unit="s"),
            "whole": pandas.array([None if place % 3 else place for place in places], dtype="Int64"),
            "maybe": pandas.array([None if place % 3 else True for place in places], dtype="boolean"),
            "date": [datetime.date(2020, 1, 1 + place % 20) for place in places],
            "time": [datetime.time(1, 2, place % 60) for place in places],
            "decimal": [decimal.Decimal("1.50")] * ROWS,
            "bytes": [b"\xff\x00"] * ROWS,
            "list": [[1, 2][: place % 3] for place in places],
            "object": [{"b": int(place), "a": "x"} for place in places],
            "nothing": [None] * ROWS,
        }
    )
