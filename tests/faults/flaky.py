"""A store in memory that fails as one behind a bad network does, for campaigns that take a second."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import TypeVar

from cloudtrack.errors import Unavailable
from cloudtrack.storage.object_store import Object, ObjectStore
from tests.registry.clients import SlowStore

T = TypeVar("T")
_MOST_AWAY = 5


class FlakyStore(SlowStore):
    """Loses a share of the answers to writes, and is away for some requests after each that it lost."""

    def __init__(self, inner: ObjectStore, *, share: float, seed: int) -> None:
        super().__init__(inner, seed)
        self._share = share
        self._chance = random.Random(seed)
        self._away = 0
        self._lock = threading.Lock()
        self.lost = 0

    def get(self, key: str, *, unless_etag: str = "") -> Object:
        self._check_away()
        return super().get(key, unless_etag=unless_etag)

    def create(self, key: str, body: bytes) -> str:
        return self._write(lambda: super(FlakyStore, self).create(key, body))

    def replace(self, key: str, body: bytes, etag: str) -> str:
        return self._write(lambda: super(FlakyStore, self).replace(key, body, etag))

    def _write(self, do: Callable[[], T]) -> T:
        self._check_away()
        answer = do()
        with self._lock:
            if self._chance.random() < self._share:
                self.lost += 1
                self._away = self._chance.randrange(_MOST_AWAY + 1)
                raise Unavailable("the answer was lost")
        return answer

    def _check_away(self) -> None:
        with self._lock:
            if self._away:
                self._away -= 1
                raise Unavailable("the store is away")
