"""Events of reviews, as they are stored: requests for transitions, approvals, refusals and comments."""

from __future__ import annotations

from typing import Literal

from cloudtrack.entities.model_version import Stage
from cloudtrack.registry.change import Change
from cloudtrack.registry.decision import Decision

_SHOWN = 60
"""So many characters of a comment are in its summary."""


class RequestChange(Change):
    """What happens to a request that a version moves to a stage."""

    type: str
    request: int
    version: int
    to_stage: str

    @property
    def what(self) -> str:
        """What is asked for, for people."""
        return f"version {self.version} to {self.to_stage}"


class TransitionRequested(RequestChange):
    """Somebody asks that a version moves to a stage; the event's comment says why."""

    type: Literal["transition_requested"] = "transition_requested"
    archive_existing_versions: bool = False

    def summary(self) -> str:
        return f"request {self.request}: {self.what}"


class RequestApproved(RequestChange):
    """One of several approvals that are needed. The last one is in the transition itself."""

    type: Literal["request_approved"] = "request_approved"
    groups: list[str] = []
    """Of who approves."""

    def summary(self) -> str:
        return f"request {self.request} approved: {self.what}, more approvals are needed"


class RequestRejected(RequestChange):
    """The request is closed, and nothing moved."""

    type: Literal["request_rejected"] = "request_rejected"

    def summary(self) -> str:
        return f"request {self.request} rejected: {self.what}"


class RequestWithdrawn(RequestChange):
    """Who asked took the request back."""

    type: Literal["request_withdrawn"] = "request_withdrawn"

    def summary(self) -> str:
        return f"request {self.request} withdrawn: {self.what}"


class TransitionDenied(Change):
    """The policy did not let a version come to a stage; nothing moved, and a request for it stays open."""

    type: Literal["transition_denied"] = "transition_denied"
    version: int
    from_stage: str = Stage.NONE
    to_stage: str
    request: int | None = None
    decision: Decision

    def summary(self) -> str:
        return f"denied version {self.version}: {self.from_stage} -> {self.to_stage}; {self.decision.why_not()}"


class VersionCommented(Change):
    """Somebody says something of a version."""

    type: Literal["version_commented"] = "version_commented"
    comment: int
    version: int
    text: str

    def summary(self) -> str:
        return f"version {self.version}, comment {self.comment}: {_short(self.text)}"


class RequestCommented(Change):
    """Somebody says something of a request that is open."""

    type: Literal["request_commented"] = "request_commented"
    comment: int
    request: int
    version: int
    text: str

    def summary(self) -> str:
        return f"request {self.request}, comment {self.comment}: {_short(self.text)}"


class CommentChanged(Change):
    """Who said it says it otherwise; what was said before is in the event before."""

    type: Literal["comment_changed"] = "comment_changed"
    comment: int
    version: int
    text: str

    def summary(self) -> str:
        return f"version {self.version}, comment {self.comment} changed: {_short(self.text)}"


class CommentDeleted(Change):
    """Who said it takes it back; it stays in the history."""

    type: Literal["comment_deleted"] = "comment_deleted"
    comment: int
    version: int

    def summary(self) -> str:
        return f"version {self.version}, comment {self.comment} deleted"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 3]}..."
