"""Model versions: one model under a registered name, numbered 1, 2, 3 ..."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from cloudtrack.entities.shown import Shown
from cloudtrack.errors import InvalidInput

ORIGIN_TAG = "cloudtrack.origin"
"""A tag of versions that came from another store: its address and the URI there. A name has one version of each."""


class Stage:
    """Where a version stands: a model's own stages, between None and Archived."""

    NONE = "None"
    STAGING = "Staging"
    PRODUCTION = "Production"
    ARCHIVED = "Archived"
    NAMES = (NONE, STAGING, PRODUCTION, ARCHIVED)
    """Of a model that has no others."""
    MOST = 20
    """So many stages of its own a model may have."""

    @classmethod
    def canonical(cls, stage: str, names: Sequence[str] = NAMES) -> str:
        """The stage as written in answers, from any case. Raises InvalidInput."""
        for name in names:
            if isinstance(stage, str) and stage.lower() == name.lower():
                return name
        raise InvalidInput(f"{stage!r} is no stage; it is one of {', '.join(names)}")


_STAGE = re.compile(r"[A-Za-z][A-Za-z0-9_\-]{0,63}")


def check_stages(stages: Sequence[str]) -> list[str]:
    """All stages of a model that has these between None and Archived. Raises InvalidInput."""
    names = [Stage.NONE, *stages, Stage.ARCHIVED]
    for name in stages:
        if not isinstance(name, str) or not _STAGE.fullmatch(name) or name.lower() == "latest":
            raise InvalidInput(
                f"{name!r} is no name for a stage: use a letter, then letters, digits, '_' and '-', at most 64"
            )
    if len({name.lower() for name in names}) < len(names):
        raise InvalidInput(f"a stage is named twice; None and Archived are always there: {', '.join(names)}")
    if not 1 <= len(stages) <= Stage.MOST:
        raise InvalidInput(f"there are {len(stages)} stages; a model has 1 to {Stage.MOST} beside None and Archived")
    return names


class ModelVersionStatus:
    """Whether a version can be loaded."""

    PENDING_REGISTRATION = "PENDING_REGISTRATION"
    FAILED_REGISTRATION = "FAILED_REGISTRATION"
    READY = "READY"

    @staticmethod
    def to_string(status: str) -> str:
        """A status as text; it is one here."""
        return status

    from_string = to_string


@dataclass(frozen=True, slots=True)
class ModelVersion(Shown):
    """One version of a registered model. Times are milliseconds since the epoch."""

    name: str
    version: int
    creation_timestamp: int
    last_updated_timestamp: int
    description: str = ""
    user_id: str = ""
    current_stage: str = Stage.NONE
    source: str = ""
    run_id: str | None = None
    run_link: str | None = None
    model_id: str | None = None
    digest: str | None = None
    """SHA-256 over what loading the model depends on, where it was known when it was registered."""
    manifest: str | None = None
    """The name of the list of its files, SHA-256 of that; None where they were not listed."""
    kept: bool = False
    """Whether the registry keeps the files itself, and ``source`` only says where they came from."""
    status: str = "READY"
    status_message: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    aliases: list[str] = field(default_factory=list)
