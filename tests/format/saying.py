"""All that a client reads of a store, as plain values."""

from __future__ import annotations

import hashlib
import math
from dataclasses import asdict, is_dataclass
from typing import Any

from cloudtrack.access.access import Access
from cloudtrack.access.tokens import Tokens
from cloudtrack.client import Client
from cloudtrack.entities.experiment import ViewType

_IDLE = {"artifact_uri", "artifact_location", "is_lost"}
"""What depends on where the store is and on the time of reading."""


def said(client: Client) -> dict[str, Any]:
    """Everything that readers are told, by kind."""
    experiments = client.experiments.search(view_type=ViewType.ALL)
    ids = [each.experiment_id for each in experiments]
    runs = client.runs.search(ids, view_type=ViewType.ALL)
    logged = client.logged_models.search(ids)
    models = client.registered_models.search()
    names = [model.name for model in models]
    return {
        "experiments": _plain(sorted(experiments, key=lambda each: each.experiment_id)),
        "runs": {run.info.run_id: _run(client, run) for run in runs},
        "logged models": {
            model.model_id: {**_plain(model), "files": _files(client.logged_model_artifacts, model.model_id)}
            for model in logged
        },
        "searches": {
            text: sorted(run.info.run_id for run in client.runs.search(ids, text, view_type=ViewType.ALL))
            for text in ("metrics.loss.min < 0.5", "params.depth = '3'", "datasets.name = 'six'", "tags.after LIKE '%'")
        },
        "models": _plain(sorted(models, key=lambda each: each.name)),
        "versions": {name: _versions(client, name) for name in names},
        "histories": {name: _history(client, name) for name in [*names, "gone"]},
        "anchors": {name: _plain(client.history.anchors(name)) for name in names},
        "requests": {name: _plain(client.approvals.list(name)) for name in names},
        "comments": {name: _plain(client.comments.list(name)) for name in names},
        "releases": {
            name: [_plain(client.releases.get(name)), str(client.releases.verify(name))]
            for name in client.releases.names()
        },
        "policy": client.policy.get(),
        "webhooks": _plain(client.webhooks.list()),
        "access": Access(client.store).policy().model_dump(mode="json"),
        "tokens": _plain(Tokens(client.store).list()),
        "feed": len(client.feed.read(limit=1000).events),
    }


def _run(client: Client, run: Any) -> dict[str, Any]:
    run_id = run.info.run_id
    sources = {name: client.source_files.read(run_id, name) for name in ("code.patch", "packages.txt")}
    console = [(piece.name, piece.offset, piece.body.decode()) for piece in client.console.read(run_id).pieces]
    histories = {key: client.metrics.history(run_id, key) for key in run.data.metrics}
    return {
        **_plain(run),
        "files": _files(client.artifacts, run_id),
        "sources": {name: body.decode() for name, body in sources.items() if body is not None},
        "console": _plain(console),
        "histories": {key: [len(points), _plain(points[:3]), _plain(points[-1:])] for key, points in histories.items()},
    }


def _versions(client: Client, name: str) -> list[Any]:
    found = client.model_versions.search(f"name = '{name}'")
    chosen = sorted(found, key=lambda each: int(each.version))
    return [
        len(chosen),
        _plain(chosen[:3]),
        _plain(chosen[-3:]),
        _plain([v for v in chosen if v.current_stage != "None"]),
    ]


def _history(client: Client, name: str) -> list[Any]:
    events = client.history.events(name)
    return [len(events), str(client.history.verify(name)), [event.change.type for event in events[-10:]]]


def _files(artifacts: Any, owner_id: str) -> dict[str, str]:
    return {
        file.path: hashlib.sha256(artifacts.read(owner_id, file.path)).hexdigest() for file in artifacts.walk(owner_id)
    }


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    elif hasattr(value, "model_dump"):
        value = value.model_dump(mode="json")
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items() if key not in _IDLE}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if isinstance(value, str | int | float | bool | None) else str(value)
