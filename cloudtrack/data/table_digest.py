"""The digest of a table: of its column names and, row by row, of its values; in bounded memory.

It is the same in however many pieces the rows come, and whichever library holds them. A row's hash is the one of
``pandas.util.hash_pandas_object``: digests of DataFrames are what they were before other tables had any.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

DIGEST_LENGTH = 16
"""Hexadecimal digits of a digest."""
_START, _FACTOR, _STEP, _END = 0x345678, 1_000_003, 82_520, 97_531


class TableDigest:
    """Takes the hashes of rows, some at a time."""

    def __init__(self, names: Sequence[str]) -> None:
        self._content = hashlib.sha256(json.dumps(list(names)).encode())

    def add(self, columns: Sequence[Any]) -> None:
        """The next rows: of each column the hashes of its values."""
        if columns:
            self._content.update(row_hashes(columns).astype("<u8", copy=False).tobytes())

    @property
    def hexadecimal(self) -> str:
        """Of all rows so far."""
        return self._content.hexdigest()[:DIGEST_LENGTH]


def row_hashes(columns: Sequence[Any]) -> Any:
    """The hash of each row, of those of its values; as Python hashed tuples."""
    import numpy

    found = numpy.full(len(columns[0]), _START, "uint64")
    factor = _FACTOR
    for place, hashes in enumerate(columns):
        found ^= hashes
        found *= numpy.uint64(factor)
        factor = (factor + _STEP + 2 * (len(columns) - place)) % 2**64
    found += numpy.uint64(_END)
    return found
