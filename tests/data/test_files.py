"""Files, folders and prefixes: what their digest is of, what it costs, and how they come to this machine."""

from __future__ import annotations

import hashlib
import json
import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import boto3
import fsspec
import pytest

import cloudtrack as ct
from cloudtrack.errors import CloudtrackError, InvalidInput, NotFound, PermissionDenied, Unavailable
from cloudtrack.storage.opening import open_store
from tests.conftest import SLOW_S3FS
from tests.servers.file_server import file_server
from tests.servers.listing_server import listing_server

FILES = {"b.txt": b"two", "a/x.bin": bytes(range(256)), "a.txt": b"", "ü/é.csv": b"1,2\n"}

NOBODY = 65534


def _filled(folder: Path) -> Path:
    for name, body in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(body)
    return folder


def _bucket(make_url: Callable[[str], str], kind: str) -> str:
    """A prefix with the same files, one beside it, and a marker as consoles make it; its URI."""
    url = make_url(kind)
    store = open_store(url)
    for name, body in FILES.items():
        store.create(f"data/{name}", body)
    store.create("data2/other", b"not of it")
    where, _, query = url.partition("?")
    bucket, _, prefix = where.removeprefix("s3://").partition("/")
    client = boto3.client("s3", endpoint_url=parse_qs(query)["endpoint_url"][0])
    client.put_object(Bucket=bucket, Key=f"{prefix}/data/")
    store.close()
    return f"{where}/data?{query}"


def test_the_digest_of_a_file_is_of_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b"1,2\n")
    found = ct.data.from_file(tmp_path / "x.csv")
    assert (found.name, found.digest) == ("x.csv", hashlib.sha256(b"1,2\n").hexdigest()[:16])
    assert found.profile == {"num_files": 1, "num_bytes": 4}
    assert found.source.load() == str(tmp_path / "x.csv")
    os.chdir(tmp_path)
    assert ct.data.from_file("x.csv") == found == ct.data.from_file((tmp_path / "x.csv").as_uri())


def test_a_folder_and_a_prefix_with_the_same_files_have_one_digest(
    tmp_path: Path, make_url: Callable[[str], str]
) -> None:
    here = ct.data.from_prefix(_filled(tmp_path / "one"))
    again = ct.data.from_prefix(str(_filled(tmp_path / "elsewhere" / "two")), name="data")
    uri = _bucket(make_url, "moto-obstore")
    read = ct.data.from_prefix(uri, hash_content=True)
    listed = ct.data.from_prefix(uri)
    assert here.digest == again.digest == read.digest != listed.digest
    assert here.digest == "8efdfadd20b8fd35"
    assert here.profile == read.profile == {"num_files": 4, "num_bytes": 263, "digest_of": "content"}
    assert listed.profile == {**here.profile, "digest_of": "etags"}
    assert (read.name, read.source.source_type, here.source.source_type) == ("data", "s3", "local")
    assert ct.data.from_file(uri.replace("/data?", "/data/b.txt?")).digest == hashlib.sha256(b"two").hexdigest()[:16]


def test_what_changes_in_a_folder_changes_its_digest(tmp_path: Path) -> None:
    folder = _filled(tmp_path)
    seen = {ct.data.from_prefix(folder).digest}
    (folder / "b.txt").write_bytes(b"two!")
    seen.add(ct.data.from_prefix(folder).digest)
    (folder / "b.txt").rename(folder / "c.txt")
    seen.add(ct.data.from_prefix(folder).digest)
    (folder / "c.txt").unlink()
    seen.add(ct.data.from_prefix(folder).digest)
    assert len(seen) == 4


def test_ten_thousand_objects_are_ten_requests_and_none_is_read() -> None:
    with listing_server(10_000) as server:
        found = ct.data.from_prefix(f"s3://b/data?endpoint_url={server.url}&form=obstore")
        asked = [parse_qs(urlsplit(path).query) for path in server.requests]
    assert found.profile["num_files"] == 10_000
    assert len(asked) == 10
    assert all(query["prefix"] == ["data/"] for query in asked)


@pytest.mark.slow  # 110 pages
def test_memory_does_not_grow_with_the_number_of_objects() -> None:
    def peak(objects: int) -> int:
        with listing_server(objects) as server:
            server.requests = []
            tracemalloc.start()
            ct.data.from_prefix(f"s3://b/data?endpoint_url={server.url}&form=obstore")
            _, most = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        return most

    peak(1000)
    assert peak(110_000) < peak(10_000) + 4 * 1024 * 1024


