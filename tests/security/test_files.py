"""Symbolic links, pipes and temporary files: what a neighbour on the machine puts into a folder leads nowhere."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloudtrack.api.app import App
from cloudtrack.client import Client
from cloudtrack.errors import CloudtrackError, ObjectNotFound, PermissionDenied
from cloudtrack.index import engine
from cloudtrack.storage.folder import FolderStore
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.tracking.documents import RunDocument
from cloudtrack.tracking.spool import Spool, SpoolHeader
from tests.api.samples import SAMPLES, World, fill, key_of
from tests.api.sending import ask
from tests.api.test_permissions import ADMIN, ANSWERED, JSON

SECRET = "the neighbour's secret"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder that no store is allowed to read or change."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret").write_text(SECRET)
    return folder


def unchanged(folder: Path) -> bool:
    return [path.name for path in folder.iterdir()] == ["secret"] and (folder / "secret").read_text() == SECRET


def every_use(store: ObjectStore, key: str) -> Iterator[object]:
    """All that can be done with a key, one after the other; what is refused gives its error."""
    body = io.BytesIO(b"new")
    for use in (
        lambda: store.get(key).body,
        lambda: store.get_range(key, 0, 100),
        lambda: store.stat(key).size_bytes,
        lambda: b"".join(store.read(key).chunks),
        lambda: store.local_path(key),
        lambda: store.create(key, b"new"),
        lambda: store.replace(key, b"new", "x"),
        lambda: store.upload(key, body),
    ):
        try:
            yield use()
        except CloudtrackError as error:
            yield error


@pytest.mark.parametrize("key", ["link", "folder/secret", "folder/new", "folder/deep/new", "a/folder/secret"])
def test_no_use_of_a_store_follows_a_link(tmp_path: Path, outside: Path, key: str) -> None:
    root = tmp_path / "store"
    (root / "a").mkdir(parents=True)
    (root / "link").symlink_to(outside / "secret")
    for folder in (root / "folder", root / "a" / "folder"):
        folder.symlink_to(outside)
    store = FolderStore(root)
    for found in every_use(store, key):
        if key == "link" and not isinstance(found, CloudtrackError):  # the link itself was replaced by a file
            assert not (root / "link").is_symlink()
            break
        assert isinstance(found, PermissionDenied | ObjectNotFound) or "no longer" in str(found), found
    assert unchanged(outside)
    assert not [info for info in store.list() if "secret" in info.key]
    assert store.list_folder("folder/").objects == []


def test_what_is_deleted_is_the_link(tmp_path: Path, outside: Path) -> None:
    root = tmp_path / "store"
    root.mkdir()
    (root / "link").symlink_to(outside / "secret")
    FolderStore(root).delete("link")
    assert not (root / "link").is_symlink()
    assert unchanged(outside)


def test_a_link_in_the_place_of_a_lock_makes_no_file_elsewhere(tmp_path: Path, outside: Path) -> None:
    store = FolderStore(tmp_path / "store")
    etag = store.create("a", b"1")
    locks = tmp_path / "store" / ".cloudtrack" / "locks"
    locks.mkdir(parents=True, exist_ok=True)
    for number in range(256):
        (locks / f"{number:02x}").symlink_to(outside / "made")
    with pytest.raises(PermissionDenied):
        store.replace("a", b"2", etag)
    assert unchanged(outside)
    assert store.get("a").body == b"1"


def test_a_pipe_or_a_socket_hangs_nobody_and_is_no_object(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.create("a/file", b"1")
    os.mkfifo(tmp_path / "a" / "pipe")
    assert [info.key for info in store.list("a/")] == ["a/file"]
    assert [info.key for info in store.list_folder("a/").objects] == ["a/file"]
    for use in (store.get, store.stat, lambda key: store.get_range(key, 0, 1), store.read):
        with pytest.raises(ObjectNotFound):
            use("a/pipe")


@pytest.fixture
def linked(tmp_path: Path, outside: Path) -> World:
    """A world in a folder, where every file of a run's and a model's artifacts is a link to something outside."""
    world = fill(Client(str(tmp_path / "store")))
    for owner in (f"runs/{world.names['run']}", f"logged_models/{world.names['model_id']}"):
        artifacts = tmp_path / "store" / owner / "artifacts"
        for path in [path for path in artifacts.rglob("*") if path.is_file()]:
            path.unlink()
            path.symlink_to(outside / "secret")
        (artifacts / "folder").symlink_to(outside)
    return world


def test_no_request_reads_or_writes_behind_a_link(linked: World, outside: Path) -> None:
    app = App(linked.client)
    for endpoint in ANSWERED:
        if endpoint.method == "DELETE" or endpoint.path.endswith(("/delete", "/rename", "/purge", "/update")):
            continue
        method, target, body = linked.request(endpoint)
        for sent in (target, target.replace("file.txt", "folder/secret").replace("page.html", "folder/secret")):
            headers = JSON if body and not endpoint.raw else {}
            answer = ask(app, method, sent, body, headers, ADMIN)
            assert SECRET not in answer.whole_body().decode(errors="replace"), (key_of(endpoint), sent)
            assert answer.status < 500 or SAMPLES[key_of(endpoint)].status == answer.status, (sent, answer.whole_body())
    assert unchanged(outside)


def test_a_download_follows_no_link_of_the_store(linked: World, tmp_path: Path) -> None:
    with pytest.raises(CloudtrackError):
        linked.client.artifacts.download(linked.names["run"], "file.txt", tmp_path / "here")
    linked.client.artifacts.download(linked.names["run"], "", tmp_path / "here")
    assert not [path for path in (tmp_path / "here").rglob("*") if path.is_file()]


def test_what_waits_on_the_disk_is_for_its_owner_alone(tmp_path: Path) -> None:
    header = SpoolHeader(store_url="memory://x", writer="0" * 16, run=RunDocument(run_id="0" * 32, experiment_id="1"))
    spool = Spool.create(tmp_path / "spool", header)
    assert stat.S_IMODE((tmp_path / "spool").stat().st_mode) == 0o700
    assert spool.path is not None
    assert stat.S_IMODE(spool.path.stat().st_mode) == 0o600
    spool.close()


def test_a_spool_is_not_written_through_a_link(tmp_path: Path, outside: Path) -> None:
    (tmp_path / f"{'0' * 16}.spool").symlink_to(outside / "made")
    header = SpoolHeader(store_url="memory://x", writer="0" * 16, run=RunDocument(run_id="0" * 32, experiment_id="1"))
    with pytest.raises(OSError, match=r"exists|symbolic"):
        Spool.create(tmp_path, header)
    assert unchanged(outside)


def test_what_does_not_fit_into_memory_is_in_a_folder_of_ones_own() -> None:
    ((folder,),) = engine.fetch("SELECT current_setting('temp_directory')")
    status = os.stat(folder)
    assert (stat.S_IMODE(status.st_mode), status.st_uid) == (0o700, os.geteuid())
