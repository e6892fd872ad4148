"""Credentials that the S3 clients do not find by themselves: profiles and assumed roles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from cloudtrack import clock
from cloudtrack.storage.s3_errors import no_credentials, translate_boto
from cloudtrack.storage.s3_options import S3Options

_FOUND_BY_OBSTORE = (
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)
_LOOK_AGAIN_AFTER = timedelta(minutes=30)


def assumed_role(options: S3Options) -> Callable[[], dict[str, Any]]:
    """A function that assumes the role anew: access_key, secret_key, token, and expiry_time as ISO 8601."""
    from botocore.credentials import AssumeRoleCredentialFetcher

    session = _profile_session(options)
    source = session.get_credentials()
    if source is None:
        raise no_credentials(options)
    fetcher = AssumeRoleCredentialFetcher(
        client_creator=partial(
            session.create_client, region_name=options.region or session.get_config_variable("region")
        ),
        source_credentials=source,
        role_arn=options.role_arn,
        extra_args={"RoleSessionName": "cloudtrack"},
    )
    fetch: Callable[[], dict[str, Any]] = fetcher.fetch_credentials
    return fetch


def boto_session(options: S3Options) -> Any:
    """A botocore session with the profile's credentials, or with the role's, renewed before they expire."""
    session = _profile_session(options)
    if options.role_arn:
        from botocore.credentials import DeferredRefreshableCredentials

        session._credentials = DeferredRefreshableCredentials(refresh_using=assumed_role(options), method="assume-role")
    return session


def obstore_provider(options: S3Options, environment: Mapping[str, str]) -> Callable[[], dict[str, Any]] | None:
    """What obstore asks for credentials; None where it finds them itself: keys, web identity, a container's role.

    It reads no ``~/.aws``, so profiles, SSO and assumed roles come through botocore.
    """
    if options.role_arn:
        return partial(_from_role, assumed_role(options))
    uses_profile = options.profile or environment.get("AWS_PROFILE")
    if not uses_profile and any(environment.get(name) for name in _FOUND_BY_OBSTORE):
        return None
    credentials = _profile_session(options).get_credentials()
    if credentials is None:
        raise no_credentials(options)
    return partial(_from_session, credentials)


def _profile_session(options: S3Options) -> Any:
    from botocore.exceptions import ProfileNotFound
    from botocore.session import Session

    session = Session(profile=options.profile or None)
    try:
        session.get_scoped_config()
    except ProfileNotFound as error:
        raise translate_boto(options, "", error) from error
    return session


def _from_role(assume: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    found = assume()
    expires = datetime.fromisoformat(found["expiry_time"].replace("Z", "+00:00")).astimezone(UTC)
    return {
        "access_key_id": found["access_key"],
        "secret_access_key": found["secret_key"],
        "token": found["token"],
        "expires_at": expires,
    }


def _from_session(credentials: Any) -> dict[str, Any]:
    """botocore renews what expires, so it is asked again from time to time."""
    frozen = credentials.get_frozen_credentials()
    return {
        "access_key_id": frozen.access_key,
        "secret_access_key": frozen.secret_key,
        "token": frozen.token,
        "expires_at": clock.now() + _LOOK_AGAIN_AFTER,
    }
