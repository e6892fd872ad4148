"""Requests that a third party sends with nothing but what the signer gave it."""

from __future__ import annotations

import hashlib
import http.client
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import boto3
import pytest

from cloudtrack.errors import InvalidInput, NotFound, ObjectNotFound, PermissionDenied, Unavailable
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.opening import open_store
from cloudtrack.storage.parallel import map_in_order
from cloudtrack.storage.s3_options import parse_s3_url
from cloudtrack.storage.signing import SignedRequest, Signer
from tests.conftest import SLOW_S3FS
from tests.servers.scripted_server import ScriptedServer, scripted_server

S3_KINDS = [SLOW_S3FS, "moto-obstore", "seaweed-s3fs", "seaweed-obstore"]
CHECKING_KINDS = ["seaweed-s3fs", "seaweed-obstore"]
"""SeaweedFS checks signatures, expiry and signed headers. moto checks none of them, so only what a URL holds counts."""
on_s3 = pytest.mark.parametrize("store_url", S3_KINDS, indirect=True)
on_checking_s3 = pytest.mark.parametrize("store_url", CHECKING_KINDS, indirect=True)

PART = 5 << 20
KEY = "arn:aws:kms:eu-west-1:1:key/k"
NAMES = [
    "plain",
    "with space",
    "plus+and%percent%2F",
    "ünï-漢字",
    "a=b&c",
    "semi;colon,comma",
    "(paren)'q'",
    "~tilde?#",
]


@pytest.fixture
def signer(store: ObjectStore) -> Signer:
    assert store.signer is not None
    return store.signer


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with scripted_server() as running:
        yield running


def signer_of(url: str, **options: str) -> Signer:
    return Signer(parse_s3_url(url, options), {})


def send(
    method: str, request: SignedRequest, body: bytes | None = None, *, with_headers: bool = True
) -> tuple[int, dict[str, str], bytes]:
    """Without credentials, and without headers of its own."""
    parts = urlsplit(request.url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=60)
    connection.request(method, f"{parts.path}?{parts.query}", body, request.headers if with_headers else {})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, content


def send_parts(signer: Signer, key: str, upload_id: str, bodies: list[bytes]) -> list[tuple[int, str]]:
    parts = []
    for number, body in enumerate(bodies, start=1):
        status, headers, content = send("PUT", signer.put_part(key, upload_id, number, expires_s=60), body)
        assert status == 200, content
        parts.append((number, headers["etag"]))
    return parts


def query(request: SignedRequest) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(request.url).query).items()}


@on_s3
def test_what_is_put_by_one_stranger_is_got_by_another(store: ObjectStore, signer: Signer) -> None:
    for name in NAMES:
        key = f"files/{name}"
        assert send("PUT", signer.put(key, expires_s=60), name.encode())[0] == 200
        assert store.get(key).body == name.encode()
        status, headers, content = send("GET", signer.get(key, expires_s=60))
        assert (status, content) == (200, name.encode())
        assert int(headers["content-length"]) == store.stat(key).size_bytes
    assert {info.key for info in store.list()} == {f"files/{name}" for name in NAMES}


@on_s3
def test_a_browser_saves_and_never_shows(store: ObjectStore, signer: Signer) -> None:
    store.create("page.html", b"<script>")
    for filename, content_type, disposition, told in (
        ("", "", "attachment", "application/octet-stream"),
        ("page.html", "text/html", "attachment; filename=\"page.html\"; filename*=UTF-8''page.html", "text/html"),
        (
            'a"\r\nb/ü.txt',
            "",
            "attachment; filename=\"a___b__.txt\"; filename*=UTF-8''a%22%0D%0Ab%2F%C3%BC.txt",
            "application/octet-stream",
        ),
    ):
        request = signer.get("page.html", expires_s=60, filename=filename, content_type=content_type)
        status, headers, content = send("GET", request)
        assert (status, content) == (200, b"<script>")
        assert headers["content-disposition"] == disposition
        assert headers["content-type"].partition(";")[0] == told


