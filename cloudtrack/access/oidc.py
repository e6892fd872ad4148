"""Logins with tokens of an OpenID Connect issuer: JWTs that it signed for us."""

from __future__ import annotations

import importlib.util
from collections.abc import Collection, Mapping
from typing import Any

from cloudtrack.access.principal import Principal, check_principal_name
from cloudtrack.access.signing_keys import SigningKeys
from cloudtrack.errors import InvalidInput, MissingDependency

_ALGORITHMS = ("RS256", "ES256")
_LEEWAY_S = 30
"""How far the issuer's clock and ours may differ."""


class OidcVerifier:
    """Verifies JWTs of one issuer for one audience. Members of ``admin_groups`` are admins."""

    def __init__(
        self, issuer: str, audience: str, *, groups_claim: str = "groups", admin_groups: Collection[str] = ()
    ) -> None:
        """Raises InvalidInput where issuer or audience cannot be right, and MissingDependency."""
        if not audience:
            raise InvalidInput(
                "an OIDC issuer needs an audience, or its tokens for other services would be logins here"
            )
        if not all(importlib.util.find_spec(name) for name in ("jwt", "cryptography")):
            raise MissingDependency('OIDC logins need PyJWT: pip install "cloudtrack[oidc]"')
        self._issuer = issuer
        self._audience = audience
        self._groups_claim = groups_claim
        self._admin_groups = frozenset(admin_groups)
        self._keys = SigningKeys(issuer)

    def verify(self, token: str) -> Principal | None:
        """Whom a JWT proves; None, whatever the reason, where it is no login. Raises Unavailable for the issuer."""
        import jwt

        try:
            key = self._keys.find(jwt.get_unverified_header(token).get("kid", ""))
            if key is None:
                return None
            claims = jwt.decode(
                token,
                key,
                algorithms=_ALGORITHMS,
                issuer=self._issuer,
                audience=self._audience,
                leeway=_LEEWAY_S,
                options={"require": ["exp", "iss", "aud"]},
            )
            return self._principal(claims)
        except (jwt.PyJWTError, InvalidInput, RecursionError):
            return None

    def _principal(self, claims: Mapping[str, Any]) -> Principal:
        said = claims.get(self._groups_claim)
        groups = tuple(group for group in (said if isinstance(said, list) else []) if isinstance(group, str))
        is_admin = not self._admin_groups.isdisjoint(groups)
        return Principal(check_principal_name(_name(claims)), is_admin, groups)


def _name(claims: Mapping[str, Any]) -> Any:
    """The e-mail address, unless the issuer says that it is not verified; else the user name, else the id.

    Where the address is not verified, a user name that looks like one is not taken either: users may
    often choose it, and it would be the unverified address under another name.
    """
    is_unverified = claims.get("email_verified", True) in (False, "false")
    email, username = claims.get("email"), claims.get("preferred_username")
    if email and not is_unverified:
        return email
    if username and not (is_unverified and "@" in str(username)):
        return username
    return claims.get("sub")
