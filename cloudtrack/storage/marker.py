"""``cloudtrack.json``: says that a bucket's prefix or a folder is a store, and in which format.

Before it is written, a probe finds out whether the server keeps its word on conditional writes: of
ten S3-compatible servers tried, eight ignored ``If-None-Match`` or ``If-Match`` and overwrote.
"""

from __future__ import annotations

from collections.abc import Callable

from pydantic import BaseModel, ConfigDict, ValidationError

from cloudtrack import clock, ids
from cloudtrack.errors import CorruptData, InvalidInput, NotFound, ObjectChanged, ObjectExists, ObjectNotFound
from cloudtrack.storage.object_store import ObjectStore

MARKER_KEY = "cloudtrack.json"
FORMAT = "cloudtrack/1"


class Marker(BaseModel):
    """The content of ``cloudtrack.json``."""

    model_config = ConfigDict(extra="allow")

    format: str
    created: int
    id: str


def read_marker(store: ObjectStore) -> Marker | None:
    """The marker; None where there is no store. Raises InvalidInput for a format of another major version."""
    try:
        body = store.get(MARKER_KEY).body
    except ObjectNotFound:
        return None
    try:
        marker = Marker.model_validate_json(body)
    except ValidationError as error:
        raise CorruptData(f"{MARKER_KEY} in {store.url} is not a store's marker; is this the right place?") from error
    if marker.format != FORMAT:
        raise InvalidInput(
            f"{store.url} has the format {marker.format[:40]!r}; this version of cloudtrack reads {FORMAT!r}: "
            "install a version that knows it"
        )
    return marker


def initialize(store: ObjectStore, *, create: bool, fill: Callable[[], None]) -> Marker:
    """The store's marker. Where there is none, and ``create`` says so, probe, ``fill``, and write it.

    Costs one request where the store exists. Raises NotFound where it does not and ``create`` is False,
    and InvalidInput where the server ignores conditional writes.
    """
    marker = read_marker(store)
    if marker is not None:
        return marker
    if not create:
        raise NotFound(f"there is no cloudtrack store at {store.url}: check CLOUDTRACK_URI or --store")
    probe(store)
    fill()
    marker = Marker(format=FORMAT, created=clock.now_ms(), id=ids.new_commit_id())
    try:
        store.create(MARKER_KEY, marker.model_dump_json().encode())
    except ObjectExists as rival:
        return Marker.model_validate_json(rival.body)
    return marker


def probe(store: ObjectStore) -> None:
    """Find out whether conditional writes are honoured. Raises InvalidInput where they are not."""
    key = f".probe/{ids.new_commit_id()}"
    first = store.create(key, b"first")
    try:
        _must_refuse(store, "If-None-Match", ObjectExists, lambda: store.create(key, b"second"))
        store.replace(key, b"third", first)
        _must_refuse(store, "If-Match", ObjectChanged, lambda: store.replace(key, b"fourth", first))
    finally:
        store.delete(key)


def _must_refuse(store: ObjectStore, header: str, refusal: type[Exception], write: Callable[[], str]) -> None:
    try:
        write()
    except refusal:
        return
    raise InvalidInput(
        f"the server behind {store.url} ignores {header} and overwrites objects, so writers would destroy each other's "
        "work: use AWS S3, or a server that honours conditional writes, such as SeaweedFS"
    )
