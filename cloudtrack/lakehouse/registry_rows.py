"""Experiments and the registry as rows."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from cloudtrack.entities.experiment import Experiment
from cloudtrack.entities.model_version import ModelVersion
from cloudtrack.entities.registered_model import RegisteredModel
from cloudtrack.errors import CorruptData
from cloudtrack.index.columns import TEXT, TEXTS, WHOLE
from cloudtrack.lakehouse.session import MAP
from cloudtrack.registry import keys
from cloudtrack.registry.events import Event, ModelCreated, MovedIn, parse_event
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.parallel import map_in_order
from cloudtrack.storage.sequence import Sequence

EXPERIMENTS = {
    "experiment_id": TEXT,
    "name": TEXT,
    "lifecycle_stage": TEXT,
    "creation_time_ms": WHOLE,
    "last_update_time_ms": WHOLE,
    "tags": MAP,
}
REGISTERED_MODELS = {
    "name": TEXT,
    "description": TEXT,
    "user_id": TEXT,
    "creation_time_ms": WHOLE,
    "last_update_time_ms": WHOLE,
    "tags": MAP,
    "aliases": f"MAP({TEXT}, {WHOLE})",
}
VERSIONS = {
    "name": TEXT,
    "version": WHOLE,
    "current_stage": TEXT,
    "aliases": TEXTS,
    "source": TEXT,
    "run_id": TEXT,
    "run_link": TEXT,
    "model_id": TEXT,
    "description": TEXT,
    "user_id": TEXT,
    "creation_time_ms": WHOLE,
    "last_update_time_ms": WHOLE,
    "tags": MAP,
}
EVENTS = {
    "name": TEXT,
    "number": WHOLE,
    "time_ms": WHOLE,
    "actor": TEXT,
    "comment": TEXT,
    "type": TEXT,
    "version": WHOLE,
    "summary": TEXT,
    "change": TEXT,
}
"""``change`` is JSON."""

_log = logging.getLogger(__name__)


def experiment_row(experiment: Experiment) -> dict[str, Any]:
    """A row of ``EXPERIMENTS``."""
    return _timed(EXPERIMENTS, experiment, experiment.creation_time, experiment.last_update_time)


def model_row(model: RegisteredModel) -> dict[str, Any]:
    """A row of ``REGISTERED_MODELS``."""
    return _timed(REGISTERED_MODELS, model, model.creation_timestamp, model.last_updated_timestamp)


def version_row(version: ModelVersion) -> dict[str, Any]:
    """A row of ``VERSIONS``."""
    return _timed(VERSIONS, version, version.creation_timestamp, version.last_updated_timestamp)


def event_rows(store: ObjectStore) -> Iterator[dict[str, Any]]:
    """The rows of ``EVENTS``: the histories of all names, also of those that are gone."""
    for events in map_in_order(lambda segment: _history(store, segment), keys.segments(store)):
        name = ""
        for event in events:
            change = event.change
            name = change.name if isinstance(change, ModelCreated | MovedIn) else name
            yield {
                "name": name,
                "number": event.number,
                "time_ms": event.time_ms,
                "actor": event.actor,
                "comment": event.comment,
                "type": change.type,
                "version": getattr(change, "version", None),
                "summary": event.summary(),
                "change": json.dumps(change.model_dump(mode="json")),
            }


def _history(store: ObjectStore, segment: str) -> list[Event]:
    events = Sequence(store, keys.events_in(segment))
    try:
        return [parse_event(events.key(number), body) for number, body in events.read_after(0)]
    except CorruptData as error:  # one bad object must not hide all others
        _log.warning("left out of the events: %s", error)
        return []


def _timed(types: Iterable[str], entity: Any, created: int | None, updated: int | None) -> dict[str, Any]:
    fields = asdict(entity) | {"creation_time_ms": created, "last_update_time_ms": updated}
    return {name: fields[name] for name in types}
