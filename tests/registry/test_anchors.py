"""Anchors that the store keeps: a history that was cut off or written anew does not pass by them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime

import boto3
import pytest

from cloudtrack import clock
from cloudtrack.client import Client, connect
from cloudtrack.errors import CorruptData, InvalidInput
from cloudtrack.registry import keys
from cloudtrack.storage.memory import MemoryStore
from tests.conftest import BOTH_MODES

SOURCE = "runs:/" + "a" * 32 + "/model"


def _filled(client: Client) -> None:
    client.registered_models.create("churn")
    for _ in range(3):
        client.model_versions.create("churn", SOURCE)


@pytest.mark.parametrize("mode", BOTH_MODES)
def test_they_are_kept_and_told(mode: str, make_url: Callable[[str], str]) -> None:
    client = connect(make_url(mode))
    _filled(client)
    first = client.history.keep_anchor("churn")
    assert client.history.keep_anchor("churn") == first
    client.model_versions.create("churn", SOURCE)
    second = client.history.keep_anchor("churn")
    assert (first.number, second.number) == (4, 5)
    assert client.history.anchors("churn") == [first, second]
    assert client.history.verify("churn") == second
    with pytest.raises(InvalidInput, match="only a bucket with Object Lock"):
        client.history.keep_anchor("churn", locked_until_ms=clock.now_ms() + 1000)


def test_what_is_not_as_they_say_is_found() -> None:
    client = Client(MemoryStore())
    _filled(client)
    client.history.keep_anchor("churn")
    events = client.history._registry.events("churn")
    last = events.get(4)
    client.store.delete(events.key(4))
    with pytest.raises(CorruptData, match=r"000000000004.json' is missing, and the anchor is event 4: the end was cut"):
        client.history.verify("churn")
    events.claim(4, last.replace(SOURCE.encode(), SOURCE.replace("a", "b").encode()))
    with pytest.raises(CorruptData, match=r"000000000004.json' is not the event of the anchor"):
        client.history.verify("churn")
    key = f"{keys.anchors('churn')}{4:012d}.json"
    client.store.delete(key)
    client.store.create(key, b'{"format": "cloudtrack.anchor/1", "anchor": "4:zz"}')
    with pytest.raises(CorruptData, match=r"anchors/000000000004.json' is no anchor"):
        client.history.verify("churn")


@pytest.mark.parametrize("form", ["s3fs", "obstore"])
def test_a_bucket_with_object_lock_keeps_them_from_everybody(form: str, moto_url: str) -> None:
    s3 = boto3.client("s3", endpoint_url=moto_url)
    until = datetime(2099, 1, 1, tzinfo=UTC)
    for is_locking in (True, False):
        bucket = f"bucket-{uuid.uuid4().hex}"
        s3.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=is_locking)
        client = Client(f"s3://{bucket}/some/prefix?endpoint_url={moto_url}&form={form}")
        _filled(client)
        if not is_locking:
            with pytest.raises(InvalidInput, match="needs Object Lock"):
                client.history.keep_anchor("churn", locked_until_ms=round(until.timestamp() * 1000))
            continue
        client.history.keep_anchor("churn", locked_until_ms=round(until.timestamp() * 1000))
        key = f"some/prefix/{keys.anchors('churn')}{4:012d}.json"
        there = s3.head_object(Bucket=bucket, Key=key)
        assert (there["ObjectLockMode"], there["ObjectLockRetainUntilDate"]) == ("COMPLIANCE", until)
        version = there["VersionId"]
        with pytest.raises(s3.exceptions.ClientError, match="AccessDenied"):
            s3.delete_object(Bucket=bucket, Key=key, VersionId=version)
