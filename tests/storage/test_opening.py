"""From URLs to stores, and the marker that makes a place a store."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cloudtrack.client import Client
from cloudtrack.errors import CorruptData, InvalidInput, NotFound, PermissionDenied
from cloudtrack.storage.folder import FolderStore
from cloudtrack.storage.marker import initialize
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.storage.opening import open_store


def test_folders_are_named_in_several_ways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for url in ("./a b", str(tmp_path / "a b"), (tmp_path / "a b").as_uri(), "~/a b"):
        store = open_store(url)
        assert isinstance(store, FolderStore)
        assert store.root == tmp_path / "a b"
        assert open_store(store.url).url == store.url
    assert not (tmp_path / "a b").exists()


def test_a_memory_store_is_the_same_for_the_same_name() -> None:
    open_store("memory://one").create("a", b"1")
    assert open_store("memory://one").get("a").body == b"1"
    assert list(open_store("memory://two").list()) == []


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "no store"),
        ("ftp://host/x", "no store"),
        ("http://host", "is a server"),
        ("file://otherhost/x", "otherhost"),
        ("s3://", "needs a bucket"),
        ("s3://key:secret@bucket/x", "never credentials"),
        ("s3://bucket/x?regoin=eu", "'regoin'"),
        ("s3://bucket/x?endpoint_url=host:80", "http://"),
        ("s3://bucket/x?form=boto", "'obstore' or 's3fs'"),
        ("a\x00b", "NUL"),
    ],
)
def test_a_url_that_cannot_be_right_is_refused(url: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said) as caught:
        open_store(url)
    assert "secret" not in str(caught.value)


def test_options_are_for_s3_only() -> None:
    with pytest.raises(InvalidInput, match="region"):
        open_store("./x", region="eu-west-1")


def test_the_url_of_a_store_has_no_options() -> None:
    assert open_store("s3://bucket/a/b/?region=eu-west-1&form=s3fs").url == "s3://bucket/a/b"


def test_a_store_of_another_format_is_refused() -> None:
    store = MemoryStore()
    store.create("cloudtrack.json", b'{"format": "cloudtrack/2", "created": 1, "id": "x"}')
    with pytest.raises(InvalidInput, match="cloudtrack/2"):
        initialize(store, create=True, fill=lambda: None)


def test_a_marker_that_is_none_is_named() -> None:
    store = MemoryStore()
    store.create("cloudtrack.json", b"[1, 2]")
    with pytest.raises(CorruptData, match=r"cloudtrack\.json"):
        initialize(store, create=True, fill=lambda: None)


def test_reading_makes_no_store(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no cloudtrack store"):
        Client(tmp_path / "x", create=False)
    assert not (tmp_path / "x").exists()


def test_a_new_store_has_the_default_experiment(tmp_path: Path) -> None:
    client = Client(tmp_path / "x")
    assert client.experiments.get("0").name == "Default"
    again = Client(tmp_path / "x", create=False)
    assert [item.name for item in again.experiments.search()] == ["Default"]


def test_a_folder_without_rights_is_explained(tmp_path: Path) -> None:
    """Run as a user without rights, also where the tests run as root."""
    closed = tmp_path / "closed"
    Client(closed)
    closed.chmod(0o555)
    for folder in [closed, *closed.rglob("*")]:
        folder.chmod(0o555 if folder.is_dir() else 0o444)
    for folder in [tmp_path, *tmp_path.parents]:
        if folder.owner() == tmp_path.owner() and folder != Path("/tmp"):
            folder.chmod(folder.stat().st_mode | 0o055)
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        said = "nothing"
        try:
            if os.geteuid() == 0:
                os.setegid(65534)
                os.seteuid(65534)
            client = Client(closed, create=False)
            client.experiments.get("0")
            client.experiments.create("a")
        except PermissionDenied as error:
            said = f"denied: {error}"
        except BaseException as error:
            said = repr(error)
        finally:
            os.write(writer, said.encode())
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    closed.chmod(0o755)
    for folder in closed.rglob("*"):
        if folder.is_dir():
            folder.chmod(0o755)
    assert said.startswith("denied: the folder"), said
    assert "does not allow access" in said


def test_links_are_not_followed(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    store.create("a/real", b"1")
    (tmp_path / "outside").write_bytes(b"secret")
    (tmp_path / "store" / "a" / "link").symlink_to(tmp_path / "outside")
    with pytest.raises(PermissionDenied, match="symbolic link"):
        store.get("a/link")
    assert [info.key for info in store.list()] == ["a/real"]


def test_a_file_in_the_way_is_explained(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    store.create("a", b"1")
    with pytest.raises(InvalidInput, match="part of its path is a file"):
        store.create("a/b", b"2")
