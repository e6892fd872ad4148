"""Values that no array holds, lists, dictionaries and objects, as text that is the same on every machine."""

from __future__ import annotations

import json
import re
from typing import Any

from cloudtrack.errors import InvalidInput

CONTAINERS = (list, dict, set, frozenset)
"""What counts as its JSON; tuples count as their text, as pandas has it."""


_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+>")


def nested_text(value: Any, column: str) -> str:
    """A list, a dictionary or an array as JSON with sorted keys. Raises InvalidInput that names the column."""
    try:
        return json.dumps(value, default=lambda part: _plain(part, column), sort_keys=True, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        if isinstance(error, InvalidInput):
            raise
        raise InvalidInput(
            f"values of the column {column!r} have no digest ({error}); give digest= yourself"
        ) from error


def check_has_text(value: Any, column: str) -> None:
    """Raises InvalidInput for an object whose text is where it is in memory."""
    if not isinstance(value, str | bytes) and _ADDRESS.search(str(value)):
        raise InvalidInput(
            f"the column {column!r} has values of the type {type(value).__name__}, which say nothing of their content: "
            "make text or numbers of them, or give digest= yourself"
        )


def _plain(part: Any, column: str) -> Any:
    if hasattr(part, "tolist"):  # numpy's arrays and scalars, pandas' and polars' series
        plain = part.tolist()
        return str(plain) if type(plain) is type(part) else plain
    if isinstance(part, bytes | bytearray | memoryview):
        return f"bytes:{bytes(part).hex()}"
    if isinstance(part, set | frozenset):
        return sorted(nested_text(item, column) for item in part)
    check_has_text(part, column)
    return str(part)
