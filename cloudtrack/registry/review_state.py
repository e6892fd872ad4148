"""What a model's state keeps of reviews: open requests, and the last comments. All others are in the history."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from cloudtrack.entities.transition_request import Approval, RequestStatus, TransitionRequest, VersionComment

MOST_REQUESTS = 100
"""So many requests of a model may be open."""
MOST_COMMENTS = 100
"""So many comments of a model are in its state: the last ones."""
MOST_TEXT = 2000
"""So many characters a comment or a reason may have."""


class _State(BaseModel):
    model_config = ConfigDict(extra="allow")


class ApprovalState(_State):
    """One person's yes."""

    actor: str
    time_ms: int
    groups: list[str] = []


class RequestState(_State):
    """A request that is open."""

    id: int
    version: int
    to_stage: str
    archive_existing_versions: bool = False
    actor: str
    time_ms: int
    comment: str = ""
    approvals: list[ApprovalState] = []

    def shown(self, name: str, status: str = RequestStatus.OPEN) -> TransitionRequest:
        """As callers see it."""
        return TransitionRequest(
            id=self.id,
            name=name,
            version=self.version,
            to_stage=self.to_stage,
            user_id=self.actor,
            creation_timestamp=self.time_ms,
            archive_existing_versions=self.archive_existing_versions,
            comment=self.comment,
            approvals=[Approval(one.actor, one.time_ms, tuple(one.groups)) for one in self.approvals],
            status=status,
        )


class Requests(_State):
    """The requests of a model that are open, by id; at most one for a version and a stage."""

    last: int = 0
    """The greatest id there was."""
    open: dict[int, RequestState] = {}

    def open_for(self, version: int, stage: str) -> RequestState | None:
        """The request for a version and a stage."""
        return next((one for one in self.open.values() if (one.version, one.to_stage) == (version, stage)), None)

    def add(self, request: RequestState) -> None:
        """One with the next id."""
        self.last = request.id
        self.open[request.id] = request

    def close(self, version: int, stage: str | None = None) -> None:
        """Take away those for a version; only that for the stage where one is named."""
        gone = [one.id for one in self.open.values() if one.version == version and stage in (None, one.to_stage)]
        for request in gone:
            del self.open[request]


class CommentState(_State):
    """A comment."""

    id: int
    version: int
    request: int | None = None
    actor: str
    time_ms: int
    updated_ms: int
    text: str

    def shown(self, name: str) -> VersionComment:
        """As callers see it."""
        return VersionComment(
            id=self.id,
            name=name,
            version=self.version,
            user_id=self.actor,
            creation_timestamp=self.time_ms,
            last_updated_timestamp=self.updated_ms,
            comment=self.text,
            request_id=self.request,
        )


class Comments(_State):
    """The last comments of a model, by id."""

    last: int = 0
    """The greatest id there was."""
    kept: dict[int, CommentState] = {}

    def add(self, comment: CommentState) -> None:
        """One with the next id; the oldest is left to the history where there are many."""
        self.last = comment.id
        self.kept[comment.id] = comment
        if len(self.kept) > MOST_COMMENTS:
            del self.kept[min(self.kept)]

    def drop(self, version: int) -> None:
        """Take away those of a version."""
        for comment in [one.id for one in self.kept.values() if one.version == version]:
            del self.kept[comment]
