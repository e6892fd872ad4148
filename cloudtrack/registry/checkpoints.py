"""A model's state after some event, kept so that not all events are read. Derived; made again where it is missing.

The last one is replaced by whoever commits. Every 64th state is kept for ever too, as a snapshot.
"""

from __future__ import annotations

from contextlib import suppress

from pydantic import BaseModel, ConfigDict, ValidationError

from cloudtrack.errors import Conflict, CorruptData, ObjectChanged, ObjectExists, ObjectNotFound, Unavailable
from cloudtrack.registry import keys
from cloudtrack.registry.chain import Checkpoint
from cloudtrack.registry.state import ModelState
from cloudtrack.registry.version_pages import page_loader, write_page
from cloudtrack.storage.object_store import ObjectStore

SNAPSHOT_EVENTS = 64
FORMAT = "cloudtrack.model-checkpoint/2"


class _Stored(BaseModel):
    model_config = ConfigDict(extra="allow")

    format: str = FORMAT
    state: ModelState


class Checkpoints:
    """The checkpoints of one store's models."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._load_page = page_loader(store)

    def empty(self, name: str) -> ModelState:
        """The state before the first event."""
        return self._bound(ModelState(name=name))

    def read(self, name: str) -> Checkpoint[ModelState] | None:
        """The last checkpoint of a model; None where there is none."""
        try:
            found = self._store.get(keys.checkpoint(name))
        except ObjectNotFound:
            return None
        try:
            return Checkpoint(self.parse(found.body), found.etag)
        except CorruptData:
            return Checkpoint(None, found.etag)

    def snapshot_before(self, name: str, number: int) -> ModelState:
        """The state after ``number`` events or fewer, as near as one is kept."""
        for kept in range(number - number % SNAPSHOT_EVENTS, 0, -SNAPSHOT_EVENTS):
            with suppress(ObjectNotFound, CorruptData):  # whoever was to write it was cut off
                return self.parse(self._store.get(keys.snapshot(name, kept)).body)
        return self.empty(name)

    def save(self, name: str, state: ModelState, known: Checkpoint[ModelState] | None) -> None:
        """Move the checkpoint forward, from the one that the state was folded on.

        Only a help: the commit has been made, so no failure matters here. A rival's checkpoint is as good, and the
        next commit moves it on.
        """
        key = keys.checkpoint(name)
        try:
            state.versions.pack(lambda versions: write_page(self._store, keys.pages(name), versions))
            body = _Stored(state=state).model_dump_json().encode()
            if state.number % SNAPSHOT_EVENTS == 0:
                self._store.create(keys.snapshot(name, state.number), body)
            if known is None:
                self._store.create(key, body)
            else:
                self._store.replace(key, body, known.etag)
        except (Conflict, ObjectChanged, ObjectExists, Unavailable):
            return

    def forget(self, name: str, number: int) -> None:
        """Delete the checkpoint, and the snapshot after an event: they are made anew, or done without."""
        self._store.delete(keys.checkpoint(name))
        if number % SNAPSHOT_EVENTS == 0:
            self._store.delete(keys.snapshot(name, number))

    def parse(self, body: bytes) -> ModelState:
        """A checkpoint or a snapshot. Raises CorruptData."""
        try:
            stored = _Stored.model_validate_json(body)
        except ValidationError as error:
            raise CorruptData("the checkpoint of a model is no such thing") from error
        if stored.format != FORMAT:
            raise CorruptData(f"a checkpoint has the format {stored.format[:60]!r}; this version reads {FORMAT!r}")
        return self._bound(stored.state)

    def _bound(self, state: ModelState) -> ModelState:
        state.versions.bind(self._load_page)
        return state
