"""Whose rights a store is used with."""

from __future__ import annotations

import getpass

from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.per_process import PerProcessStore
from cloudtrack.storage.s3_store import S3Store


def identity(store: ObjectStore) -> str:
    """One line: the AWS identity behind S3 requests, or the local user. Never a secret; never raises."""
    inner = store.inner if isinstance(store, PerProcessStore) else store
    if not isinstance(inner, S3Store):
        return f"local user {getpass.getuser()}"
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    options = inner.options
    session = boto3.Session(profile_name=options.profile or None, region_name=options.region or None)
    credentials = session.get_credentials()
    if credentials is None:
        return "no AWS credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    key = f"access key {credentials.access_key[:4]}... from {credentials.method}"
    if options.endpoint_url:
        return f"{key}, at {options.endpoint_url}"
    try:
        return f"{session.client('sts').get_caller_identity()['Arn']} ({key})"
    except (BotoCoreError, ClientError) as error:
        return f"{key}; AWS did not say whose it is ({type(error).__name__})"
