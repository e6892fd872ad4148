"""The authenticator of a store, as the environment configures it."""

from __future__ import annotations

from cloudtrack import config
from cloudtrack.access.authentication import Authenticator
from cloudtrack.access.oidc import OidcVerifier
from cloudtrack.access.tokens import Tokens
from cloudtrack.storage.object_store import ObjectStore


def open_authenticator(store: ObjectStore) -> Authenticator:
    """API tokens of the store, and tokens of the OpenID Connect issuer where one is configured."""
    issuer = config.oidc_issuer()
    oidc = OidcVerifier(issuer, config.oidc_audience(), admin_groups=config.oidc_admin_groups()) if issuer else None
    return Authenticator(Tokens(store), oidc)
