"""Registered models and their versions as rows of one index; and of each release how far its history is.

The document is a model: a commit to it has one marker, whatever it changes. A model's row has its name for an id, a
version's ``<name>/<number>``. Each has the number of the event that last changed it, so that a compaction writes anew
what changed and not every version of the model.
"""

from __future__ import annotations

from collections.abc import Iterator

from cloudtrack.entities.model_version import ModelVersion
from cloudtrack.entities.registered_model import NOT_A_PROMPT, PROMPT_TAG
from cloudtrack.index.columns import WHOLE, Schema
from cloudtrack.index.keys import IndexKeys
from cloudtrack.index.row import Row, Value, gone
from cloudtrack.index.source import Found, readable
from cloudtrack.registry import keys
from cloudtrack.registry.registry import Registry
from cloudtrack.registry.release_chain import ReleaseChain, ReleaseState
from cloudtrack.registry.state import ModelState
from cloudtrack.registry.stored_entities import dump
from cloudtrack.storage.object_store import ObjectStore

KIND, MODEL, VERSION, RELEASE = "row_kind", "model", "version", "release"
UPDATED = "attributes.last_updated_timestamp"
_RELEASE_ROW = "release:"
"""Before its segment the id of a release's row: no model has a name with a colon."""
IN_PROMPT = "is_of_prompt"
"""Of a version: whether its model is one of MLflow's prompts."""


class ModelSource:
    """The registered models of one store."""

    keys = IndexKeys(keys.INDEX)
    schema = Schema(
        {
            "attributes.creation_timestamp": WHOLE,
            UPDATED: WHOLE,
            "attributes.version_number": WHOLE,
        }
    )

    def __init__(self, store: ObjectStore) -> None:
        self._registry = Registry(store, actor="")
        self._releases = ReleaseChain(store, actor="")

    def read(self, document_id: str, since: int = 0) -> Found | None:
        """A model as it is now, by the segment of its keys; or a release, for the feed of events."""
        if (segment := keys.release_in(document_id)) is not None:
            return self._read_release(segment)
        state = readable(lambda: self._state(document_id))
        if state is None or not state.number:
            return None
        return Found(state.number, list(model_rows(state, since)), settled=True)

    def _read_release(self, segment: str) -> Found | None:
        def state() -> ReleaseState | None:
            name = self._releases.name_in(segment)
            return self._releases.read_any(name) if name is not None else None

        found = readable(state)
        if found is None or not found.number:
            return None
        values: dict[str, Value] = {f"attributes.{KIND}": RELEASE, UPDATED: found.updated}
        return Found.one(Row(f"{_RELEASE_ROW}{segment}", found.number, values), settled=True)

    def _state(self, segment: str) -> ModelState | None:
        name = self._registry.name_in(segment)
        return self._registry.read_any(name) if name is not None else None


def model_rows(state: ModelState, since: int = 0) -> Iterator[Row]:
    """The row of a model and those of its versions, also of those that are gone: what changed since an event."""
    if state.number >= since:
        yield _model_row(state) if state.exists else gone(state.name, state.number)
    if state.cleared >= since:
        for number in range(1, state.last_cleared + 1):
            yield gone(version_id(state.name, number), state.cleared)
    for version in state.versions.since(0 if state.all_changed >= since else since):
        changed = max(version.number, state.all_changed)
        if version.deleted:
            yield gone(version_id(state.name, version.version), changed)
        else:
            yield _version_row(state, state.shown(version), changed)


def document_of(row_id: str) -> str:
    """What the index calls the document of a row that is no version's."""
    if row_id.startswith(_RELEASE_ROW):
        return keys.release_id(row_id.removeprefix(_RELEASE_ROW))
    return keys.segment(row_id)


def version_id(name: str, number: int) -> str:
    """The id of a version's row."""
    return f"{name}/{number}"


def model_name(row_id: str) -> str:
    """The model that a row belongs to."""
    return row_id.partition("/")[0]


def _model_row(state: ModelState) -> Row:
    model = state.entity()
    values: dict[str, Value] = {
        f"attributes.{KIND}": MODEL,
        "attributes.name": model.name,
        "attributes.creation_timestamp": model.creation_timestamp,
        UPDATED: model.last_updated_timestamp,
        **_tags(model.tags),
    }
    return Row(model.name, state.number, values, dump(model))


def _version_row(state: ModelState, version: ModelVersion, changed: int) -> Row:
    values: dict[str, Value] = {
        f"attributes.{KIND}": VERSION,
        "attributes.name": version.name,
        "attributes.version_number": version.version,
        "attributes.run_id": version.run_id,
        "attributes.model_id": version.model_id,
        "attributes.source_path": version.source,
        "attributes.digest": version.digest,
        "attributes.current_stage": version.current_stage,
        "attributes.creation_timestamp": version.creation_timestamp,
        UPDATED: version.last_updated_timestamp,
        f"attributes.{IN_PROMPT}": "true" if state.tags.get(PROMPT_TAG) == "true" else None,
        **_tags(version.tags),
    }
    return Row(version_id(version.name, version.version), changed, values, dump(version))


def _tags(tags: dict[str, str]) -> dict[str, Value]:
    return {f"tags.{key}": value for key, value in {**NOT_A_PROMPT, **tags}.items()}
