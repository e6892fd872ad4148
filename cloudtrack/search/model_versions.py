"""Choosing and ordering model versions."""

from __future__ import annotations

from typing import Any

from cloudtrack.entities.model_version import ModelVersion
from cloudtrack.entities.registered_model import NOT_A_PROMPT
from cloudtrack.search.expression import And, Comparison
from cloudtrack.search.fields import Types
from cloudtrack.search.filters import parse_filter, parse_query
from cloudtrack.search.selection import select

_TYPES: Types = {
    "attributes": {
        "name": str,
        "version_number": float,
        "run_id": str,
        "model_id": str,
        "source_path": str,
        "current_stage": str,
        "stage": "current_stage",
        "creation_timestamp": float,
        "last_updated_timestamp": float,
    },
    "tags": str,
}
_NAMES = {"version_number": "version", "source_path": "source"}


def select_versions(
    versions: list[ModelVersion], filter_string: str | None, order_by: list[str] | None
) -> list[ModelVersion]:
    """The versions that meet the filter, newest first, or as ``order_by`` says."""
    newest_first = sorted(versions, key=lambda v: (-v.last_updated_timestamp, v.name, -v.version))
    return select(newest_first, _value, parse_query(filter_string, order_by, _TYPES))


def single_name(filter_string: str | None) -> str:
    """The one model that a filter allows, where that is certain; else empty."""
    expression = parse_filter(filter_string, _TYPES)
    for part in expression.parts if isinstance(expression, And) else (expression,):
        if isinstance(part, Comparison) and (part.kind, part.key, part.operator) == ("attributes", "name", "="):
            return str(part.value)
    return ""


def _value(version: ModelVersion, kind: str, key: str) -> Any:
    if kind == "tags":
        return version.tags.get(key, NOT_A_PROMPT.get(key))
    value = getattr(version, _NAMES.get(key, key), None)
    return float(value) if isinstance(value, int) else value
