"""Model versions: one model under a registered name, numbered 1, 2, 3 ..."""

from __future__ import annotations

from dataclasses import dataclass, field

from cloudtrack.errors import InvalidInput


class Stage:
    """Where a version stands."""

    NONE = "None"
    STAGING = "Staging"
    PRODUCTION = "Production"
    ARCHIVED = "Archived"
    NAMES = (NONE, STAGING, PRODUCTION, ARCHIVED)
    ARCHIVING = (STAGING, PRODUCTION)
    """Moving a version to one of these may archive those that are there."""

    @classmethod
    def canonical(cls, stage: str) -> str:
        """The stage as written in answers, from any case. Raises InvalidInput."""
        for name in cls.NAMES:
            if isinstance(stage, str) and stage.lower() == name.lower():
                return name
        raise InvalidInput(f"{stage!r} is no stage; it is one of {', '.join(cls.NAMES)}")


@dataclass(frozen=True, slots=True)
class ModelVersion:
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
    status: str = "READY"
    status_message: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    aliases: list[str] = field(default_factory=list)
