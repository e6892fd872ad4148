"""Registered models: names under which versions are kept."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from cloudtrack.entities.model_version import ModelVersion, Stage
from cloudtrack.entities.shown import Shown
from cloudtrack.errors import InvalidInput

MAX_NAME_LENGTH = 256
PROMPT_TAG = "mlflow.prompt.is_prompt"
"""MLflow keeps prompts as registered models with this tag, which searches leave out unless the filter names it."""
NOT_A_PROMPT = {PROMPT_TAG: "false"}
"""What a filter finds of that tag where it is missing: MLflow's clients ask for all that are no prompts."""


@dataclass(frozen=True, slots=True)
class RegisteredModel(Shown):
    """A name with versions. ``latest_versions`` holds the newest version of each stage that has one."""

    name: str
    creation_timestamp: int
    last_updated_timestamp: int
    description: str = ""
    user_id: str = ""
    latest_versions: list[ModelVersion] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, int] = field(default_factory=dict)
    stages: list[str] = field(default_factory=lambda: list(Stage.NAMES))
    """From None to Archived."""
    exclusive_stages: list[str] = field(default_factory=list)
    """Those that one version holds at a time."""
    open_requests: int | None = None
    """How many requests for transitions are open; None where that is not known."""


def check_model_name(name: Any) -> str:
    """A registered model's name: text, not empty, without '/' and ':', at most 256 characters."""
    if not isinstance(name, str) or not name.strip():
        raise InvalidInput(f"{name!r} is no model name: it must be text that is not empty")
    if len(name) > MAX_NAME_LENGTH:
        raise InvalidInput(f"the model name {name[:40]!r}... has {len(name)} characters; at most {MAX_NAME_LENGTH}")
    if "/" in name or ":" in name:
        raise InvalidInput(f"the model name {name!r} must not have '/' or ':', which are part of model URIs")
    if any(ord(char) < 32 or ord(char) == 127 for char in name):
        raise InvalidInput(f"the model name {name!r} has a control character")
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput(f"the model name {name!r} is not valid Unicode") from error
    return name


def check_digest(digest: str | None) -> str | None:
    """The digest of a model: 64 hexadecimal digits, or none."""
    if digest is not None and not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise InvalidInput(f"{digest[:80]!r} is no digest of a model: it has 64 hexadecimal digits")
    return digest


def check_version(version: Any) -> int:
    """A version's number, from a number or text."""
    try:
        number = int(version)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"{version!r} is no model version; versions are 1, 2, 3 ...") from error
    if number < 1 or isinstance(version, float):
        raise InvalidInput(f"{version!r} is no model version; versions are 1, 2, 3 ...")
    return number
