"""The public keys that an OpenID Connect issuer signs with, read from where it says they are.

Source: https://openid.net/specs/openid-connect-discovery-1_0.html
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import threading
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from cloudtrack import clock
from cloudtrack.errors import InvalidInput, Unavailable

_LIFETIME_S = 300.0
_COOLDOWN_S = 10.0
"""The issuer is asked no more often, whatever strangers send."""
_TIMEOUT_S = 10.0
_MAX_BYTES = 1 << 20


class SigningKeys:
    """An issuer's keys by id, kept for some minutes. Many threads may ask; one of them waits for the issuer."""

    def __init__(self, issuer: str) -> None:
        """Raises InvalidInput where the issuer is not https; http is taken on this machine alone."""
        if "?" in issuer or "#" in issuer or not _is_trustworthy(issuer, or_loopback=True):
            raise InvalidInput(
                f"the OIDC issuer must be an https:// URL without a password or a query: {issuer[:80]!r}"
            )
        self._issuer = issuer
        self._lock = threading.Lock()
        self._known: tuple[float, dict[str, Any]] = (clock.monotonic(), {})
        self._ask_again = clock.monotonic()

    def find(self, key_id: str) -> Any | None:
        """The ``jwt.PyJWK`` with this id; None where the issuer has none. Raises Unavailable."""
        if (key := self._fresh().get(key_id)) is not None:
            return key
        with self._lock:
            if key_id not in self._fresh() and clock.monotonic() >= self._ask_again:
                try:
                    self._known = (clock.monotonic() + _LIFETIME_S, self._read())
                finally:
                    self._ask_again = clock.monotonic() + _COOLDOWN_S
        fresh = self._fresh()
        if not fresh:
            raise Unavailable(f"the OIDC issuer {self._issuer} did not answer some seconds ago: try again later")
        return fresh.get(key_id)

    def _fresh(self) -> dict[str, Any]:
        until, keys = self._known
        return keys if clock.monotonic() < until else {}

    def _read(self) -> dict[str, Any]:
        import jwt

        try:
            configuration = _get_object(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
            if configuration.get("issuer") != self._issuer:
                raise ValueError("it says that it is another issuer")
            address = str(configuration.get("jwks_uri"))
            if not _is_trustworthy(address, or_loopback=urlsplit(self._issuer).scheme == "http"):
                raise ValueError("its keys are not at an https:// URL")
            found = jwt.PyJWKSet.from_dict(_get_object(address)).keys
            keys = {key.key_id: key for key in found if key.key_id and key.public_key_use in (None, "sig")}
            if not keys:
                raise ValueError("it has no key with an id")
        except (OSError, http.client.HTTPException, ValueError, jwt.PyJWTError) as error:
            raise Unavailable(f"no keys from the OIDC issuer {self._issuer}: {error}; try again later") from error
        return keys


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would lead out of what the configuration trusts: it becomes an HTTPError."""

    def redirect_request(self, *_arguments: Any, **_more: Any) -> None:
        return None


def _get_object(url: str) -> dict[str, Any]:
    with urllib.request.build_opener(_NoRedirects).open(url, timeout=_TIMEOUT_S) as answer:
        body = answer.read(_MAX_BYTES + 1)
    if len(body) > _MAX_BYTES:
        raise ValueError(f"an answer is longer than {_MAX_BYTES} bytes")
    found = json.loads(body)
    if not isinstance(found, dict):
        raise ValueError("an answer is not a JSON object")
    return found


def _is_trustworthy(url: str, *, or_loopback: bool) -> bool:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if not host or "@" in parts.netloc:
        return False
    return parts.scheme == "https" or (or_loopback and parts.scheme == "http" and _is_loopback(host))


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
