"""Lists that come in several answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from cloudtrack.entities.page import PagedList

T = TypeVar("T")


def gathered(
    page: Callable[[int, str | None], PagedList[T]], page_size: int, max_results: int | None, token: str | None = None
) -> PagedList[T]:
    """Up to ``max_results`` items from the token on, all of them with None. ``page`` asks for one answer."""
    found: list[T] = []
    while True:
        size = page_size if max_results is None else min(page_size, max_results - len(found))
        answer = page(size, token)
        found += answer
        token = answer.token
        if not token or len(found) == max_results:
            return PagedList(found, token)
