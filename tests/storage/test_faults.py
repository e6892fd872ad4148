"""What S3 may answer, and what becomes of it; in both forms."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cloudtrack.errors import (
    CloudtrackError,
    InvalidInput,
    NotFound,
    ObjectChanged,
    ObjectExists,
    PermissionDenied,
    Unavailable,
)
from cloudtrack.storage.marker import initialize
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.opening import open_store
from cloudtrack.storage.retrying import RetryPolicy
from cloudtrack.storage.s3_options import parse_s3_url
from tests.servers.scripted_server import ScriptedServer, scripted_server

QUICK = RetryPolicy(attempts=4, first_pause_s=0.001, longest_pause_s=0.01)
FORMS = ["s3fs", "obstore"]


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with scripted_server() as running:
        yield running


@pytest.fixture(params=FORMS)
def open_form(request: pytest.FixtureRequest, server: ScriptedServer) -> Callable[..., ObjectStore]:
    def open_it(**options: str) -> ObjectStore:
        parsed = parse_s3_url(f"s3://bucket/p?endpoint_url={server.url}", options)
        if request.param == "s3fs":
            from cloudtrack.storage.s3_fsspec import S3FsspecStore

            return S3FsspecStore(parsed, QUICK)
        from cloudtrack.storage.s3_obstore import S3ObstoreStore

        return S3ObstoreStore(parsed, {"AWS_ACCESS_KEY_ID": "testing"}, QUICK)

    return open_it


@pytest.fixture
def s3(open_form: Callable[..., ObjectStore]) -> ObjectStore:
    return open_form()


PASSING = [
    (503, "SlowDown"),
    (500, "InternalError"),
    (409, "ConditionalRequestConflict"),
    (429, "TooManyRequests"),
    (502, "BadGateway"),
    "reset",
]


@pytest.mark.parametrize("fault", [*PASSING, "lost"], ids=str)
def test_a_write_goes_through_a_passing_fault_once(s3: ObjectStore, server: ScriptedServer, fault: Any) -> None:
    server.script = [fault, fault]
    etag = s3.create("a", b"1")
    server.script = [fault, fault]
    s3.replace("a", b"2", etag)
    assert server.objects["/bucket/p/a"] == b"2"


@pytest.mark.parametrize("fault", PASSING, ids=str)
def test_a_read_goes_through_a_passing_fault(s3: ObjectStore, server: ScriptedServer, fault: Any) -> None:
    server.objects["/bucket/p/a"] = b"body"
    server.verbs = {"GET"}
    server.script = [fault, fault]
    assert s3.get("a").body == b"body"


@pytest.mark.parametrize("fault", [(503, "SlowDown"), (409, "ConditionalRequestConflict"), "reset"], ids=str)
def test_a_fault_that_stays_is_unavailable_after_a_bounded_number_of_attempts(
    s3: ObjectStore, server: ScriptedServer, fault: Any
) -> None:
    for use in (lambda: s3.create("a", b"1"), lambda: s3.replace("a", b"1", '"x"'), lambda: s3.get("a")):
        server.verbs = {"PUT", "GET"}
        server.script = [fault] * 200
        with pytest.raises(Unavailable, match="try again later"):
            use()
        assert len(server.script) > 150


def test_a_409_never_means_that_the_object_exists(s3: ObjectStore, server: ScriptedServer) -> None:
    server.script = [(409, "ConditionalRequestConflict")] * 100
    with pytest.raises(Unavailable):
        s3.create("a", b"1")


def test_a_lost_answer_is_recognised_as_ones_own_write(s3: ObjectStore, server: ScriptedServer) -> None:
    server.script = ["lost"]
    etag = s3.create("a", b"mine")
    assert etag == s3.get("a").etag
    server.script = ["lost"]
    assert s3.replace("a", b"mine too", etag) == s3.get("a").etag


def test_a_rivals_write_is_not_taken_for_ones_own(s3: ObjectStore, server: ScriptedServer) -> None:
    server.objects["/bucket/p/a"] = b"rival"
    server.script = ["reset"]
    with pytest.raises(ObjectExists) as caught:
        s3.create("a", b"mine")
    assert caught.value.body == b"rival"
    server.script = ["reset"]
    with pytest.raises(ObjectChanged) as changed:
        s3.replace("a", b"mine", '"stale"')
    assert not changed.value.certain


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        ((403, "AccessDenied"), PermissionDenied, "s3:PutObject"),
        ((400, "ExpiredToken"), PermissionDenied, "expired"),
        ((403, "InvalidAccessKeyId"), PermissionDenied, "AWS_PROFILE"),
        ((404, "NoSuchBucket"), NotFound, "no bucket 'bucket'"),
        ((400, "IllegalLocationConstraintException"), InvalidInput, "region"),
        ((400, "EntityTooLarge"), InvalidInput, "EntityTooLarge"),
    ],
)
def test_an_answer_that_stays_says_what_to_do(
    s3: ObjectStore, server: ScriptedServer, fault: Any, error: type[CloudtrackError], said: str
) -> None:
    server.verbs = {"PUT", "GET"}
    for use in (lambda: s3.create("a", b"1"), lambda: s3.get("a"), lambda: s3.upload("a", io.BytesIO(b"1"))):
        server.script = [fault]
        with pytest.raises(error, match=said) as caught:
            use()
        assert "\n" not in str(caught.value)
        assert "testing" not in str(caught.value)
        assert server.script == []  # it was not tried again


@pytest.mark.parametrize("header", ["if-none-match", "if-match"])
def test_a_server_that_ignores_conditions_is_refused(s3: ObjectStore, server: ScriptedServer, header: str) -> None:
    server.ignored_headers = {header}
    with pytest.raises(InvalidInput, match=f"(?i)ignores {header}"):
        initialize(s3, create=True, fill=lambda: None)
    assert server.objects == {}


def test_a_server_that_honours_conditions_is_taken(s3: ObjectStore, server: ScriptedServer) -> None:
    marker = initialize(s3, create=True, fill=lambda: None)
    assert list(server.objects) == ["/bucket/p/cloudtrack.json"]
    before = len(server.requests)
    assert initialize(s3, create=False, fill=lambda: None) == marker
    assert len(server.requests) == before + 1


def test_each_verb_is_one_request(s3: ObjectStore, server: ScriptedServer, tmp_path: Path) -> None:
    etag = s3.create("a", b"1")
    etag = s3.replace("a", b"2", etag)
    s3.get("a")
    s3.get_range("a", 0, 1)
    s3.upload("b", io.BytesIO(b"small"))
    s3.download("b", tmp_path / "b")
    s3.delete("a")
    assert [verb for verb, _, _ in server.requests] == ["PUT", "PUT", "GET", "GET", "PUT", "GET", "DELETE"]


def test_the_key_of_the_url_encrypts_every_write(open_form: Callable[..., ObjectStore], server: ScriptedServer) -> None:
    store = open_form(kms_key="arn:aws:kms:eu-west-1:1:key/k")
    etag = store.create("a", b"1")
    store.replace("a", b"2", etag)
    store.upload("b", io.BytesIO(b"3"))
    puts = [headers for verb, _, headers in server.requests if verb == "PUT"]
    assert len(puts) == 3
    for headers in puts:
        assert headers["x-amz-server-side-encryption"] == "aws:kms"
        assert headers["x-amz-server-side-encryption-aws-kms-key-id"] == "arn:aws:kms:eu-west-1:1:key/k"


def test_conditions_are_on_the_wire(s3: ObjectStore, server: ScriptedServer) -> None:
    etag = s3.create("a", b"1")
    s3.replace("a", b"2", etag)
    headers = [headers for verb, _, headers in server.requests if verb == "PUT"]
    assert headers[0]["if-none-match"] == "*"
    assert headers[1]["if-match"] == etag


def test_a_download_goes_on_after_broken_connections(s3: ObjectStore, server: ScriptedServer, tmp_path: Path) -> None:
    body = bytes(range(256)) * 80_000  # 20 MB, several ranges
    server.objects["/bucket/p/big"] = body
    server.verbs = {"GET"}
    server.script = [None, "cut", "reset", (503, "SlowDown")]
    moved = s3.download("big", tmp_path / "big")
    assert (tmp_path / "big").read_bytes() == body
    assert moved.size_bytes == len(body)


def test_a_file_that_changes_during_a_download_is_never_mixed(
    s3: ObjectStore, server: ScriptedServer, tmp_path: Path
) -> None:
    server.objects["/bucket/p/big"] = b"a" * (20 << 20)

    def change(moved: int) -> None:
        server.objects["/bucket/p/big"] = b"b" * (20 << 20)

    with pytest.raises(ObjectChanged, match="while it was read"):
        s3.download("big", tmp_path / "big", progress=change)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", FORMS)
def test_a_role_is_assumed_for_every_request(
    form: str, server: ScriptedServer, moto_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", moto_url)
    role = "arn:aws:iam::123456789012:role/trainer"
    store = open_store(f"s3://bucket/p?endpoint_url={server.url}&region=us-east-1&form={form}&role_arn={role}")
    etag = store.create("a", b"1")
    store.replace("a", b"2", etag)
    assert store.get("a").body == b"2"
    assert len(server.requests) == 3
    for _, _, headers in server.requests:
        assert headers["x-amz-security-token"]
        assert "Credential=testing/" not in headers["authorization"]


@pytest.mark.parametrize("form", FORMS)
def test_missing_credentials_say_what_to_set(
    form: str, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(PermissionDenied, match="AWS_PROFILE"):
        open_store(f"s3://bucket/p?endpoint_url={server.url}&form={form}").get("a")


@pytest.mark.parametrize("form", FORMS)
def test_credentials_of_a_profile_are_used(
    form: str, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "credentials").write_text("[ann]\naws_access_key_id = ANNSKEY\naws_secret_access_key = x\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    open_store(f"s3://bucket/p?endpoint_url={server.url}&form={form}&profile=ann").create("a", b"1")
    monkeypatch.setenv("AWS_PROFILE", "ann")
    open_store(f"s3://bucket/p?endpoint_url={server.url}&form={form}").create("b", b"1")
    assert ["Credential=ANNSKEY/" in headers["authorization"] for _, _, headers in server.requests] == [True, True]
