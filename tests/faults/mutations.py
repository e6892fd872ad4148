"""Steps of the protocols that are left out or swapped, each by something around the store: campaigns must notice."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from cloudtrack import ids
from cloudtrack.errors import ObjectChanged, ObjectNotFound
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.streaming import Progress, Transfer
from tests.registry.test_linearizable import ForgetfulStore
from tests.storage.lossy import ForwardingStore


class BlindStore(ForwardingStore):
    """Replaces whatever is there, as without ``If-Match``."""

    def replace(self, key: str, body: bytes, etag: str) -> str:
        while True:
            try:
                return self.inner.replace(key, body, self.inner.get(key).etag)
            except ObjectNotFound:
                raise
            except ObjectChanged:
                continue


class ForgettingStore(ForwardingStore):
    """Takes its own write, whose answer was lost, for that of a rival: nothing is read back."""

    def __init__(self, inner: ObjectStore, seed: int) -> None:
        super().__init__(inner)
        self._random = random.Random(seed)

    def replace(self, key: str, body: bytes, etag: str) -> str:
        new = super().replace(key, body, etag)
        if self._random.random() < 0.2:
            raise ObjectChanged(f"{key!r} is no longer the version that was read")
        return new


class LateStore(ForwardingStore):
    """Writes what matches ``late`` after the next write of what matches ``after``, and says that it was done."""

    def __init__(self, inner: ObjectStore, late: str, after: str) -> None:
        super().__init__(inner)
        self._late, self._after = re.compile(late), re.compile(after)
        self._held: list[Callable[[], object]] = []

    def create(self, key: str, body: bytes) -> str:
        if self._is_late(key):
            return self._hold(lambda: self.inner.create(key, body))
        return self._then_held(key, self.inner.create(key, body))

    def replace(self, key: str, body: bytes, etag: str) -> str:
        if self._is_late(key):
            return self._hold(lambda: self.inner.replace(key, body, etag))
        return self._then_held(key, self.inner.replace(key, body, etag))

    def delete(self, key: str) -> None:
        self._then_held(key, self.inner.delete(key))

    def upload(self, key: str, source: Path | BinaryIO, *, progress: Progress | None = None) -> Transfer:
        if not self._is_late(key):
            return self._then_held(key, self.inner.upload(key, source, progress=progress))
        body = source.read_bytes() if isinstance(source, Path) else source.read()
        self._hold(lambda: self.inner.create(key, body))
        return Transfer(len(body), "")

    def _is_late(self, key: str) -> bool:
        return bool(self._late.search(key))

    def _hold(self, do: Callable[[], object]) -> str:
        self._held.append(do)
        return "held"

    def _then_held(self, key: str, answer: Any) -> Any:
        while self._held and self._after.search(key):
            self._held.pop(0)()
        return answer


class AmnesicStore(ForwardingStore):
    """Keeps the documents of runs without some of their fields."""

    def __init__(self, inner: ObjectStore, **instead: Callable[[], object]) -> None:
        super().__init__(inner)
        self._instead = instead

    def create(self, key: str, body: bytes) -> str:
        return super().create(key, self._without(key, body))

    def replace(self, key: str, body: bytes, etag: str) -> str:
        return super().replace(key, self._without(key, body), etag)

    def _without(self, key: str, body: bytes) -> bytes:
        if not key.endswith("/run.json"):
            return body
        return json.dumps(json.loads(body) | {name: make() for name, make in self._instead.items()}).encode()


RIVALRY: dict[str, tuple[Callable[[ObjectStore, int], ObjectStore], tuple[str, ...]]] = {
    "replace without If-Match": (lambda store, _: BlindStore(store), ("log_batch", "set_tag")),
    "create without If-None-Match": (lambda store, _: ForgetfulStore(store), ("register", "transition")),
    "no reading back after a lost answer": (ForgettingStore, ("log_unnamed",)),
    "frames without numbers": (lambda store, _: AmnesicStore(store, writers=dict), ("write",)),
    "commits without names": (
        lambda store, _: AmnesicStore(store, recent=list, commit=ids.new_commit_id),
        ("log_batch", "log_unnamed"),
    ),
}
"""What a campaign of several clients notices, and what they do in it."""

ORDER = {
    "the marker after the commit of a run": (r"/pending/", r"/run\.json$", "runs.delete"),
    "the marker after the commit of a model": (r"/pending/", "/events/", "stages.transition"),
    "the document before the segment": (r"/metrics/.*\.parquet$", r"/run\.json$", "runs.log_batch"),
    "the version before its manifest": ("^models/~manifests/", "/events/", "model_versions.create"),
    "the manifest of an index before its parts": ("/(parts|entities)/", r"/manifest\.json$", "run_index.compact"),
    "markers deleted before the manifest": (r"/manifest\.json$", "/pending/", "model_index.compact"),
    "the claim of a name after the experiment": ("^experiments/names/", r"/experiment\.json$", "experiments.create"),
}
"""What is written late, after what, and the operation that a stop then spoils."""
