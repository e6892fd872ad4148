"""Requests to move a version to a stage, and what people say of versions."""

from __future__ import annotations

from dataclasses import dataclass, field


class RequestStatus:
    """What became of a request."""

    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    OVERTAKEN = "overtaken"
    """The version came to the stage without it, or is gone."""


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's yes. The time is in milliseconds since the epoch."""

    user_id: str
    timestamp: int
    groups: tuple[str, ...] = ()
    """Those of the login; none where the store is used directly."""


@dataclass(frozen=True, slots=True)
class TransitionRequest:
    """A wish to move a version to a stage. Times are milliseconds since the epoch; ids are 1, 2 ... in each model."""

    id: int
    name: str
    version: int
    to_stage: str
    user_id: str
    creation_timestamp: int
    archive_existing_versions: bool = False
    comment: str = ""
    approvals: list[Approval] = field(default_factory=list)
    status: str = RequestStatus.OPEN


@dataclass(frozen=True, slots=True)
class VersionComment:
    """What somebody says of a version. Times are milliseconds since the epoch; ids are 1, 2, 3 ... in each model."""

    id: int
    name: str
    version: int
    user_id: str
    creation_timestamp: int
    last_updated_timestamp: int
    comment: str
    request_id: int | None = None
    """Of the request that it is about."""
