"""Whether the origin of a model is trusted: loading some models runs code that they bring.

``load_model(uri, trust=True)`` says so for one model, ``CLOUDTRACK_TRUST_MODELS=1`` for all of a process.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from cloudtrack import config
from cloudtrack.errors import PermissionDenied

_trusted: ContextVar[bool | None] = ContextVar("cloudtrack_trusted", default=None)


@contextmanager
def trusting(trust: bool | None) -> Iterator[None]:
    """Within, models are trusted or not; as outside, and at last as the environment says, where it is None."""
    token = _trusted.set(_trusted.get() if trust is None else trust)
    try:
        yield
    finally:
        _trusted.reset(token)


def is_trusted() -> bool:
    """Whether the model that is being loaded may run code of its own."""
    said = _trusted.get()
    return config.trusts_models() if said is None else said


def require_trust(path: Path, why: str) -> None:
    """Raises PermissionDenied where the model is not trusted; ``why`` says what its file would do."""
    if not is_trusted():
        raise PermissionDenied(
            f"{path.name} {why}: where you trust its origin, load it with trust=True (or --trust, or set "
            f"{config.TRUST_MODELS}=1)"
        )
