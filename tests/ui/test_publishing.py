"""The page in a bucket: what browsers are told, and in which order files come."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest

from cloudtrack.api.bundle import Bundle
from cloudtrack.errors import InvalidInput, NotFound
from cloudtrack.ui.publishing import publish
from tests.ui.stand_in import FILES, built


@pytest.fixture
def url(make_url: Any) -> str:
    """A prefix in an empty bucket."""
    return make_url("moto-obstore").replace("&form=obstore", "")


@pytest.fixture
def s3(moto_url: str) -> Any:
    return boto3.client("s3", endpoint_url=moto_url)


def bucket_of(url: str) -> str:
    return urlsplit(url).netloc


def test_files_come_with_types_and_times_and_the_index_comes_last(url: str, s3: Any, tmp_path: Path) -> None:
    names = list(publish(Bundle(built(tmp_path)).files(), url))
    assert names[-1] == "index.html"
    assert sorted(names) == sorted([*FILES, "build.json"])
    there = {}
    for name in names:
        found = s3.get_object(Bucket=bucket_of(url), Key=f"some/prefix/{name}")
        assert found["Body"].read() == (tmp_path / name).read_bytes()
        assert "ContentEncoding" not in found
        there[name] = (found["ContentType"], found["CacheControl"])
    assert there["index.html"] == ("text/html; charset=utf-8", "no-cache")
    assert there["assets/index-Ab12_-9z.js"] == (
        "text/javascript; charset=utf-8",
        "public, max-age=31536000, immutable",
    )
    assert there["assets/mark.svg"] == ("image/svg+xml", "no-cache")


def test_files_of_earlier_builds_stay(url: str, s3: Any, tmp_path: Path) -> None:
    list(publish(Bundle(built(tmp_path / "one")).files(), url))
    newer = built(tmp_path / "two")
    (newer / "assets" / "index-Ab12_-9z.js").rename(newer / "assets" / "index-22222222.js")
    (newer / "index.html").write_bytes(b"newer")
    list(publish(Bundle(newer).files(), url))
    keys = {each["Key"] for each in s3.list_objects_v2(Bucket=bucket_of(url))["Contents"]}
    assert {"some/prefix/assets/index-Ab12_-9z.js", "some/prefix/assets/index-22222222.js"} <= keys
    assert s3.get_object(Bucket=bucket_of(url), Key="some/prefix/index.html")["Body"].read() == b"newer"


def test_a_bucket_that_is_not_there_is_named(moto_url: str, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no bucket"):
        list(publish(Bundle(built(tmp_path)).files(), f"s3://no-such-bucket/x?endpoint_url={moto_url}"))


def test_what_is_not_built_is_not_published(url: str, s3: Any, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"python -m cloudtrack\.ui build"):
        list(publish(Bundle(tmp_path).files(), url))
    assert s3.list_objects_v2(Bucket=bucket_of(url))["KeyCount"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("target", ["https://bucket/x", "s3://", "folder"])
def test_the_command_says_in_a_line_what_is_wrong(target: str) -> None:
    command = [sys.executable, "-m", "cloudtrack.ui", "publish", target]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=dict(os.environ))
    assert done.returncode == 1
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1
