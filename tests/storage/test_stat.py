"""What HEAD may answer, always without a body that names the error; in both forms of S3 store."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from cloudtrack.errors import InvalidInput, ObjectChanged, ObjectNotFound, PermissionDenied, Unavailable
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.retrying import RetryPolicy
from cloudtrack.storage.s3_fsspec import S3FsspecStore
from cloudtrack.storage.s3_obstore import S3ObstoreStore
from cloudtrack.storage.s3_options import parse_s3_url
from tests.servers.scripted_server import ScriptedServer, scripted_server

QUICK = RetryPolicy(attempts=4, first_pause_s=0.001, longest_pause_s=0.01)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with scripted_server() as running:
        running.verbs = {"HEAD"}
        running.objects["/bucket/p/a"] = b"body"
        yield running


@pytest.fixture(params=["s3fs", "obstore"])
def s3(request: pytest.FixtureRequest, server: ScriptedServer) -> ObjectStore:
    options = parse_s3_url(f"s3://bucket/p?endpoint_url={server.url}", {})
    if request.param == "s3fs":
        return S3FsspecStore(options, QUICK)
    return S3ObstoreStore(options, {"AWS_ACCESS_KEY_ID": "testing"}, QUICK)


def test_stat_is_one_head_request(s3: ObjectStore, server: ScriptedServer) -> None:
    info = s3.stat("a")
    assert (info.key, info.size_bytes, info.modified_ms) == ("a", 4, 1_795_514_400_000)
    assert info.etag == s3.get("a").etag
    assert [verb for verb, _, _ in server.requests] == ["HEAD", "GET"]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ((404, ""), ObjectNotFound),
        ((403, ""), PermissionDenied),
        ((401, ""), PermissionDenied),
        ((400, ""), InvalidInput),
        ((301, ""), InvalidInput),
    ],
)
def test_an_answer_without_a_code_is_understood(
    s3: ObjectStore, server: ScriptedServer, fault: Any, error: type[Exception]
) -> None:
    server.script = [fault]
    with pytest.raises(error):
        s3.stat("a")
    asked = [path for _, path, _ in server.requests if path != "/bucket"]  # s3fs looks for the bucket's region
    assert asked == ["/bucket/p/a"]


@pytest.mark.parametrize("fault", [(503, ""), (500, ""), "reset"], ids=str)
def test_a_passing_fault_is_gone_through_and_a_lasting_one_told(
    s3: ObjectStore, server: ScriptedServer, fault: Any
) -> None:
    server.script = [fault, fault]
    assert s3.stat("a").size_bytes == 4
    server.script = [fault] * 100
    with pytest.raises(Unavailable, match="try again later"):
        s3.stat("a")


def test_a_range_that_was_not_there_a_moment_ago_is_no_empty_one(
    s3: ObjectStore, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    stat = s3.stat
    server.verbs = {"GET"}
    server.script = [(416, "InvalidRange")]

    def grown(key: str) -> Any:
        server.objects["/bucket/p/a"] = b"a longer body"
        return stat(key)

    monkeypatch.setattr(s3, "stat", grown)
    with pytest.raises(ObjectChanged, match="while it was read"):
        s3.read("a", start=5)
