"""What every store promises; each kind of store runs all of it."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest

from cloudtrack.errors import InvalidInput, ObjectChanged, ObjectExists, ObjectNotFound
from cloudtrack.storage.object_store import NotModified, ObjectStore
from tests.conftest import KINDS, SLOW_S3FS

_KINDS = [SLOW_S3FS if kind == "moto-s3fs" else kind for kind in KINDS]
pytestmark = pytest.mark.parametrize("store_url", _KINDS, indirect=True)

BAD_KEYS = ["", "/a", "a/", "a//b", "../a", "a/../b", "a/./b", ".", "a\x00b", "a\nb", "a" * 10_000, "\udc80"]


def test_get_returns_what_create_wrote(store: ObjectStore) -> None:
    etag = store.create("a/b", b"body")
    found = store.get("a/b")
    assert (found.body, found.etag) == (b"body", etag)


def test_create_never_overwrites(store: ObjectStore) -> None:
    store.create("a", b"first")
    with pytest.raises(ObjectExists) as caught:
        store.create("a", b"second")
    assert caught.value.body == b"first"
    assert caught.value.etag == store.get("a").etag
    assert store.get("a").body == b"first"


def test_create_of_the_same_body_recognises_its_own(store: ObjectStore) -> None:
    assert store.create("a", b"same") == store.create("a", b"same")


def test_create_works_for_an_empty_body_once(store: ObjectStore) -> None:
    store.create("empty", b"")
    assert store.get("empty").body == b""
    with pytest.raises(ObjectExists):
        store.create("empty", b"not empty")


def test_replace_needs_the_etag_that_is_there(store: ObjectStore) -> None:
    first = store.create("a", b"1")
    second = store.replace("a", b"2", first)
    assert second != first
    with pytest.raises(ObjectChanged):
        store.replace("a", b"3", first)
    assert store.get("a").body == b"2"


def test_replace_of_nothing_is_refused(store: ObjectStore) -> None:
    etag = store.create("a", b"1")
    store.delete("a")
    with pytest.raises(ObjectChanged):
        store.replace("a", b"2", etag)
    with pytest.raises(ObjectNotFound):
        store.get("a")


def test_get_says_when_nothing_changed(store: ObjectStore) -> None:
    etag = store.create("a", b"1")
    with pytest.raises(NotModified):
        store.get("a", unless_etag=etag)
    store.replace("a", b"2", etag)
    assert store.get("a", unless_etag=etag).body == b"2"


def test_missing_objects_are_named(store: ObjectStore) -> None:
    for read in (
        lambda: store.get("no/such"),
        lambda: store.get_range("no/such", 0, 1),
        lambda: store.stat("no/such"),
        lambda: store.read("no/such"),
        lambda: store.read("no/such", start=5, length=0),
    ):
        with pytest.raises(ObjectNotFound, match="no/such"):
            read()


def test_what_is_above_or_below_an_object_is_none(store: ObjectStore) -> None:
    store.create("f/a", b"1")
    for key in ("f", "f/a/b", "f/a/b/c"):
        for read in (store.get, store.stat, store.read):
            with pytest.raises(ObjectNotFound, match=key):
                read(key)


def test_stat_tells_what_a_listing_tells(store: ObjectStore) -> None:
    etag = store.create("f/ünï code+%", b"12345")
    info = store.stat("f/ünï code+%")
    assert info == next(iter(store.list("f/")))
    assert (info.key, info.size_bytes) == ("f/ünï code+%", 5)
    assert info.etag in ("", etag)
    assert info.modified_ms > 1_600_000_000_000


def test_delete_is_idempotent(store: ObjectStore) -> None:
    store.create("a", b"1")
    store.delete("a")
    store.delete("a")
    store.delete("never/there")
    with pytest.raises(ObjectNotFound):
        store.get("a")
    store.create("a", b"again")


def test_ranges_end_with_the_object(store: ObjectStore) -> None:
    store.create("a", b"0123456789")
    assert store.get_range("a", 2, 3) == b"234"
    assert store.get_range("a", 8, 100) == b"89"
    assert store.get_range("a", 10, 5) == b""
    assert store.get_range("a", 99, 5) == b""
    assert store.get_range("a", 0, 0) == b""


def test_a_range_is_read_and_the_whole_size_told(store: ObjectStore) -> None:
    etag = store.create("a", b"0123456789")
    for start, length, expected in (
        (0, None, b"0123456789"),
        (0, 10, b"0123456789"),
        (3, None, b"3456789"),
        (2, 3, b"234"),
        (9, 1, b"9"),
        (8, 100, b"89"),
        (10, None, b""),
        (10, 5, b""),
        (99, 5, b""),
        (0, 0, b""),
        (5, 0, b""),
        (99, 0, b""),
    ):
        reading = store.read("a", start=start, length=length)
        pieces = list(reading.chunks)
        assert b"".join(pieces) == expected
        assert b"" not in pieces
        assert reading.size_bytes == 10
        assert reading.etag in ("", etag)


def test_an_empty_object_has_no_pieces(store: ObjectStore) -> None:
    store.create("empty", b"")
    for reading in (store.read("empty"), store.read("empty", start=3), store.read("empty", length=0)):
        assert (list(reading.chunks), reading.size_bytes) == ([], 0)


def test_a_long_range_is_read_in_pieces(store: ObjectStore) -> None:
    body = b"".join(number.to_bytes(4, "big") for number in range(5 << 20))  # 20 MiB
    store.upload("large", io.BytesIO(body))
    reading = store.read("large", start=1_000_001, length=17_000_003)
    assert b"".join(reading.chunks) == body[1_000_001:18_000_004]


def test_list_is_in_order_within_a_folder_and_starts_after(store: ObjectStore) -> None:
    for number in range(12):
        store.create(f"events/{number:04d}.json", b"x" * number)
    keys = [info.key for info in store.list("events/")]
    assert keys == [f"events/{number:04d}.json" for number in range(12)]
    after = [info.key for info in store.list("events/", start_after="events/0009.json")]
    assert after == ["events/0010.json", "events/0011.json"]
    assert [info.size_bytes for info in store.list("events/")] == list(range(12))
    assert next(iter(store.list("events/"))).modified_ms > 1_600_000_000_000


def test_list_takes_any_beginning_of_a_key(store: ObjectStore) -> None:
    for key in ("runs/a1/run.json", "runs/a2/run.json", "runs/b1/run.json", "runs.txt"):
        store.create(key, b"")
    assert {info.key for info in store.list("runs/a")} == {"runs/a1/run.json", "runs/a2/run.json"}
    assert {info.key for info in store.list("runs/a1/run.json")} == {"runs/a1/run.json"}
    assert {info.key for info in store.list("runs")} == {
        "runs/a1/run.json",
        "runs/a2/run.json",
        "runs/b1/run.json",
        "runs.txt",
    }
    assert {info.key for info in store.list()} >= {"runs.txt"}
    assert list(store.list("none")) == []


def test_list_folder_shows_one_level(store: ObjectStore) -> None:
    for key in ("top", "f/a", "f/b", "f/g/c", "f/g/d", "f/h/i/j"):
        store.create(key, b"")
    level = store.list_folder("f/")
    assert level.folders == ["f/g/", "f/h/"]
    assert [info.key for info in level.objects] == ["f/a", "f/b"]
    assert "f/" in store.list_folder("").folders
    assert [info.key for info in store.list_folder("").objects] == ["top"]
    assert store.list_folder("none/").objects == []


def test_listings_longer_than_a_page_are_whole(store: ObjectStore) -> None:
    from cloudtrack.storage.parallel import map_in_order

    keys = [f"many/{number:05d}" for number in range(1_050)]
    map_in_order(lambda key: store.create(key, b""), keys)
    assert [info.key for info in store.list("many/")] == keys
    assert len(store.list_folder("many/").objects) == 1_050


@pytest.mark.parametrize(
    "name", ["with space", "plus+and%percent", "ünï-漢字", "a=b&c", "semi;colon,comma", "(paren)'q'"]
)
def test_keys_keep_their_spelling(store: ObjectStore, name: str) -> None:
    store.create(f"names/{name}", name.encode())
    assert store.get(f"names/{name}").body == name.encode()
    assert [info.key for info in store.list("names/")] == [f"names/{name}"]


@pytest.mark.parametrize("key", BAD_KEYS, ids=range(len(BAD_KEYS)))
def test_a_bad_key_is_refused_before_anything_happens(store: ObjectStore, key: str) -> None:
    for use in (
        lambda: store.get(key),
        lambda: store.stat(key),
        lambda: store.read(key),
        lambda: store.create(key, b"x"),
        lambda: store.replace(key, b"x", "etag"),
        lambda: store.delete(key),
        lambda: store.upload(key, io.BytesIO(b"x")),
    ):
        with pytest.raises(InvalidInput):
            use()
    assert list(store.list()) == []


def test_a_file_goes_up_and_comes_down_whole(store: ObjectStore, tmp_path: Path) -> None:
    body = bytes(range(256)) * 100
    source = tmp_path / "source"
    source.write_bytes(body)
    moved: list[int] = []
    up = store.upload("files/x", source, progress=moved.append)
    down = store.download("files/x", tmp_path / "new" / "target", progress=moved.append)
    assert (tmp_path / "new" / "target").read_bytes() == body
    assert up == down
    assert up.sha256 == hashlib.sha256(body).hexdigest()
    assert sum(moved) == 2 * len(body)


def test_the_last_upload_of_a_name_wins(store: ObjectStore, tmp_path: Path) -> None:
    store.upload("x", io.BytesIO(b"first and longer"))
    store.upload("x", io.BytesIO(b"second"))
    store.download("x", tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == b"second"


def test_an_empty_file_is_a_file(store: ObjectStore, tmp_path: Path) -> None:
    store.upload("empty", io.BytesIO(b""))
    assert store.download("empty", tmp_path / "empty").size_bytes == 0
    assert (tmp_path / "empty").read_bytes() == b""


def test_a_download_of_nothing_leaves_nothing(store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(b"old")
    with pytest.raises(ObjectNotFound):
        store.download("missing", tmp_path / "there")
    assert (tmp_path / "there").read_bytes() == b"old"
    with pytest.raises(ObjectNotFound):
        store.download("missing", tmp_path / "not-there")
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix == ".part") == []


def test_a_large_file_moves_in_parts(store: ObjectStore, tmp_path: Path) -> None:
    block = hashlib.sha256(b"seed").digest() * 32_768  # 1 MiB
    body = b"".join(bytes([number]) + block[1:] for number in range(20))
    up = store.upload("large", io.BytesIO(body))
    down = store.download("large", tmp_path / "large")
    assert up.size_bytes == 20 << 20
    assert up == down
    assert (tmp_path / "large").read_bytes() == body


def test_an_upload_begins_at_the_stream_position(store: ObjectStore) -> None:
    stream = io.BytesIO(b"skipped-kept")
    stream.seek(8)
    assert store.upload("x", stream).size_bytes == 4
    assert store.get("x").body == b"kept"
