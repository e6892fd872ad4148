"""Folding the events of reviews into a model's requests and comments."""

from __future__ import annotations

from cloudtrack.registry.events import Event
from cloudtrack.registry.review_events import (
    CommentChanged,
    CommentDeleted,
    RequestApproved,
    RequestCommented,
    RequestRejected,
    RequestWithdrawn,
    TransitionRequested,
    VersionCommented,
)
from cloudtrack.registry.review_state import ApprovalState, Comments, CommentState, Requests, RequestState


def fold_review(requests: Requests, comments: Comments, event: Event) -> None:
    """Bring both past an event; one of another kind changes nothing."""
    change = event.change
    match change:
        case TransitionRequested():
            requests.add(
                RequestState(
                    id=change.request,
                    version=change.version,
                    to_stage=change.to_stage,
                    archive_existing_versions=change.archive_existing_versions,
                    actor=event.actor,
                    time_ms=event.time_ms,
                    comment=event.comment or "",
                )
            )
        case RequestApproved():
            approval = ApprovalState(actor=event.actor, time_ms=event.time_ms, groups=change.groups)
            requests.open[change.request].approvals.append(approval)
        case RequestRejected() | RequestWithdrawn():
            requests.open.pop(change.request, None)
        case VersionCommented() | RequestCommented():
            comments.add(
                CommentState(
                    id=change.comment,
                    version=change.version,
                    request=change.request if isinstance(change, RequestCommented) else None,
                    actor=event.actor,
                    time_ms=event.time_ms,
                    updated_ms=event.time_ms,
                    text=change.text,
                )
            )
        case CommentChanged():
            kept = comments.kept[change.comment]
            kept.text, kept.updated_ms = change.text, event.time_ms
        case CommentDeleted():
            comments.kept.pop(change.comment, None)