def test_where_there_is_nothing_that_is_said(tmp_path: Path, make_url: Callable[[str], str]) -> None:
    uri = _bucket(make_url, "moto-obstore")
    (tmp_path / "empty" / "below").mkdir(parents=True)
    (tmp_path / "file").write_bytes(b"")
    for call, place, words in (
        (ct.data.from_prefix, tmp_path / "empty", "no files below"),
        (ct.data.from_prefix, tmp_path / "none", "no folder"),
        (ct.data.from_prefix, tmp_path / "file", "from_file"),
        (ct.data.from_prefix, uri.replace("/data?", "/dat?"), "no files below"),
        (ct.data.from_prefix, uri.replace("/data?", "/data/b.txt?"), "from_file"),
        (ct.data.from_file, tmp_path / "none", "no file"),
        (ct.data.from_file, uri.replace("/data?", "/none?"), "none"),
    ):
        with pytest.raises(NotFound, match=words):
            call(place)
    for call, place in ((ct.data.from_file, tmp_path / "empty"), (ct.data.from_prefix, "gs://b/x")):
        with pytest.raises(InvalidInput):
            call(place)


def test_links_that_lead_out_of_a_folder_are_refused(tmp_path: Path) -> None:
    folder = _filled(tmp_path / "folder")
    (folder / "again").symlink_to("b.txt")
    assert ct.data.from_prefix(folder).profile["num_files"] == 5
    (tmp_path / "folder2").mkdir()
    (tmp_path / "folder2" / "secret").write_bytes(b"x")
    for target in ("../folder2/secret", "/etc/passwd", "a", "nowhere", ".."):
        (folder / "link").symlink_to(target)
        with pytest.raises(InvalidInput, match="link"):
            ct.data.from_prefix(folder)
        (folder / "link").unlink()
    os.mkfifo(folder / "pipe")
    with pytest.raises(InvalidInput, match="no file"):
        ct.data.from_prefix(folder)


def test_names_that_are_no_unicode_are_files_like_others(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path / "data")
    os.mkdir(folder)
    for name in (b"\xff.bin", b"new\nline", b"ok"):
        Path(os.fsdecode(folder + b"/" + name)).write_bytes(b"x")
    found = ct.data.from_prefix(tmp_path / "data")
    odd = ct.data.from_file(os.fsdecode(folder + b"/\xff.bin"))
    assert found.profile["num_files"] == 3
    with ct.start_run() as run:
        ct.log_input(found)
        ct.log_input(odd)
    names = {use.dataset.name: use for use in ct.get_run(run.info.run_id).inputs.dataset_inputs}
    assert set(names) == {"data", "?.bin"}
    assert Path(ct.data.get_source(names["?.bin"]).load()).read_bytes() == b"x"


@pytest.mark.parametrize("kind", ["moto-obstore", SLOW_S3FS])
def test_sources_in_a_bucket_come_to_this_machine(tmp_path: Path, make_url: Callable[[str], str], kind: str) -> None:
    uri = _bucket(make_url, kind)
    logged = ct.data.from_prefix(uri)
    source = ct.data.get_source(logged.to_entity())
    loaded = source.load(str(tmp_path / "here"))
    assert ct.data.from_prefix(loaded).digest == ct.data.from_prefix(uri, hash_content=True).digest
    one = ct.data.from_file(uri.replace("/data?", "/data/b.txt?"))
    assert Path(ct.data.get_source(one).load()).read_bytes() == b"two"
    with pytest.raises(NotFound):
        ct.data.from_prefix(uri.replace("/data?", "/none?"), digest="x").source.load(str(tmp_path / "nothing"))


def test_folders_are_copied_where_that_is_wanted(tmp_path: Path) -> None:
    found = ct.data.from_prefix(_filled(tmp_path / "data"))
    assert found.source.load() == str(tmp_path / "data")
    copy = found.source.load(str(tmp_path / "there"))
    assert copy == str(tmp_path / "there" / "data")
    assert ct.data.from_prefix(copy).digest == found.digest
    with pytest.raises(NotFound):
        ct.data.from_pandas(_frame(), source=str(tmp_path / "none")).source.load()


