"""From the header ``Authorization`` to a principal.

MLflow's clients send ``Bearer`` with MLFLOW_TRACKING_TOKEN, or ``Basic`` with MLFLOW_TRACKING_USERNAME and
MLFLOW_TRACKING_PASSWORD, where the password is an API token. No message, log line or object here holds a
credential: what is remembered is its digest.
"""

from __future__ import annotations

import base64
import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass

from cloudtrack import clock
from cloudtrack.access.oidc import OidcVerifier
from cloudtrack.access.principal import Principal
from cloudtrack.access.tokens import TOKEN_PREFIX, Tokens
from cloudtrack.errors import Unauthenticated

REMEMBERED_S = 30.0
"""A token that is revoked, or expires, may still be a login for so long."""
_MAX_REMEMBERED = 1024
_MAX_HEADER_LENGTH = 16 << 10
_ANY_TOKEN_USER = ("", "token")
_REFUSED = (
    "not logged in: the request has no valid token; set MLFLOW_TRACKING_TOKEN to one that "
    "`cloudtrack tokens create` made, or to one of the OpenID Connect issuer that the server trusts"
)


class Authenticator:
    """Finds out who sent a request. May be used by many threads."""

    def __init__(self, tokens: Tokens, oidc: OidcVerifier | None = None) -> None:
        self._tokens = tokens
        self._oidc = oidc
        self._remembered = _Remembered()

    def authenticate(self, authorization: str | None) -> Principal:
        """Whom the header proves. Raises Unauthenticated, with one message whatever the reason.

        Raises Unavailable where the store, or the OIDC issuer, cannot be asked.
        """
        credential = _parse(authorization or "")
        principal = self._find(credential.secret) if credential else None
        if credential is None or principal is None or credential.user not in (*_ANY_TOKEN_USER, principal.name):
            raise Unauthenticated(_REFUSED)
        return principal

    def _find(self, secret: str) -> Principal | None:
        digest = hashlib.sha256(secret.encode()).digest()
        principal = self._remembered.get(digest)
        if principal is None:
            principal = self._ask(secret)
            if principal is not None:
                self._remembered.put(digest, principal)
        return principal

    def _ask(self, secret: str) -> Principal | None:
        if secret.startswith(TOKEN_PREFIX):
            return self._tokens.find(secret)
        return self._oidc.verify(secret) if self._oidc else None


@dataclass(frozen=True, slots=True, repr=False)
class _Credential:
    secret: str
    user: str = ""


def _parse(authorization: str) -> _Credential | None:
    if len(authorization) > _MAX_HEADER_LENGTH or not authorization.isascii():
        return None
    scheme, _, rest = authorization.strip().partition(" ")
    match scheme.lower():
        case "bearer":
            return _Credential(rest.strip())
        case "basic":
            return _parse_basic(rest.strip())
    return None


def _parse_basic(encoded: str) -> _Credential | None:
    try:
        user, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return None
    return _Credential(secret, user) if colon and secret.startswith(TOKEN_PREFIX) else None


class _Remembered:
    """Logins of the last seconds, by digest; the oldest make room."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: OrderedDict[bytes, tuple[float, Principal]] = OrderedDict()

    def get(self, digest: bytes) -> Principal | None:
        with self._lock:
            until, principal = self._entries.get(digest, (0.0, None))
        return principal if clock.monotonic() < until else None

    def put(self, digest: bytes, principal: Principal) -> None:
        with self._lock:
            self._entries[digest] = (clock.monotonic() + REMEMBERED_S, principal)
            self._entries.move_to_end(digest)
            if len(self._entries) > _MAX_REMEMBERED:
                self._entries.popitem(last=False)
