"""Numbered immutable objects, each claimed by creation: 1, 2, 3 ... without a gap.

The number is the order. Numbers are never freed: one that was could be won twice by a writer that
slept. Bodies carry something unique, so that a writer whose answer was lost recognises its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from cloudtrack.errors import ObjectNotFound
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.parallel import map_in_order

_DIGITS = 12
_READ_AT_ONCE = 256


class Sequence:
    """The objects ``<prefix>000000000001.json``, ``...2.json`` and so on."""

    def __init__(self, store: ObjectStore, prefix: str) -> None:
        self._store = store
        self.prefix = prefix

    def key(self, number: int) -> str:
        """The key of one entry."""
        return f"{self.prefix}{number:0{_DIGITS}d}.json"

    def claim(self, number: int, body: bytes) -> None:
        """Write entry ``number``. Raises ObjectExists, with the winner's body, where somebody was faster."""
        self._store.create(self.key(number), body)

    def get(self, number: int) -> bytes:
        """One entry. Raises ObjectNotFound."""
        return self._store.get(self.key(number)).body

    def read_between(self, first: int, last: int) -> list[tuple[int, bytes]]:
        """Entries ``first`` to ``last``, all at once: one request each. Raises ObjectNotFound."""
        numbers = range(first, last + 1)
        return list(zip(numbers, map_in_order(self.get, numbers), strict=True))

    def read_listed(self, after: int = 0) -> Iterator[tuple[int, bytes]]:
        """Entries after a number, up to the last or a gap: a listing, and then many requests at once."""
        listed = (info.key for info in self._store.list(self.prefix, start_after=self.key(after)))
        expected = iter(enumerate(listed, after + 1))
        while some := list(islice(expected, _READ_AT_ONCE)):
            whole = [number for number, key in some if key == self.key(number)]
            yield from zip(whole, map_in_order(self.get, whole), strict=True)
            if len(whole) < len(some):
                return

    def read_after(self, number: int) -> Iterator[tuple[int, bytes]]:
        """Entries ``number + 1`` and so on, until one does not exist yet: one request each, and one more."""
        while True:
            number += 1
            try:
                yield number, self.get(number)
            except ObjectNotFound:
                return
