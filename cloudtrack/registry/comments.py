"""Comments on versions and on requests. A model's state has its last hundred; all are in its history for ever."""

from __future__ import annotations

from cloudtrack.entities.registered_model import check_version
from cloudtrack.entities.transition_request import VersionComment
from cloudtrack.errors import InvalidInput, NotFound, PermissionDenied
from cloudtrack.registry.approvals import check_request_id, check_text, open_request
from cloudtrack.registry.events import AnyChange
from cloudtrack.registry.registry import Registry, writable
from cloudtrack.registry.resolving import version_in
from cloudtrack.registry.review_events import CommentChanged, CommentDeleted, RequestCommented, VersionCommented
from cloudtrack.registry.review_state import MOST_COMMENTS, CommentState
from cloudtrack.registry.state import ModelState


class VersionComments:
    """What people say of the versions of one store's models."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def create(
        self, name: str, version: int | str, text: str, *, request_id: int | str | None = None
    ) -> VersionComment:
        """Say something of a version, or of an open request for it; up to 2,000 characters. Raises NotFound."""
        number, said = check_version(version), check_text("comment", text)
        about = None if request_id is None else check_request_id(request_id)

        def decide(state: ModelState) -> AnyChange:
            version_in(writable(name, state), number)
            comment = state.comments.last + 1
            if about is None:
                return VersionCommented(comment=comment, version=number, text=said)
            request = open_request(state, about)
            if request.version != number:
                raise InvalidInput(f"request {about} of {name!r} is for version {request.version}, not {number}")
            return RequestCommented(comment=comment, request=about, version=number, text=said)

        state, made = self._registry.commit_change(name, decide)
        assert isinstance(made, VersionCommented | RequestCommented)  # noqa: S101 - decide makes no other
        return _kept(name, state, made.comment).shown(name)

    def list(self, name: str, version: int | str | None = None) -> list[VersionComment]:
        """The comments of a model or of one version that are among the model's last hundred, oldest first."""
        state = self._registry.read(name)
        number = None if version is None else version_in(state, version).version
        return [one.shown(name) for one in state.comments.kept.values() if number in (None, one.version)]

    def update(self, name: str, comment_id: int | str, text: str) -> VersionComment:
        """Say one's own comment otherwise. Raises NotFound, PermissionDenied for that of somebody else."""
        number, said = check_request_id(comment_id), check_text("comment", text)

        def decide(state: ModelState) -> AnyChange | None:
            comment = self._own(writable(name, state), number)
            return CommentChanged(comment=number, version=comment.version, text=said) if comment.text != said else None

        return _kept(name, self._registry.commit(name, decide), number).shown(name)

    def delete(self, name: str, comment_id: int | str) -> None:
        """Take one's own comment back; the history keeps it. Raises NotFound, PermissionDenied."""
        number = check_request_id(comment_id)

        def decide(state: ModelState) -> AnyChange:
            comment = self._own(writable(name, state), number)
            return CommentDeleted(comment=number, version=comment.version)

        self._registry.commit(name, decide)

    def _own(self, state: ModelState, number: int) -> CommentState:
        comment = _kept(state.name, state, number)
        if comment.actor != self._registry.actor:
            raise PermissionDenied(f"comment {number} of {state.name!r} is {comment.actor}'s, who alone may change it")
        return comment


def _kept(name: str, state: ModelState, number: int) -> CommentState:
    comment = state.comments.kept.get(number)
    if comment is None:
        raise NotFound(f"registered model {name!r} has no comment {number} among its last {MOST_COMMENTS}")
    return comment
