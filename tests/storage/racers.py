"""What racing processes run; imports little, because each process imports it anew."""

from __future__ import annotations

from typing import ClassVar

from cloudtrack.errors import ObjectExists
from cloudtrack.storage.document import Document, DocumentStore
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.opening import open_store
from tests.storage.lossy import LossyStore

KEY = "counters/one.json"


class Counter(Document):
    """Counts, and remembers who counted."""

    format_name: ClassVar[str] = "tests.counter/1"

    count: int = 0
    by_writer: dict[str, int] = {}


def increment(url: str, writer: int, times: int, lost_share: float) -> None:
    """Count ``times`` up, one commit each."""
    store: ObjectStore = open_store(url)
    if lost_share:
        store = LossyStore(store, share=lost_share, seed=writer)

    def add_one(counter: Counter) -> None:
        counter.count += 1
        counter.by_writer[str(writer)] = counter.by_writer.get(str(writer), 0) + 1

    documents = DocumentStore(store, Counter)
    for _ in range(times):
        documents.update(KEY, add_one)


def claim(url: str, writer: int) -> bool:
    """Whether this writer won the key."""
    try:
        open_store(url).create("claims/one", f"writer {writer}".encode())
    except ObjectExists:
        return False
    return True
