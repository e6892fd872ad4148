"""What two stores had in common when they were merged last: kept on this machine's disk, and made anew without it.

Whoever merges again asks for nothing that both listings show unchanged, and sees which side changed a file.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from dataclasses import dataclass
from pathlib import Path

from cloudtrack import config
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.streaming import written_whole

_FORMAT = "cloudtrack.merged/1"


@dataclass(frozen=True)
class Common:
    """The bytes that both stores had under a key, and by which marks of their listings."""

    sha256: str
    size_bytes: int
    marks: tuple[str, str]
    """Of the store whose address comes first, and of the other; empty where it is not known."""


class Known:
    """What is known of two stores. Any thread may use it."""

    def __init__(self, one: ObjectStore, other: ObjectStore, ids: tuple[str, str]) -> None:
        """``ids`` are those of the stores' markers: another store at the same address has another."""
        places = sorted([(one.address, ids[0]), (other.address, ids[1])])
        name = hashlib.sha256(json.dumps(places).encode()).hexdigest()[:32]
        self._path: Path = config.cache_dir() / "merges" / f"{name}.json"
        self._first = places[0][0]
        self._lock = threading.Lock()
        self._common: dict[str, Common] = {}
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            stored = json.loads(self._path.read_bytes())
            if stored["format"] == _FORMAT:
                self._common = {
                    key: Common(sha256, size, (first, second))
                    for key, (sha256, size, first, second) in stored["common"].items()
                }

    def get(self, key: str) -> Common | None:
        """None where nothing is known."""
        return self._common.get(key)

    def mark(self, store: ObjectStore, common: Common) -> str:
        """The mark by which this store has the bytes."""
        return common.marks[0 if store.address == self._first else 1]

    def note(self, key: str, sha256: str, size_bytes: int, marks: dict[str, str]) -> None:
        """Both have these bytes; ``marks`` by the stores' addresses."""
        first = marks.pop(self._first)
        (second,) = marks.values()
        with self._lock:
            self._common[key] = Common(sha256, size_bytes, (first, second))

    def save(self) -> None:
        """Keep it for the next merge. Only a help: a disk that is full is no failure."""
        common = {key: [each.sha256, each.size_bytes, *each.marks] for key, each in self._common.items()}
        with contextlib.suppress(OSError), written_whole(self._path) as stream:
            stream.write(json.dumps({"format": _FORMAT, "common": common}).encode())
