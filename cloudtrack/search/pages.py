"""Pages of a list, by an opaque token."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from typing import TypeVar

from cloudtrack.entities.page import PagedList
from cloudtrack.errors import InvalidInput

T = TypeVar("T")


def page_of(items: Sequence[T], max_results: int, token: str | None) -> PagedList[T]:
    """The page that the token names, the first without one. Raises InvalidInput for a token we never gave."""
    if max_results < 1:
        raise InvalidInput(f"max_results is {max_results}; it must be at least 1")
    start = _offset(token)
    end = start + max_results
    return PagedList(items[start:end], _token(end) if end < len(items) else None)


def _token(offset: int) -> str:
    return base64.urlsafe_b64encode(json.dumps({"offset": offset}).encode()).decode()


def _offset(token: str | None) -> int:
    if not token:
        return 0
    try:
        offset = json.loads(base64.urlsafe_b64decode(token))["offset"]
        if not isinstance(offset, int) or offset < 0:
            raise ValueError(token)
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise InvalidInput("the page token is not one that a search has given") from error
    return offset
