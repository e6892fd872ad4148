"""One page of a long answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")


class PagedList(list[T]):
    """A list with the token of the next page; an empty token says that this page is the last."""

    def __init__(self, items: Iterable[T] = (), token: str | None = None) -> None:
        super().__init__(items)
        self.token = token or None

    def to_list(self) -> list[T]:
        """A plain list, without the token."""
        return list(self)
