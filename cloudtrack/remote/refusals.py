"""What a server's answers mean that are no success."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

from pydantic_core import from_json

from cloudtrack import clock, errors
from cloudtrack.errors import (
    AlreadyExists,
    CloudtrackError,
    Conflict,
    CorruptData,
    InvalidInput,
    NotFound,
    PermissionDenied,
    StateError,
    Unauthenticated,
)
from cloudtrack.remote.wire import ERROR_HEADER
from cloudtrack.storage.retrying import Transient

_REPEATED = {408, 429, 500, 502, 503, 504}
_DID_NOTHING = {429}
_NEVER_MENDED = {"INVALID_STATE", "DATA_LOSS"}
"""Answers 500 that no repetition mends."""
_CODES: dict[str, type[CloudtrackError]] = {
    "RESOURCE_DOES_NOT_EXIST": NotFound,
    "NOT_FOUND": NotFound,
    "RESOURCE_ALREADY_EXISTS": AlreadyExists,
    "ALREADY_EXISTS": AlreadyExists,
    "UNAUTHENTICATED": Unauthenticated,
    "CUSTOMER_UNAUTHORIZED": Unauthenticated,
    "PERMISSION_DENIED": PermissionDenied,
    "ABORTED": Conflict,
    "RESOURCE_CONFLICT": Conflict,
    "INVALID_STATE": StateError,
    "DATA_LOSS": CorruptData,
}
_KINDS = {
    found.kind: found
    for found in vars(errors).values()
    if isinstance(found, type) and issubclass(found, CloudtrackError)
}
_LOG_IN = (
    "the server asks for a login: set MLFLOW_TRACKING_TOKEN (or CLOUDTRACK_TOKEN) to a token that is valid, such as "
    "one that `cloudtrack tokens create` made"
)


class Busy(Transient):
    """An answer that says: not now. ``retry_after_s`` is how long the server wants to be left alone."""

    def __init__(self, reason: str, *, may_have_landed: bool, retry_after_s: float) -> None:
        super().__init__(reason, may_have_landed=may_have_landed)
        self.retry_after_s = retry_after_s


def refusal(url: str, status: int, headers: Mapping[str, str], body: bytes) -> CloudtrackError | Transient:
    """The error for an answer that is no success. ``url`` is the server's."""
    said = _parsed(body)
    code, message = str(said.get("error_code", "")), str(said.get("message", ""))
    kind = _KINDS.get(headers.get(ERROR_HEADER, "")) or _CODES.get(code)
    if status in _REPEATED and code not in _NEVER_MENDED:
        reason = message or f"status {status}"
        return Busy(reason, may_have_landed=status not in _DID_NOTHING, retry_after_s=_retry_after_s(headers))
    if kind is Unauthenticated or status == 401:
        return Unauthenticated(f"{url}: {_LOG_IN}")
    if kind is not None:
        return kind(message)
    if 300 <= status < 400:
        place = headers.get("location", "another place").partition("?")[0]
        return InvalidInput(f"{url} sends requests on to {place}: use the address there as tracking URI")
    if status == 403:
        return PermissionDenied(f"{url} does not allow this ({message or 'status 403'}): ask whoever runs it")
    if code in ("", "ENDPOINT_NOT_FOUND") and status in (404, 405):
        return InvalidInput(
            f"{url} does not answer as a cloudtrack server (status {status}): check the address and its path"
        )
    if status == 413:
        return InvalidInput(f"{url} does not take so much at once: {message or 'status 413'}")
    return InvalidInput(message or f"{url} refused the request (status {status})")


def signed_refusal(status: int) -> CloudtrackError | Transient:
    """The error for an answer of a bucket to a signed URL. No word of the URL, which is a secret."""
    if status in _REPEATED:
        return Transient(f"the bucket answered with status {status}")
    if status == 404:
        return NotFound("the bucket has no such file any more")
    return PermissionDenied(f"the bucket refused a signed URL (status {status}): it has expired; try again")


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        said = from_json(body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _retry_after_s(headers: Mapping[str, str]) -> float:
    """Source: RFC 9110, 10.2.3: seconds, or a date."""
    text = headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        then = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    return max(0.0, ((then if then.tzinfo else then.replace(tzinfo=UTC)) - clock.now()).total_seconds())
