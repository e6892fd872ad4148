"""Which folders and buckets an import reads: no other than those that the user has named."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloudtrack.errors import InvalidInput
from cloudtrack.importing.artifact_roots import ArtifactRoots


@pytest.mark.parametrize(
    "uri",
    [
        "s3://other/x",
        "s3://mine-too/x",
        "local:///etc",
        "http://127.0.0.1:1/x",
        "simplecache::file:///etc",
        "memory://mine/../other",
    ],
)
def test_no_bucket_and_no_scheme_is_read_that_the_user_did_not_name(uri: str, tmp_path: Path) -> None:
    for named in ("", "memory://mine", "s3://mine"):
        with pytest.raises(InvalidInput, match="--no-artifacts"):
            list(ArtifactRoots([tmp_path], named).files(uri, "run"))


def test_a_bucket_that_was_named_is_read() -> None:
    import fsspec

    with fsspec.open("memory://mine/root/a/b.txt", "wb") as stream:
        stream.write(b"text")
    (found,) = ArtifactRoots([], "memory://mine").files("memory://mine/root/a", "run")
    with found.open() as opened:
        assert (found.path, opened.read()) == ("b.txt", b"text")
