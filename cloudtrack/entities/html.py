"""Entities as HTML for notebooks: small tables without colours of their own, so that any theme does.

Every value is somebody else's text: it is escaped, and cut where it is long. Nothing is asked of the store for it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from html import escape
from typing import Any
from urllib.parse import quote

MOST_ROWS = 20
MOST_CHARACTERS = 200
_CELL = "text-align:left;padding:1px 12px 1px 0;border:0"
_SYSTEM_TAGS = ("mlflow.", "cloudtrack.")


def html_of(entity: Any) -> str:
    """A table of an entity; of one that has no form here, its fields."""
    form = next((_FORMS[kind.__name__] for kind in type(entity).__mro__ if kind.__name__ in _FORMS), None)
    return form(entity) if form is not None else card(type(entity).__name__, "", dict(entity))


def card(kind: str, title: str, facts: Mapping[str, Any], tables: Mapping[str, Mapping[str, Any]] | None = None) -> str:
    """A heading, facts, and named tables of which those that are empty are left out."""
    head = f"<div><b>{escape(kind)}</b> {_text(title)}</div>"
    rows = _table((name, value) for name, value in facts.items() if value not in (None, "", [], {}))
    named = "".join(
        f'<div style="margin:4px 24px 0 0"><b>{escape(name)}</b>{_table(table.items())}{_rest(table)}</div>'
        for name, table in (tables or {}).items()
        if table
    )
    return f'<div class="cloudtrack">{head}{rows}<div style="display:flex;flex-wrap:wrap">{named}</div></div>'


class Link:
    """A text that leads to a page of the server in force; the text alone where there is no server."""

    def __init__(self, text: str, *path: str) -> None:
        self.text = text
        self.path = "/".join(quote(part, safe="") for part in path)

    def html(self) -> str:
        """The link, or the text."""
        server = _server()
        address = escape(f"{server}/#/{self.path}")
        return (
            f'<a href="{address}" target="_blank" rel="noopener">{_text(self.text)}</a>' if server else _text(self.text)
        )


def _run(run: Any) -> str:
    info, data = run.info, run.data
    own_tags = {key: value for key, value in data.tags.items() if not key.startswith(_SYSTEM_TAGS)}
    page = ("experiments", info.experiment_id, "runs", info.run_id)
    facts = {
        **_info_facts(info),
        "source": data.tags.get("mlflow.source.name"),
        "artifacts": Link(info.artifact_uri, *page) if info.artifact_uri else None,
    }
    return card("Run", info.run_name, facts, {"params": data.params, "metrics": data.metrics, "tags": own_tags})


def _info_facts(info: Any) -> dict[str, Any]:
    lasted = f"{(info.end_time - info.start_time) / 1000:.1f} s" if info.end_time and info.start_time else None
    return {
        "status": f"{info.status} (lost: it sends nothing any more)" if info.is_lost else info.status,
        "run": Link(info.run_id, "experiments", info.experiment_id, "runs", info.run_id),
        "experiment": Link(info.experiment_id, "experiments", info.experiment_id),
        "user": info.user_id,
        "started": _time(info.start_time),
        "lasted": lasted,
        "stage": info.lifecycle_stage if info.lifecycle_stage != "active" else None,
    }


def _experiment(experiment: Any) -> str:
    facts = {
        "id": Link(experiment.experiment_id, "experiments", experiment.experiment_id),
        "stage": experiment.lifecycle_stage,
        "created": _time(experiment.creation_time),
        "changed": _time(experiment.last_update_time),
        "artifacts": experiment.artifact_location,
    }
    return card("Experiment", experiment.name, facts, {"tags": experiment.tags})


def _model_version(version: Any) -> str:
    facts = {
        "stage": version.current_stage,
        "aliases": ", ".join(version.aliases),
        "status": version.status if version.status != "READY" else None,
        "description": version.description,
        "user": version.user_id,
        "created": _time(version.creation_timestamp),
        "run": version.run_id,
        "source": version.source,
        "page": Link(f"{version.name} {version.version}", "models", version.name, "versions", str(version.version))
        if _server()
        else None,
    }
    return card("Model version", f"{version.name} {version.version}", facts, {"tags": version.tags})


def _registered_model(model: Any) -> str:
    facts = {
        "name": Link(model.name, "models", model.name),
        "description": model.description,
        "user": model.user_id,
        "created": _time(model.creation_timestamp),
        "changed": _time(model.last_updated_timestamp),
    }
    stages = {version.current_stage: f"version {version.version}" for version in model.latest_versions}
    aliases = {alias: f"version {version}" for alias, version in model.aliases.items()}
    tables = {"newest of each stage": stages, "aliases": aliases, "tags": model.tags}
    return card("Registered model", model.name, facts, tables)


def _logged_model(model: Any) -> str:
    facts = {
        "status": model.status,
        "uri": model.model_uri,
        "type": model.model_type,
        "run": Link(model.source_run_id, "experiments", model.experiment_id, "runs", model.source_run_id)
        if model.source_run_id
        else None,
        "experiment": model.experiment_id,
        "created": _time(model.creation_timestamp),
        "files": model.artifact_location,
    }
    metrics = {
        f"{metric.key} of {metric.dataset_name}" if metric.dataset_name else metric.key: metric.value
        for metric in model.metrics
    }
    own_tags = {key: value for key, value in model.tags.items() if not key.startswith(_SYSTEM_TAGS)}
    return card("Logged model", model.name, facts, {"params": model.params, "metrics": metrics, "tags": own_tags})


def _model_info(model: Any) -> str:
    signature = model.signature
    facts = {
        "uri": model.model_uri,
        "registered": f"version {model.registered_model_version}" if model.registered_model_version else None,
        "flavors": ", ".join(model.flavors),
        "run": model.run_id,
        "made": f"{model.utc_time_created[:19]} UTC" if model.utc_time_created else None,
        "signature": None if signature else "none",
    }
    inputs = _schema(signature.inputs) if signature else {}
    outputs = _schema(signature.outputs) if signature else {}
    tables = {
        "inputs": inputs,
        "outputs": outputs,
        "params": dict(model.params),
        "metadata": dict(model.metadata or {}),
    }
    return card("Model", model.name or model.artifact_path, facts, tables)


def _schema(schema: Any) -> dict[str, str]:
    return {
        spec.name or str(number): str(getattr(spec, "type", "")) or f"{spec.dtype} {spec.shape}"
        for number, spec in enumerate(schema or ())
    }


_FORMS: dict[str, Callable[[Any], str]] = {
    "Run": _run,
    "RunInfo": lambda info: card("Run", info.run_name, _info_facts(info)),
    "RunData": lambda data: card("Data of a run", "", {}, {"params": data.params, "metrics": data.metrics}),
    "Experiment": _experiment,
    "ModelVersion": _model_version,
    "RegisteredModel": _registered_model,
    "LoggedModel": _logged_model,
    "ModelInfo": _model_info,
}


def _table(rows: Iterable[tuple[str, Any]]) -> str:
    cells = "".join(
        f'<tr><td style="{_CELL};opacity:.7">{_text(name)}</td><td style="{_CELL}">{_value(value)}</td></tr>'
        for name, value in list(rows)[:MOST_ROWS]
    )
    return f'<table style="border:0;margin:2px 0">{cells}</table>' if cells else ""


def _rest(table: Mapping[str, Any]) -> str:
    return f"<div>and {len(table) - MOST_ROWS} more</div>" if len(table) > MOST_ROWS else ""


def _value(value: Any) -> str:
    if isinstance(value, Link):
        return value.html()
    return _text(f"{value:.6g}" if isinstance(value, float) else value)


def _text(value: Any) -> str:
    text = str(value)
    return escape(text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}…")


def _time(ms: int | None) -> str | None:
    return None if ms is None else f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _server() -> str:
    """The address of the server that this process works with; empty where it works on a store."""
    session = sys.modules.get("cloudtrack.fluent.session")
    uri = str(session.get_tracking_uri()) if session is not None else ""
    return uri.rstrip("/") if uri.startswith(("http://", "https://")) else ""
