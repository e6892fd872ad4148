"""A small collection for tests: documents with values of every kind."""

from __future__ import annotations

from typing import Any, ClassVar

from cloudtrack.errors import ObjectNotFound
from cloudtrack.index.columns import NUMBERS, WHOLE, Schema
from cloudtrack.index.keys import IndexKeys
from cloudtrack.index.row import Row, Value
from cloudtrack.index.source import Found
from cloudtrack.search.fields import Types
from cloudtrack.storage.document import Document, DocumentStore, Stored
from cloudtrack.storage.object_store import ObjectStore

SCHEMA = Schema({"attributes.time": WHOLE, "metrics.many": NUMBERS})
TYPES: Types = {
    "attributes": {"name": str, "time": float},
    "metrics": float,
    "params": str,
    "tags": str,
    "datasets": {"name": str},
}


class Thing(Document):
    """A document of the collection."""

    format_name: ClassVar[str] = "test.thing/1"

    name: str
    values: dict[str, Any] = {}
    settled: bool = True


class Things:
    """The documents, written as the format demands: the marker first."""

    schema = SCHEMA

    def __init__(self, store: ObjectStore) -> None:
        self.keys = IndexKeys("things/index/")
        self._store = store
        self._documents = DocumentStore(store, Thing)

    def read(self, document_id: str, since: int = 0) -> Found | None:
        try:
            thing = self._documents.get(f"things/{document_id}.json").document
        except ObjectNotFound:
            return None
        values: dict[str, Value] = {
            column: [*map(float, value)] if isinstance(value, list) else float(value) if "metrics." in column else value
            for column, value in thing.values.items()
        }
        return Found.one(Row(thing.name, thing.version, values, thing.name), settled=thing.settled)

    def create(self, name: str, values: dict[str, Any], *, settled: bool = True) -> None:
        self._store.create(self.keys.marker(name, 1), b"")
        self._documents.create(f"things/{name}.json", Thing(name=name, values=values, settled=settled))

    def change(self, name: str, values: dict[str, Any], *, settled: bool = True) -> None:
        was_settled = True

        def change(thing: Thing) -> None:
            nonlocal was_settled
            was_settled = thing.settled
            thing.values = values
            thing.settled = settled

        def mark(thing: Thing) -> None:
            if was_settled:
                self._store.create(self.keys.marker(name, thing.version), b"")

        self._documents.update(f"things/{name}.json", change, before_commit=mark)

    def get(self, name: str) -> Stored[Thing]:
        return self._documents.get(f"things/{name}.json")
