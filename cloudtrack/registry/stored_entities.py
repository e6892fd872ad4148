"""Registered models and versions as texts, and back."""

from __future__ import annotations

from pydantic import TypeAdapter
from pydantic_core import to_json

from cloudtrack.entities.model_version import ModelVersion
from cloudtrack.entities.registered_model import RegisteredModel

_MODEL = TypeAdapter(RegisteredModel)
_VERSION = TypeAdapter(ModelVersion)


def dump(entity: RegisteredModel | ModelVersion) -> str:
    """An entity as JSON."""
    return to_json(entity).decode()


def load_model(text: str) -> RegisteredModel:
    """The model that was dumped."""
    return _MODEL.validate_json(text)


def load_version(text: str) -> ModelVersion:
    """The version that was dumped."""
    return _VERSION.validate_json(text)
