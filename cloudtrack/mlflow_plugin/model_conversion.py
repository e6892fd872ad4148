"""Messages of the API as MLflow's entities of the registry; versions are numbers, as MLflow's databases give them."""

from __future__ import annotations

from typing import Any

from mlflow.entities.model_registry import (
    ModelVersion,
    ModelVersionTag,
    RegisteredModel,
    RegisteredModelAlias,
    RegisteredModelTag,
)

Json = dict[str, Any]


def registered_model(message: Json) -> RegisteredModel:
    """RegisteredModel."""
    given = {
        "latest_versions": [model_version(version) for version in message.get("latest_versions", [])],
        "tags": [RegisteredModelTag(tag["key"], tag["value"]) for tag in message.get("tags", [])],
        "aliases": [RegisteredModelAlias(each["alias"], int(each["version"])) for each in message.get("aliases", [])],
    }
    return RegisteredModel.from_dictionary({**message, **given})


def model_version(message: Json) -> ModelVersion:
    """ModelVersion."""
    given = {
        "version": int(message["version"]),
        "description": message.get("description") or None,
        "run_link": message.get("run_link") or None,
        "tags": [ModelVersionTag(tag["key"], tag["value"]) for tag in message.get("tags", [])],
        "aliases": message.get("aliases", []),
    }
    return ModelVersion.from_dictionary({**message, **given})
