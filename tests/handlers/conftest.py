"""A deployed API, on this machine."""

from __future__ import annotations

import uuid

import boto3
import pytest

from cloudtrack.access.tokens import Tokens
from cloudtrack.client import Client
from cloudtrack.storage.opening import open_store
from tests.handlers.local_gateway import LocalGateway


def new_store(moto_url: str) -> str:
    """The URL of a new store in S3."""
    bucket = f"bucket-{uuid.uuid4().hex}"
    boto3.client("s3", endpoint_url=moto_url).create_bucket(Bucket=bucket)
    uri = f"s3://{bucket}/store?form=obstore&endpoint_url={moto_url}"
    Client(uri).close()
    return uri


@pytest.fixture
def store_uri(moto_url: str) -> str:
    """A new store, where the stack looks for it."""
    return new_store(moto_url)


@pytest.fixture
def admin_token(store_uri: str) -> str:
    """The first token, made with AWS credentials."""
    return Tokens(open_store(store_uri)).create("admin", admin=True)[0]


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch, store_uri: str) -> LocalGateway:
    """The API of template.yaml over the store."""
    return LocalGateway(monkeypatch, store_uri)
