"""Every error cloudtrack raises, one class for each thing a caller would *do* about it.

    CloudtrackError
    ├── NotFound            it is not there: check the name, or create it        (also LookupError)
    │   ├── ObjectNotFound  a key that holds no object
    │   └── Purged          it was there, and will never be again
    ├── AlreadyExists       somebody has it already: choose another, or use it
    │   └── ObjectExists    a key that holds somebody else's object
    ├── InvalidInput        what was asked makes no sense: change the call       (also ValueError)
    ├── StateError          makes sense, but not now (a deleted run, a closed writer)
    │   └── ThresholdMissed a model is not as good as was asked for
    ├── Unauthenticated     nobody is logged in: send a token that is valid
    ├── PermissionDenied    the store's owner has to allow it                    (also PermissionError)
    ├── Conflict            a rival writer was faster: read again and decide anew
    │   └── ObjectChanged   the object is no longer the one that was read
    ├── Unavailable         the store cannot be reached or says "slow down": later
    ├── CorruptData         an object does not hold what it must: run a check of the store
    └── MissingDependency   an optional package is not installed; names the extra (also ImportError)

Messages say what, which one and what to do about it; they carry no secrets. ``kind`` is a stable
word for programs: kinds are added, never renamed.
"""

from __future__ import annotations

from typing import ClassVar

HTTP_STATUS = {
    "BAD_REQUEST": 400,
    "INVALID_PARAMETER_VALUE": 400,
    "RESOURCE_ALREADY_EXISTS": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "RESOURCE_DOES_NOT_EXIST": 404,
    "ABORTED": 409,
    "INTERNAL_ERROR": 500,
    "DATA_LOSS": 500,
    "NOT_IMPLEMENTED": 501,
    "TEMPORARILY_UNAVAILABLE": 503,
}
"""Of each error code: the status with which MLflow's servers answer it."""


class CloudtrackError(Exception):
    """Base of every error raised on purpose by cloudtrack."""

    kind: ClassVar[str] = "error"
    error_code: ClassVar[str] = "INTERNAL_ERROR"
    """MLflow's word for it."""

    @property
    def message(self) -> str:
        """The text of the error, one line."""
        return str(self.args[0]) if self.args else ""

    def get_http_status_code(self) -> int:
        """The status with which a server answers this error."""
        return HTTP_STATUS[self.error_code]


class NotFound(CloudtrackError, LookupError):
    """The named thing does not exist."""

    kind = "not_found"
    error_code = "RESOURCE_DOES_NOT_EXIST"


class ObjectNotFound(NotFound):
    """No object under this key."""

    kind = "object_not_found"


class Purged(NotFound):
    """It was removed for ever; the message says by whom. Its id is not used again."""

    kind = "purged"


class AlreadyExists(CloudtrackError):
    """The name is taken."""

    kind = "already_exists"
    error_code = "RESOURCE_ALREADY_EXISTS"


class ObjectExists(AlreadyExists):
    """The key holds somebody else's object; ``body`` is that object and ``etag`` its version."""

    kind = "object_exists"

    def __init__(self, message: str, *, body: bytes = b"", etag: str = "") -> None:
        super().__init__(message)
        self.body = body
        self.etag = etag


class InvalidInput(CloudtrackError, ValueError):
    """The call cannot be right as it stands."""

    kind = "invalid_input"
    error_code = "INVALID_PARAMETER_VALUE"


class StateError(CloudtrackError):
    """The call is right in form, but the thing it addresses is in the wrong state."""

    kind = "state"
    error_code = "INVALID_PARAMETER_VALUE"


class ThresholdMissed(StateError):
    """The metrics of a model are not what they must be; the message names each of them."""

    kind = "threshold_missed"
    error_code = "BAD_REQUEST"


class Unauthenticated(CloudtrackError):
    """No credential, or one that is not valid: ask for a token, and set MLFLOW_TRACKING_TOKEN to it."""

    kind = "unauthenticated"
    error_code = "UNAUTHENTICATED"


class PermissionDenied(CloudtrackError, PermissionError):
    """The store refused access."""

    kind = "permission_denied"
    error_code = "PERMISSION_DENIED"


class Conflict(CloudtrackError):
    """A rival writer committed first; reading again and retrying may help."""

    kind = "conflict"
    error_code = "ABORTED"


class ObjectChanged(Conflict):
    """The object under this key is not (or no longer) the one with the given etag.

    ``certain`` says that this write did not happen. It is False where an earlier attempt of the same
    write lost its answer: then it may have landed, and been replaced by a rival since.
    """

    kind = "object_changed"

    def __init__(self, message: str, *, certain: bool = True) -> None:
        super().__init__(message)
        self.certain = certain


class Unavailable(CloudtrackError):
    """The store cannot be reached, is throttling, or did not answer; try again later."""

    kind = "unavailable"
    error_code = "TEMPORARILY_UNAVAILABLE"


class CorruptData(CloudtrackError):
    """An object exists, but does not hold what the format says it must; the message names the key."""

    kind = "corrupt_data"
    error_code = "DATA_LOSS"


class MissingDependency(CloudtrackError, ImportError):
    """An optional package is needed; the message names the extra that brings it."""

    kind = "missing_dependency"
    error_code = "NOT_IMPLEMENTED"