def test_sources_of_other_protocols_are_loaded(tmp_path: Path) -> None:
    system = fsspec.filesystem("memory")
    for name, body in FILES.items():
        system.pipe(f"/lake/{name}", body)
    source = ct.data.from_pandas(_frame(), source="memory://lake").source
    assert source.source_type == "memory"
    assert ct.data.from_prefix(source.load(str(tmp_path / "x"))).digest == "8efdfadd20b8fd35"
    one = ct.data.from_file("memory://lake/b.txt")
    assert (Path(one.source.load()) / "b.txt").read_bytes() == b"two"
    system.pipe("/lake/../up", b"")
    for wrong, kind in (
        ("memory://lake", InvalidInput),
        ("memory://none", NotFound),
        ("zip::memory://lake/b.txt", InvalidInput),
        ("nope://x", InvalidInput),
    ):
        with pytest.raises(kind):
            ct.data.from_pandas(_frame(), source=wrong).source.load(str(tmp_path / "y"))
    system.rm("/lake", recursive=True)


def test_sources_on_the_web_are_downloaded(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_bytes(b"1,2\n")
    with file_server(tmp_path) as url:
        source = ct.data.from_pandas(_frame(), source=f"{url}/data.csv?token=secret").source
        assert Path(source.load()).name == "data.csv"
        assert Path(source.load(str(tmp_path / "x"))).read_bytes() == b"1,2\n"
        assert ct.data.from_file(f"{url}/data.csv").digest == hashlib.sha256(b"1,2\n").hexdigest()[:16]
        with pytest.raises(NotFound, match="404"):
            ct.data.from_file(f"{url}/none.csv")
    with pytest.raises(Unavailable) as failure:
        source.load()
    assert "secret" not in failure.value.message


@pytest.mark.parametrize(
    ("uri", "kind", "kept"),
    [
        ("s3://bucket/key.csv", "s3", {"uri": "s3://bucket/key.csv"}),
        ("s3://KEY:SECRET@bucket/key.csv", "s3", {"uri": "s3://bucket/key.csv"}),
        ("s3://bucket/key?X-Amz-Signature=SECRET", "s3", {"uri": "s3://bucket/key"}),
        (
            "s3://b/k?endpoint_url=http://KEY:SECRET@host:9000&region=eu",
            "s3",
            {"uri": "s3://b/k?endpoint_url=http%3A%2F%2Fhost%3A9000&region=eu"},
        ),
        ("https://u:SECRET@host/x.csv?sig=SECRET#SECRET", "http", {"url": "https://host/x.csv"}),
        ("gs://u:SECRET@bucket/x", "gs", {"uri": "gs://bucket/x"}),
        ("file:///tmp/x.csv", "local", {"uri": "file:///tmp/x.csv"}),
        ("people.csv", "local", {"uri": "people.csv"}),
    ],
)
def test_sources_are_kept_without_credentials(uri: str, kind: str, kept: dict[str, str]) -> None:
    entity = ct.data.from_pandas(_frame(), source=uri).to_entity()
    assert (entity.source_type, json.loads(entity.source)) == (kind, kept)
    assert ct.data.get_source(entity).to_dict() == kept


def test_sources_that_cannot_be_loaded_say_so() -> None:
    made = ct.data.from_pandas(_frame())
    assert json.loads(made.to_entity().source)["tags"]["mlflow.source.type"] == "LOCAL"
    with pytest.raises(InvalidInput, match="source="):
        ct.data.get_source(made.to_entity()).load()
    for kind, source in (
        ("s3", "no JSON"),
        ("http", "{}"),
        ("hugging_face", "[]"),
        ("hugging_face", "{}"),
        ("x", "{}"),
    ):
        with pytest.raises(CloudtrackError):
            ct.data.get_source(ct.entities.Dataset("d", "1", kind, source))
    for nothing in (None, "text", object()):
        with pytest.raises(InvalidInput):
            ct.data.get_source(nothing)
    with pytest.raises(InvalidInput):
        ct.data.from_pandas(_frame(), source=5)  # type: ignore[arg-type]


def test_what_may_not_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"")
    (tmp_path / "x").chmod(0)
    me = os.geteuid()
    os.seteuid(me or NOBODY)  # root may read everything
    try:
        with pytest.raises(PermissionDenied):
            ct.data.from_file(tmp_path / "x")
    finally:
        os.seteuid(me)


def _frame() -> object:
    import pandas

    return pandas.DataFrame({"a": [1]})
