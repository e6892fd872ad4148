"""A store that refuses what IAM, or the bucket, would refuse on AWS."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cloudtrack.errors import PermissionDenied
from tests.infra.iam import Statement, is_allowed

_TLS = {"aws:SecureTransport": "true"}
_WHOLE = {**_TLS, "s3:ObjectCreationOperation": "true"}
_ONLY_NEW = {**_WHOLE, "s3:if-none-match": "*"}
_ONLY_KNOWN = {**_WHOLE, "s3:if-match": "etag"}
_BUCKET = "arn:aws:s3:::bucket"

Action = tuple[str, dict[str, str]]

_ACTIONS: dict[str, Action] = {
    "get": ("s3:GetObject", _TLS),
    "get_range": ("s3:GetObject", _TLS),
    "stat": ("s3:GetObject", _TLS),
    "local_path": ("s3:GetObject", _TLS),
    "read": ("s3:GetObject", _TLS),
    "download": ("s3:GetObject", _TLS),
    "create": ("s3:PutObject", _ONLY_NEW),
    "replace": ("s3:PutObject", _ONLY_KNOWN),
    "upload": ("s3:PutObject", _WHOLE),
    "delete": ("s3:DeleteObject", _TLS),
    "list": ("s3:ListBucket", _TLS),
    "list_folder": ("s3:ListBucket", _TLS),
}
_SIGNED_ACTIONS: dict[str, Action] = {
    "get": ("s3:GetObject", _TLS),
    "put": ("s3:PutObject", _WHOLE),
    "create_multipart": ("s3:PutObject", _TLS),
    "put_part": ("s3:PutObject", _TLS),
    "complete_multipart": ("s3:PutObject", _WHOLE),
    "abort_multipart": ("s3:AbortMultipartUpload", _TLS),
}


class Guarded:
    """Forwards what somebody may do to a store, or to its signer."""

    def __init__(
        self, inner: Any, own: Sequence[Statement], bucket: Sequence[Statement], actions: dict[str, Action]
    ) -> None:
        self._inner = inner
        self._own = own
        self._bucket = bucket
        self._actions = actions

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name == "signer":
            return Guarded(found, self._own, self._bucket, _SIGNED_ACTIONS) if found else None
        return self._guarded(name, found) if callable(found) and name != "close" else found

    def _guarded(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        action, context = self._actions[name]

        def checked(key: str = "", *arguments: Any, **more: Any) -> Any:
            resource = _BUCKET if action == "s3:ListBucket" else f"{_BUCKET}/store/{key}"
            if not is_allowed(self._own, self._bucket, action, resource, context):
                raise PermissionDenied(f"{action} of {key!r} is not allowed ({name})")
            return call(key, *arguments, **more)

        return checked


def guarded(store: Any, own: Sequence[Statement], bucket: Sequence[Statement]) -> Any:
    """The store, as one with these rights may use it."""
    return Guarded(store, own, bucket, _ACTIONS)
