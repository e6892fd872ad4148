"""Choosing and ordering registered models."""

from __future__ import annotations

from typing import Any

from cloudtrack.entities.registered_model import NOT_A_PROMPT, RegisteredModel
from cloudtrack.search.fields import Types
from cloudtrack.search.filters import parse_query
from cloudtrack.search.selection import select

_TYPES: Types = {
    "attributes": {
        "name": str,
        "creation_timestamp": float,
        "last_updated_timestamp": float,
        "timestamp": "last_updated_timestamp",
    },
    "tags": str,
}


def select_models(
    models: list[RegisteredModel], filter_string: str | None, order_by: list[str] | None
) -> list[RegisteredModel]:
    """The models that meet the filter, by name or as ``order_by`` says."""
    by_name = sorted(models, key=lambda model: model.name)
    return select(by_name, _value, parse_query(filter_string, order_by, _TYPES))


def _value(model: RegisteredModel, kind: str, key: str) -> Any:
    if kind == "tags":
        return model.tags.get(key, NOT_A_PROMPT.get(key))
    value = getattr(model, key, None)
    return float(value) if isinstance(value, int) else value