@on_s3
def test_an_upload_in_parts_makes_one_object(store: ObjectStore, signer: Signer) -> None:
    bodies = [hashlib.sha256(bytes([number])).digest() * (PART // 32) for number in range(2)] + [b"the small rest"]
    key = "big/model é.bin"
    upload = signer.create_multipart(key)
    parts = send_parts(signer, key, upload, bodies)
    assert list(store.list()) == []
    signer.complete_multipart(key, upload, parts[::-1])
    assert b"".join(store.read(key).chunks) == b"".join(bodies)
    assert send("GET", signer.get(key, expires_s=60))[2] == b"".join(bodies)


@on_s3
def test_an_upload_is_completed_again_after_a_lost_answer(store: ObjectStore, signer: Signer) -> None:
    upload = signer.create_multipart("a")
    parts = send_parts(signer, "a", upload, [b"1" * PART, b"2"])
    signer.complete_multipart("a", upload, parts)
    signer.complete_multipart("a", upload, parts)
    assert store.stat("a").size_bytes == PART + 1


@pytest.mark.parametrize("there", [True, False])
def test_an_object_that_the_parts_have_made_already_is_recognised(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    """S3 may have forgotten an upload that is complete; moto and SeaweedFS do not."""
    digests = [hashlib.md5(b"1"), hashlib.md5(b"2")]
    made = hashlib.md5(b"".join(digest.digest() for digest in digests)).hexdigest()
    monkeypatch.setattr("tests.servers.scripted_server._etag", lambda _: f'"{made}-{2 if there else 3}"')
    server.objects["/bucket/p/a"] = b"12"
    server.verbs = {"POST"}
    server.script = [(404, "NoSuchUpload")] * 2
    signer = signer_of(f"s3://bucket/p?endpoint_url={server.url}")
    parts = [(number, f'"{digest.hexdigest()}"') for number, digest in enumerate(digests, start=1)]
    if there:
        signer.complete_multipart("a", "00ff", parts)
    else:
        with pytest.raises(NotFound, match="00ff"):
            signer.complete_multipart("a", "00ff", parts)
    with pytest.raises(NotFound, match="00ff"):
        signer.complete_multipart("a", "00ff", [(1, "no digest"), (2, "no digest")])
    assert [verb for verb, _, _ in server.requests] == ["POST", "HEAD", "POST", "HEAD"]


@on_s3
def test_an_aborted_upload_is_gone(store: ObjectStore, signer: Signer) -> None:
    store.create("a", b"older")
    upload = signer.create_multipart("a")
    send_parts(signer, "a", upload, [b"1"])
    signer.abort_multipart("a", upload)
    assert send("PUT", signer.put_part("a", upload, 2, expires_s=60), b"2")[0] >= 400  # moto says 500
    assert store.get("a").body == b"older"


@on_checking_s3
def test_an_unknown_upload_cannot_be_completed_and_is_named(store: ObjectStore, signer: Signer) -> None:
    """moto does not survive the question."""
    aborted = signer.create_multipart("a")
    parts = send_parts(signer, "a", aborted, [b"1"])
    signer.abort_multipart("a", aborted)
    store.create("a", b"older")
    for upload in (aborted, "00ff", "no such upload"):
        with pytest.raises(NotFound, match=f"no upload '{upload}' of 'some/prefix/a'") as caught:
            signer.complete_multipart("a", upload, parts)
        assert not isinstance(caught.value, ObjectNotFound)
    assert store.get("a").body == b"older"


@on_s3
def test_an_unknown_upload_cannot_be_aborted_and_is_named(signer: Signer) -> None:
    for upload in ("00ff", "no such upload"):
        with pytest.raises(NotFound, match=f"no upload '{upload}' of 'some/prefix/a'"):
            signer.abort_multipart("a", upload)


@on_s3
def test_wrong_parts_are_refused_and_the_upload_goes_on(store: ObjectStore, signer: Signer) -> None:
    upload = signer.create_multipart("a")
    parts = send_parts(signer, "a", upload, [b"1" * PART, b"2"])
    with pytest.raises(InvalidInput, match="InvalidPart"):
        signer.complete_multipart("a", upload, [(1, parts[1][1]), (2, parts[0][1])])
    signer.complete_multipart("a", upload, parts)
    small = signer.create_multipart("b")
    parts = send_parts(signer, "b", small, [b"1", b"2"])
    with pytest.raises(InvalidInput, match="at least 5 MiB"):
        signer.complete_multipart("b", small, parts)
    assert [info.key for info in store.list()] == ["a"]


@on_checking_s3
def test_a_signed_request_is_good_for_nothing_else(store: ObjectStore, signer: Signer) -> None:
    store.create("mine", b"1")
    store.create("theirs", b"2")
    get, put = signer.get("mine", expires_s=60), signer.put("mine", expires_s=60)
    upload = signer.create_multipart("mine")
    part = signer.put_part("mine", upload, 1, expires_s=60)
    for method, request, old, new in (
        ("GET", get, "/mine?", "/theirs?"),
        ("PUT", put, "/mine?", "/theirs?"),
        ("PUT", get, "", ""),
        ("GET", put, "", ""),
        ("DELETE", put, "", ""),
        ("GET", get, "attachment", "inline"),
        ("GET", get, "Expires=60", "Expires=600"),
        ("PUT", part, "partNumber=1", "partNumber=2"),
        ("PUT", part, "uploadId=", "uploadId=0"),
        ("GET", SignedRequest(get.url.partition("?")[0]), "", ""),
        ("PUT", SignedRequest(put.url.partition("?")[0]), "", ""),
    ):
        changed = SignedRequest(request.url.replace(old, new, 1), request.headers)
        assert (changed.url != request.url) == bool(old)
        assert send(method, changed, b"x" if method == "PUT" else None)[0] == 403
    assert (store.get("mine").body, store.get("theirs").body) == (b"1", b"2")


@on_checking_s3
def test_a_signed_request_expires(store: ObjectStore, signer: Signer) -> None:
    store.create("a", b"1")
    short = signer.get("a", expires_s=1)
    for _ in range(100):
        if (answer := send("GET", short))[0] == 403:
            break
        time.sleep(0.1)
    assert (answer[0], b"expired" in answer[2]) == (403, True)


@on_checking_s3
def test_the_headers_belong_to_what_is_signed(store_url: str) -> None:
    """SeaweedFS has no KMS here: it answers with 500 to what it would have encrypted, when the signature is right."""
    put = signer_of(f"{store_url}&kms_key={KEY}").put("a", expires_s=60)
    assert send("PUT", put, b"1", with_headers=False)[0] == 403
    assert send("PUT", put, b"1")[0] == 500


@pytest.mark.parametrize("store_url", ["moto-s3fs", "moto-obstore"], indirect=True)
def test_the_key_of_the_url_encrypts_what_strangers_write(store_url: str) -> None:
    signer = open_store(f"{store_url}&kms_key={KEY}").signer
    assert signer is not None
    put = signer.put("put", expires_s=60)
    assert put.headers == {
        "x-amz-server-side-encryption": "aws:kms",
        "x-amz-server-side-encryption-aws-kms-key-id": KEY,
    }
    assert query(put)["X-Amz-SignedHeaders"].split(";") == ["host", *put.headers]
    assert send("PUT", put, b"1")[0] == 200
    upload = signer.create_multipart("parts")
    signer.complete_multipart("parts", upload, send_parts(signer, "parts", upload, [b"1"]))
    options = parse_s3_url(store_url, {})
    client = boto3.client("s3", endpoint_url=options.endpoint_url)
    for key in ("put", "parts"):
        head = client.head_object(Bucket=options.bucket, Key=f"{options.prefix}/{key}")
        assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", KEY)


def test_nothing_but_the_host_is_signed_without_a_key() -> None:
    signer = signer_of("s3://bucket/p", region="eu-west-1")
    for request in (
        signer.get("a", expires_s=9),
        signer.put("a", expires_s=9),
        signer.put_part("a", "u", 1, expires_s=9),
    ):
        assert request.headers == {}
        assert query(request)["X-Amz-SignedHeaders"] == "host"
        assert "checksum" not in request.url.lower()


def test_an_upload_demands_no_checksum_of_its_parts(server: ScriptedServer) -> None:
    server.verbs = {"POST"}
    server.script = [(403, "AccessDenied")]
    with pytest.raises(PermissionDenied):
        signer_of(f"s3://bucket/p?endpoint_url={server.url}").create_multipart("a")
    ((_, _, headers),) = server.requests
    assert [name for name in headers if "checksum" in name] == []


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_on_aws_the_buckets_own_host_in_its_region_is_asked(region: str) -> None:
    signer = signer_of(f"s3://bucket/some/prefix?region={region}")
    for request in (signer.get("a b/ü", expires_s=77), signer.put("a b/ü", expires_s=77)):
        parts = urlsplit(request.url)
        assert (parts.scheme, parts.netloc) == ("https", f"bucket.s3.{region}.amazonaws.com")
        assert parts.path == "/some/prefix/a%20b/%C3%BC"
        asked = query(request)
        assert asked["X-Amz-Algorithm"] == "AWS4-HMAC-SHA256"
        assert asked["X-Amz-Expires"] == "77"
        assert asked["X-Amz-Credential"].split("/")[::2] == ["testing", region, "aws4_request"]
        assert "X-Amz-Security-Token" not in asked


def test_other_partitions_and_names_have_their_hosts() -> None:
    for url, host, path in (
        ("s3://bucket/p?region=cn-north-1", "bucket.s3.cn-north-1.amazonaws.com.cn", "/p/a"),
        ("s3://my.bucket/p?region=eu-west-1", "s3.eu-west-1.amazonaws.com", "/my.bucket/p/a"),
        ("s3://bucket/p?endpoint_url=http://127.0.0.1:8333", "127.0.0.1:8333", "/bucket/p/a"),
        ("s3://bucket?endpoint_url=https://s3.example.com", "s3.example.com", "/bucket/a"),
    ):
        parts = urlsplit(signer_of(url).get("a", expires_s=9).url)
        assert (parts.netloc, parts.path) == (host, path)


def test_the_region_and_the_endpoint_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    options = parse_s3_url("s3://bucket/p", {})
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-north-1")
    for environment, host in (
        ({"AWS_REGION": "eu-west-3"}, "bucket.s3.eu-west-3.amazonaws.com"),
        ({}, "bucket.s3.eu-north-1.amazonaws.com"),
        ({"AWS_ENDPOINT_URL": "http://minio.example.com:9000"}, "minio.example.com:9000"),
        ({"AWS_ENDPOINT_URL": "http://x", "AWS_ENDPOINT_URL_S3": "http://y.example.com"}, "y.example.com"),
    ):
        assert urlsplit(Signer(options, environment).get("a", expires_s=9).url).netloc == host


def test_a_session_token_is_part_of_the_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token/+=")
    signer = signer_of("s3://bucket/p?region=eu-west-1")
    for request in (
        signer.get("a", expires_s=9),
        signer.put("a", expires_s=9),
        signer.put_part("a", "u", 1, expires_s=9),
    ):
        assert query(request)["X-Amz-Security-Token"] == "token/+="


def test_a_role_signs(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", moto_url)
    signer = signer_of("s3://bucket/p?region=us-east-1&role_arn=arn:aws:iam::123456789012:role/trainer")
    asked = query(signer.get("a", expires_s=9))
    assert asked["X-Amz-Security-Token"]
    assert not asked["X-Amz-Credential"].startswith("testing/")


def test_a_profile_signs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "credentials").write_text("[ann]\naws_access_key_id = ANNSKEY\naws_secret_access_key = x\n")
    (tmp_path / "config").write_text("[profile ann]\nregion = eu-south-1\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    asked = query(signer_of("s3://bucket/p?profile=ann").get("a", expires_s=9))
    assert asked["X-Amz-Credential"].split("/")[::2] == ["ANNSKEY", "eu-south-1", "aws4_request"]


@pytest.mark.parametrize("form", ["s3fs", "obstore"])
def test_a_profile_that_is_nowhere_is_named(form: str, server: ScriptedServer) -> None:
    store = open_store(f"s3://bucket/p?endpoint_url={server.url}&form={form}&profile=nobody")
    assert store.signer is not None
    for use in (lambda: store.signer.get("a", expires_s=9), lambda: store.get("a")):
        with pytest.raises(InvalidInput, match="nobody"):
            use()


def test_missing_credentials_say_what_to_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("HOME", str(tmp_path))
    role = "arn:aws:iam::123456789012:role/trainer"
    for url in ("s3://bucket/p", f"s3://bucket/p?region=us-east-1&role_arn={role}"):
        for use in (lambda s: s.get("a", expires_s=9), lambda s: s.create_multipart("a")):
            with pytest.raises(PermissionDenied, match="AWS_PROFILE"):
                use(signer_of(url))


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        ((403, "AccessDenied"), PermissionDenied, "s3:PutObject"),
        ((400, "ExpiredToken"), PermissionDenied, "expired"),
        ((403, "InvalidAccessKeyId"), PermissionDenied, "AWS_PROFILE"),
        ((404, "NoSuchBucket"), NotFound, "no bucket 'bucket'"),
        ((400, "MalformedXML"), InvalidInput, "MalformedXML"),
        ((503, "SlowDown"), Unavailable, "try again later"),
        ("reset", Unavailable, "try again later"),
    ],
    ids=str,
)
def test_an_answer_that_stays_says_what_to_do(
    server: ScriptedServer, fault: object, error: type[Exception], said: str
) -> None:
    server.verbs = {"POST", "HEAD"}
    server.script = [fault] * 10
    with pytest.raises(error, match=said) as caught:
        signer_of(f"s3://bucket/p?endpoint_url={server.url}").create_multipart("a")
    assert "\n" not in str(caught.value)
    assert "testing" not in str(caught.value)
    assert len(server.requests) <= 3


@pytest.mark.parametrize("key", ["", "/a", "a//b", "../a", "a\nb", "a" * 1_020])
def test_a_bad_key_is_never_signed(key: str) -> None:
    signer = signer_of("s3://bucket/prefix?region=eu-west-1")
    uses: list[Callable[[], object]] = [
        lambda: signer.get(key, expires_s=9),
        lambda: signer.put(key, expires_s=9),
        lambda: signer.put_part(key, "u", 1, expires_s=9),
        lambda: signer.create_multipart(key),
        lambda: signer.complete_multipart(key, "u", [(1, "e")]),
        lambda: signer.abort_multipart(key, "u"),
    ]
    for use in uses:
        with pytest.raises(InvalidInput, match="key"):
            use()


def test_what_s3_would_refuse_is_not_signed() -> None:
    signer = signer_of("s3://bucket/p?region=eu-west-1")
    for seconds in (0, -1, 604_801):
        with pytest.raises(InvalidInput, match="604800"):
            signer.get("a", expires_s=seconds)
    for number in (0, 10_001):
        with pytest.raises(InvalidInput, match=f"no part {number}"):
            signer.put_part("a", "u", number, expires_s=9)
    with pytest.raises(InvalidInput, match="Invalid bucket name"):
        signer_of("s3://no bucket/p?region=eu-west-1").get("a", expires_s=9)
    assert unquote(urlsplit(signer.get("a", expires_s=604_800).url).path) == "/p/a"


@pytest.mark.parametrize("store_url", ["memory", "folder"], indirect=True)
def test_only_buckets_can_be_reached_by_others(store: ObjectStore) -> None:
    assert store.signer is None


def test_threads_share_one_client(monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store("s3://bucket/p?region=eu-west-1")
    made: list[Signer] = []
    connect = Signer._connect
    monkeypatch.setattr(Signer, "_connect", lambda signer: (made.append(signer), connect(signer))[1])
    urls = map_in_order(lambda _: store.signer.get("a", expires_s=9).url, range(16))
    assert {url.partition("?")[0] for url in urls} == {"https://bucket.s3.eu-west-1.amazonaws.com/p/a"}
    assert made == [store.signer]


def test_a_store_that_signs_nothing_loads_no_boto() -> None:
    code = """
import sys
from cloudtrack.storage.opening import open_store
assert open_store("s3://bucket/p?form=obstore").signer
print(*sorted({name.partition('.')[0] for name in sys.modules}))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) & {"boto3", "botocore", "s3fs"} == set()
